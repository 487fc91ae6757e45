/*
 * From results to a page: poses as columns, explanations from a second run of the model, pictures from the video.
 */
import { deflateRawSync } from 'node:zlib';
import type { Run } from '../run/record.js';
import { readBoxes, type BoxLookup } from '../formats/boxes.js';
import { LIMBS } from '../joints.js';
import { openFrames, type FrameSource } from '../media/frames.js';
import { GivenBoxes } from '../run/given-boxes.js';
import type { VideoInput } from '../media/inputs.js';
import { inOrder } from '../concurrency/in-order.js';
import { Model, type Method, type ModelOptions } from '../estimation/model.js';
import type { PersonPose } from '../types.js';
import { describeProblem } from '../evaluation/quality/problem.js';
import { checkSequence } from './check-sequence.js';
import { explainVideo } from './explain.js';
import { framePlaces } from './frame-match.js';
import { colourOfTrack } from '../drawing/overlay.js';
import { PART, type PageHeader } from './page/page-data.js';
import { PageParts } from './page/page-parts.js';
import { emptyColumns, placeCodec, scoreCode, type PoseColumns } from './page/pose-columns.js';
import { writePage } from './page/write-page.js';
import { sizeOf, type ResultSequence } from './results.js';
import { selectsFrame, selectsTrack, type Selection } from './selection.js';

export interface ViewOptions extends Pick<ModelOptions, 'method' | 'device' | 'threads'> {
  /** The HTML file to write. */
  page: string;
  /** Where the frames are; null shows the skeletons on an empty ground. */
  video: VideoInput | null;
  /** Poses to explain; needs the video. */
  explain: Selection | null;
  /** The bundle that explains; default: the run's. */
  model: string;
  /** Bytes of pictures and explanations above which they go to a folder beside the page. */
  limit: number;
  signal?: AbortSignal;
  say(text: string): void;
  /** Called before frames are read, with how many there will be over all passes; null where unknown. */
  onStart?(totalFrames: number | null): void;
  /** Called after every frame of every pass. */
  onFrame?(event: { pass: string; people: number }): void;
}

export interface WrittenPage {
  file: string;
  /** The folder of pictures and explanations; null where the page holds them. */
  folder: string | null;
  /** Of page and folder. */
  bytes: number;
  poses: number;
  explained: number;
}

/** Pictures wider than this are scaled down. */
const MAX_PICTURE_WIDTH = 1920;
const JPEG_QUALITY = 80;
/** Pictures encoded at the same time. */
const IN_FLIGHT = 2;
/** Bytes of an explained pose, about: heat maps are most of it. */
const BYTES_EXPLAINED = { glpose: 40e3, 'single-frame': 7e3 };
/** Explanations of more bytes are announced before they are made. */
const ANNOUNCED = 20e6;
/** Joints of a pose that was made again may differ by this, in pixels, where rounding or another device is the cause. */
const SAME_POSE = 2;

/**
 * Writes the page of one video.
 * @param run what made the poses, where that is known
 * @throws INPUT where video and results do not belong together, MODEL, DEVICE, OUTPUT
 */
export async function viewSequence(
  sequence: ResultSequence,
  run: Run | null,
  options: ViewOptions,
): Promise<WrittenPage> {
  const { page, video, explain, limit, say, signal } = options;
  const places = framePlaces(sequence, video);
  const folder = page.replace(/\.html?$/i, '') + '_files';
  const parts = new PageParts(folder, limit, () => {
    say(`pictures and explanations are more than ${megabytes(limit)}: they go to the folder ${folder}`);
  });
  const source = video && (await openFrames(video, { signal }));
  try {
    const warnings = sequence.warnings.map(({ text, count, first }) => `${count} ${text} (first: ${first})`);
    const explained: number[] = [];
    const wanted = new Set(places);
    let count = 0;
    const passes = explain ? 5 : 1; // survey and estimate, both once more for the single-frame poses, pictures
    options.onStart?.(source?.frameCount ? source.frameCount * passes : null);
    if (source && explain) {
      const again = await explainParts(source, sequence, run, places, { ...options, explain }, parts);
      explained.push(...again.frames);
      again.pictures.forEach((frame) => wanted.add(frame));
      warnings.push(...again.warnings);
      again.warnings.forEach(say);
      count = again.poses;
    }
    const pictures = source ? await pictureParts(source, wanted, parts, options) : [];
    const { columns, tracks, tracked } = columnsOf(sequence, sizeOf(sequence, source));
    const header: PageHeader = {
      name: sequence.name,
      ...sizeOf(sequence, source),
      fps: source?.fps ?? null,
      joints: sequence.joints,
      limbs: LIMBS.map(([from, to]): [number, number] => [
        sequence.joints.indexOf(from),
        sequence.joints.indexOf(to),
      ]).filter(([from, to]) => from >= 0 && to >= 0),
      estimated: sequence.estimated.map((name) => sequence.joints.indexOf(name)).filter((joint) => joint >= 0),
      madeBy: run ? `${run.model}, ${run.method}` : '',
      warnings,
      frames: { index: places, names: sequence.frames.map(({ name }) => name) },
      tracks: tracks.map((id) => ({ id, colour: `rgb(${colourOfTrack(id).join(',')})` })),
      tracked,
      problems: problemsOf(sequence, places, tracks, source ?? sequence.size),
      sizes: { poses: columns.frame.length, tracks: tracks.length, joints: sequence.joints.length },
      folder: parts.folderName,
      pictures,
      explained,
    };
    const bytes = await writePage(page, header, columns, parts);
    return {
      file: page,
      folder: parts.folderName === null ? null : folder,
      bytes: bytes + (parts.folderName === null ? 0 : parts.size),
      poses: columns.frame.length,
      explained: count,
    };
  } finally {
    await source?.close();
  }
}

/** What is to be looked at, as places in the page's lists. */
function problemsOf(
  sequence: ResultSequence,
  places: readonly number[],
  tracks: readonly number[],
  size: { width: number; height: number } | null,
): PageHeader['problems'] {
  const frameAt = new Map(places.map((place, frame) => [place, frame]));
  const trackAt = new Map(tracks.map((id, track) => [id, track]));
  return checkSequence(sequence, places, size).problems.map((problem) => ({
    from: frameAt.get(problem.from)!,
    to: frameAt.get(problem.to)!,
    tracks: problem.tracks.map((id) => trackAt.get(id)!),
    says: describeProblem(problem),
  }));
}

/**
 * All poses, track by track. People that no track holds together get their place in the frame as track. Joints have their own scores,
 * without the box's that PoseTrack's results are multiplied by: those that heat maps and explanations have.
 */
export function columnsOf(
  { frames, joints }: ResultSequence,
  size: { width: number; height: number },
): { columns: PoseColumns; tracks: number[]; tracked: boolean } {
  const poses = frames.flatMap(({ people }, frame) =>
    people.map((person, place) => ({ person, frame, track: person.trackId ?? place })),
  );
  poses.sort((a, b) => a.track - b.track || a.frame - b.frame);
  const tracks = [...new Set(poses.map(({ track }) => track))];
  const columns = emptyColumns({ poses: poses.length, tracks: tracks.length, joints: joints.length });
  const { code } = placeCodec(Math.max(size.width, size.height));
  let track = -1;
  poses.forEach(({ person, frame, track: id }, pose) => {
    if (track < 0 || tracks[track] !== id) columns.trackStart[++track] = pose;
    columns.frame[pose] = frame;
    columns.score[pose] = scoreCode(person.score);
    const { box, boxScore = 1 } = person;
    const corners = box ? [box.x, box.y, box.x + box.width, box.y + box.height] : [NaN, NaN, NaN, NaN];
    corners.forEach((place, side) => (columns.box[side][pose] = code(place)));
    for (let k = 0; k < joints.length; k++) {
      columns.x[k][pose] = code(person.joints[3 * k]);
      columns.y[k][pose] = code(person.joints[3 * k + 1]);
      columns.jointScore[k][pose] = scoreCode(boxScore > 0 ? person.joints[3 * k + 2] / boxScore : null);
    }
  });
  columns.trackStart[tracks.length] = poses.length;
  return { columns, tracks, tracked: poses.every(({ person }) => person.trackId !== null) };
}

/** Puts the pictures of the wanted frames among the parts. @returns the frames that have one */
export async function pictureParts(
  source: FrameSource,
  wanted: ReadonlySet<number>,
  parts: PageParts,
  { onFrame, maxWidth = MAX_PICTURE_WIDTH }: Pick<ViewOptions, 'onFrame'> & { maxWidth?: number },
): Promise<number[]> {
  const { default: sharp } = await import('sharp');
  const there: number[] = [];
  const encoded = inOrder(source.frames(), IN_FLIGHT, async ({ index, width, height, data }) => {
    if (!data || !wanted.has(index)) return null;
    const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
      .resize({ width: maxWidth, withoutEnlargement: true })
      .jpeg({ quality: JPEG_QUALITY })
      .toBuffer();
    return { index, bytes };
  });
  for await (const picture of encoded) {
    onFrame?.({ pass: 'pictures', people: 0 });
    if (!picture) continue;
    await parts.add(PART.picture(picture.index), picture.bytes, 'picture');
    there.push(picture.index);
  }
  return there;
}

interface ExplainedParts {
  frames: number[];
  poses: number;
  pictures: Set<number>;
  warnings: string[];
}

async function explainParts(
  source: FrameSource,
  sequence: ResultSequence,
  run: Run | null,
  places: readonly number[],
  options: ViewOptions & { explain: Selection },
  parts: PageParts,
): Promise<ExplainedParts> {
  const made: ExplainedParts = { frames: [], poses: 0, pictures: new Set(), warnings: [] };
  const { model: name, method = run?.method, explain: selection, signal, device, threads } = options;
  const load = { device, threads, reuse: run?.reuse, flip: run?.flip, detector: run?.detector };
  await using model = await Model.load(name, { ...load, method });
  await using singleFrame =
    model.method === 'glpose' ? await Model.load(name, { ...load, method: 'single-frame' }) : null;
  made.warnings.push(...model.warnings);
  if (run && run.sha256 !== (await model.bundle.sha256())) {
    made.warnings.push('the results were made with another version of the model than the explanations');
  }
  announce(sequence, places, model.method, options);
  const resultBoxes = boxesOf(sequence, places);
  const given = run?.boxes === undefined ? undefined : readBoxes(run.boxes).forVideo(sequence.name);
  const boxes = run ? given && new GivenBoxes(given) : resultBoxes;
  const all = explainVideo(source, model, singleFrame, {
    selection,
    ranges: run?.ranges ?? [],
    resultBoxes,
    boxes,
    ...run?.estimate,
    signal,
    onProgress: options.onFrame,
  });
  const frameAt = new Map(places.map((place, frame) => [place, sequence.frames[frame]]));
  let different = 0;
  for await (const { frame, people, packet, pictures } of all) {
    await parts.add(PART.why(frame), deflateRawSync(packet), 'data');
    made.frames.push(frame);
    made.poses += people.length;
    pictures.forEach((picture) => made.pictures.add(picture));
    const before = frameAt.get(frame)?.people ?? [];
    different += people.filter((person) => {
      const same = before.find(({ trackId }) => trackId === person.trackId);
      return !same || !isSamePose(person, model.estimator.joints, same.joints, sequence.joints);
    }).length;
  }
  if (run?.smoothed) {
    made.warnings.push(
      'the poses of the results were smoothed over time; the explained ones are as the model gave them',
    );
  } else if (different > 0) {
    const problem = `${different} of ${made.poses} explained poses are not those of the results`;
    made.warnings.push(`${problem}: other options, model or video than when they were made`);
  }
  return made;
}

/** Says how large the explanations will be where that is much. */
function announce(
  { frames }: ResultSequence,
  places: readonly number[],
  method: Method,
  { explain, say }: { explain: Selection; say(text: string): void },
): void {
  let poses = 0;
  for (const [frame, { people }] of frames.entries()) {
    if (!selectsFrame(explain, places[frame])) continue;
    poses += people.filter(({ trackId }, place) => selectsTrack(explain, trackId ?? place)).length;
  }
  const bytes = poses * BYTES_EXPLAINED[method];
  if (bytes > ANNOUNCED)
    say(`explaining ${poses} poses, up to ${megabytes(bytes)}; --explain and --tracks choose some`);
}

/** The results’ own boxes, by place in the video; tracks as in columnsOf. */
function boxesOf({ frames }: ResultSequence, places: readonly number[]): BoxLookup {
  const frameAt = new Map(places.map((place, frame) => [place, frames[frame]]));
  return {
    boxesOf: ({ index }) =>
      (frameAt.get(index)?.people ?? []).flatMap(({ box, trackId }, place) =>
        box && box.width > 0 && box.height > 0 ? [{ box, score: 1, trackId: trackId ?? place }] : [],
      ),
  };
}

/** Whether all joints that both poses have lie at the same place. */
function isSamePose(
  { joints }: PersonPose,
  names: readonly string[],
  others: Float64Array,
  otherNames: readonly string[],
): boolean {
  return joints.every((joint, k) => {
    const at = 3 * otherNames.indexOf(names[k]);
    if (at < 0 || !joint || Number.isNaN(others[at])) return true;
    return Math.hypot(joint.x - others[at], joint.y - others[at + 1]) <= SAME_POSE;
  });
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
