import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import { atOnce, type Steps } from '../concurrency/steps.js';
import { isCocoDocument, readCocoDocument, readCocoResults, type ReadPosesOptions } from './coco.js';
import { readJsonFile } from './json-file.js';
import type { PoseSequence } from './pose-sequence.js';
import { isPoseTrack17Document, readPoseTrack17Document } from './posetrack17.js';
import { Warnings } from './warnings.js';
import type { ResultFormat } from './results.js';

export type ReadPoseFilesOptions = ReadPosesOptions;

/** What `glpose infer` writes and can be read again, the richest first. */
export const READABLE = ['posetrack18', 'coco', 'posetrack17'] as const satisfies ResultFormat[];

/**
 * Reads a file of poses, or all `.json` files of a folder: PoseTrack17, 18, 21, COCO documents, COCO result lists. Each
 * file may be in another format. Files of a folder that hold no poses (a run's log) are left out and counted. For
 * predictions, the output folder of `glpose infer` stands for the richest format in it.
 * @throws GlposeError ANNOTATION naming the file and what to do
 */
export function readPoseFiles(source: string, options: ReadPoseFilesOptions): PoseSequence[] {
  return atOnce(readingPoseFiles(source, options));
}

/** The same, a file a step. */
export function* readingPoseFiles(source: string, options: ReadPoseFilesOptions): Steps<PoseSequence[]> {
  const all: PoseSequence[] = [];
  for (const { sequences } of eachPoseFile(source, options)) {
    all.push(...sequences);
    yield;
  }
  return all;
}

/** One file of poses. */
export interface PoseFile {
  /** The whole file as JSON. */
  document: unknown;
  sequences: PoseSequence[];
  /** What was noted in this file. */
  warnings: Warnings;
}

/**
 * As readPoseFiles, but one file after the other: the poses of a large run would not fit into memory together.
 * @param first files called so, without `.json`, come before the others
 */
export function* eachPoseFile(
  source: string,
  options: ReadPoseFilesOptions,
  first: readonly string[] = [],
): Generator<PoseFile, void, undefined> {
  const { file, files } = jsonFiles(source, options.role === 'predictions');
  const early = new Set(first);
  const [named, others] = [true, false].map((is) => files.filter((name) => early.has(path.parse(name).name) === is));
  const withoutFrames: PoseFile[] = []; // held back: an error where there is nothing else
  let some = false;
  for (const name of [...named, ...others]) {
    if (file && !isJson(name)) throw noPoses(`${source} is no JSON file`);
    const document = readJsonFile(name);
    const warnings = new Warnings(options.warnings.allowMissing);
    const sequences = readPoseDocument(document, name, { ...options, warnings });
    options.warnings.add(warnings);
    if (sequences) {
      withoutFrames.push({ document, sequences, warnings });
      some ||= sequences.some(({ frames }) => frames.length > 0);
      if (some) yield* withoutFrames.splice(0);
    } else if (file) throw noPoses(`${source} holds no poses`);
    else options.warnings.note('files without poses, left out', name);
  }
  if (!some)
    throw noPoses(withoutFrames.length > 0 ? `${source} lists no frame` : `${source} holds no file with poses`);
}

/**
 * The poses of a JSON document, whatever its format; null where it holds none.
 * @param file named in messages
 * @throws GlposeError ANNOTATION naming the file and what to do
 */
export function readPoseDocument(
  document: unknown,
  file: string,
  options: ReadPoseFilesOptions,
): PoseSequence[] | null {
  if (isPoseTrack17Document(document)) return readPoseTrack17Document(document, file, options);
  if (isCocoDocument(document)) return readCocoDocument(document, file, options);
  if (Array.isArray(document) && options.annotations) {
    return readCocoResults(document, file, options.annotations, options.warnings);
  }
  return null;
}

function noPoses(problem: string): GlposeError {
  return new GlposeError(
    'ANNOTATION',
    problem,
    'Give PoseTrack17/18/21 or COCO keypoint files (`annolist`, or `images` and `annotations`); of what glpose infer writes, ' +
      `${READABLE.join(', ')}, and coco-results as predictions, are read, but not csv, openpose and mot.`,
  );
}

/** Whether a file is called JSON or begins like it; only then is it told what is wrong in it. */
function isJson(file: string): boolean {
  if (/\.json$/i.test(file)) return true;
  const start = Buffer.alloc(64);
  const handle = openSync(file, 'r');
  try {
    return /^[\uFEFF\s]*([[{]|$)/.test(start.toString('utf8', 0, readSync(handle, start)));
  } finally {
    closeSync(handle);
  }
}

function jsonFiles(source: string, predictions: boolean): { file: boolean; files: string[] } {
  try {
    if (!statSync(source).isDirectory()) return { file: true, files: [source] };
    const written = READABLE.map((format) => path.join(source, format)).filter((some) => existsSync(some));
    // The folder of a format may be empty: a later run in another format has removed what was in it.
    for (const folder of predictions ? written : []) {
      const files = jsonFilesIn(folder);
      if (files.length > 0) return { file: false, files };
    }
    return { file: false, files: jsonFilesIn(source) };
  } catch (cause) {
    const problem = `${source} cannot be read: ${messageOf(cause).split(',')[0]}`;
    throw new GlposeError('ANNOTATION', problem, 'Check the path.', { cause });
  }
}

function jsonFilesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const names = entries.map(({ name }) => name).filter((name) => name.toLowerCase().endsWith('.json'));
  return names.sort().map((name) => path.join(folder, name));
}
