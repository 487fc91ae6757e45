import { GlposeError } from '../errors.js';
import { isFields, isNumber, type Fields } from '../formats/fields.js';
import type { PoseSequence } from '../formats/pose-sequence.js';
import { eachPoseFile } from '../formats/read-poses.js';
import { Warnings, type Warning } from '../formats/warnings.js';

/** Poses to look at. */
export interface ResultSequence extends PoseSequence {
  /** Size of the frames, where the file says. */
  size: { width: number; height: number } | null;
  /** Joints that were derived from others. */
  estimated: readonly string[];
  /** What was noted in its file. */
  warnings: readonly Warning[];
}

/**
 * The sequences in the output folder of a run, or in any file or folder of poses that `glpose eval` reads, one file after the other.
 * @param warnings takes what is noted in all of them
 * @param names only these sequences; files called so are read first, and no more than are needed
 * @throws ANNOTATION naming the file, USAGE where there is no sequence of a name
 */
export function* readResults(
  source: string,
  warnings = new Warnings(true),
  names?: readonly string[],
): Generator<ResultSequence, void, undefined> {
  const left = new Set(names);
  const others: string[] = [];
  for (const file of eachPoseFile(source, { role: 'predictions', warnings }, names)) {
    const details = detailsOf(file.document);
    for (const sequence of file.sequences) {
      if (names && !left.delete(sequence.name)) others.push(sequence.name);
      else yield { ...sequence, ...details, warnings: file.warnings.list() };
    }
    if (names && left.size === 0) return;
  }
  const [missing] = left;
  if (missing === undefined) return;
  const there = [...(names ?? []).filter((name) => !left.has(name)), ...others].slice(0, 10);
  throw new GlposeError('USAGE', `${source} has no video "${missing}"`, `It has ${there.join(', ')}.`);
}

/** What the COCO family says beyond the poses. */
function detailsOf(document: unknown): Pick<ResultSequence, 'size' | 'estimated'> {
  const { images, categories } = isFields(document) ? document : {};
  const [image, category] = [firstOf(images), firstOf(categories)];
  const size =
    isNumber(image.width) && isNumber(image.height) && image.width > 0 && image.height > 0
      ? { width: image.width, height: image.height }
      : null;
  const listed: unknown[] = Array.isArray(category.estimated_keypoints) ? category.estimated_keypoints : [];
  const estimated = listed.map(textOf).map((name) => (name === 'head_bottom' ? 'neck' : name));
  return { size, estimated };
}

/** Whatever is no text says nothing. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function firstOf(list: unknown): Fields {
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return isFields(first) ? first : {};
}

/** Size of the frames: the source's, the file's, or what holds all joints. */
export function sizeOf(
  sequence: ResultSequence,
  source: { width: number; height: number } | null,
): { width: number; height: number } {
  if (source) return { width: source.width, height: source.height };
  if (sequence.size) return sequence.size;
  let [width, height] = [1, 1];
  for (const { people } of sequence.frames) {
    for (const { joints } of people) {
      for (let at = 0; at < joints.length; at += 3) {
        if (joints[at] > width) width = joints[at];
        if (joints[at + 1] > height) height = joints[at + 1];
      }
    }
  }
  return { width: Math.ceil(width), height: Math.ceil(height) };
}
