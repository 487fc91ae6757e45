import { readdirSync } from 'node:fs';
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { isFields, isNumber, type Fields } from '../formats/fields.js';
import { readJsonFile } from '../formats/json-file.js';
import type { PoseSequence } from '../formats/pose-sequence.js';
import { eachPoseFile } from '../formats/read-poses.js';
import { Warnings, type Warning } from '../formats/warnings.js';
import type { ModelOptions } from '../estimation/model.js';

/** Poses to look at. */
export interface ResultSequence extends PoseSequence {
  /** Size of the frames, where the file says. */
  size: { width: number; height: number } | null;
  /** Joints that were derived from others. */
  estimated: readonly string[];
  /** What was noted in its file. */
  warnings: readonly Warning[];
}

/** The part of run.json that making the poses again needs. */
export interface Run {
  glpose: string;
  /** The bundle as the user named it. */
  model: string;
  sha256: string;
  method: 'glpose' | 'single-frame';
  boxes?: string;
  minScore?: number;
  seed?: number;
  every?: number;
  reuse?: ModelOptions['reuse'];
  /** The detector's own file, where it is not the bundle's. */
  detector?: string;
  /** Whether joints were bridged, smoothed or filtered over time after they were estimated. */
  smoothed: boolean;
  /** Where the run read the videos, by their names. */
  videos: Map<string, string>;
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

/**
 * The record of the run that a folder of results comes from, or those of its shards as one; null where there is none.
 * @throws ANNOTATION naming the file
 */
export function readRun(source: string): Run | null {
  const files = recordsIn(source).map((name) => path.join(source, name));
  const runs = files.map((file) => runOf(readJsonFile(file), file));
  if (runs.length === 0) return null;
  return { ...runs[0], videos: new Map(runs.flatMap(({ videos }) => [...videos])) };
}

/** The names of the records in an output folder: run.json, or those of its shards. */
export function recordsIn(source: string): string[] {
  let names: string[] = [];
  try {
    names = readdirSync(source);
  } catch {
    // a file of poses, or nothing: reading the poses tells
  }
  return names.includes('run.json') ? ['run.json'] : names.filter((name) => /^run-\d+-of-\d+\.json$/.test(name)).sort();
}

/**
 * What a record says of a run.
 * @param file named in messages
 * @throws ANNOTATION where it is no record
 */
export function runOf(record: unknown, file: string): Run {
  const { glpose, model, options, videos, filters } = isFields(record) ? record : {};
  if (!isFields(model) || !isFields(options) || !Array.isArray(videos) || typeof options.model !== 'string') {
    throw new GlposeError('ANNOTATION', `${file} is not the record of a run`, 'Run glpose infer again, or remove it.');
  }
  return {
    glpose: textOf(glpose),
    model: options.model,
    sha256: textOf(model.sha256),
    method: model.method === 'glpose' ? 'glpose' : 'single-frame',
    boxes: typeof options.boxes === 'string' ? options.boxes : undefined,
    minScore: isNumber(options.minScore) ? options.minScore : undefined,
    seed: isNumber(options.seed) ? options.seed : undefined,
    every: isNumber(options.every) && options.every >= 1 ? options.every : undefined,
    reuse: options.reuse === 'warp' || options.reuse === 'exact' ? options.reuse : undefined,
    detector: typeof options.detector === 'string' ? options.detector : undefined,
    smoothed: Boolean(options.smooth ?? options.bridge ?? filters),
    videos: pathsOf(videos.filter(isFields)),
  };
}

/** An input that could not be read stands behind the videos, called by its path's last part: that may be a video's name, too. */
function pathsOf(videos: readonly Fields[]): Map<string, string> {
  const paths = new Map<string, string>();
  for (const { name, path: where } of videos) {
    if (typeof name === 'string' && typeof where === 'string' && !paths.has(name)) paths.set(name, where);
  }
  return paths;
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
