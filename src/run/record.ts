/*
 * run.json: all that is needed to know what was run, on what, with which outcome. It is written when a run begins, with every
 * video `left`, and again when it ends; what happens in between stands in the outcomes (outcome.ts). This file is its one
 * owner: its form, its place, who writes and who reads it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { GlposeError } from '../errors.js';
import type { EstimateOptions } from '../estimation/estimate-options.js';
import type { Model, ModelOptions } from '../estimation/model.js';
import { readJsonFile } from '../formats/json-file.js';
import { videoDecoder } from '../media/video.js';
import { parseRanges, type TimeRange } from '../postprocessing/time-ranges.js';
import { writeAtomically } from '../storage/atomic-write.js';
import { outcomeFile, type VideoReport } from './outcome.js';
import type { Shard } from './shard.js';

export interface RunRecord {
  glpose: string;
  started: string;
  /** Present in a shard's record. */
  shard?: Shard;
  /** Since `started`; null while the run is under way, and for good where it was killed. */
  seconds: number | null;
  /** The inputs and the options in force, defaults filled in. */
  options: Record<string, unknown>;
  model: {
    name: string;
    sha256: string;
    method: string;
    decode: Model['decode'];
    devices: Model['devices'];
    missingOperator: string | null;
    warnings: readonly string[];
  };
  machine: { platform: string; node: string; decoder: string | null; cpu: string; cores: number };
  totals: { videos: number; failed: number; left: number; frames: number; poses: number };
  /** Of a shard, its own videos only. */
  videos: VideoReport[];
}

/** What is read of a record, which another version or another program may have written. */
const recordSchema = z.object({
  glpose: z.string().default(''),
  started: z.string().default(''),
  shard: z.object({ index: z.int(), count: z.int() }).optional(),
  seconds: z.number().nullable().default(null),
  options: z.record(z.string(), z.unknown()).default({}),
  model: z
    .object({
      sha256: z.string().default(''),
      method: z.string().default(''),
      decode: z.string().optional(),
      devices: z.looseObject({}).default({}),
    })
    .default({ sha256: '', method: '', devices: {} }),
  videos: z.array(
    z.looseObject({
      name: z.string(),
      path: z.string(),
      status: z.string().optional(),
      input: z.object({ digest: z.string().optional(), content: z.string().optional() }).optional(),
      error: z.object({ message: z.string() }).optional(),
    }),
  ),
  /** What was done to the poses over time after they were estimated (glpose filter). */
  filters: z.array(z.unknown()).optional(),
});

export type RecordedRun = z.infer<typeof recordSchema>;

/** The file of a run's record: run.json, or run-<i>-of-<n>.json, so that no shard overwrites another's. */
export function recordFile(out: string, shard?: Shard): string {
  return path.join(out, shard ? `run-${shard.index}-of-${shard.count}.json` : 'run.json');
}

/** Writes a run's record, whole. Throws OUTPUT where the disk refuses. */
export async function writeRecord(out: string, record: RunRecord): Promise<void> {
  await writeAtomically(recordFile(out, record.shard), `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * Reads a run's record.
 * @throws ANNOTATION naming the file where it is none
 */
export function readRecord(file: string): RecordedRun {
  const read = recordSchema.safeParse(readJsonFile(file));
  if (read.success) return read.data;
  const problem = `${file} is not the record of a run: ${z.prettifyError(read.error)}`;
  throw new GlposeError('ANNOTATION', problem, 'Give the run.json of glpose infer; a damaged one may be removed.');
}

/** The files of the records in a folder: of a run over everything, and of shards; none where there is no such folder. */
export function recordFiles(out: string): { whole: string | null; shards: string[] } {
  let names: string[] = [];
  try {
    names = readdirSync(out);
  } catch {
    // no folder holds no record
  }
  const shards = names.filter((name) => /^run-\d+-of-\d+\.json$/.test(name)).sort();
  return {
    whole: names.includes('run.json') ? path.join(out, 'run.json') : null,
    shards: shards.map((name) => path.join(out, name)),
  };
}

/**
 * Writes the records of a folder of results into another, whose results were made from these by filters.
 * @param files the other folder's result files, by the videos' names
 * @param filters all that was ever done to these poses
 * @throws OUTPUT where the disk refuses
 */
export async function copyRecords(
  source: string,
  out: string,
  files: ReadonlyMap<string, readonly string[]>,
  filters: readonly unknown[],
): Promise<void> {
  for (const file of filesOfRun(source)) {
    const videos = readRecord(file).videos.map((video) => ({ ...video, files: files.get(video.name) ?? [] }));
    const record = { ...(readJsonFile(file) as object), videos, filters };
    await writeAtomically(path.join(out, path.basename(file)), `${JSON.stringify(record, null, 2)}\n`);
  }
}

/** The record of a run over everything, else those of its shards. */
function filesOfRun(source: string): string[] {
  const { whole, shards } = recordFiles(source);
  return whole === null ? shards : [whole];
}

/** The part of a record that making the poses again needs. */
export interface Run {
  glpose: string;
  /** The bundle as the user named it. */
  model: string;
  sha256: string;
  method: 'glpose' | 'single-frame';
  boxes?: string;
  /** Who counted as a person, and how the poses were estimated. */
  estimate: Pick<
    EstimateOptions,
    'minBoxScore' | 'detectEvery' | 'detectSize' | 'poseNms' | 'oksNms' | 'shareOut' | 'agreement' | 'every' | 'seed'
  >;
  /** The parts of the videos that were estimated, each by itself; none: all. */
  ranges: TimeRange[];
  reuse?: ModelOptions['reuse'];
  flip?: boolean;
  /** The detector's own file, where it is not the bundle's. */
  detector?: string;
  /** Whether joints were bridged, smoothed or filtered over time after they were estimated. */
  smoothed: boolean;
  /** Where the run read the videos, by their names. */
  videos: Map<string, string>;
}

/** Those of the recorded options that making the poses again needs; a value that none of them can have is left out. */
const runOptionsSchema = z.object({
  model: z.string(),
  boxes: z.string().optional().catch(undefined),
  from: z.string().optional().catch(undefined),
  to: z.string().optional().catch(undefined),
  minScore: z.number().min(0).max(1).optional().catch(undefined),
  detectEvery: z.int().min(1).optional().catch(undefined),
  detectSize: z.int().min(32).max(4096).optional().catch(undefined),
  poseNms: z.number().min(0).max(1).optional().catch(undefined),
  oksNms: z.number().min(0).max(1).optional().catch(undefined),
  shareOut: z.boolean().optional().catch(undefined),
  agreement: z.boolean().optional().catch(undefined),
  every: z.int().min(1).optional().catch(undefined),
  seed: z.int().optional().catch(undefined),
  reuse: z.enum(['warp', 'exact']).optional().catch(undefined),
  flip: z.boolean().optional().catch(undefined),
  detector: z.string().optional().catch(undefined),
  smooth: z.unknown().optional(),
  bridge: z.unknown().optional(),
  hampel: z.unknown().optional(),
  fillGaps: z.unknown().optional(),
  butterworth: z.unknown().optional(),
});

/** None where the texts are not what a run could have had. */
function rangesOf(options: { from?: string; to?: string }): TimeRange[] {
  try {
    return parseRanges(options);
  } catch {
    return [];
  }
}

/** The names of the videos that a folder has outcomes of. */
function namesOfOutcomes(out: string): string[] {
  try {
    const files = readdirSync(path.dirname(outcomeFile(out, '')));
    return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  } catch {
    return []; // copied without what glpose keeps for itself
  }
}

/** Where a video lies by its outcome; null where this does not say. */
function pathOfOutcome(out: string, name: string): string | null {
  try {
    const document: unknown = JSON.parse(readFileSync(outcomeFile(out, name), 'utf8'));
    return z.object({ report: z.object({ path: z.string() }) }).parse(document).report.path;
  } catch {
    return null;
  }
}

/**
 * The run that a folder of results comes from, or those of its shards as one; null where there is no record.
 * @throws ANNOTATION naming the file
 */
export function readRun(source: string): Run | null {
  const runs = filesOfRun(source).map((file) => runOf(readRecord(file), file));
  if (runs.length === 0) return null;
  const videos = new Map(runs.flatMap((run) => [...run.videos]));
  // Earlier runs into this folder read others, whose results are still there.
  for (const name of namesOfOutcomes(source)) {
    const where = videos.has(name) ? null : pathOfOutcome(source, name);
    if (where !== null) videos.set(name, where);
  }
  return { ...runs[0], videos };
}

/**
 * @param file named in messages
 * @throws ANNOTATION where the record names no model
 */
export function runOf(
  {
    glpose,
    model,
    options,
    filters,
    videos,
  }: Pick<RecordedRun, 'glpose' | 'model' | 'options' | 'filters'> & {
    videos: readonly { name: string; path: string }[];
  },
  file: string,
): Run {
  const read = runOptionsSchema.safeParse(options);
  if (!read.success) {
    throw new GlposeError('ANNOTATION', `${file} is not the record of a run`, 'Run glpose infer again, or remove it.');
  }
  const {
    smooth,
    bridge,
    hampel,
    fillGaps,
    butterworth,
    model: bundle,
    boxes,
    from,
    to,
    reuse,
    flip,
    detector,
    ...rest
  } = read.data;
  const { minScore: minBoxScore, ...estimate } = rest;
  const paths = new Map<string, string>();
  // An input that could not be read stands behind the videos, called by its path's last part: that may be a video's name, too.
  for (const { name, path: where } of videos) if (!paths.has(name)) paths.set(name, where);
  return {
    model: bundle,
    boxes,
    ranges: rangesOf({ from, to }),
    reuse,
    flip,
    detector,
    estimate: { minBoxScore, ...estimate },
    glpose,
    sha256: model.sha256,
    method: model.method === 'glpose' ? 'glpose' : 'single-frame',
    smoothed: Boolean(smooth ?? bridge ?? hampel ?? fillGaps ?? butterworth ?? filters),
    videos: paths,
  };
}

/** An earlier run, as much of its record as repeating it needs. */
export interface EarlierRun {
  file: string;
  inputs: string[];
  options: Record<string, unknown>;
  modelSha256: string;
  /** What is known of the inputs' files, by their paths. */
  inputsAsTheyWere: Map<string, { digest?: string; content?: string }>;
}

/** @throws ANNOTATION where the file is no record, or names no inputs */
export function readEarlierRun(file: string): EarlierRun {
  const { options, model, videos } = readRecord(file);
  const inputs = z.array(z.string()).min(1).safeParse(options.inputs);
  if (!inputs.success) {
    throw new GlposeError('ANNOTATION', `${file} is not the record of a run: it names no inputs`, 'Give the run.json of glpose infer.'); // prettier-ignore
  }
  const known = videos.flatMap(({ path: where, input }) => (input?.digest ? [[where, input] as const] : []));
  return { file, inputs: inputs.data, options, modelSha256: model.sha256, inputsAsTheyWere: new Map(known) };
}

/** What a record says of the machine. */
export async function machine(): Promise<RunRecord['machine']> {
  const decoder = await videoDecoder().then(({ name, version }) => `${name}, FFmpeg ${version}`, () => null); // prettier-ignore
  return {
    platform: `${os.platform()} ${os.arch()}`,
    node: process.version,
    decoder,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
  };
}

/** Sums up the reports. */
export function totalsOf(videos: readonly VideoReport[]): RunRecord['totals'] {
  const sum = (of: (report: VideoReport) => number): number => videos.reduce((total, report) => total + of(report), 0);
  return {
    videos: videos.length,
    failed: sum(({ status }) => Number(status === 'failed')),
    left: sum(({ status }) => Number(status === 'left' || status === 'interrupted')),
    frames: sum(({ frames }) => frames),
    poses: sum(({ poses }) => poses),
  };
}
