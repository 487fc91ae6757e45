import { readdir, stat } from 'node:fs/promises';
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
}

const VIDEO_EXTENSIONS = 'mp4 m4v mov mkv webm avi mpg mpeg ts mts m2ts wmv flv ogv 3gp mxf'.split(' ');
const IMAGE_EXTENSIONS = 'jpg jpeg png webp tif tiff avif'.split(' ');

/**
 * Finds the videos that paths stand for. A path is a video file, one image, or a folder; a folder is, whichever fits first,
 * a folder of video files, a folder of images (one video), or a folder of such folders. Hidden files are left out, and a
 * video that two paths lead to is taken once. A bad path does not stop the others.
 * @param paths files and folders as the user gave them
 */
export async function findVideos(paths: readonly string[]): Promise<FoundVideos> {
  const found = new Map<string, Unnamed>(); // by path, so that none comes twice
  const failures: FoundVideos['failures'] = [];
  for (const given of paths) {
    try {
      for (const video of await videosAt(path.resolve(given))) {
        if (!found.has(placeOf(video))) found.set(placeOf(video), video);
      }
    } catch (thrown) {
      failures.push({ path: given, error: asInputError(given, thrown) });
    }
  }
  return { videos: withNames([...found.values()]), failures };
}

type Unnamed = Omit<VideoFile, 'name'> | Omit<ImageFolder, 'name'>;

async function videosAt(where: string): Promise<Unnamed[]> {
  const info = await stat(where);
  if (info.isDirectory()) return videosIn(where);
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

async function videosIn(folder: string): Promise<Unnamed[]> {
  const names = await visibleNames(folder);
  const here = mediaIn(folder, names);
  if (here.length > 0) return here;
  const below: Unnamed[] = [];
  for (const name of names) {
    const inner = path.join(folder, name);
    const info = await stat(inner).catch(() => null); // a link may lead nowhere
    if (info?.isDirectory()) below.push(...mediaIn(inner, await visibleNames(inner)));
  }
  if (below.length > 0) return below;
  throw new GlposeError(
    'INPUT',
    names.length === 0 ? `the folder ${folder} is empty` : `the folder ${folder} holds no videos and no images`,
    `Videos are files ending in ${VIDEO_EXTENSIONS.join(', ')}; frames are images ending in ${IMAGE_EXTENSIONS.join(', ')}.`,
  );
}

/** The videos directly in a folder, or, where there is none, its images as one video. */
function mediaIn(folder: string, names: string[]): Unnamed[] {
  const videos = names.filter((name) => hasExtension(name, VIDEO_EXTENSIONS));
  if (videos.length > 0) return videos.map((name) => ({ kind: 'video', path: path.join(folder, name) }));
  const files = names.filter((name) => hasExtension(name, IMAGE_EXTENSIONS));
  return files.length > 0 ? [{ kind: 'images', path: folder, files }] : [];
}

async function visibleNames(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort(naturalOrder);
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
  const inputs = videos.map((video) => ({ place: placeOf(video), folder: video.kind === 'images' && !video.single }));
  const names = namesFor(inputs, given);
  return videos.map((video, i) => ({ ...video, name: names[i] }));
}

/** The file or folder that a video is: the video file, the image, or the folder of images. It tells one video from another. */
export function placeOf(video: Unnamed): string {
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
