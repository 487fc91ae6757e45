import { existsSync } from 'node:fs';
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { isFields, isNumber, type Fields } from '../formats/fields.js';
import { readJsonFile } from '../formats/json-file.js';
import type { PoseSequence } from '../formats/pose-sequence.js';
import { readPoseFiles } from '../formats/read-poses.js';
import { Remarks } from '../formats/remarks.js';
import type { ModelOptions } from '../pipeline/model.js';

/** Poses to look at, and what is known of how they were made. */
export interface Results {
  sequences: ResultSequence[];
  /** What `glpose infer` was asked to do; null where the results have no run.json. */
  run: Run | null;
  remarks: Remarks;
}

export interface ResultSequence extends PoseSequence {
  /** Size of the frames, where the file says. */
  size: { width: number; height: number } | null;
  /** Joints that were derived from others. */
  estimated: readonly string[];
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
  /** Whether joints were bridged or smoothed over time after they were estimated. */
  smoothed: boolean;
  /** Where the run read the videos, by their names. */
  videos: Map<string, string>;
}

/**
 * Reads the output folder of a run, or any file or folder of poses that `glpose eval` reads.
 * @throws ANNOTATION naming the file
 */
export function readResults(source: string): Results {
  const log = path.join(source, 'run.json');
  const remarks = new Remarks(true);
  const sequences = readPoseFiles(source, { role: 'predictions', remarks });
  const details = new Map<string, Pick<ResultSequence, 'size' | 'estimated'>>();
  const described = sequences.map((sequence): ResultSequence => {
    const known = details.get(sequence.file) ?? detailsOf(sequence.file);
    details.set(sequence.file, known);
    return { ...sequence, ...known };
  });
  return { sequences: described, run: existsSync(log) ? readRun(log) : null, remarks };
}

/** What the COCO family says beyond the poses. */
function detailsOf(file: string): Pick<ResultSequence, 'size' | 'estimated'> {
  const document = readJsonFile(file) as Fields;
  const [image, category] = [firstOf(document.images), firstOf(document.categories)];
  const size =
    isNumber(image.width) && isNumber(image.height) && image.width > 0 && image.height > 0
      ? { width: image.width, height: image.height }
      : null;
  const listed: unknown[] = Array.isArray(category.estimated_keypoints) ? category.estimated_keypoints : [];
  const names = listed.map(textOf);
  return { size, estimated: names.map((name) => (name === 'head_bottom' ? 'neck' : name)) };
}

/** Whatever is no text says nothing. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function firstOf(list: unknown): Fields {
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return isFields(first) ? first : {};
}

function readRun(file: string): Run {
  const record = readJsonFile(file);
  const { glpose, model, options, videos } = isFields(record) ? record : {};
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
    smoothed: Boolean(options.smooth ?? options.bridge),
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
