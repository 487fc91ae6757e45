/*
 * One run over many videos: each is estimated, written and, where asked, drawn; one that fails is reported and the others
 * go on. What came of each stands in its outcome.
 */
import os from 'node:os';
import { resultPath, writeResults, type ResultFormat } from '../formats/results.js';
import type { BoxFile } from '../formats/boxes.js';
import type { VideoPoses } from '../types.js';
import { renderPath, renderVideo, type RenderStyle } from '../drawing/render.js';
import { bridge, type BridgeOptions } from '../postprocessing/bridge.js';
import type { EstimateOptions } from '../estimation/estimate-options.js';
import { estimateParts } from '../estimation/estimate-parts.js';
import { GivenBoxes } from './given-boxes.js';
import { checkedFrame, QualityCheck } from '../evaluation/quality/check.js';
import { openFrames, type FrameSource } from '../media/frames.js';
import { pathOf, type VideoInput } from '../media/inputs.js';
import { Checkpoint, removeCheckpoint } from './checkpoint.js';
import type { Model } from '../estimation/model.js';
import { changesBetween, fingerprintOf, type Provenance, type RunSettings } from './provenance.js';
import {
  emptyReport,
  errorOf,
  hasFiles,
  readOutcome,
  removeResults,
  writeOutcome,
  type Outcome,
  type VideoReport,
} from './outcome.js';
import { requireFolder } from './output-folder.js';
import { PoseSpool } from './pose-spool.js';
import { checkFilters, filterPoses, type FilterOptions } from '../postprocessing/filter-poses.js';
import { selectPeople, type SelectOptions } from '../postprocessing/select-people.js';
import { PoseSmoother, type SmoothOptions } from '../postprocessing/smooth.js';
import type { TimeRange } from '../postprocessing/time-ranges.js';

/** What is told of a run while it goes on. */
export interface RunEvents {
  /** Something the user should know: of an input, a file, a video that is done already or done again. */
  onWarning?(warning: string): void;
  onVideo?(event: { name: string; totalFrames: number | null }): void;
  onFrame?(event: { pass: string; people: number }): void;
  onVideoEnd?(report: VideoReport): void;
}

export interface RunOptions extends Omit<EstimateOptions, 'boxes' | 'onProgress' | 'explain' | 'memo'>, RunEvents {
  /** Folder of the results; made where it does not exist. */
  out: string;
  formats: readonly ResultFormat[];
  /** Puts unsure joints on the line between sure ones, before they are smoothed. */
  bridge?: BridgeOptions;
  /** Smooths the joints over time; they stay as estimated where it is left out. */
  smooth?: SmoothOptions;
  every: number;
  /** Frames a second of folders of images, which do not say. */
  fps?: number;
  /** Only these parts of each video; all of it where there is none. */
  ranges: readonly TimeRange[];
  /** Only these people; they are chosen when all poses are known. */
  selection: SelectOptions;
  /** Filters that see a joint's past and future; with one of them, a video's poses are held in memory. */
  filters: Pick<FilterOptions, 'hampel' | 'fillGaps' | 'butterworth'>;
  boxes?: BoxFile;
  render?: RenderStyle;
  /** What the options and the model amount to; by it, the work of an earlier run is known as this run's. */
  settings: RunSettings;
  /** Whether videos that an earlier run has done alike are left as they are, and others go on where it was stopped. */
  resume: boolean;
}

/**
 * Estimates every video that is not done yet. Failures of single videos do not throw; they stand in the reports.
 * @returns a report for every video; those behind an interruption are `left`
 * @throws OUTPUT where the output folder is gone or what became of a video cannot be written there: no later one could be
 */
export async function runVideos(
  videos: readonly VideoInput[],
  model: Model,
  options: RunOptions,
): Promise<VideoReport[]> {
  const reports = videos.map((video) => emptyReport(video.name, pathOf(video)));
  for (const [place, video] of videos.entries()) {
    await requireFolder(options.out);
    const provenance = await fingerprintOf(video).then(
      (input): Provenance => ({ ...options.settings, name: video.name, path: pathOf(video), input }),
      () => undefined, // opening it will say why
    );
    const before = await readOutcome(options.out, video.name);
    const done = provenance && before && (await doneBefore(before, provenance, options));
    if (done || !options.resume) await removeCheckpoint(options.out, video.name);
    const report = (reports[place] = done ?? (await runVideo(video, model, options, before, provenance)));
    if (!done) {
      if (provenance) report.input = provenance.input;
      await requireFolder(options.out);
      const { files, outcome } = fateOf(before, report, provenance);
      const others = before?.report.files.filter((file) => !report.files.includes(file)) ?? [];
      if (files === 'remove') await removeResults(options.out, others);
      else report.files.push(...others);
      if (outcome === 'write') await writeOutcome(options.out, outcomeOf(report, provenance));
      if (report.status === 'done') await removeCheckpoint(options.out, video.name);
    }
    options.onVideoEnd?.(report);
    if (report.status === 'interrupted') break;
  }
  return reports;
}

function outcomeOf(report: VideoReport, provenance: Provenance | undefined): Outcome {
  return { format: 1, finished: new Date().toISOString(), host: os.hostname(), provenance, report };
}

/** The report of a video whose results stand already and would come out the same; else says what has changed. */
async function doneBefore(
  before: Outcome,
  provenance: Provenance,
  options: RunOptions,
): Promise<VideoReport | undefined> {
  if (!options.resume || before.report.status !== 'done' || !before.provenance) return undefined;
  const { name } = provenance;
  const changes = changesBetween(before.provenance, provenance);
  if (changes.length > 0) options.onWarning?.(`${name} is done again: ${changes.join(', ')} changed`);
  else if (!(await hasFiles(options.out, before.report)))
    options.onWarning?.(`${name} is done again: results are missing`);
  else {
    options.onWarning?.(`${name} is done already; --no-resume does it again`);
    const { path: where, input } = provenance;
    if (before.report.path === where && before.provenance.input.digest === input.digest) return before.report;
    const report = { ...before.report, path: where, input }; // it was moved or touched
    await writeOutcome(options.out, { ...before, provenance, report });
    return report;
  }
  return undefined;
}

/**
 * What becomes of what an earlier run has left of a video: of its files that this run did not write, which whoever reads the
 * folder would take for this run's, and of its outcome.
 */
function fateOf(
  before: Outcome | null,
  { status, error }: VideoReport,
  provenance?: Provenance,
): { files: 'keep' | 'remove'; outcome: 'keep' | 'write' } {
  // Where the input could not be looked at, nothing speaks against what was made of it.
  const isAlike = !provenance || (before?.provenance && changesBetween(before.provenance, provenance).length === 0);
  const wasDone = before?.report.status === 'done';
  switch (status) {
    case 'done':
      return { files: 'remove', outcome: 'write' };
    case 'failed':
      // Options that cannot be: what was made with others is worth more than its absence.
      if (wasDone && error?.code === 'USAGE') return { files: 'keep', outcome: 'keep' };
      return { files: isAlike ? 'keep' : 'remove', outcome: 'write' };
    case 'interrupted': // what was done stands until another run replaces it, which its outcome tells beforehand
    case 'left':
      return { files: 'keep', outcome: wasDone ? 'keep' : 'write' };
  }
}

/** What a report says of the poses. */
function factsOf(poses: VideoPoses): Pick<VideoReport, 'frames' | 'poses' | 'tracks' | 'quality'> {
  let people = 0;
  const tracks = new Set<number>();
  const check = new QualityCheck(poses.joints, poses);
  for (const frame of poses.frames) {
    check.next(checkedFrame(frame));
    people += frame.people.length;
    for (const { trackId } of frame.people) tracks.add(trackId);
  }
  return { frames: poses.frames.length, poses: people, tracks: tracks.size, quality: check.end() };
}

/**
 * A video's poses, estimated and filtered over time.
 * @param frames takes the poses as they come
 * @returns the poses of those who were chosen, and of everyone
 */
async function estimatedPoses(
  name: string,
  source: FrameSource,
  model: Model,
  frames: PoseSpool,
  options: Omit<RunOptions, 'boxes'> & Pick<EstimateOptions, 'boxes' | 'memo'>,
): Promise<{ poses: VideoPoses; everyone: VideoPoses }> {
  const { ranges, filters, selection, smooth, every } = options;
  const estimates = estimateParts(source, model, ranges, { ...options, name, onProgress: options.onFrame });
  const wholeTracks = Object.values(filters).some((filter) => filter !== undefined);
  const smoother = smooth && !wholeTracks ? new PoseSmoother(source.fps, smooth) : undefined;
  const starts: number[] = []; // of the parts, among the frames
  let last = -Infinity;
  for await (const frame of options.bridge ? bridge(estimates, options.bridge) : estimates) {
    if (frame.index > last + every) starts.push(frames.length);
    last = frame.index;
    frames.push(smoother?.next(frame) ?? frame);
  }
  const { width, height, fps } = source;
  const estimated: VideoPoses = { name, width, height, fps, joints: model.estimator.joints, frames };
  const everyone = wholeTracks ? (await filterPoses(estimated, { ...filters, smooth })).video : estimated;
  return { poses: selectPeople(everyone, selection, starts), everyone };
}

async function runVideo(
  video: VideoInput,
  model: Model,
  options: RunOptions,
  before: Outcome | null,
  provenance?: Provenance,
): Promise<VideoReport> {
  const started = performance.now();
  const report = emptyReport(video.name, pathOf(video));
  let source: FrameSource | undefined;
  let checkpoint: Checkpoint | undefined;
  try {
    checkpoint =
      provenance && (await Checkpoint.open(options.out, provenance, model.estimator.joints.length, options.onWarning));
    source = await openFrames(video, { signal: options.signal, fps: options.fps });
    const { fps } = source;
    // Videos that do not say their rate say when each frame is shown.
    if (fps !== null || video.kind === 'images') checkFilters(video.name, fps && fps / options.every, options.filters);
    const passes = options.render ? 3 : 2;
    options.onVideo?.({
      name: video.name,
      totalFrames: source.frameCount === null ? null : source.frameCount * passes,
    });
    const boxes = options.boxes && new GivenBoxes(options.boxes.forVideo(video.name));
    using frames = new PoseSpool(options.out);
    const memo = checkpoint;
    const { poses, everyone } = await estimatedPoses(video.name, source, model, frames, { ...options, boxes, memo });
    Object.assign(report, factsOf(poses));
    if (report.poses === 0 && frames.length > 0) {
      if (poses !== everyone)
        report.warnings.push('nobody is left of those who were found: --people, --at-most or --within leave them all out'); // prettier-ignore
      else if (!boxes) report.warnings.push('nobody was found in any frame');
    }
    report.warnings.push(...source.warnings, ...(boxes?.warnings() ?? []));
    await requireFolder(options.out);
    const { formats } = options;
    // From here on results are replaced one by one. Whatever ends this, the next run knows which files may be there.
    const files = new Set(before?.report.files);
    for (const format of formats) files.add(resultPath(video.name, format));
    if (options.render) files.add(renderPath(video.name, source, options.render));
    await writeOutcome(
      options.out,
      outcomeOf({ ...emptyReport(report.name, report.path), files: [...files] }, provenance),
    );
    for (const format of formats) report.files.push(await writeResults(poses, format, options.out));
    if (options.render)
      report.files.push(await renderVideo(source, poses, options.out, options.render, { ...options, everyone }));
    report.status = 'done';
  } catch (thrown) {
    const interrupted = options.signal?.aborted === true;
    report.status = interrupted ? 'interrupted' : 'failed';
    delete report.quality;
    report.error = interrupted ? { code: 'INTERRUPTED', message: 'interrupted' } : errorOf(thrown);
    if (source) report.warnings.push(...source.warnings);
  } finally {
    await source?.close();
  }
  const kept = checkpoint && { detections: checkpoint.looks.found, poses: checkpoint.poses.found };
  if (kept && kept.detections + kept.poses > 0) report.kept = kept;
  report.seconds = Math.round(performance.now() - started) / 1000;
  return report;
}
