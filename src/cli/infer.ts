import path from 'node:path';
import { Command } from 'commander';
import { EXIT, GlposeError } from '../errors.js';
import { summaryOf } from '../evaluation/quality/problem.js';
import { READABLE } from '../formats/read-poses.js';
import { RUN_OPTIONS, type RunOptionValues } from '../run/options.js';
import type { VideoReport } from '../run/outcome.js';
import { protocolOptions } from '../run/protocol.js';
import { recordFile, runOf, type EarlierRun } from '../run/record.js';
import { runSession } from '../run/session.js';
import type { Selection } from '../view/selection.js';
import { optionOf } from './arguments.js';
import { counted } from './counted.js';
import { makeProgress } from './progress.js';
import { repeatRun } from './repeat.js';
import { line, sayOn, type Terminal } from './terminal.js';
import { frameRanges, MAX_FILE_SIZE, view } from './view.js';

/** What the command does besides the run itself. */
interface InferOptions extends RunOptionValues {
  out: string;
  view?: true;
  explain?: Selection['frames'] | true;
  repeat?: string;
  json?: boolean;
}

/** `glpose infer`: poses of everyone in every video. */
export function inferCommand(terminal: Terminal): Command {
  const command = new Command('infer')
    .description('estimates the poses of everyone in videos and frame folders')
    .argument('[inputs...]', 'video files, folders of videos, folders of numbered images, folders of such folders');
  for (const known of Object.values(RUN_OPTIONS)) command.addOption(optionOf(known));
  return command
    .option('--view', 'also write a page to look at each video: view/<video>.html')
    .option('--explain [frames]', 'with --view: why these poses are what they are, as in glpose view', frameRanges)
    .option(
      '--repeat <run.json>',
      'do what an earlier run did; inputs and options given beside it count instead of its own',
    )
    .option('--json', 'print the run as one JSON document')
    .addHelpText('after', '\nExample:\n  glpose infer samples/walking.mp4 --render -o out')
    .action((inputs: string[], _options: object, command: Command) => {
      const { repeat } = command.opts<{ repeat?: string }>();
      const earlier = repeat === undefined ? undefined : repeatRun(repeat, command);
      applyProtocol(command);
      const options = command.opts<InferOptions>();
      const given = inputs.length > 0 ? inputs : (earlier?.inputs ?? []);
      if (given.length === 0) throw new GlposeError('USAGE', 'no inputs', 'Give videos or folders of images.');
      if (!options.out) throw new GlposeError('USAGE', 'no output folder', 'Give one with -o, --out <folder>.');
      return infer(given, options, terminal, earlier);
    });
}

/** Sets what a protocol sets and nobody has given. */
function applyProtocol(command: Command): void {
  const { protocol } = command.opts<InferOptions>();
  for (const [name, value] of Object.entries(protocol ? protocolOptions(protocol) : {})) {
    const source = command.getOptionValueSource(name);
    if (source === 'default' || source === undefined) command.setOptionValueWithSource(name, value, 'config');
  }
}

async function infer(inputs: string[], options: InferOptions, terminal: Terminal, earlier?: EarlierRun): Promise<void> {
  const viewed = formatOfPages(options);
  const say = sayOn(terminal);
  const progress = makeProgress(process.stderr, process.stderr.isTTY && !options.json);
  const finished: string[] = [];
  const record = await runSession(inputs, options, {
    signal: terminal.signal,
    earlier,
    onWarning: say,
    onVideo: ({ name, totalFrames }) => progress.begin(name, totalFrames),
    onFrame: ({ pass, people }) => progress.frame(pass, people),
    onVideoEnd: (report) => {
      progress.end();
      if (report.status === 'done') finished.push(report.name);
      describe(report, options, terminal, say);
    },
  });
  if (options.json) terminal.out(`${JSON.stringify(record, null, 2)}\n`);
  if (record.videos.some((report) => report.status === 'interrupted')) {
    const remedy = 'What is finished is kept: the same command goes on with the rest.';
    throw new GlposeError('INTERRUPTED', 'interrupted', remedy);
  }
  terminal.exitCode = record.videos.every((report) => report.status === 'done') ? EXIT.done : EXIT.someFailed;
  if (viewed && finished.length > 0) {
    const out = path.join(options.out, 'view');
    const pages = { ...options, out, name: finished, video: true, maxFileSize: MAX_FILE_SIZE } as const;
    const beside = options.json ? { ...terminal, out: terminal.err } : terminal; // stdout has the record
    await view(path.join(options.out, viewed), pages, beside, runOf(record, recordFile(options.out, record.shard)));
  }
}

/** The richest of the formats that pages are made from; undefined where no pages are asked for. @throws USAGE where none can be */
function formatOfPages(options: InferOptions): string | undefined {
  if (options.explain && !options.view) {
    throw new GlposeError('USAGE', '--explain without --view', 'Explanations are seen on the pages: give both.');
  }
  if (!options.view) return undefined;
  const viewed = READABLE.find((format) => options.format.includes(format));
  if (viewed) return viewed;
  const problem = `--view with --format ${options.format.join(',')}, of which no page can be made`;
  throw new GlposeError('USAGE', problem, `Add one of ${READABLE.join(', ')} to --format.`);
}

/** Says what came of a video: its files on stdout, its troubles on stderr. */
function describe(report: VideoReport, options: InferOptions, terminal: Terminal, say: (text: string) => void): void {
  for (const warning of report.warnings) say(`${report.path}: ${warning}`);
  if (report.status === 'failed') say(report.error?.message ?? 'failed');
  const toLookAt = report.quality && summaryOf(report.quality);
  if (toLookAt) say(`${report.name}: ${toLookAt}; glpose check ${options.out} lists them`);
  if (report.status !== 'done' || options.json) return;
  const counts = [counted(report.frames, 'frame'), counted(report.poses, 'pose'), counted(report.tracks, 'track')].join(
    ', ',
  );
  for (const file of report.files) terminal.out(line(`${path.join(options.out, file)}  ${counts}`));
}
