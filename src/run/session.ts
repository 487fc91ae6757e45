/*
 * One run over many videos: the whole of `glpose infer` but its words. It can be stopped at any moment and goes on where it
 * was; several shards of it may work into one folder at a time, on one machine or on many.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { checkFunctions, checkSignal } from '../check-argument.js';
import type { RenderStyle } from '../drawing/render.js';
import { GlposeError } from '../errors.js';
import { Model } from '../estimation/model.js';
import { MODELS_DIR } from '../bundle/bundle.js';
import { readBoxes } from '../formats/boxes.js';
import { RESULT_FORMATS } from '../formats/results.js';
import { findVideos, pathOf } from '../media/inputs.js';
import { parseSelection } from '../postprocessing/select-people.js';
import { parseRanges, type TimeRange } from '../postprocessing/time-ranges.js';
import { sweep } from '../storage/temporary.js';
import { VERSION } from '../version.js';
import { lockFolder } from './folder-lock.js';
import { optionsThat, RUN_OPTIONS, withDefaults, type RunOptionValues } from './options.js';
import { emptyReport, STATE_FOLDER, writtenByRuns, type VideoReport } from './outcome.js';
import { makeFolder, takeBackFolder } from './output-folder.js';
import { deviations, protocolOptions } from './protocol.js';
import { fingerprintOfPath, isSameContent, type RunSettings } from './provenance.js';
import { machine, recordFile, totalsOf, writeRecord, type EarlierRun, type RunRecord } from './record.js';
import { runVideos, type RunEvents } from './run-videos.js';
import { videosAsDealt, videosOfShard } from './shard-plan.js';

/** The options of a run (RUN_OPTIONS); all but `out` may be left out. */
export type SessionOptions = Partial<RunOptionValues> & { out: string };

export interface SessionEvents extends RunEvents {
  /** Stops the run: what is finished is kept, and the same call goes on with the rest. */
  signal?: AbortSignal;
  /** A run whose record this one repeats: what is no longer as it was is told. */
  earlier?: EarlierRun;
}

/**
 * Estimates the poses of everyone in many videos into a folder: results, pictures where asked for, and the run's record.
 * What an earlier call did alike is taken over, an interrupted video goes on where it was.
 * @param inputs video files, folders of videos, folders of numbered images, folders of such folders
 * @returns the record, as it stands in run.json; where no input can be read, nothing is left of a folder that the call made. Videos that cannot be done are `failed` in it, and those behind an interruption
 * `left`: neither throws
 * @throws USAGE where an option is wrong or nobody says where people are, MODEL where the bundle is unfit, DEVICE where the
 * asked-for device is not there, ANNOTATION where the box file cannot be read, OUTPUT where another run is at work in the folder
 * or the disk refuses
 */
export async function runSession(
  inputs: readonly string[],
  given: SessionOptions,
  events: SessionEvents = {},
): Promise<RunRecord> {
  const preset = given.protocol && protocolOptions(given.protocol);
  const options = { ...withDefaults({ ...preset, ...given }), out: given.out };
  const { out, shard } = options;
  const { signal, onWarning, onVideo, onFrame, onVideoEnd } = events;
  checkFunctions({ onWarning, onVideo, onFrame, onVideoEnd });
  checkSignal(signal);
  checkDrawing(options);
  const ranges = parseRanges(options);
  if (options.butterworth && options.smooth) {
    throw new GlposeError('USAGE', '--butterworth and --smooth', 'Give one of the two low-pass filters.');
  }
  const made = await makeFolder(out);
  await using lock = await lockFolder(out, shard);
  void lock;
  let record: RunRecord | undefined;
  try {
    return (record = await runIn(inputs, options, ranges, events));
  } finally {
    // Other shards may be at work in the folder.
    const isVain = record ? record.videos.every(isUnread) : !existsSync(recordFile(out));
    if (made !== undefined && !shard && isVain) await takeBackFolder(out, made);
  }
}

const isUnread = ({ status, error }: VideoReport): boolean => status === 'failed' && error?.code === 'INPUT';

/** The same in a folder that is there and nobody else's. */
async function runIn(
  inputs: readonly string[],
  options: RunOptionValues & { out: string },
  ranges: readonly TimeRange[],
  events: SessionEvents,
): Promise<RunRecord> {
  const { out, shard } = options;
  const { signal, earlier, onWarning } = events;
  const started = new Date();
  const folders = ['', 'render', 'view', ...RESULT_FORMATS, STATE_FOLDER, path.join(STATE_FOLDER, 'videos')];
  for (const folder of folders) await sweep(path.join(out, folder));

  const boxes = options.boxes === undefined ? undefined : readBoxes(options.boxes);
  for (const { text, count, first } of boxes?.warnings ?? []) {
    onWarning?.(`${options.boxes}: ${count} ${text} (first: ${first})`);
  }
  const { videos: all, failures, warnings } = await findVideos(inputs, { leaveOut: writtenByRuns() });
  for (const warning of [...warnings, ...failures.map(({ error }) => error.message)]) onWarning?.(warning);
  const videos = shard
    ? await videosOfShard(all, shard, out, onWarning, signal)
    : await videosAsDealt(all, out, onWarning);

  await using model = await Model.load(options.model, options);
  for (const warning of model.warnings) onWarning?.(warning);
  if (options.protocol) {
    const different = deviations(options.protocol, options, model.decode);
    if (different.length > 0)
      onWarning?.(`not as published numbers (--protocol ${options.protocol}): ${different.join('; ')}`);
  }
  if (!boxes && !model.detector) {
    const problem = `bundle ${model.bundle.config.name} has no person detector`;
    const remedy = 'Give person boxes with --boxes <file>, or a detector with --detector <config>.';
    throw new GlposeError('USAGE', problem, remedy);
  }
  const settings = await settingsOf(options, model);
  if (earlier && earlier.modelSha256 !== settings.model.sha256) {
    onWarning?.(`the model is not the one of ${earlier.file}: results may differ`);
  }
  const here = await machine();
  const recordOf = (reports: VideoReport[], seconds: number | null): RunRecord => ({
    glpose: VERSION,
    started: started.toISOString(),
    shard,
    seconds,
    options: recordedOptions(inputs, options, model),
    model: {
      name: model.bundle.config.name,
      ...settings.model,
      decode: model.decode,
      devices: model.devices,
      missingOperator: model.missingOperator,
      warnings: model.warnings,
    },
    machine: here,
    totals: totalsOf(reports),
    videos: reports,
  });
  const unusable = failures.map(({ path: input, error }) => emptyReport(path.basename(input), input, error));
  const left = videos.map((video) => emptyReport(video.name, pathOf(video)));
  await writeRecord(out, recordOf([...left, ...unusable], null));

  const reports = await runVideos(videos, model, {
    ...events,
    out,
    boxes,
    minBoxScore: options.minScore,
    detectEvery: options.detectEvery,
    detectSize: options.detectSize,
    poseNms: options.poseNms,
    oksNms: options.oksNms,
    shareOut: options.shareOut,
    agreement: options.agreement,
    every: options.every,
    fps: options.fps,
    seed: options.seed,
    formats: options.format,
    bridge: options.bridge,
    smooth: options.smooth,
    ranges,
    selection: parseSelection(options),
    filters: { hampel: options.hampel, fillGaps: options.fillGaps, butterworth: options.butterworth },
    render: renderStyle(options),
    settings,
    resume: options.resume,
    onVideoEnd(report) {
      events.onVideoEnd?.(report);
      const input = earlier?.inputsAsTheyWere.get(report.path);
      if (input && report.input && input.digest !== report.input.digest && !isSameContent(input, report.input)) {
        onWarning?.(`${report.path} is not as it was for ${earlier!.file}: results may differ`);
      }
    },
  });
  const record = recordOf([...reports, ...unusable], (Date.now() - started.getTime()) / 1000);
  await writeRecord(out, record);
  return record;
}

/** @throws USAGE for a way to draw where nothing is drawn: it would decide nothing, and whoever gave it waits for pictures */
function checkDrawing({ render, labels, drawBoxes, limbWidth, blurFaces }: RunOptionValues): void {
  if (render !== undefined) return;
  const ways = { blurFaces, limbWidth, drawBoxes, labels: labels ? undefined : true };
  const [given] = Object.entries(ways).find(([, value]) => value !== undefined && value !== false) ?? [];
  if (given === undefined) return;
  const [flag] = RUN_OPTIONS[given as keyof typeof ways].flags.split(' ');
  throw new GlposeError('USAGE', `${flag} without --render: nothing is drawn`, 'Give both, or neither.');
}

/** How to draw; undefined where nothing is to be drawn. */
function renderStyle({ render, labels, drawBoxes, limbWidth, blurFaces }: RunOptionValues): RenderStyle | undefined {
  if (render === undefined) return undefined;
  const style: RenderStyle = { form: render, labels, boxes: drawBoxes, blurFaces };
  return limbWidth === undefined ? style : { ...style, limbWidth };
}

/** The options in force as run.json keeps them: its paths hold in any working directory. */
function recordedOptions(
  inputs: readonly string[],
  options: RunOptionValues,
  { bundle }: Model,
): Record<string, unknown> {
  const files = Object.entries(optionsThat('file', options)).filter(([, file]) => file !== undefined);
  return {
    inputs: inputs.map((input) => path.resolve(input)),
    ...options,
    shard: options.shard && `${options.shard.index}/${options.shard.count}`,
    model: path.dirname(bundle.dir) === MODELS_DIR ? bundle.config.name : bundle.dir,
    ...Object.fromEntries(files.map(([name, file]) => [name, path.resolve(file as string)])),
  };
}

/** What decides the results. Options that only say how to work or where to write are left out. */
async function settingsOf(options: RunOptionValues, model: Model): Promise<RunSettings> {
  const deciding = optionsThat('decides', options);
  for (const [name, file] of Object.entries(optionsThat('file', deciding))) {
    if (file !== undefined) deciding[name] = { file, ...(await fingerprintOfPath(file as string)) };
  }
  return {
    glpose: VERSION,
    model: { sha256: await model.bundle.sha256(), method: model.method, devices: model.devices },
    options: deciding,
  };
}
