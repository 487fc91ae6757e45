/*
 * The plan of a run in shards, kept in the output folder that the shards share: which video belongs to which shard. Whoever
 * comes first makes it; the others read it, so that all of them hold to one plan even where videos are added while they work. A
 * plan only grows: what was dealt stays dealt, under the name that it was dealt with. A video is known by its path; its name
 * hangs on what else is there, so that it may be another one's later.
 *
 *   <out>/.glpose/shards/plan-1.json, plan-2.json, …: each deals the videos that those before it did not have
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { GlposeError, messageOf } from '../errors.js';
import { inOrder } from '../concurrency/in-order.js';
import { pathOf, withNames, type VideoInput } from '../media/inputs.js';
import { namesInUse, STATE_FOLDER } from './outcome.js';
import { dealVideos, type Shard } from './shard.js';
import { openVideo } from '../media/video.js';
import { writeFirst } from '../storage/atomic-write.js';

const partSchema = z.strictObject({
  /** How many shards there are. */
  shards: z.int().positive(),
  videos: z.array(
    z.strictObject({
      /** Names the results; unique. */
      name: z.string(),
      /** The video file, the image, or the folder of images; absolute, unique. */
      path: z.string(),
      /** Length in frames, by the file's own word or its size; what the shards are balanced by. */
      frames: z.number().nonnegative(),
      /** 1 … shards */
      shard: z.int().positive(),
    }),
  ),
});

type Part = z.infer<typeof partSchema>;
export type PlannedVideo = Part['videos'][number];

/** All that was dealt. */
export interface ShardPlan {
  shards: number;
  videos: PlannedVideo[];
}

/** Videos whose headers are read at a time: most of it is waiting for a shared disk. */
const PROBES = 16;

/**
 * The videos of one shard, in their order, named as they were dealt. The plan in `out` is made, or grows, where it does not have
 * all of them.
 * @param onWarning is told of videos that got other names, because theirs had been dealt
 * @throws USAGE where `out` holds a plan for another number of shards, OUTPUT where the plan cannot be kept or read
 */
export async function videosOfShard(
  videos: readonly VideoInput[],
  shard: Shard,
  out: string,
  onWarning?: (warning: string) => void,
  signal?: AbortSignal,
): Promise<VideoInput[]> {
  const plan = await completePlan(videos, shard.count, out, onWarning, signal);
  const dealt = new Map(plan.videos.map((video) => [video.path, video]));
  return videos.flatMap((video) => {
    const { name, shard: its } = dealt.get(pathOf(video))!;
    return its === shard.index ? [{ ...video, name }] : [];
  });
}

/**
 * All videos, for a run without shards: named as they were dealt where `out` holds a plan, or as their results there are called, so that
 * these are taken over; no other video gets such a name while the one that has it is there.
 * @throws OUTPUT where the plan cannot be read
 */
export async function videosAsDealt(
  videos: readonly VideoInput[],
  out: string,
  onWarning?: (warning: string) => void,
): Promise<VideoInput[]> {
  const names = new Map([...(await namesInUse(out)), ...dealtNames((await readShardPlan(out))?.videos ?? [])]);
  const named = withNames(videos, names);
  tellRenamed(videos, named, names, onWarning);
  return named;
}

async function completePlan(
  videos: readonly VideoInput[],
  shards: number,
  out: string,
  onWarning?: (warning: string) => void,
  signal?: AbortSignal,
): Promise<ShardPlan> {
  for (;;) {
    const parts = await readParts(out);
    const plan = joined(parts) ?? { shards, videos: [] };
    if (plan.shards !== shards) {
      throw new GlposeError(
        'USAGE',
        `${out} is planned for ${plan.shards} shards, not ${shards}`,
        `Give --shard i/${plan.shards}; or do what is left without --shard; or remove ${folderOf(out)} to deal it anew.`,
      );
    }
    const dealt = dealtNames(plan.videos);
    const names = new Map([...(await namesInUse(out)), ...dealt]);
    const named = withNames(videos, names);
    const rest = named.filter((video) => !dealt.has(pathOf(video)));
    if (rest.length === 0) return plan;

    const lengths = await lengthsOf(rest, signal);
    const loads = new Array<number>(shards).fill(0);
    for (const { shard, frames } of plan.videos) loads[shard - 1] += frames;
    const shares = dealVideos(rest.map(({ name }, i) => ({ name, length: lengths[i] })), loads); // prettier-ignore
    const more = rest.map((video, i): PlannedVideo => {
      return { name: video.name, path: pathOf(video), frames: lengths[i], shard: shares[i] };
    });
    const part: Part = { shards, videos: more };
    const file = path.join(folderOf(out), `plan-${parts.length + 1}.json`);
    if (await writeFirst(file, `${JSON.stringify(part, null, 1)}\n`)) {
      tellRenamed(videos, named, names, onWarning);
      return { shards, videos: [...plan.videos, ...more] };
    }
  }
}

/** The names of what was dealt, by path. */
function dealtNames(dealt: readonly PlannedVideo[]): Map<string, string> {
  return new Map(dealt.map(({ path, name }) => [path, name]));
}

/** Says which videos are new, but their names are not: their results are called otherwise. */
function tellRenamed(
  videos: readonly VideoInput[],
  named: readonly VideoInput[],
  known: ReadonlyMap<string, string>,
  onWarning?: (warning: string) => void,
): void {
  const renamed = named.filter((video, i) => video.name !== videos[i].name && !known.has(pathOf(video)));
  if (renamed.length === 0) return;
  const first = `${pathOf(renamed[0])} is ${renamed[0].name}`;
  onWarning?.(
    `inputs called like others that this folder has, or is to have, results of are numbered on: ${renamed.length} (first: ${first})`,
  );
}

/** The plan that an output folder holds; null where it holds none. @throws OUTPUT where it cannot be read */
export async function readShardPlan(out: string): Promise<ShardPlan | null> {
  return joined(await readParts(out));
}

function joined(parts: readonly Part[]): ShardPlan | null {
  return parts.length === 0 ? null : { shards: parts[0].shards, videos: parts.flatMap(({ videos }) => videos) };
}

async function readParts(out: string): Promise<Part[]> {
  const names = await readdir(folderOf(out)).catch(() => []); // most often there is none yet
  const count = names.filter((name) => /^plan-\d+\.json$/.test(name)).length;
  const files = Array.from({ length: count }, (_, i) => path.join(folderOf(out), `plan-${i + 1}.json`));
  return Promise.all(files.map(readPart));
}

async function readPart(file: string): Promise<Part> {
  try {
    return partSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? z.prettifyError(thrown) : messageOf(thrown);
    const remedy = `Remove ${path.dirname(file)} while no shard is at work: it is made again.`;
    throw new GlposeError('OUTPUT', `${file} is no plan of shards: ${reason}`, remedy);
  }
}

function folderOf(out: string): string {
  return path.join(out, STATE_FOLDER, 'shards');
}

/**
 * How long videos are, in frames. Files that do not say count by their size, as if they were packed like those that do; files
 * that cannot be opened count as one frame: their shard will say why.
 */
async function lengthsOf(videos: readonly VideoInput[], signal?: AbortSignal): Promise<number[]> {
  const probes: { frames: number | null; bytes: number }[] = [];
  for await (const probe of inOrder(videos, PROBES, (video) => measure(video, signal))) probes.push(probe);
  const known = probes.filter(({ frames, bytes }) => frames !== null && bytes > 0);
  const sum = (of: (probe: (typeof probes)[0]) => number): number => known.reduce((total, one) => total + of(one), 0);
  const framesPerByte = known.length > 0 ? sum(({ frames }) => frames!) / sum(({ bytes }) => bytes) : FRAMES_PER_BYTE;
  return probes.map(({ frames, bytes }) => frames ?? Math.max(1, Math.round(bytes * framesPerByte)));
}

/** Of ordinary video, 30 frames a second at 8 Mbit/s. */
const FRAMES_PER_BYTE = 3e-5;

/** Frames of a video, null where it does not say, and its size (0: it counts for nothing in the mean). */
async function measure(video: VideoInput, signal?: AbortSignal): Promise<{ frames: number | null; bytes: number }> {
  if (video.kind === 'images') return { frames: video.files.length, bytes: 0 };
  signal?.throwIfAborted();
  try {
    const [{ size }, { frameCount }] = await Promise.all([stat(video.path), openVideo(video.path, signal)]);
    return { frames: frameCount, bytes: size };
  } catch {
    signal?.throwIfAborted();
    return { frames: 1, bytes: 0 };
  }
}
