/*
 * The COCO family: one document with `images`, `annotations` and `categories` (COCO, PoseTrack18, PoseTrack21,
 * mmpose's JHMDB), or a bare list of results with image ids. The dialects differ in when a joint is there at all.
 */
import { GlposeError } from '../errors.js';
import { COCO_JOINTS, POSETRACK18_JOINTS } from '../joints.js';
import { boxOf, describe, fieldsOf, isFields, isNumber, listOf, textsOf, type Fields } from './fields.js';
import {
  ABSENT,
  bySequence,
  type Category,
  type LabelledFrame,
  type LabelledPose,
  type PoseSequence,
} from './pose-sequence.js';
import type { Warnings } from './warnings.js';

/**
 * When an annotated joint counts: `posetrack18` unless x = y = visibility = 0, `posetrack21` if x > 0 and y > 0, `coco`
 * if its visibility is above 0. A predicted joint counts unless x, y and its third value are 0 (and, for `posetrack21`, if
 * x > 0 and y > 0: see `PoseSequence.positiveOnly`).
 */
export type CocoDialect = 'coco' | 'posetrack18' | 'posetrack21';

export type Role = 'annotations' | 'predictions';

export interface ReadPosesOptions {
  role: Role;
  warnings: Warnings;
  /** Instead of what the file looks like. */
  dialect?: CocoDialect;
  /** Predictions: the annotations that they belong to; bare result lists find their images there. */
  annotations?: readonly PoseSequence[];
}

/** The score of a predicted joint that has none, as in the reference evaluator: it ranks last. */
export const NO_SCORE = -9999;

export function isCocoDocument(document: unknown): document is Fields {
  return isFields(document) && 'images' in document && ('annotations' in document || 'categories' in document);
}

/**
 * The sequences of a COCO-family document.
 * @param file named in messages
 * @throws GlposeError ANNOTATION naming file, image and annotation
 */
export function readCocoDocument(document: Fields, file: string, options: ReadPosesOptions): PoseSequence[] {
  if ('annolist' in document) throw mixedFormats(file, 'annolist');
  const entries = listOf(document, 'annotations', file);
  const joints = jointNames(document, file);
  const dialect = options.dialect ?? dialectOf(entries, joints);
  const frames = new Map<unknown, LabelledFrame>();
  const names = new Set<string>();
  listOf(document, 'images', file).forEach((image, index) => {
    const frame = readImage(fieldsOf(image, `${file}, image ${index}`), `${file}, image ${index}`, dialect);
    if (frames.has(frame.imageId) || names.has(frame.name)) {
      throw new GlposeError(
        'ANNOTATION',
        `${file}: two images are called ${frame.name} or have the id ${describe(frame.imageId)}`,
        'Give every image its own id and file_name.',
      );
    }
    frames.set(frame.imageId, frame);
    names.add(frame.name);
  });
  const categories = categoriesOf(document);
  const counted = options.role === 'annotations' ? undefined : countedIds(categories, options.annotations);
  addPeople(entries, frames, { ...options, file, joints, dialect, counted });
  const sequences = bySequence([...frames.values()], file, joints);
  if (options.role === 'predictions') return sequences;
  const positiveOnly = dialect === 'posetrack21';
  return sequences.map((sequence) => ({
    ...sequence,
    ...(positiveOnly ? { positiveOnly } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  }));
}

/** The categories that have joints; empty where a document names none. */
function categoriesOf(document: Fields): Category[] {
  const all = Array.isArray(document.categories) ? document.categories.filter(isFields) : [];
  return all.filter(hasJoints).map(({ id, name }) => ({ id, name }));
}

function hasJoints({ keypoints }: Fields): boolean {
  return Array.isArray(keypoints) && keypoints.length > 0;
}

/**
 * The ids of the predictions' categories that the annotations have, by name where the predictions have more than one; undefined
 * where all count.
 */
function countedIds(own: readonly Category[], annotations?: readonly PoseSequence[]): Set<unknown> | undefined {
  const known = annotations?.flatMap(({ categories }) => categories ?? []) ?? [];
  if (known.length === 0) return own.length > 0 ? new Set(own.map(({ id }) => id)) : undefined;
  if (own.length === 0) return new Set(known.map(({ id }) => id));
  const names = new Set(known.map(({ name }) => name));
  const same = own.length === 1 ? own : own.filter(({ name }) => names.has(name));
  return new Set(same.map(({ id }) => id));
}

/**
 * A bare list of results (COCO's results format: image_id, keypoints with the score third, score), placed in the frames
 * of the annotations they belong to.
 * @param annotated sequences that carry image ids
 * @throws GlposeError ANNOTATION where the ids match no image
 */
export function readCocoResults(
  results: unknown[],
  file: string,
  annotated: readonly PoseSequence[],
  warnings: Warnings,
): PoseSequence[] {
  const empty = annotated.map((sequence) => ({
    ...sequence,
    file,
    frames: sequence.frames.map((frame): LabelledFrame => ({ ...frame, people: [], listed: 0 })),
  }));
  const frames = new Map<unknown, LabelledFrame>();
  for (const sequence of empty) for (const frame of sequence.frames) frames.set(frame.imageId, frame);
  if (frames.has(null)) {
    throw new GlposeError(
      'ANNOTATION',
      `${file} is a list of results by image id, and the annotations have no image ids`,
      'Write the results as PoseTrack files, or give annotations in COCO or PoseTrack18 form.',
    );
  }
  const joints = annotated[0]?.joints ?? COCO_JOINTS;
  const counted = countedIds([], annotated);
  addPeople(results, frames, { file, joints, dialect: 'coco', role: 'predictions', warnings, counted });
  return empty;
}

interface Reading extends ReadPosesOptions {
  file: string;
  joints: readonly string[];
  dialect: CocoDialect;
  /** Ids of the categories that count; undefined where all do. */
  counted?: ReadonlySet<unknown>;
}

function addPeople(entries: unknown[], frames: Map<unknown, LabelledFrame>, reading: Reading): void {
  const { file, warnings } = reading;
  entries.forEach((value, index) => {
    const entry = fieldsOf(value, `${file}, annotation ${index}`);
    const frame = frames.get(entry.image_id);
    if (!frame) {
      warnings.missing({
        text: 'annotations of images that are not listed, left out',
        where: `${file}, annotation ${index}`,
        problem: `image_id ${describe(entry.image_id)} is not among the images`,
        remedy: 'List the image in `images` or correct the id',
      });
      return;
    }
    if (reading.counted && entry.category_id !== undefined && !reading.counted.has(entry.category_id)) {
      const place = `${file}, annotation ${index}, category_id ${describe(entry.category_id)}`;
      warnings.note('predictions of categories that the annotations do not have, left out', place);
      return;
    }
    frame.listed++;
    const where = `${file}, frame ${frame.name}, annotation ${describe(entry.id ?? index)}`;
    const pose = readPose(entry, where, reading);
    if (pose) frame.people.push(pose);
  });
}

function readImage(image: Fields, where: string, dialect: CocoDialect): LabelledFrame {
  const { id } = image;
  const name = image.file_name;
  if ((typeof id !== 'number' && typeof id !== 'string') || typeof name !== 'string' || name === '') {
    throw new GlposeError('ANNOTATION', `${where} has no id or no file_name`, 'Every image needs both.');
  }
  return {
    name,
    imageId: id,
    ...(isNumber(image.time) ? { timeSeconds: image.time } : {}),
    ...(typeof image.split === 'string' ? { split: image.split } : {}),
    labelled: dialect !== 'posetrack21' || image.is_labeled !== false,
    ignoreRegions: ignoreRegions(image, where),
    people: [],
    listed: 0,
  };
}

function ignoreRegions(image: Fields, where: string): Float64Array[] {
  if (image.ignore_regions_x === undefined && image.ignore_regions_y === undefined) return [];
  const xs = listOf(image, 'ignore_regions_x', where);
  const ys = listOf(image, 'ignore_regions_y', where);
  // a single polygon may stand there without the outer list
  const [polygonsX, polygonsY] = xs.length > 0 && xs.every(isNumber) ? [[xs], [ys]] : [xs, ys];
  return Array.from({ length: Math.max(polygonsX.length, polygonsY.length) }, (_, index) => {
    const x = polygonsX[index];
    const y = polygonsY[index];
    if (!Array.isArray(x) || !Array.isArray(y) || x.length !== y.length || ![...x, ...y].every(isNumber)) {
      const problem = `${where}: ignore region ${index} has x and y of different lengths or no numbers`;
      throw new GlposeError('ANNOTATION', problem, 'Give every corner an x and a y.');
    }
    return Float64Array.from({ length: x.length * 2 }, (_, i) => (i % 2 === 0 ? x : y)[i >> 1] as number);
  });
}

/** The category's joints under this project's names; PoseTrack18's where the file names none. */
function jointNames(document: Fields, file: string): readonly string[] {
  const categories = Array.isArray(document.categories) ? (document.categories as unknown[]) : [];
  const category = categories.find((some) => isFields(some) && hasJoints(some)) ?? categories[0];
  if (!isFields(category) || category.keypoints === undefined) return POSETRACK18_JOINTS;
  const names = textsOf(category, 'keypoints', `${file}, category 0`);
  const known = names.map((name) => (name === 'head_bottom' ? 'neck' : name));
  const twice = known.find((name, k) => known.indexOf(name) !== k);
  if (twice !== undefined) {
    const problem = `${file}, category 0: \`keypoints\` lists ${twice} twice`;
    throw new GlposeError('ANNOTATION', problem, 'Name every joint once, in the order of the numbers.');
  }
  // JHMDB's third joint is the face; mmpose's files call it head
  return known.includes('belly') ? known.map((name) => (name === 'head' ? 'face' : name)) : known;
}

function dialectOf(entries: unknown[], joints: readonly string[]): CocoDialect {
  if (!joints.includes('head_top')) return 'coco';
  return entries.some((entry) => isFields(entry) && 'person_id' in entry) ? 'posetrack21' : 'posetrack18';
}

function readPose(entry: Fields, where: string, reading: Reading): LabelledPose | null {
  const { joints, role, warnings } = reading;
  for (const field of ['annopoints', 'x1', 'annorect']) if (field in entry) throw mixedFormats(where, field);
  const { keypoints } = entry;
  if (keypoints === undefined || (Array.isArray(keypoints) && keypoints.length === 0)) {
    warnings.note(`${role} without keypoints, left out`, where);
    return null;
  }
  if (!Array.isArray(keypoints) || keypoints.length !== joints.length * 3) {
    const found = Array.isArray(keypoints) ? `${keypoints.length} numbers` : describe(keypoints);
    throw new GlposeError(
      'ANNOTATION',
      `${where}: keypoints has ${found}, not 3 × ${joints.length}`,
      'Write x, y and a third number for every joint that the category lists; zeros where a joint is absent.',
    );
  }
  return {
    joints: readJoints(keypoints, role === 'predictions' ? jointScores(entry, where, reading) : null, where, reading),
    trackId: trackId(entry, where),
    headBox: boxOf(entry.bbox_head),
    box: boxOf(entry.bbox),
    ...(isNumber(entry.bbox_score) ? { boxScore: entry.bbox_score } : {}),
    area: isNumber(entry.area) ? entry.area : null,
    crowd: entry.iscrowd === 1 || entry.iscrowd === true,
    score: poseScore(entry.score, where, reading),
  };
}

/** A pose's own score; null where there is none. Some tools write it as a text. */
function poseScore(score: unknown, where: string, { role, warnings }: Reading): number | null {
  if (isNumber(score)) return score;
  if (score === undefined || score === null) return null;
  if (typeof score === 'string' && score.trim() !== '' && Number.isFinite(Number(score))) {
    warnings.note(`${role} whose \`score\` is a text, read as the number that it holds`, where);
    return Number(score);
  }
  warnings.missing({
    text: `${role} whose \`score\` is no number, taken as missing`,
    where,
    problem: `\`score\` is ${describe(score)}, no number`,
    remedy: 'Write it as a number',
  });
  return null;
}

function readJoints(keypoints: unknown[], scores: unknown[] | null, where: string, reading: Reading): Float64Array {
  const { joints: names, role, warnings } = reading;
  const joints = new Float64Array(keypoints.length);
  for (let k = 0; k < names.length; k++) {
    const [x, y, third] = [keypoints[k * 3], keypoints[k * 3 + 1], keypoints[k * 3 + 2]];
    const c = scores === null ? third : scores[k];
    if (isNumber(x) && isNumber(y) && isNumber(c)) {
      joints.set(isAbsent(x, y, third, reading) ? ABSENT : [x, y, c], k * 3);
      continue;
    }
    warnings.missing({
      text: `joints of ${role} whose place or score is not a number, left out`,
      where: `${where}, joint ${names[k]}`,
      problem: `x, y and score are ${describe(x)}, ${describe(y)}, ${describe(c)}; they must be finite numbers`,
      remedy: 'Write 0, 0, 0 for an absent joint',
    });
    joints.set(ABSENT, k * 3);
  }
  return joints;
}

/** See `CocoDialect`. */
function isAbsent(x: number, y: number, third: unknown, { role, dialect }: Reading): boolean {
  if (role === 'annotations' && dialect === 'coco') return !(Number(third) > 0);
  if (role === 'annotations' && dialect === 'posetrack21') return !(x > 0 && y > 0);
  return x === 0 && y === 0 && third === 0;
}

/** K joint scores, or null where the third value of each keypoint is the score. */
function jointScores(entry: Fields, where: string, { joints, dialect, warnings }: Reading): unknown[] | null {
  const { scores } = entry;
  if (Array.isArray(scores) && scores.length > 0) {
    if (scores.length === joints.length) return scores;
    throw new GlposeError(
      'ANNOTATION',
      `${where}: ${scores.length} scores for ${joints.length} joints`,
      'Write one score per joint, 0 where the joint is absent.',
    );
  }
  const third = (entry.keypoints as unknown[]).filter((_, i) => i % 3 === 2);
  if (dialect === 'coco' || third.some((value) => value !== 0 && value !== 1 && value !== 2)) return null;
  warnings.note('predicted people without joint scores, ranked last', where);
  return new Array<number>(joints.length).fill(NO_SCORE);
}

function trackId(entry: Fields, where: string): number | null {
  const id = entry.track_id;
  if (id === undefined || id === null) return null;
  if (Number.isInteger(id)) return id as number;
  throw new GlposeError('ANNOTATION', `${where}: track_id is ${describe(id)}`, 'Track ids are whole numbers.');
}

function mixedFormats(where: string, field: string): GlposeError {
  return new GlposeError(
    'ANNOTATION',
    `${where}: \`${field}\` is a field of PoseTrack17 files in a PoseTrack18 or COCO file`,
    'Write the file wholly in one of the two formats.',
  );
}
