import path from 'node:path';
import { stat } from 'node:fs/promises';
import { readRun } from '../run/record.js';
import { DEVICES, parseDevice, type Device } from '../estimation/device.js';
import { Command, InvalidArgumentError, Option } from 'commander';
import { GlposeError } from '../errors.js';
import { Warnings } from '../formats/warnings.js';
import { DEFAULT_BUNDLE } from '../bundle/bundle.js';
import type { Method } from '../estimation/model.js';
import { videoFinder } from '../view/result-videos.js';
import { readResults, type ResultSequence } from '../view/results.js';
import type { Selection } from '../view/selection.js';
import { nonNegativeInteger, positiveInteger } from '../values.js';
import { argument } from './arguments.js';
import { counted } from './counted.js';
import { line, sayOn, type Terminal } from './terminal.js';
import { makeProgress } from './progress.js';

/** Of a page without a folder, in MB: browsers open such files in a few seconds. */
export const MAX_FILE_SIZE = 100;

export interface ViewCommandOptions {
  out?: string;
  video?: string | true;
  explain?: Selection['frames'] | true;
  tracks?: number[];
  name?: string[];
  model?: string;
  method?: Method;
  device: Device;
  threads?: number;
  maxFileSize: number;
}

const HELP = `
Results are the output folder of glpose infer, or a file or folder of poses in any form that glpose eval reads. The page
opens from disk and loads nothing from a network. One page is written for each video.

Examples:
  glpose view out                                  skeletons on an empty ground
  glpose view out --video                          with the frames that out/run.json names
  glpose view out --explain 40-60,95 --tracks 3    and why the poses of person 3 in these frames are what they are
  glpose view out --video walking.mp4 -o page.html`;

/** `glpose view`: a page to look at results. */
export function viewCommand(terminal: Terminal): Command {
  return new Command('view')
    .description('writes a self-contained HTML page to look at results: play, scrub, and see why a pose is what it is')
    .argument('<results>', 'the output folder of glpose infer, or a file or folder of poses')
    .option('-o, --out <path>', 'a file ending in .html, or a folder of pages; default: view/ in the results')
    .option('--video [path]', 'show the frames of this video or folder of images; default: those that run.json names')
    .option(
      '--explain [frames]',
      'run the model again to say why poses are what they are: 12, 40-60,95; default: all',
      frameRanges,
    )
    .option('--tracks <numbers>', 'explain only these people', numbers)
    .option('--name <videos...>', 'only the pages of these videos')
    .option('--model <bundle>', 'the bundle that explains; default: the one that made the results')
    .addOption(
      new Option('--method <name>', 'the method that explains; default: the results’').choices([
        'glpose',
        'single-frame',
      ]),
    )
    .option('--device <name>', DEVICES, argument(parseDevice), 'auto')
    .option('--threads <count>', 'CPU threads; default: all cores', argument(positiveInteger))
    .option(
      '--max-file-size <MB>',
      'larger pages keep their pictures in a folder beside them',
      argument(nonNegativeInteger),
      MAX_FILE_SIZE,
    )
    .addHelpText('after', HELP)
    .action((results: string, options: ViewCommandOptions) => view(results, options, terminal));
}

/** Parser of an option's value: 12 or 40-60, several with commas. */
export function frameRanges(text: string): Selection['frames'] {
  return text.split(',').map((part) => {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    if (first === undefined || Number(last) < Number(first)) {
      throw new InvalidArgumentError('Expected frame numbers and ranges as in 12 or 40-60,95.');
    }
    return [Number(first), Number(last)];
  });
}

function numbers(text: string): number[] {
  return text.split(',').map((part) => nonNegativeInteger(part.trim()));
}

/**
 * Writes the pages, one video after the other, and says where they are.
 * @param run what made the results; default: what stands beside them
 */
export async function view(
  source: string,
  options: ViewCommandOptions,
  terminal: Pick<Terminal, 'out' | 'err' | 'signal'>,
  run = readRun(source),
): Promise<void> {
  const say = sayOn(terminal);
  const explain = options.explain && {
    frames: options.explain === true ? null : options.explain,
    tracks: options.tracks ?? null,
  };
  if (!explain && options.tracks) throw new GlposeError('USAGE', '--tracks without --explain', 'Give both.');
  const warnings = new Warnings(true);
  const sequences = readResults(source, warnings, options.name);
  const begun = [sequences.next(), sequences.next()].flatMap(({ value }) => value ?? []);
  const alone = begun.length === 1;
  const pageOf = await pageFinder(options.out, source, alone);
  const videoOf = options.video || explain ? await videoFinder(options.video, run, source, alone) : null;

  const { megabytes, viewSequence } = await import('../view/view.js'); // the model's libraries take time to load
  const progress = makeProgress(process.stderr, process.stderr.isTTY);
  for (const sequence of inTurn(begun, sequences)) {
    const written = await viewSequence(sequence, run, {
      page: pageOf(sequence),
      video: (await videoOf?.(sequence)) ?? null,
      explain: explain || null,
      model: options.model ?? run?.model ?? DEFAULT_BUNDLE,
      method: options.method,
      device: options.device,
      threads: options.threads,
      limit: options.maxFileSize * 1e6,
      signal: terminal.signal,
      say,
      onStart: (total) => progress.begin(sequence.name, total),
      onFrame: ({ pass, people }) => progress.frame(pass, people),
    });
    progress.end();
    const what = [counted(sequence.frames.length, 'frame'), counted(written.poses, 'pose')];
    if (explain) what.push(`${written.explained} explained`);
    if (written.folder) what.push(`with ${written.folder}`);
    terminal.out(line(`${written.file}  ${what.join(', ')}, ${megabytes(written.bytes)}`));
  }
  for (const { text, count, first } of warnings.list()) say(`${count} ${text} (first: ${first})`);
}

function* inTurn<T>(begun: T[], rest: Iterable<T>): Generator<T, void, undefined> {
  while (begun.length > 0) yield begun.shift()!;
  yield* rest;
}

/** The page of a sequence. @param alone whether there is no other */
async function pageFinder(
  out: string | undefined,
  source: string,
  alone: boolean,
): Promise<(sequence: ResultSequence) => string> {
  if (out !== undefined && /\.html?$/i.test(out)) {
    if (alone) return () => out;
    const problem = `${source} has several videos and --out is one file`;
    throw new GlposeError('USAGE', problem, 'Give a folder, or choose a video with --name.');
  }
  const folder = (await stat(source)).isDirectory() ? path.join(source, 'view') : path.dirname(source);
  return ({ name }) => path.join(out ?? folder, `${name.replaceAll(/[/\\:]/g, '_')}.html`);
}
