import path from 'node:path';
import { Command } from 'commander';
import { RUN_OPTIONS, type RunOptionValues } from '../run/options.js';
import { copyRecords, readRun } from '../run/record.js';
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
import type { Terminal } from './terminal.js';

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
--butterworth or --smooth. What was done stands in filters.json, and in run.json where the results have one.

Examples:
  glpose filter out -o calm --hampel --fill-gaps --butterworth
  glpose filter out -o athlete --people most-moved --from 0:02 --to 0:05 --format csv`;

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
  const say = (text: string): void => terminal.err(`glpose: ${text}\n`);
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
      const counts = `${part.frames.length} frames, ${people} poses; joints: ${dropped} left out, ${outliers} outliers, ${filled} filled`;
      for (const file of files) terminal.out(`${path.join(out, file)}  ${counts}\n`);
    } catch (thrown) {
      if (terminal.signal.aborted || sequences.length === 1) throw thrown;
      say(`${sequence.name}: ${messageOf(thrown)}`); // the others go on
      terminal.exitCode = EXIT.someFailed;
    }
  }
  const { from, to, people, atMost, within } = options;
  await writeRecords(source, out, { from, to, people, atMost, within, ...filters }, done);
  for (const { text, count, first } of warnings.list()) say(`${count} ${text} (first: ${first})`);
}

function partOf(video: VideoPoses<FramePoses[]>, ranges: readonly TimeRange[]): VideoPoses<FramePoses[]> {
  return { ...video, frames: video.frames.filter(({ index, timeSeconds }) => isWithin(ranges, index, timeSeconds)) };
}

interface DoneVideo {
  name: string;
  fps: number | null;
  files: string[];
  dropped: number;
  outliers: number;
  filled: number;
}

/** filters.json: all that was ever done to these poses; and the run's own record, so that everything else still finds the videos. */
async function writeRecords(source: string, out: string, options: object, videos: DoneVideo[]): Promise<void> {
  const earlier = filtersIn(source);
  const step = { glpose: VERSION, when: new Date().toISOString(), source: path.resolve(source), options, videos };
  const filters = [...earlier, step];
  await writeAtomically(path.join(out, 'filters.json'), `${JSON.stringify({ filters }, null, 2)}\n`);
  await copyRecords(source, out, new Map(videos.map(({ name, files }) => [name, files])), filters);
}

/** What was done to results before they came here. */
function filtersIn(source: string): unknown[] {
  try {
    const document = readJsonFile(path.join(source, 'filters.json'));
    return isFields(document) && Array.isArray(document.filters) ? document.filters : [];
  } catch {
    return []; // there is none
  }
}
