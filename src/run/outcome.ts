/*
 * What came of each video, in a file of its own, so that any number of processes can work into one output folder:
 *
 *   <out>/.glpose/videos/<name>.json   an `Outcome`, written whole when the video is finished, has failed or was interrupted
 *   <out>/.glpose/checkpoints/            what was computed of videos that were interrupted (checkpoint.ts)
 *   <out>/.glpose/locks/               who is at work here (folder-lock.ts)
 *   <out>/.glpose/shards/              which video belongs to which shard (shard-plan.ts)
 *   <out>/run.json                     the `RunRecord` of a run over all inputs (record.ts)
 *   <out>/run-<i>-of-<n>.json          that of shard i of n, from 1
 *
 * A video without an outcome is not done. Outcomes stay when the run is over: the next run into this folder begins with them.
 */
import { access, readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { GlposeError, messageOf, type ErrorCode } from '../errors.js';
import { inOrder } from '../concurrency/in-order.js';
import type { Quality } from '../evaluation/quality/problem.js';
import type { InputFingerprint, Provenance } from './provenance.js';
import { asOutputError, writeAtomically } from '../storage/atomic-write.js';

/** What came of one video. */
export interface VideoReport {
  name: string;
  /** The video file, the image, or the folder of images; absolute. */
  path: string;
  /** The input's files as they were; absent where it could not be read, or was not begun. */
  input?: InputFingerprint;
  /**
   * `left`: not begun, in the record of a run that is under way or was stopped; in an outcome: its results were about to be
   * written.
   */
  status: 'done' | 'failed' | 'interrupted' | 'left';
  error?: { code: ErrorCode; message: string };
  /** Things the user should know of a video that is done: damaged frames, boxes that were left out. */
  warnings: string[];
  frames: number;
  /** Poses over all frames, and tracks. */
  poses: number;
  tracks: number;
  seconds: number;
  /** What a person should look at; absent where the video is not done. */
  quality?: Quality;
  /** Frames whose detections and whose poses an interrupted run had left; absent where there are none. */
  kept?: { detections: number; poses: number };
  /** Result files, relative to the output folder; of one that is not done, those that an earlier run left of it. */
  files: string[];
}

/** What `<out>/.glpose/videos/<name>.json` holds. */
export interface Outcome {
  format: 1;
  /** When, ISO 8601. */
  finished: string;
  host: string;
  /** What the results were made from; absent where the input could not even be looked at. */
  provenance?: Provenance;
  report: VideoReport;
}

/** What glpose keeps in an output folder for itself. */
export const STATE_FOLDER = '.glpose';

/** The file of a video's outcome. */
export function outcomeFile(out: string, name: string): string {
  return path.join(out, STATE_FOLDER, 'videos', `${name}.json`);
}

/** Writes a video's outcome, whole. Throws OUTPUT where the disk refuses. */
export async function writeOutcome(out: string, outcome: Outcome): Promise<void> {
  await writeAtomically(outcomeFile(out, outcome.report.name), `${JSON.stringify(outcome)}\n`);
}

/** A video's outcome; null where there is none, or none that can be read: then the video is not done. */
export async function readOutcome(out: string, name: string): Promise<Outcome | null> {
  try {
    const { making, ...outcome } = JSON.parse(await readFile(outcomeFile(out, name), 'utf8')) as Partial<Outcome> & {
      making?: Provenance; // its name in 0.1.0's first outcomes
    };
    outcome.provenance ??= making;
    const isOne = outcome.format === 1 && outcome.report?.name === name && Array.isArray(outcome.report.files);
    return isOne ? (outcome as Outcome) : null;
  } catch {
    return null;
  }
}

/** The outcomes in an output folder, by the videos' names; empty where nothing was run. */
export async function readOutcomes(out: string): Promise<Map<string, Outcome>> {
  const files = await readdir(path.join(out, STATE_FOLDER, 'videos')).catch(() => []);
  const outcomes = new Map<string, Outcome>();
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));
  for await (const outcome of inOrder(names, FILES_AT_ONCE, (name) => readOutcome(out, name))) {
    if (outcome) outcomes.set(outcome.report.name, outcome);
  }
  return outcomes;
}

/**
 * Says whether a file or folder is a result that a run wrote: into an output folder two levels above it, as all results lie. What
 * was asked for once is remembered.
 */
export function writtenByRuns(): (place: string) => Promise<boolean> {
  const known = new Map<string, Promise<Set<string>>>();
  return async (place) => {
    const out = path.dirname(path.dirname(place));
    const files = known.get(out) ?? filesWrittenInto(out);
    known.set(out, files);
    return (await files).has(path.relative(out, place));
  };
}

async function filesWrittenInto(out: string): Promise<Set<string>> {
  const files = new Set<string>();
  for (const { report } of (await readOutcomes(out)).values()) for (const file of report.files) files.add(file);
  return files;
}

/** The names under which an output folder has results of videos that are still there, by the videos' paths. */
export async function namesInUse(out: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const [name, { report }] of await readOutcomes(out)) {
    if (await access(report.path).then(() => true, () => false)) names.set(report.path, name); // prettier-ignore
  }
  return names;
}

/** Open at a time: there may be more outcomes than a process may open files, and a shared disk likes several at once. */
const FILES_AT_ONCE = 16;

/**
 * Removes results, relative to the output folder, and nothing else, whatever an outcome's file may name. Throws OUTPUT where
 * they cannot be removed.
 */
export async function removeResults(out: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const [folder, ...inside] = path.normalize(String(file)).split(path.sep);
    if (folder === '' || folder === '..' || folder === STATE_FOLDER || inside.join('') === '') continue;
    const place = path.join(out, folder, ...inside);
    try {
      await rm(place, { recursive: true, force: true });
    } catch (thrown) {
      throw asOutputError(place, thrown);
    }
  }
}

/** Whether all result files of a report are there. */
export async function hasFiles(out: string, { files }: VideoReport): Promise<boolean> {
  const found = files.map((file) => access(path.join(out, file)).then(() => true, () => false)); // prettier-ignore
  return (await Promise.all(found)).every(Boolean);
}

/** A report without a result: of a video that was not begun, or, with what was thrown, of an input that cannot be used. */
export function emptyReport(name: string, input: string, thrown?: unknown): VideoReport {
  const counts = { warnings: [], frames: 0, poses: 0, tracks: 0, seconds: 0, files: [] };
  const report: VideoReport = { name, path: input, status: thrown === undefined ? 'left' : 'failed', ...counts };
  if (thrown !== undefined) report.error = errorOf(thrown);
  return report;
}

/** What was thrown, as a report holds it. */
export function errorOf(thrown: unknown): { code: ErrorCode; message: string } {
  return { code: thrown instanceof GlposeError ? thrown.code : 'INTERNAL', message: messageOf(thrown) };
}
