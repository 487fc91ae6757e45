/*
 * Which part of the videos is whose, when many machines work on the same ones: shard i of n takes every video that the plan
 * gives to i. Nobody hands out work, and shards need not know of each other: the same videos give the same plan everywhere.
 */
import { GlposeError } from '../errors.js';

/** One part of n. */
export interface Shard {
  /** 1 … count */
  index: number;
  count: number;
}

/** What each kind of array scheduler tells its tasks. */
interface Scheduler {
  name: string;
  /** The variable that holds the task's number. */
  task: string;
  /** The number of the first task, and how many there are. @throws USAGE where the scheduler's words do not say */
  range(env: Environment): { first: number; count: number };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** How many shards there are, where the scheduler does not tell its tasks. */
const COUNT_VARIABLE = 'GLPOSE_SHARDS';

const SCHEDULERS: readonly Scheduler[] = [
  { name: 'Slurm', task: 'SLURM_ARRAY_TASK_ID', range: slurmRange },
  { name: 'Kubernetes', task: 'JOB_COMPLETION_INDEX', range: (env) => ({ first: 0, count: countOf(env) }) },
  { name: 'GNU parallel', task: 'PARALLEL_SEQ', range: (env) => ({ first: 1, count: countOf(env) }) },
];

/**
 * @param text `i/n` with i from 1 to n, or `auto`: what an array scheduler tells this process
 * @throws USAGE where it is neither, or where the scheduler's variables do not say
 */
export function parseShard(text: string, env: Environment = process.env): Shard {
  if (text === 'auto') return shardOfTask(env);
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (!isShard(shard)) {
    throw new GlposeError('USAGE', `--shard ${text} is no part of a whole`, 'Give i/n with i from 1 to n, or auto.');
  }
  return shard;
}

function shardOfTask(env: Environment): Shard {
  const [scheduler, another] = SCHEDULERS.filter(({ task }) => env[task] !== undefined);
  if (!scheduler) {
    const names = SCHEDULERS.map(({ name, task }) => `${task} (${name})`).join(', ');
    throw new GlposeError('USAGE', `--shard auto: none of ${names} is set`, 'Name the shard: --shard i/n.');
  }
  if (another) {
    const problem = `--shard auto: both ${scheduler.task} and ${another.task} are set`;
    throw new GlposeError('USAGE', problem, 'Name the shard: --shard i/n.');
  }
  const { first, count } = scheduler.range(env);
  const shard = { index: number(env, scheduler.task) - first + 1, count };
  if (!isShard(shard)) {
    const problem = `--shard auto: ${scheduler.task} is ${env[scheduler.task]}, and there are ${count} shards from ${first} up`;
    throw new GlposeError('USAGE', problem, 'Make the array as large as the number of shards, or name the shard.');
  }
  return shard;
}

/**
 * An array such as 3,7 or 5-9 is most likely the repetition of some tasks of a larger one, whose size nothing tells: were it
 * taken for a whole, its tasks would do the work of others.
 */
function slurmRange(env: Environment): { first: number; count: number } {
  const [first, last, count] = ['MIN', 'MAX', 'COUNT'].map((what) => number(env, `SLURM_ARRAY_TASK_${what}`));
  if (first > 1 || last - first + 1 !== count) {
    throw new GlposeError(
      'USAGE',
      `--shard auto: the array has ${count} tasks between ${first} and ${last}; of what whole they are parts is not known`,
      'Use --array=1-n, or name the shard: --shard $SLURM_ARRAY_TASK_ID/n.',
    );
  }
  return { first, count };
}

function countOf(env: Environment): number {
  if (env[COUNT_VARIABLE] !== undefined) return number(env, COUNT_VARIABLE);
  throw new GlposeError('USAGE', '--shard auto: how many shards there are is not known', `Set ${COUNT_VARIABLE}.`);
}

function number(env: Environment, variable: string): number {
  const text = env[variable] ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new GlposeError(
    'USAGE',
    `--shard auto: ${variable} is "${text}", not a number`,
    'Name the shard: --shard i/n.',
  );
}

function isShard({ index, count }: Shard): boolean {
  return Number.isSafeInteger(count) && index >= 1 && index <= count;
}

/**
 * Deals videos to shards so that all have about the same to do: the longest first, each to the shard that has the least (Graham
 * 1969: at worst 4/3 of the best possible). Equal lengths go by name and ties to the lower number, so that equal lists are dealt
 * alike, in whatever order they come.
 * @param loads what each shard has already, in the lengths' unit; the videos' lengths are added to it
 * @returns the shard, from 1, of each video
 */
export function dealVideos(videos: readonly { name: string; length: number }[], loads: number[]): number[] {
  const order = videos.map((_, i) => i);
  order.sort((a, b) => videos[b].length - videos[a].length || (videos[a].name < videos[b].name ? -1 : 1));
  const shards = new Array<number>(videos.length);
  for (const i of order) {
    let least = 0;
    for (let shard = 1; shard < loads.length; shard++) if (loads[shard] < loads[least]) least = shard;
    loads[least] += videos[i].length;
    shards[i] = least + 1;
  }
  return shards;
}
