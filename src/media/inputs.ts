import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import { namesFor } from './video-names.js';

/** A video file. */
export interface VideoFile {
  kind: 'video';
  path: string;
  /** Unique among the inputs of a run; names the result files. */
  name: string;
}

/** A folder whose images are the frames of one video. */
export interface ImageFolder {
  kind: 'images';
  path: string;
  /** Unique among the inputs of a run; names the result files. */
  name: string;
  /** File names in the folder, in frame order; at least one. */
  files: string[];
  /** The one image is the video, whatever else is in its folder. */
  single?: true;
}

export type VideoInput = VideoFile | ImageFolder;

/** What the paths of a command line hold. */
export interface FoundVideos {
  /** In the order of the paths; those of a folder in natural order (2 before 10). */
  videos: VideoInput[];
  /** The paths that hold nothing usable, and why. */
  failures: { path: string; error: GlposeError }[];
  /** What was passed over although it could be used, and how to have it. */
  warnings: string[];
}

const VIDEO_EXTENSIONS = 'mp4 m4v mov mkv webm avi mpg mpeg ts mts m2ts wmv flv ogv 3gp mxf'.split(' ');
const IMAGE_EXTENSIONS = 'jpg jpeg png webp tif tiff avif'.split(' ');

/** Pictures of kinds that are not read: where they stand among others, frames lack. */
const OTHER_IMAGE_EXTENSIONS = 'bmp gif heic heif jp2 jxl tga ppm pgm pnm exr psd dng cr2 cr3 nef arw'.split(' ');

/** Folders that systems make for themselves: thumbnails, waste. */
const SYSTEM_FOLDERS = ['@eaDir', '@Recycle', '#recycle', '$RECYCLE.BIN', 'System Volume Information', '__MACOSX'];

export interface FindOptions {
  /** What is in a folder, but no input: what a run wrote there. */
  leaveOut?(place: string): Promise<boolean>;
}

/**
 * Finds the videos that paths stand for. A path is a video file, one image, or a folder; a folder is, whichever fits first,
 * a folder of video files, a folder of images (one video), or a folder of such folders; what else such a folder holds that could
 * be used is passed over with a warning. Hidden files are left out, and a video that two paths or links lead to is taken once. A
 * bad path does not stop the others.
 * @param paths files and folders as the user gave them
 */
export async function findVideos(paths: readonly string[], options: FindOptions = {}): Promise<FoundVideos> {
  const found = new Map<string, Unnamed>(); // by path
  const real = new Set<string>(); // without links, so that none comes twice
  const failures: FoundVideos['failures'] = [];
  const rests: Rest[] = [];
  for (const given of paths) {
    const rest: Rest = { given, options, images: [], folders: [], others: [], broken: [] };
    rests.push(rest);
    try {
      for (const video of await videosAt(path.resolve(given), rest)) {
        const place = await realpath(pathOf(video));
        if (!real.has(place)) found.set(pathOf(video), video);
        real.add(place);
      }
    } catch (thrown) {
      failures.push({ path: given, error: ADDRESS.test(given) ? noAddress(given) : asInputError(given, thrown) });
    }
  }
  return {
    videos: withNames([...found.values()]),
    failures,
    warnings: rests.flatMap((rest) => remarksOn(rest, found)),
  };
}

/** What an address of the net begins with. */
const ADDRESS = /^[a-z][a-z\d+.-]*:\/\//i;

function noAddress(given: string): GlposeError {
  const remedy =
    'Save it as a file first: ffmpeg -i ADDRESS -c copy video.mkv, for what goes on with -t SECONDS before the file.';
  return new GlposeError('INPUT', `${given} is an address: only files are read, no streams`, remedy);
}

type Unnamed = Omit<VideoFile, 'name'> | Omit<ImageFolder, 'name'>;

async function videosAt(where: string, rest: Rest): Promise<Unnamed[]> {
  const info = await stat(where);
  if (info.isDirectory()) return videosIn(where, rest);
  if (!info.isFile()) {
    throw new GlposeError(
      'INPUT',
      `${where} is neither a file nor a folder`,
      'Give a video file or a folder of images.',
    );
  }
  if (hasExtension(where, IMAGE_EXTENSIONS)) {
    return [{ kind: 'images', path: path.dirname(where), files: [path.basename(where)], single: true }];
  }
  return [{ kind: 'video', path: where }]; // whatever its extension: opening it decides
}

async function videosIn(folder: string, rest: Rest): Promise<Unnamed[]> {
  const content = await contentOf(folder, rest.options);
  const here = mediaIn(content);
  if (here.length > 0) {
    await addRest(content, rest);
    return here;
  }
  const below: Unnamed[] = [];
  for (const name of content.folders) {
    const inner = await contentOf(path.join(folder, name), rest.options);
    below.push(...mediaIn(inner));
    await addRest(inner, rest);
  }
  if (below.length > 0) return below;
  const { files, folders, broken } = content;
  const empty = files.length + folders.length + broken.length === 0;
  const links = broken.length > 0 ? `, but ${broken.length} links that lead nowhere (${broken[0]})` : '';
  throw new GlposeError(
    'INPUT',
    empty ? `the folder ${folder} is empty` : `the folder ${folder} holds no videos and no images${links}`,
    `Videos are files ending in ${VIDEO_EXTENSIONS.join(', ')}; frames are images ending in ${IMAGE_EXTENSIONS.join(', ')}.`,
  );
}

/** What a folder holds, without what is hidden, in natural order. */
interface Content {
  folder: string;
  files: string[];
  folders: string[];
  /** Links with the name of a video or image that lead nowhere. */
  broken: string[];
}

/** The videos directly in a folder, or, where there is none, its images as one video. */
function mediaIn({ folder, files }: Content): Unnamed[] {
  const videos = files.filter((name) => hasExtension(name, VIDEO_EXTENSIONS));
  if (videos.length > 0) return videos.map((name) => ({ kind: 'video', path: path.join(folder, name) }));
  const images = imagesIn(files);
  return images.length > 0 ? [{ kind: 'images', path: folder, files: images }] : [];
}

function imagesIn(files: readonly string[]): string[] {
  return files.filter((name) => hasExtension(name, IMAGE_EXTENSIONS));
}

/** What a given path holds that is passed over although it could be used. */
interface Rest {
  given: string;
  options: FindOptions;
  /** Images beside videos. */
  images: string[];
  /** Folders that hold videos or images, with the places of these, beside videos or images or too far down. */
  folders: { path: string; places: string[] }[];
  /** Pictures of kinds that are not read. */
  others: string[];
  /** Links that lead nowhere. */
  broken: string[];
}

/** Adds what mediaIn leaves out of a folder. */
async function addRest(content: Content, rest: Rest): Promise<void> {
  const { folder, files, folders, broken } = content;
  const media = mediaIn(content);
  if (media.some(({ kind }) => kind === 'video'))
    for (const name of imagesIn(files)) rest.images.push(path.join(folder, name));
  else if (media.length > 0)
    for (const name of files) if (hasExtension(name, OTHER_IMAGE_EXTENSIONS)) rest.others.push(path.join(folder, name));
  for (const name of broken) rest.broken.push(path.join(folder, name));
  for (const name of folders) {
    const inner = await contentOf(path.join(folder, name), rest.options).catch(() => null); // what cannot be read is not missed
    const places = inner ? mediaIn(inner).map(pathOf) : [];
    if (inner && places.length > 0) rest.folders.push({ path: inner.folder, places });
  }
}

/** Says what is passed over, but for that which another path leads to. */
function remarksOn({ given, images, folders, others, broken }: Rest, found: ReadonlyMap<string, Unnamed>): string[] {
  const warning = (kind: string, places: string[], remedy: string): string[] => {
    const some = places.slice(0, NAMED).map((place) => path.relative(path.resolve(given), place));
    if (places.length > NAMED) some.push('…');
    return places.length > 0
      ? [`${given}: ${kind} are passed over: ${places.length} (${some.join(', ')}). ${remedy}`]
      : [];
  };
  const beside = images.filter((image) => !found.has(image));
  const missed = folders.filter(({ places }) => !places.every((place) => found.has(place)));
  return [
    ...warning('images beside videos', beside, 'Frames need a folder of their own.'),
    ...warning('pictures of kinds that are not read', others, 'Convert them, to png for instance, to have them, too.'),
    ...warning('links that lead nowhere', broken, 'What they stand for is not on this disk (git annex get, dvc pull).'),
    ...warning('folders with videos or images', missed.map((folder) => folder.path), 'Give their own paths to have them, too.'),
  ]; // prettier-ignore
}

/** How many of what is passed over are named. */
const NAMED = 3;

/** What a link leads to counts; devices and pipes are left out. */
async function contentOf(folder: string, { leaveOut }: FindOptions): Promise<Content> {
  const entries: Dirent[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || SYSTEM_FOLDERS.includes(entry.name)) continue;
    if (!(await leaveOut?.(path.join(folder, entry.name)))) entries.push(entry);
  }
  const typeOf = async (entry: Dirent): Promise<Dirent | Stats | null> =>
    entry.isSymbolicLink() ? stat(path.join(folder, entry.name)).catch(() => null) : entry;
  const types = await Promise.all(entries.map(typeOf));
  const files = entries.filter((_, i) => types[i]?.isFile());
  const folders = entries.filter((_, i) => types[i]?.isDirectory());
  const media = [...VIDEO_EXTENSIONS, ...IMAGE_EXTENSIONS];
  const broken = entries.filter(({ name }, i) => types[i] === null && hasExtension(name, media));
  const sorted = (some: Dirent[]): string[] => some.map(({ name }) => name).sort(naturalOrder);
  return { folder, files: sorted(files), folders: sorted(folders), broken: sorted(broken) };
}

const collator = new Intl.Collator('en', { numeric: true });

/** Order of file names in which numbers count as numbers; total, so that every machine has the same order. */
function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

function hasExtension(file: string, extensions: string[]): boolean {
  return extensions.includes(path.extname(file).slice(1).toLowerCase());
}

/** The videos with names for their results; see namesFor. */
export function withNames(videos: readonly Unnamed[], given?: ReadonlyMap<string, string>): VideoInput[] {
  const inputs = videos.map((video) => ({ place: pathOf(video), folder: video.kind === 'images' && !video.single }));
  const names = namesFor(inputs, given);
  return videos.map((video, i) => ({ ...video, name: names[i] }));
}

/** The file or folder that a video is: the video file, the image, or the folder of images. It tells one video from another. */
export function pathOf(video: Unnamed): string {
  return video.kind === 'images' && video.single ? path.join(video.path, video.files[0]) : video.path;
}

function asInputError(given: string, thrown: unknown): GlposeError {
  if (thrown instanceof GlposeError) return thrown;
  const { code, path: place = given } = thrown as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new GlposeError('INPUT', `${place} does not exist`, 'Check the path.');
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new GlposeError('INPUT', `${place} may not be read`, 'Check its permissions.');
  }
  return new GlposeError('INPUT', `${place} cannot be read: ${messageOf(thrown)}`, 'Check the path and its disk.');
}
