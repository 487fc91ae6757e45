import os from 'node:os';
import path from 'node:path';
import type { Model } from '../estimation/model.js';
import type { VideoReport } from './outcome.js';
import type { Shard } from './shard.js';
import { videoDecoder } from '../media/video.js';
import { writeAtomically } from '../storage/atomic-write.js';

/**
 * run.json: all that is needed to know what was run, on what, with which outcome. It is written when the run begins, with
 * every video `left`, and again when it ends; what happens in between stands in the outcomes (outcome.ts).
 */
export interface RunRecord {
  glpose: string;
  started: string;
  /** Present in a shard's record. */
  shard?: Shard;
  /** Since `started`; null while the run is under way, and for good where it was killed. */
  seconds: number | null;
  /** The options in force, defaults filled in. */
  options: Record<string, unknown>;
  model: { name: string; sha256: string; method: string; devices: Model['devices']; warnings: readonly string[] };
  machine: { platform: string; node: string; decoder: string | null; cpu: string; cores: number };
  totals: { videos: number; failed: number; left: number; frames: number; poses: number };
  /** Of a shard, its own videos only. */
  videos: VideoReport[];
}

/** The file of a run's record: run.json, or run-<i>-of-<n>.json, so that no shard overwrites another's. */
export function recordFile(out: string, shard?: Shard): string {
  return path.join(out, shard ? `run-${shard.index}-of-${shard.count}.json` : 'run.json');
}

/** Writes a run's record, whole. Throws OUTPUT where the disk refuses. */
export async function writeRecord(out: string, record: RunRecord): Promise<void> {
  await writeAtomically(recordFile(out, record.shard), `${JSON.stringify(record, null, 2)}\n`);
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
