/*
 * How far the work in an output folder is, over all processes and machines that write into it. Which videos there are stands in
 * the plan of the shards and in the records of runs; what came of each, in its outcome.
 */
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { inOrder } from '../concurrency/in-order.js';
import { optionsThat } from './options.js';
import { changesBetween, type Provenance, type RunSettings } from './provenance.js';
import { readRecord, recordFiles, type RecordedRun } from './record.js';
import { hasFiles, readOutcomes, type Outcome } from './outcome.js';
import { readShardPlan, type ShardPlan } from './shard-plan.js';
import type { Shard } from './shard.js';

/** Where one video stands. */
export interface VideoStatus {
  name: string;
  path: string;
  /** Whose it is; null where it was not dealt to a shard. */
  shard: Shard | null;
  status: 'done' | 'failed' | 'left';
  /** Why it failed, or why it is left although it was begun. */
  reason?: string;
  /** Of one that is done: frames with estimates, poses in them, tracks, and the seconds it took. */
  frames: number;
  poses: number;
  tracks: number;
  seconds: number;
  /** When and where something last came of it; absent where nothing did. */
  finished?: string;
  host?: string;
  /** Its length in frames, where the plan of the shards has it. */
  length?: number;
}

/** Sums over videos. */
export interface WorkSums {
  videos: number;
  done: number;
  failed: number;
  left: number;
  frames: number;
  poses: number;
  tracks: number;
  /** That one process after the other would have taken. */
  seconds: number;
}

/** The work of one shard, or of a run without shards. */
export interface PartStatus extends WorkSums {
  shard: Shard | null;
  /** `open`: begun and not ended; it is at work, or was killed. */
  run: 'not begun' | 'open' | 'ended';
  /** When the last of its videos was finished, and on which machine. */
  last: { finished: string; host: string } | null;
}

export interface RunStatus {
  totals: WorkSums;
  /** In the order of the shards; what was dealt to none comes last. */
  parts: PartStatus[];
  /** Of the videos that are left, as far as the plan has their length: frames, and seconds at the mean speed so far. */
  ahead: { frames: number; seconds: number } | null;
  videos: VideoStatus[];
}

/**
 * Sums up an output folder, also while others write into it.
 * @throws USAGE where nothing was run into it, OUTPUT where what stands there cannot be read
 */
export async function readStatus(out: string): Promise<RunStatus> {
  const records = readRecords(out);
  const [plan, outcomes] = await Promise.all([readShardPlan(out), readOutcomes(out)]);
  const videos = await videosOf(out, plan, records, outcomes);
  if (videos.length === 0 && records.length === 0) {
    throw new GlposeError('USAGE', `${out} holds no run`, 'Give the output folder of glpose infer.');
  }
  const shards = Array.from({ length: plan?.shards ?? 0 }, (_, i): Shard => ({ index: i + 1, count: plan!.shards }));
  const parts = [...shards, null].map((shard) => partOf(shard, videos, records));
  return {
    totals: sumUp(videos),
    parts: parts.filter(({ shard, videos }) => shard !== null || videos > 0 || parts.length === 1),
    ahead: aheadOf(videos),
    videos,
  };
}

/** The records in an output folder, by when their runs began. @throws ANNOTATION naming one that cannot be read */
function readRecords(out: string): RecordedRun[] {
  const { whole, shards } = recordFiles(out);
  const records = [...(whole === null ? [] : [whole]), ...shards].map(readRecord);
  return records.sort((a, b) => (a.started < b.started ? -1 : 1));
}

/** Every video that was dealt to a shard, that a run was to do, or of which something came. */
async function videosOf(
  out: string,
  plan: ShardPlan | null,
  records: readonly RecordedRun[],
  outcomes: ReadonlyMap<string, Outcome>,
): Promise<VideoStatus[]> {
  const videos = new Map<string, VideoStatus>();
  const add = (name: string, where: string, more: Partial<VideoStatus> = {}): void => {
    if (videos.has(name)) return;
    const counts = { frames: 0, poses: 0, tracks: 0, seconds: 0 };
    videos.set(name, { name, path: where, shard: null, status: 'left', ...counts, ...more });
  };
  for (const { name, path, frames: length, shard } of plan?.videos ?? [])
    add(name, path, { length, shard: { index: shard, count: plan!.shards } });
  // An input that holds no video has no outcome, and no stamp in the record; every shard names it. The latest run says what a
  // name stands for: with more inputs than before it may be another video's.
  for (const { videos: recorded } of records.toReversed()) {
    for (const { name, path, status, input, error } of recorded) {
      const unusable = status === 'failed' && !input && !outcomes.has(name);
      add(name, path, unusable ? { status: 'failed', reason: error?.message } : {});
    }
  }
  for (const { report } of outcomes.values()) add(report.name, report.path);

  const asked = new Map<string, Asked>();
  for (const record of records) for (const { name, path } of record.videos) asked.set(name, { record, path });
  const settled: VideoStatus[] = [];
  for await (const video of inOrder(videos.values(), FOLDERS_AT_ONCE, (video) =>
    settle(out, video, outcomes.get(video.name), asked.get(video.name)),
  ))
    settled.push(video);
  return settled;
}

/** The newest record in which a video stands, and its path there. */
interface Asked {
  record: RecordedRun;
  path: string;
}

/** Videos whose results are looked for at a time. */
const FOLDERS_AT_ONCE = 16;

async function settle(
  out: string,
  video: VideoStatus,
  outcome: Outcome | undefined,
  asked: Asked | undefined,
): Promise<VideoStatus> {
  if (!outcome) return video;
  const { finished, host, report } = outcome;
  if (report.path !== video.path) return { ...video, reason: `what stands there is of ${report.path}` };
  const { frames, poses, tracks, seconds, error } = report;
  const settled = { ...video, finished, host };
  const changes = outcome.provenance && asked ? changesSince(outcome.provenance, asked) : [];
  if (changes.length > 0) return { ...settled, reason: `made with other options: ${changes.join(', ')} changed` };
  if (report.status === 'failed') return { ...settled, status: 'failed', reason: error?.message };
  if (report.status === 'left') return settled; // its results are being written, or that was stopped
  if (report.status !== 'done') return { ...settled, reason: 'interrupted' };
  if (!(await hasFiles(out, report))) return { ...settled, reason: 'results are missing' };
  return { ...settled, status: 'done', frames, poses, tracks, seconds };
}

/** What has changed between a video's provenance and what the newest run that it belongs to was to do, in words. */
function changesSince(provenance: Provenance, { record, path: where }: Asked): string[] {
  const { glpose, model, options } = record;
  if (glpose === '') return []; // another program's record
  const settings: RunSettings = { glpose, model, options: optionsThat('decides', options) };
  for (const [name, file] of Object.entries(optionsThat('file', settings.options))) {
    const fingerprint = provenance.options[name];
    if (isSameFile(fingerprint, file)) settings.options[name] = fingerprint;
  }
  return changesBetween(provenance, { ...settings, name: provenance.name, path: where, input: provenance.input });
}

/** Whether a fingerprint, with the path as it was given, is of the file whose absolute path a record has. */
function isSameFile(fingerprint: unknown, file: unknown): boolean {
  if (typeof file !== 'string' || typeof fingerprint !== 'object' || fingerprint === null || !('file' in fingerprint))
    return false;
  const given = path.normalize(String(fingerprint.file));
  const inside = given.split(path.sep).filter((part) => part !== '..');
  return given === file || (!path.isAbsolute(given) && file.endsWith(path.sep + inside.join(path.sep)));
}

function partOf(shard: Shard | null, videos: readonly VideoStatus[], records: readonly RecordedRun[]): PartStatus {
  const mine = videos.filter((video) => video.shard?.index === shard?.index);
  const isMine = ({ shard: its }: RecordedRun): boolean => its?.index === shard?.index && its?.count === shard?.count;
  const record = records.findLast(isMine);
  let last: PartStatus['last'] = null;
  for (const { finished, host } of mine) if (finished && finished > (last?.finished ?? '')) last = { finished, host: host! }; // prettier-ignore
  return {
    shard,
    run: record === undefined ? 'not begun' : record.seconds === null ? 'open' : 'ended',
    ...sumUp(mine),
    last,
  };
}

function sumUp(videos: readonly VideoStatus[]): WorkSums {
  const sum = (of: (video: VideoStatus) => number): number => videos.reduce((total, video) => total + of(video), 0);
  const are = (status: VideoStatus['status']): number => sum((video) => Number(video.status === status));
  return {
    videos: videos.length,
    done: are('done'),
    failed: are('failed'),
    left: are('left'),
    frames: sum(({ frames }) => frames),
    poses: sum(({ poses }) => poses),
    tracks: sum(({ tracks }) => tracks),
    seconds: Math.round(1000 * sum(({ seconds }) => seconds)) / 1000,
  };
}

function aheadOf(videos: readonly VideoStatus[]): RunStatus['ahead'] {
  const known = videos.filter(({ length }) => length !== undefined);
  const [done, left] = (['done', 'left'] as const).map((status) => known.filter((video) => video.status === status));
  const lengthOf = (some: readonly VideoStatus[]): number => some.reduce((total, { length }) => total + length!, 0);
  const doneFrames = lengthOf(done);
  if (left.length === 0 || doneFrames === 0) return null;
  const frames = lengthOf(left);
  return { frames, seconds: Math.round((frames * sumUp(done).seconds) / doneFrames) };
}
