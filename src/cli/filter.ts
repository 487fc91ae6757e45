import { existsSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import { z } from 'zod';
import { RUN_OPTIONS, type RunOptionValues } from '../run/options.js';
import { removeResults } from '../run/outcome.js';
import { copyRecords, readRun, recordFiles } from '../run/record.js';
import { EXIT, GlposeError, messageOf } from '../errors.js';
import { isFields } from '../formats/fields.js';
import { readJsonFile } from '../formats/json-file.js';
import { writeResults } from '../formats/results.js';
import { Warnings } from '../formats/warnings.js';
import { filterPoses, type FilterOptions } from '../postprocessing/filter-poses.js';
import { parseSelection, selectPeople } from '../postprocessing/select-people.js';
import { isWithin, parseRanges, type TimeRange } from '../postprocessing/time-ranges.js';
import { writeAtomically } from '../storage/atomic-write.js';
import type { FramePoses, VideoPoses } from '../types.js';
import { VERSION } from '../version.js';
import { videoFinder } from '../view/result-videos.js';
import { resultPoses } from '../view/result-poses.js';
import { readResults } from '../view/results.js';
import { foundVideo, PART_OPTIONS } from './analyse.js';
import { positiveNumber, share } from '../values.js';
import { argument, optionOf } from './arguments.js';
import { counted } from './counted.js';
import { line, sayOn, type Terminal } from './terminal.js';

interface FilterResultsOptions extends Pick<
  RunOptionValues,
  (typeof PART_OPTIONS)[number] | 'format' | 'bridge' | 'hampel' | 'fillGaps' | 'butterworth' | 'smooth'
> {
  out: string;
  video?: string;
  name?: string[];
  fps?: number;
  minJointScore?: number;
}

const HELP = `
Results are the output folder of glpose infer, or a file or folder of poses in any form that glpose eval reads; they stay as
they are. Nothing is done without being asked for, and in this order: low scores out, --bridge, --hampel, --fill-gaps,
--butterworth or --smooth. What was done stands in filters.json, and in run.json where the results have one. What an earlier
glpose filter with other options has left in the folder is replaced.

Examples:
  glpose filter out -o calm --hampel --fill-gaps --butterworth
  glpose filter out -o athlete --people most-moved --from 0:02 --to 0:05 --format csv`;

/** What was done, in the folder of filtered results. */
const DONE = 'filters.json';
/** In the order in which they are used. */
const FILTERS = ['bridge', 'hampel', 'fillGaps', 'butterworth', 'smooth'] as const;

/** `glpose filter`: results that are there already, with filters over whole tracks, or parts of them. */
export function filterCommand(terminal: Terminal): Command {
  const command = new Command('filter')
    .description('filters results over time, fills gaps, or takes a part of them, into another folder')
    .argument('<results>', 'the output folder of glpose infer, or a file or folder of poses')
    .requiredOption('-o, --out <folder>', 'where the filtered results go')
    .addOption(optionOf(RUN_OPTIONS.format))
    .option('--video <path>', 'the video, for its frames a second; default: where the run read it')
    .option(
      '--fps <rate>',
      'frames a second; default: the time stamps of the results, else the video’s',
      argument(positiveNumber),
    )
    .option('--name <videos...>', 'only these videos');
  for (const name of PART_OPTIONS) command.addOption(optionOf(RUN_OPTIONS[name]));
  command.option('--min-joint-score <score>', 'joints with lower scores are missing, 0–1', argument(share));
  for (const name of FILTERS) command.addOption(optionOf(RUN_OPTIONS[name]));
  return command
    .addHelpText('after', HELP)
    .action((source: string, options: FilterResultsOptions) => filter(source, options, terminal));
}

async function filter(source: string, options: FilterResultsOptions, terminal: Terminal): Promise<void> {
  const { out, format, minJointScore, bridge, hampel, fillGaps, butterworth, smooth } = options;
  if (path.resolve(out) === path.resolve(source)) {
    throw new GlposeError('USAGE', `--out is ${source} itself`, 'Give another folder: the results stay as they are.');
  }
  if (butterworth && smooth) {
    throw new GlposeError('USAGE', '--butterworth and --smooth', 'Give one of the two low-pass filters.');
  }
  checkOut(out);
  const say = sayOn(terminal);
  const ranges = parseRanges(options);
  const selection = parseSelection(options);
  const filters: FilterOptions = { minJointScore, bridge, hampel, fillGaps, butterworth, smooth };
  const warnings = new Warnings(true);
  const run = readRun(source);
  const sequences = [...readResults(source, warnings, options.name)];
  const videoOf = await videoFinder(options.video ?? true, run, source, sequences.length === 1);
  const done: DoneVideo[] = [];
  for (const sequence of sequences) {
    terminal.signal.throwIfAborted();
    try {
      const video = run || options.video ? await foundVideo(videoOf, sequence, options.video !== undefined, () => {}) : null; // prettier-ignore
      const poses = await resultPoses(sequence, video, { fps: options.fps, signal: terminal.signal });
      const filtered = await filterPoses(poses, filters); // filters see what lies beside the part
      const part = selectPeople(partOf(filtered.video, ranges), selection);
      const files: string[] = [];
      for (const name of format) files.push(await writeResults(part, name, out));
      done.push({ name: sequence.name, fps: part.fps, files, ...filtered.counts });
      let people = 0;
      for (const frame of part.frames) people += frame.people.length;
      const { outliers, filled, dropped } = filtered.counts;
      const counts = `${counted(part.frames.length, 'frame')}, ${counted(people, 'pose')}; joints: ${dropped} left out, ${counted(outliers, 'outlier')}, ${filled} filled`;
      for (const file of files) terminal.out(line(`${path.join(out, file)}  ${counts}`));
    } catch (thrown) {
      if (terminal.signal.aborted || sequences.length === 1) throw thrown;
      say(`${sequence.name}: ${messageOf(thrown)}`); // the others go on
      terminal.exitCode = EXIT.someFailed;
    }
  }
  const { from, to, people, atMost, within } = options;
  const chosen = JSON.parse(JSON.stringify({ from, to, people, atMost, within, ...filters })) as Step['options'];
  await writeRecords(source, out, chosen, done);
  for (const { text, count, first } of warnings.list()) say(`${count} ${text} (first: ${first})`);
}

function partOf(video: VideoPoses<FramePoses[]>, ranges: readonly TimeRange[]): VideoPoses<FramePoses[]> {
  return { ...video, frames: video.frames.filter(({ index, timeSeconds }) => isWithin(ranges, index, timeSeconds)) };
}

/** @throws USAGE where a run's own results lie there: their record would be replaced by that of others */
function checkOut(out: string): void {
  const { whole, shards } = recordFiles(out);
  if ((whole === null && shards.length === 0) || existsSync(path.join(out, DONE))) return;
  throw new GlposeError(
    'USAGE',
    `${out} holds the results of glpose infer`,
    'Give another --out for the filtered ones.',
  );
}

/** One run of this command, as filters.json has it. */
const stepSchema = z.object({
  glpose: z.string(),
  when: z.string(),
  source: z.string(),
  options: z.record(z.string(), z.unknown()),
  videos: z.array(
    z.object({
      name: z.string(),
      fps: z.number().nullable(),
      files: z.array(z.string()),
      dropped: z.number(),
      outliers: z.number(),
      filled: z.number(),
    }),
  ),
});

type Step = z.infer<typeof stepSchema>;
type DoneVideo = Step['videos'][number];

/**
 * filters.json: all that was ever done to these poses; and the run's own record, so that everything else still finds the videos. What an
 * earlier run of this command has left there stays where it was made alike, and is removed where it was not.
 */
async function writeRecords(source: string, out: string, options: Step['options'], videos: DoneVideo[]): Promise<void> {
  const step: Step = { glpose: VERSION, when: new Date().toISOString(), source: path.resolve(source), options, videos };
  const before = stepSchema.safeParse(filtersIn(out).at(-1)).data;
  const isAlike = isDeepStrictEqual([before?.source, before?.options], [step.source, options]);
  if (before && isAlike)
    step.videos = [...before.videos.filter(({ name }) => !videos.some((video) => video.name === name)), ...videos];
  const written = new Set(step.videos.flatMap(({ files }) => files));
  const earlier = before?.videos.flatMap(({ files }) => files) ?? [];
  await removeResults(
    out,
    earlier.filter((file) => !written.has(file)),
  );
  const filters = [...filtersIn(source), step];
  await writeAtomically(path.join(out, DONE), `${JSON.stringify({ filters }, null, 2)}\n`);
  await copyRecords(source, out, new Map(step.videos.map(({ name, files }) => [name, files])), filters);
}

/** What was done to results before they came here. */
function filtersIn(source: string): unknown[] {
  try {
    const document = readJsonFile(path.join(source, DONE));
    return isFields(document) && Array.isArray(document.filters) ? document.filters : [];
  } catch {
    return []; // there is none
  }
}
