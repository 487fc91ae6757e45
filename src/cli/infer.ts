import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { EXIT, GlposeError } from '../errors.js';
import { readBoxes } from '../formats/boxes.js';
import { READABLE } from '../formats/read-poses.js';
import { RESULT_FORMATS, type ResultFormat } from '../formats/results.js';
import { DEFAULT_BUNDLE, MODELS_DIR } from '../bundle/bundle.js';
import { BRIDGE_DEFAULTS, type BridgeOptions } from '../postprocessing/bridge.js';
import { findVideos, pathOf } from '../media/inputs.js';
import { resultOptions, fingerprintOfFiles, type RunSettings } from '../run/provenance.js';
import { lockFolder } from '../run/folder-lock.js';
import { parseShard } from '../run/shard.js';
import { videosAsDealt, videosOfShard } from '../run/shard-plan.js';
import { summaryOf } from '../evaluation/quality/problem.js';
import { VERSION } from '../version.js';
import type { Reuse } from '../estimation/glpose.js';
import { Model, type Device, type Method } from '../estimation/model.js';
import { emptyReport, type VideoReport } from '../run/outcome.js';
import { makeFolder } from '../run/output-folder.js';
import { runVideos } from '../run/run-videos.js';
import { machine, recordFile, totalsOf, writeRecord, type RunRecord } from '../run/record.js';
import { SMOOTH_DEFAULTS, type SmoothOptions } from '../postprocessing/smooth.js';
import { sweep } from '../storage/temporary.js';
import type { RenderStyle } from '../drawing/render.js';
import { runOf, type Run } from '../view/results.js';
import type { Selection } from '../view/selection.js';
import { device, nonNegativeInteger, positiveInteger, positiveNumber, share } from './arguments.js';
import type { Terminal } from './terminal.js';
import { makeProgress } from './progress.js';
import { repeatRun, type EarlierRun } from './repeat.js';
import { frameRanges, MAX_FILE_SIZE, view } from './view.js';

interface InferOptions {
  out: string;
  model: string;
  method?: Method;
  boxes?: string;
  detector?: string;
  device: Device;
  reuse?: Reuse;
  threads?: number;
  minScore: number;
  every: number;
  seed: number;
  format: ResultFormat[];
  smooth?: SmoothOptions | true;
  bridge?: BridgeOptions | true;
  render?: RenderStyle['form'] | true;
  limbWidth?: number;
  labels: boolean;
  drawBoxes?: boolean;
  blurFaces?: boolean;
  view?: true;
  explain?: Selection['frames'] | true;
  shard?: string;
  resume: boolean;
  repeat?: string;
  json?: boolean;
}

/** The options with the defaults of what was given bare. */
type Settled = InferOptions & { smooth?: SmoothOptions; bridge?: BridgeOptions };

/** `glpose infer`: poses of everyone in every video. */
export function inferCommand(terminal: Terminal): Command {
  return new Command('infer')
    .description('estimates the poses of everyone in videos and frame folders')
    .argument('[inputs...]', 'video files, folders of videos, folders of numbered images, folders of such folders')
    .option('-o, --out <folder>', 'where results go: <format>/<video>.json, render/, run.json')
    .option('--model <bundle>', 'a bundle by name (see glpose models list) or folder', DEFAULT_BUNDLE)
    .addOption(
      new Option(
        '--method <name>',
        'glpose, or the extractor alone; default: glpose where the head is trained',
      ).choices(['glpose', 'single-frame']),
    )
    .option('--boxes <file>', 'use these person boxes: COCO detections, PoseTrack annotations (json), MOT (txt)')
    .option('--detector <config>', 'find people with this detector: a JSON file that says of what kind an ONNX file is')
    .option('--device <name>', 'auto, cpu, cuda or cuda:<index>', device, 'auto')
    .addOption(
      new Option(
        '--reuse <way>',
        'neighbours’ feature maps: exact, as in the paper, or warp, one pass a person and frame; default: the bundle’s',
      ).choices(['exact', 'warp']),
    )
    .option('--threads <count>', 'CPU threads; default: all cores', positiveInteger)
    .option('--min-score <score>', 'lowest detection score of a person, 0–1', share, 0.25)
    .option('--every <n>', 'estimate poses in every n-th frame only', positiveInteger, 1)
    .option('--seed <number>', 'seed of the draw of global candidates', nonNegativeInteger, 0)
    .addOption(
      new Option('--format <names>', 'results in these formats, several with commas')
        .choices(RESULT_FORMATS)
        .argParser(resultFormats)
        .default(['posetrack18']),
    )
    .option(
      '--smooth [minCutoff,beta]',
      `smooth the joints over time (One-Euro filter); default ${smoothText(SMOOTH_DEFAULTS)} where it is given bare`,
      smoothOptions,
    )
    .option(
      '--bridge [sure,frames]',
      `unsure joints (score below <sure>) between sure frames, at most <frames> in a row: the line between; default ${bridgeText(BRIDGE_DEFAULTS)} where it is given bare`,
      bridgeOptions,
    )
    .option(
      '--render [form]',
      'also draw the skeletons: mp4, png or jpg; default: mp4 of videos, jpg of folders',
      renderForm,
    )
    .option(
      '--limb-width <pixels>',
      'with --render: width of limbs; default: by the size of the person',
      positiveNumber,
    )
    .option('--no-labels', 'with --render: no track numbers')
    .option('--draw-boxes', 'with --render: the person boxes, too')
    .option('--blur-faces', 'with --render: make the heads of the people found unrecognisable')
    .option('--view', 'also write a page to look at each video: view/<video>.html')
    .option('--explain [frames]', 'with --view: why these poses are what they are, as in glpose view', frameRanges)
    .option(
      '--shard <i/n>',
      'do part i of n only; auto: the part that Slurm, Kubernetes or GNU parallel gives this process',
    )
    .option(
      '--repeat <run.json>',
      'do what an earlier run did; inputs and options given beside it count instead of its own',
    )
    .option('--no-resume', 'do all videos again, also those that an earlier run into this folder has done alike')
    .option('--json', 'print the run as one JSON document')
    .addHelpText('after', '\nExample:\n  glpose infer samples/walking.mp4 --render -o out')
    .action((inputs: string[], _options: object, command: Command) => {
      const { repeat } = command.opts<{ repeat?: string }>();
      const earlier = repeat === undefined ? undefined : repeatRun(repeat, command);
      const options = command.opts<InferOptions>();
      const given = inputs.length > 0 ? inputs : (earlier?.inputs ?? []);
      if (given.length === 0) throw new GlposeError('USAGE', 'no inputs', 'Give videos or folders of images.');
      if (!options.out) throw new GlposeError('USAGE', 'no output folder', 'Give one with -o, --out <folder>.');
      if (options.smooth === true) options.smooth = SMOOTH_DEFAULTS;
      if (options.bridge === true) options.bridge = BRIDGE_DEFAULTS;
      return infer(given, options as Settled, terminal, earlier);
    });
}

function renderForm(text: string): RenderStyle['form'] {
  if (text !== 'mp4' && text !== 'png' && text !== 'jpg') throw new InvalidArgumentError('Expected mp4, png or jpg.');
  return text;
}

export function resultFormats(text: string): ResultFormat[] {
  const names = text.split(',').map((name) => name.trim());
  const known = (name: string): name is ResultFormat => (RESULT_FORMATS as string[]).includes(name);
  if (!names.every(known)) {
    const unknown = names.find((name) => !known(name));
    throw new InvalidArgumentError(`"${unknown}" is none of ${RESULT_FORMATS.join(', ')}.`);
  }
  return [...new Set(names)];
}

export function smoothOptions(text: string): SmoothOptions {
  const [minCutoff, beta, ...rest] = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!(minCutoff > 0 && beta >= 0) || !Number.isFinite(minCutoff + beta) || rest.length > 0) {
    throw new InvalidArgumentError(`Expected two numbers, such as ${smoothText(SMOOTH_DEFAULTS)}.`);
  }
  return { minCutoff, beta };
}

export function smoothText({ minCutoff, beta }: SmoothOptions): string {
  return `${minCutoff},${beta}`;
}

export function bridgeOptions(text: string): BridgeOptions {
  const [sure, longest, ...rest] = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (!(sure > 0 && sure <= 1 && Number.isSafeInteger(longest) && longest > 0) || rest.length > 0) {
    const expected = `Expected a score and a number of frames, such as ${bridgeText(BRIDGE_DEFAULTS)}.`;
    throw new InvalidArgumentError(expected);
  }
  return { sure, longest };
}

export function bridgeText({ sure, longest }: BridgeOptions): string {
  return `${sure},${longest}`;
}

/** How to draw; undefined where nothing is to be drawn. */
function renderStyle({ render, labels, drawBoxes, limbWidth, blurFaces }: InferOptions): RenderStyle | undefined {
  if (render === undefined) return undefined;
  const style: RenderStyle = { form: render === true ? 'auto' : render, labels, boxes: drawBoxes, blurFaces };
  return limbWidth === undefined ? style : { ...style, limbWidth };
}

async function infer(inputs: string[], options: Settled, terminal: Terminal, earlier?: EarlierRun): Promise<void> {
  if (options.explain && !options.view) {
    throw new GlposeError('USAGE', '--explain without --view', 'Explanations are seen on the pages: give both.');
  }
  // The richest of the formats that pages are made from.
  const viewed = READABLE.find((format) => options.format.includes(format));
  if (options.view && !viewed) {
    const problem = `--view with --format ${options.format.join(',')}, of which no page can be made`;
    throw new GlposeError('USAGE', problem, `Add one of ${READABLE.join(', ')} to --format.`);
  }
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  if (shard) options.shard = `${shard.index}/${shard.count}`; // the record can be repeated without the scheduler
  const started = new Date();
  const say = (text: string): void => terminal.err(`glpose: ${text}\n`);
  await makeFolder(options.out);
  await using lock = await lockFolder(options.out, shard);
  void lock;
  const places = ['', 'render', 'view', ...RESULT_FORMATS, '.glpose', '.glpose/videos'];
  for (const place of places) await sweep(path.join(options.out, place));
  const boxes = options.boxes === undefined ? undefined : readBoxes(options.boxes);
  for (const { text, count, first } of boxes?.warnings ?? [])
    say(`${options.boxes}: ${count} ${text} (first: ${first})`);
  const { videos: all, failures, warnings } = await findVideos(inputs);
  warnings.forEach(say);
  for (const { error } of failures) say(error.message);
  const videos = shard
    ? await videosOfShard(all, shard, options.out, say, terminal.signal)
    : await videosAsDealt(all, options.out, say);

  const finished: string[] = [];
  let run: Run | null = null;
  const model = await Model.load(options.model, options);
  try {
    model.warnings.forEach(say);
    if (!boxes && !model.detector) {
      const problem = `bundle ${model.bundle.config.name} has no person detector`;
      throw new GlposeError(
        'USAGE',
        problem,
        'Give person boxes with --boxes <file>, or a detector with --detector <config>.',
      );
    }
    const settings = await settingsOf(options, model);
    if (earlier && earlier.modelSha256 !== settings.model.sha256) {
      say(`the model is not the one of ${options.repeat}: results may differ`);
    }
    const unusable = failures.map(({ path: input, error }) => emptyReport(path.basename(input), input, error));
    const here = await machine();
    const recordOf = (reports: VideoReport[], seconds: number | null): RunRecord => ({
      glpose: VERSION,
      started: started.toISOString(),
      shard,
      seconds,
      options: absolute(inputs, options, model),
      model: { name: model.bundle.config.name, ...settings.model, devices: model.devices, warnings: model.warnings },
      machine: here,
      totals: totalsOf(reports),
      videos: reports,
    });
    const left = videos.map((video) => emptyReport(video.name, pathOf(video)));
    await writeRecord(options.out, recordOf([...left, ...unusable], null));

    const progress = makeProgress(process.stderr, process.stderr.isTTY && !options.json);
    const reports = await runVideos(videos, model, {
      out: options.out,
      boxes,
      minBoxScore: options.minScore,
      every: options.every,
      seed: options.seed,
      formats: options.format,
      bridge: options.bridge,
      smooth: options.smooth,
      render: renderStyle(options),
      settings,
      resume: options.resume,
      signal: terminal.signal,
      onWarning: say,
      onVideo: ({ name, totalFrames }) => progress.begin(name, totalFrames),
      onFrame: ({ pass, people }) => progress.frame(pass, people),
      onVideoEnd: (report) => {
        progress.end();
        if (report.status === 'done') finished.push(report.name);
        describe(report, options, terminal, say);
        const digest = earlier?.digests.get(report.path);
        if (digest !== undefined && report.input && digest !== report.input.digest) {
          say(`${report.path} is not as it was for ${options.repeat}: results may differ`);
        }
      },
    });
    reports.push(...unusable);
    const record = recordOf(reports, (Date.now() - started.getTime()) / 1000);
    await writeRecord(options.out, record);
    run = runOf(record, recordFile(options.out, shard));
    if (options.json) terminal.out(`${JSON.stringify(record, null, 2)}\n`);
    if (reports.some((report) => report.status === 'interrupted')) {
      throw new GlposeError(
        'INTERRUPTED',
        'interrupted',
        'What is finished is kept: the same command goes on with the rest.',
      );
    }
    terminal.exitCode = reports.every((report) => report.status === 'done') ? EXIT.done : EXIT.someFailed;
  } finally {
    await model.dispose();
  }
  if (options.view && viewed && finished.length > 0) {
    const out = path.join(options.out, 'view');
    const pages = { ...options, out, name: finished, video: true, maxFileSize: MAX_FILE_SIZE } as const;
    const beside = options.json ? { ...terminal, out: terminal.err } : terminal; // stdout has the record
    await view(path.join(options.out, viewed), pages, beside, run);
  }
}

/** The options in force as run.json keeps them: its paths hold in any working directory. */
function absolute(inputs: string[], options: Settled, { bundle }: Model): Record<string, unknown> {
  const resolved = (file?: string): string | undefined => (file === undefined ? undefined : path.resolve(file));
  return {
    inputs: inputs.map((input) => path.resolve(input)),
    ...options,
    model: path.dirname(bundle.dir) === MODELS_DIR ? bundle.config.name : bundle.dir,
    boxes: resolved(options.boxes),
    detector: resolved(options.detector),
  };
}

/** What decides the results. Options that only say how to work or where to write are left out. */
async function settingsOf(options: InferOptions, model: Model): Promise<RunSettings> {
  const stamp = async (file?: string): Promise<unknown> => file && { file, ...(await fingerprintOfFiles([file])) };
  return {
    glpose: VERSION,
    model: { sha256: await model.bundle.sha256(), method: model.method, devices: model.devices },
    options: { ...resultOptions(options), boxes: await stamp(options.boxes), detector: await stamp(options.detector) },
  };
}

/** Says what came of a video: its files on stdout, its troubles on stderr. */
function describe(report: VideoReport, options: InferOptions, terminal: Terminal, say: (text: string) => void): void {
  for (const problem of report.warnings) say(`${report.path}: ${problem}`);
  if (report.status === 'failed') say(report.error?.message ?? 'failed');
  const toLookAt = report.quality && summaryOf(report.quality);
  if (toLookAt) say(`${report.name}: ${toLookAt}; glpose check ${options.out} lists them`);
  if (report.status !== 'done' || options.json) return;
  const counts = `${report.frames} frames, ${report.poses} poses, ${report.tracks} tracks`;
  for (const file of report.files) terminal.out(`${path.join(options.out, file)}  ${counts}\n`);
}
