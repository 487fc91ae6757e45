import path from 'node:path';
import { stat } from 'node:fs/promises';
import { readRun } from '../run/record.js';
import { Command, Option } from 'commander';
import type { Scale } from '../analysis/analyse.js';
import { EXIT, GlposeError, messageOf } from '../errors.js';
import { Warnings } from '../formats/warnings.js';
import type { VideoInput } from '../media/inputs.js';
import { BUTTERWORTH_DEFAULTS, type ButterworthOptions } from '../postprocessing/butterworth.js';
import { sampleGrid } from '../postprocessing/pose-series.js';
import { parseSelection } from '../postprocessing/select-people.js';
import { parseRanges } from '../postprocessing/time-ranges.js';
import type { FramePoses, VideoPoses } from '../types.js';
import { butterworthText, RUN_OPTIONS, type RunOptionValues } from '../run/options.js';
import { videoFinder } from '../view/result-videos.js';
import { resultPoses } from '../view/result-poses.js';
import { readResults, type ResultSequence } from '../view/results.js';
import { nonNegativeInteger, numbersOf, positiveNumber, share } from '../values.js';
import { argument, optionOf } from './arguments.js';
import { makeProgress } from './progress.js';
import { line, sayOn, type Terminal } from './terminal.js';
import { MAX_FILE_SIZE } from './view.js';

interface AnalyseCommandOptions extends Pick<
  RunOptionValues,
  'from' | 'to' | 'people' | 'atMost' | 'within' | 'hampel' | 'fillGaps'
> {
  out?: string;
  video?: string;
  pictures: boolean;
  name?: string[];
  fps?: number;
  slowMotion: number;
  height?: Scale;
  knownLength?: Scale;
  facing?: 'left' | 'right' | 'front';
  minJointScore: number;
  butterworth: ButterworthOptions | false;
  maxFileSize: number;
  json?: boolean;
}

/** Which part of a video, and whom: the words of glpose infer. */
export const PART_OPTIONS = ['from', 'to', 'people', 'atMost', 'within'] as const;

/** As in the viewer and in renders: less sure joints are not shown. */
const LEAST_SCORE = 0.2;

const HELP = `
Results are the output folder of glpose infer, or a file or folder of poses in any form that glpose eval reads. Each video
gets a folder: angles.csv, positions.csv, gait.csv, person-<id>.trc and .mot for OpenSim and Pose2Sim, plots.html with plots
beside the picture, analysis.json. What each angle and sign means: docs/movement-analysis.md.

Examples:
  glpose analyse out --people largest --height 1.80
  glpose analyse out --from 0:03 --to 0:06 --fill-gaps --hampel
  glpose analyse out --people 2 --slow-motion 8 --known-length 120,640,560,642,2.5`;

/** `glpose analyse`: angles, speeds, steps, plots and files for movement science. */
export function analyseCommand(terminal: Terminal): Command {
  const command = new Command('analyse')
    .alias('analyze')
    .description('computes joint angles, speeds and steps from results: tables, plots, TRC and OpenSim files')
    .argument('<results>', 'the output folder of glpose infer, or a file or folder of poses')
    .option('-o, --out <folder>', 'where a folder for each video goes; default: analysis/ in the results')
    .option('--video <path>', 'the video or folder of images; default: where the run read it')
    .option('--no-pictures', 'plots without the video’s pictures')
    .option('--name <videos...>', 'only these videos');
  for (const name of PART_OPTIONS) command.addOption(optionOf(RUN_OPTIONS[name]));
  return command
    .option(
      '--fps <rate>',
      'frames a second; default: the time stamps of the results, else the video’s',
      argument(positiveNumber),
    )
    .option('--slow-motion <factor>', 'the video plays so many times slower than life', argument(positiveNumber), 1)
    .option(
      '--height <metres[@track]>',
      'scale: the height of a person, by default of the first analysed',
      argument(bodyHeight),
    )
    .option(
      '--known-length <x1,y1,x2,y2,metres>',
      'scale: a length between two places in the picture',
      argument(knownLength),
    )
    .addOption(
      new Option(
        '--facing <side>',
        'where the people look; default: as their knees and elbows bend; front: angles without sign',
      ).choices(['left', 'right', 'front']),
    )
    .option('--min-joint-score <score>', 'joints with lower scores are missing, 0–1', argument(share), LEAST_SCORE)
    .addOption(optionOf(RUN_OPTIONS.hampel))
    .addOption(optionOf(RUN_OPTIONS.fillGaps))
    .addOption(
      new Option('--butterworth <Hz,order>', RUN_OPTIONS.butterworth.help)
        .argParser(argument((text) => RUN_OPTIONS.butterworth.parse!(text)))
        .default(BUTTERWORTH_DEFAULTS, butterworthText(BUTTERWORTH_DEFAULTS)),
    )
    .option('--no-butterworth', 'no low-pass filter')
    .option(
      '--max-file-size <MB>',
      'larger pages keep their pictures in a folder beside them',
      argument(nonNegativeInteger),
      MAX_FILE_SIZE,
    )
    .option('--json', 'print what analysis.json holds, of all videos in one document')
    .addHelpText('after', HELP)
    .action((source: string, options: AnalyseCommandOptions) => analyse(source, options, terminal));
}

function bodyHeight(text: string): Scale {
  const [metres, track, ...rest] = text.split('@');
  const height = positiveNumber(metres);
  if (height > 3 || rest.length > 0) throw new Error('Expected metres, such as 1.80, or 1.80@2 for track 2.');
  return track === undefined ? { height } : { height, trackId: nonNegativeInteger(track) };
}

function knownLength(text: string): Scale {
  const numbers = numbersOf(text);
  const [x1, y1, x2, y2, metres] = numbers;
  if (numbers.length !== 5 || !numbers.every(Number.isFinite) || !(metres > 0) || (x1 === x2 && y1 === y2))
    throw new Error('Expected two places in pixels and metres: x1,y1,x2,y2,metres.');
  return { metres, from: { x: x1, y: y1 }, to: { x: x2, y: y2 } };
}

async function analyse(source: string, options: AnalyseCommandOptions, terminal: Terminal): Promise<void> {
  if (options.height && options.knownLength)
    throw new GlposeError('USAGE', '--height and --known-length', 'Give one: each says the scale.');
  const say = sayOn(terminal);
  const ranges = parseRanges(options);
  const selection = parseSelection(options);
  const warnings = new Warnings(true);
  const run = readRun(source);
  const isFolder = (await stat(source).catch(() => null))?.isDirectory() ?? false;
  const out = options.out ?? path.join(isFolder ? source : path.dirname(source), 'analysis');
  const sequences = [...readResults(source, warnings, options.name)];
  const videoOf = await videoFinder(options.video ?? true, run, source, sequences.length === 1);
  const { writeAnalysis } = await import('../view/movement/write-analysis.js'); // plots take time to load
  const progress = makeProgress(process.stderr, process.stderr.isTTY);
  const records: object[] = [];
  for (const sequence of sequences) {
    terminal.signal.throwIfAborted();
    const folder = path.join(out, sequence.name.replaceAll(/[/\\:]/g, '_'));
    try {
      const video = await foundVideo(videoOf, sequence, options.video !== undefined, say);
      const poses = await resultPoses(sequence, video, { fps: options.fps, signal: terminal.signal });
      const {
        analysis,
        files,
        record,
        warnings: some,
      } = await writeAnalysis(poses, folder, {
        ...options,
        ...selection,
        ranges,
        butterworth: lowPass(options, poses, say),
        scale: options.height ?? options.knownLength,
        video: options.pictures ? video : null,
        source: sequence.file,
        limit: options.maxFileSize * 1e6,
        signal: terminal.signal,
        say,
        onStart: (total) => progress.begin(sequence.name, total),
        onFrame: ({ pass, people }) => progress.frame(pass, people),
      });
      progress.end();
      records.push(record);
      some.forEach((warning) => say(`${sequence.name}: ${warning}`));
      const people = analysis.people.length === 1 ? '1 person' : `${analysis.people.length} people`;
      if (!options.json) for (const file of files) terminal.out(line(`${path.join(folder, file)}  ${people}`));
    } catch (thrown) {
      progress.end();
      if (terminal.signal.aborted || sequences.length === 1) throw thrown;
      say(`${sequence.name}: ${messageOf(thrown)}`); // the others go on
      terminal.exitCode = EXIT.someFailed;
    }
  }
  if (options.json) terminal.out(`${JSON.stringify({ videos: records }, null, 2)}\n`);
  for (const { text, count, first } of warnings.list()) say(`${count} ${text} (first: ${first})`);
}

/** The low-pass filter; none, and a word, where nobody asked for the default and the frames are too few for it. */
function lowPass(
  { butterworth, slowMotion }: AnalyseCommandOptions,
  { name, frames, fps }: VideoPoses<FramePoses[]>,
  say: (text: string) => void,
): ButterworthOptions | undefined {
  const rate = (sampleGrid(frames, fps)?.rate ?? Infinity) * slowMotion;
  if (butterworth !== BUTTERWORTH_DEFAULTS || rate > 2 * butterworth.cutoff) return butterworth || undefined;
  const found = `${Number(rate.toFixed(2))} frames a second`;
  say(`${name}: ${found} are too few for a low-pass filter of ${butterworth.cutoff} Hz: none is used (--butterworth)`);
  return undefined;
}

/** The frames of a sequence; null, and a word, where they are no longer there. @param asked whether the user named them */
export async function foundVideo(
  videoOf: (sequence: ResultSequence) => VideoInput | Promise<VideoInput>,
  sequence: ResultSequence,
  asked: boolean,
  say: (text: string) => void,
): Promise<VideoInput | null> {
  try {
    return await videoOf(sequence);
  } catch (thrown) {
    if (asked || !(thrown instanceof GlposeError)) throw thrown;
    say(`without pictures: ${thrown.message}`);
    return null;
  }
}
