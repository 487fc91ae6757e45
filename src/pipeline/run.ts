/*
 * One run over many videos: each is estimated, written and, where asked, drawn; one that fails is reported and the others
 * go on. What a run was and what came of it stands in run.json.
 */
import os from 'node:os';
import path from 'node:path';
import { GlposeError, messageOf, type ErrorCode } from '../errors.js';
import { writeResults, type ResultFormat } from '../formats/results.js';
import type { BoxFile } from '../formats/boxes.js';
import type { FramePoses, VideoPoses } from '../types.js';
import { renderVideo, type RenderStyle } from '../view/render.js';
import { estimateVideo, type EstimateOptions } from './estimate.js';
import { openFrames, type FrameSource } from './frames.js';
import type { VideoInput } from './inputs.js';
import type { Model } from './model.js';
import { PoseSmoother, type SmoothOptions } from './smooth.js';

export interface RunOptions extends Omit<EstimateOptions, 'boxes' | 'onProgress'> {
  /** Folder of the results; made where it does not exist. */
  out: string;
  /** Default: posetrack18. */
  formats?: readonly ResultFormat[];
  /** Smooths the joints over time; they stay as estimated where it is left out. */
  smooth?: SmoothOptions;
  boxes?: BoxFile;
  render?: RenderStyle;
  onVideo?(event: { name: string; totalFrames: number | null }): void;
  onFrame?(event: { pass: string; people: number }): void;
  onVideoEnd?(report: VideoReport): void;
}

/** What came of one video. */
export interface VideoReport {
  name: string;
  path: string;
  status: 'done' | 'failed' | 'interrupted';
  error?: { code: ErrorCode; message: string };
  /** Things the user should know of a video that is done: damaged frames, boxes that were left out. */
  problems: string[];
  frames: number;
  /** Poses over all frames, and tracks. */
  poses: number;
  tracks: number;
  seconds: number;
  /** Result files, relative to the output folder. */
  files: string[];
}

/** Estimates every video. Failures of single videos do not throw; they stand in the reports. */
export async function runVideos(
  videos: readonly VideoInput[],
  model: Model,
  options: RunOptions,
): Promise<VideoReport[]> {
  const reports: VideoReport[] = [];
  for (const video of videos) {
    const report = await runVideo(video, model, options);
    reports.push(report);
    options.onVideoEnd?.(report);
    if (report.status === 'interrupted') break;
  }
  return reports;
}

async function runVideo(video: VideoInput, model: Model, options: RunOptions): Promise<VideoReport> {
  const started = performance.now();
  const report = emptyReport(video.name, video.path);
  let source: FrameSource | undefined;
  try {
    source = await openFrames(video, { signal: options.signal });
    const passes = options.render ? 3 : 2;
    options.onVideo?.({
      name: video.name,
      totalFrames: source.frameCount === null ? null : source.frameCount * passes,
    });
    const boxes = options.boxes?.forVideo(video.name);
    const frames: FramePoses[] = [];
    const estimates = estimateVideo(source, model, { ...options, boxes, onProgress: options.onFrame });
    const smoother = options.smooth && new PoseSmoother(source.fps, options.smooth);
    for await (const frame of estimates) frames.push(smoother?.next(frame) ?? frame);
    const poses: VideoPoses = {
      name: video.name,
      width: source.width,
      height: source.height,
      fps: source.fps,
      joints: model.estimator.joints,
      frames,
    };
    report.frames = frames.length;
    report.poses = frames.reduce((total, frame) => total + frame.people.length, 0);
    report.tracks = new Set(frames.flatMap((frame) => frame.people.map((person) => person.trackId))).size;
    report.problems.push(...source.problems);
    for (const format of options.formats ?? ['posetrack18'])
      report.files.push(await writeResults(poses, format, options.out));
    if (options.render) report.files.push(await renderVideo(source, poses, options.out, options.render, options));
    report.status = 'done';
  } catch (thrown) {
    const interrupted = options.signal?.aborted === true;
    report.status = interrupted ? 'interrupted' : 'failed';
    report.error = interrupted ? { code: 'INTERRUPTED', message: 'interrupted' } : errorOf(thrown);
    if (source) report.problems.push(...source.problems);
  } finally {
    await source?.close();
  }
  report.seconds = Math.round(performance.now() - started) / 1000;
  return report;
}

/** The report of an input that held nothing usable. */
export function failedReport(input: string, thrown: unknown): VideoReport {
  return { ...emptyReport(path.basename(input), input), error: errorOf(thrown) };
}

function emptyReport(name: string, input: string): VideoReport {
  return { name, path: input, status: 'failed', problems: [], frames: 0, poses: 0, tracks: 0, seconds: 0, files: [] };
}

function errorOf(thrown: unknown): { code: ErrorCode; message: string } {
  return { code: thrown instanceof GlposeError ? thrown.code : 'INTERNAL', message: messageOf(thrown) };
}

/** run.json: all that is needed to know what was run, on what, with which outcome. */
export interface RunRecord {
  glpose: string;
  started: string;
  seconds: number;
  /** The options in force, defaults filled in. */
  options: Record<string, unknown>;
  model: { name: string; sha256: string; method: string; devices: Model['devices']; notices: readonly string[] };
  machine: { platform: string; node: string; cpu: string; cores: number };
  totals: { videos: number; failed: number; frames: number; poses: number };
  videos: VideoReport[];
}

/** Sums up a run. */
export async function recordOf(
  version: string,
  started: Date,
  options: Record<string, unknown>,
  model: Model,
  videos: VideoReport[],
): Promise<RunRecord> {
  const sum = (of: (report: VideoReport) => number): number => videos.reduce((total, report) => total + of(report), 0);
  return {
    glpose: version,
    started: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    options,
    model: {
      name: model.bundle.config.name,
      sha256: await model.bundle.sha256(),
      method: model.method,
      devices: model.devices,
      notices: model.notices,
    },
    machine: {
      platform: `${os.platform()} ${os.arch()}`,
      node: process.version,
      cpu: os.cpus()[0]?.model ?? 'unknown',
      cores: os.availableParallelism(),
    },
    totals: {
      videos: videos.length,
      failed: videos.filter((report) => report.status === 'failed').length,
      frames: sum((report) => report.frames),
      poses: sum((report) => report.poses),
    },
    videos,
  };
}
