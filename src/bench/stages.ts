/*
 * How long each stage of the pipeline takes on this machine, each by itself on real material, and the whole. Every stage is
 * verified before it is timed. The stages are those of estimation/estimate.ts, in its order.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Ceilings, HeadShape, NativeHead } from '../native/contract.js';
import os from 'node:os';
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { writeResults } from '../formats/results.js';
import { headShape } from '../bundle/bundle.js';
import { randomHead } from '../models/random-head.js';
import { addon } from '../native/binding.js';
import { estimateVideo } from '../estimation/estimate.js';
import type { VideoInput } from '../media/inputs.js';
import type { Model } from '../estimation/model.js';
import type { ReadableFrame } from '../estimation/neighbourhood.js';
import { windowOf } from '../geometry/window.js';
import type { FramePoses, VideoPoses, Window } from '../types.js';
import { gathered, someExpected } from './cases.js';
import { openClip } from './clip.js';
import { EnergyMeter } from './energy.js';
import { median, percentile } from './statistics.js';

/** One stage's figures. */
export interface StageFigures {
  stage: string;
  /** What is counted: frame, person, crop, map or video. */
  unit: string;
  /** Of one unit, in milliseconds. */
  median: number;
  p90: number;
  p99: number;
  /** Units a second, calls one after the other. */
  perSecond: number;
  /** Bytes that must move, or operations, over the machine's ceiling; null where neither says anything. */
  share: { of: 'copy' | 'multiply-adds'; value: number } | null;
}

export interface StageReport {
  stages: StageFigures[];
  whole: { framesPerSecond: number; personsPerSecond: number; joulesPerPerson: number | null };
}

const WARM_UP = 2;
const RUNS = 30;
/** Frames that are kept in memory for the stages behind decoding. */
const KEPT = 12;
/** People in the head's batches. */
const BATCHES = { cpu: [1, 8], gpu: [1, 8, 32] };

export interface StageOptions {
  model: Model;
  video: VideoInput;
  /** Device of the head, as in `createHead`. */
  device: string;
  ceilings: Ceilings;
  /** Of that device. */
  deviceCeilings: Ceilings;
  /** Frames of the video to use. */
  frames: number;
  signal: AbortSignal;
}

/**
 * Measures every stage on a video with people in it.
 * @throws INPUT where nobody is found in its first frames, INTERNAL where a stage gives a wrong result
 */
export async function benchStages(options: StageOptions): Promise<StageReport> {
  const { model, video, device, ceilings, deviceCeilings, signal } = options;
  const stages: StageFigures[] = [];
  const native = addon();

  const { frames, times } = await decodeFrames(options);
  const frameBytes = frames[0].data.length;
  stages.push(figures('decode', 'frame', times, copyShare(frameBytes, ceilings)));

  const { detector, net } = model;
  if (!detector) throw new GlposeError('MODEL', `bundle ${model.bundle.config.name} has no detector to measure`);
  const found = await detector.detect(frames[0], 0.25);
  if (found.length === 0) throw new GlposeError('INPUT', `${video.path}: nobody is found in the first frame`);
  stages.push(
    figures('detector', 'frame', await timed(signal, (i) => detector.detect(frames[i % frames.length], 0.25))),
  );

  const windows = found.map(({ box }) => windowOf(box, net.aspect));
  const [crop] = await net.cut(frames[0], windows);
  const input = model.bundle.config.extractor.input;
  verifyCrop(frames[0], windows[0], crop, input);
  const cropTimes = await timed(signal, (i) => net.cut(frames[i % frames.length], windows));
  stages.push(figures('crop', 'crop', per(cropTimes, windows.length), copyShare(crop.length * 8, ceilings)));

  const { features } = model.bundle.config.extractor;
  stages.push(figures('extractor', 'crop', await timed(signal, () => net.run([crop]))));

  const shape = headShape(model.bundle.config);
  const head = native.createHead(shape, Object.fromEntries(randomHead(shape, 1)), device);
  try {
    const cells = features.channels * features.height * features.width;
    const maps = Float32Array.from({ length: gathered(shape) * cells }, (_, i) => Math.sin(i * 0.7));
    const stored = await head.ingest(maps);
    verifyEmbeddings(maps, stored.embeddings, shape);
    const ingestTimes = await timed(signal, async () => head.release((await head.ingest(maps)).handles));
    stages.push(figures('ingest', 'map', per(ingestTimes, gathered(shape)), copyShare(cells * 8, ceilings)));

    for (const people of device === 'cpu' ? BATCHES.cpu : BATCHES.gpu) {
      const { times: headTimes, gflop } = await timeHead(head, shape, stored.handles, people, signal);
      const rate = gflop / (median(headTimes) / 1e3);
      const share = { of: 'multiply-adds', value: rate / deviceCeilings.gflops } as const;
      stages.push(figures(`head, ${people} at once`, 'person', per(headTimes, people), share));
    }
  } finally {
    head.dispose();
  }

  const bump = verifyDecode(features.width, features.height, shape.joints);
  const joints = await timed(signal, () =>
    Promise.resolve(native.decode(bump, [1, shape.joints, features.height, features.width], 'dark')),
  );
  stages.push(figures('joints (dark)', 'person', joints));

  const meter = new EnergyMeter();
  const started = performance.now();
  const poses = await estimateFrames(options);
  const seconds = (performance.now() - started) / 1e3;
  const people = poses.frames.reduce((total, frame) => total + frame.people.length, 0);
  const joules = meter.joules();

  const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-bench-write-'));
  try {
    const writing = await timed(signal, () => writeResults(poses, 'posetrack18', folder));
    stages.push(figures('write', 'video', writing));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    stages,
    whole: {
      framesPerSecond: poses.frames.length / seconds,
      personsPerSecond: people / seconds,
      joulesPerPerson: joules === null || people === 0 ? null : joules / people,
    },
  };
}

function figures(stage: string, unit: string, times: number[], share?: ShareOf): StageFigures {
  const middle = median(times);
  return {
    stage,
    unit,
    median: middle,
    p90: percentile(times, 0.9),
    p99: percentile(times, 0.99),
    perSecond: 1e3 / middle,
    share: typeof share === 'function' ? share(middle) : (share ?? null),
  };
}

type ShareOf = StageFigures['share'] | ((milliseconds: number) => StageFigures['share']);

/** Bytes read plus written over what a copy moves in the same time. */
function copyShare(bytes: number, { copyGBPerSecond }: Ceilings): ShareOf {
  return (milliseconds) => ({ of: 'copy', value: bytes / (milliseconds / 1e3) / (copyGBPerSecond * 1e9) });
}

const per = (times: number[], count: number): number[] => times.map((time) => time / count);

/** Milliseconds of each run after the warm-up. */
async function timed(signal: AbortSignal, body: (run: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let run = -WARM_UP; run < RUNS; run++) {
    signal.throwIfAborted();
    const start = performance.now();
    await body(Math.max(0, run));
    if (run >= 0) times.push(performance.now() - start);
  }
  return times;
}

/** Decodes the frames; keeps some of them. */
async function decodeFrames(options: StageOptions): Promise<{ frames: ReadableFrame[]; times: number[] }> {
  await using source = await openClip(options);
  const frames: ReadableFrame[] = [];
  const times: number[] = [];
  let start = performance.now();
  for await (const frame of source.frames()) {
    times.push(performance.now() - start);
    const { data } = frame;
    if (data && frames.length < KEPT) frames.push({ ...frame, data });
    start = performance.now();
  }
  if (frames.length === 0) throw new GlposeError('INPUT', `${options.video.path}: no frame can be read`);
  return { frames, times };
}

/** Times of batches of `people` out of the same maps, and the operations of one batch in GFLOP. */
async function timeHead(
  head: NativeHead,
  shape: HeadShape,
  handles: Int32Array,
  people: number,
  signal: AbortSignal,
): Promise<{ times: number[]; gflop: number }> {
  const R = handles.length - 1;
  const batch = {
    keys: new Int32Array(people).fill(handles[0]),
    references: Int32Array.from({ length: people * R }, (_, i) => handles[1 + (i % R)]),
    weights: new Float32Array(people * R).fill(0.5),
    expected: someExpected(shape, people),
    decode: 'quarter' as const,
  };
  const alone = await head.estimate({ ...batch, timings: true });
  const macs = alone.timings!.reduce((total, timing) => total + timing.macs, 0);
  return { times: await timed(signal, () => head.estimate(batch)), gflop: (2 * macs) / 1e9 };
}

async function estimateFrames(options: StageOptions): Promise<VideoPoses<FramePoses[]>> {
  const { video, model, signal } = options;
  await using source = await openClip(options);
  const frames: FramePoses[] = [];
  for await (const frame of estimateVideo(source, model, { signal })) frames.push(frame);
  const { width, height, fps } = source;
  return { name: video.name, width, height, fps, joints: model.estimator.joints, frames };
}

/** The middle of the window against the same bilinear sample taken here. */
function verifyCrop(
  { width, height, data }: ReadableFrame,
  window: Window,
  crop: Float32Array,
  input: { width: number; height: number; mean: number[]; std: number[] },
): void {
  const scale = window.width / input.width;
  const [i, j] = [Math.floor(input.width / 2) + 3, Math.floor(input.height / 2) + 5];
  const [x, y] = [window.centreX + (i - input.width / 2) * scale, window.centreY + (j - input.height / 2) * scale];
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const at = (column: number, row: number): number =>
    column >= 0 && column < width && row >= 0 && row < height ? data[(row * width + column) * 3] : 0;
  const top = at(x0, y0) * (x0 + 1 - x) + at(x0 + 1, y0) * (x - x0);
  const bottom = at(x0, y0 + 1) * (x0 + 1 - x) + at(x0 + 1, y0 + 1) * (x - x0);
  const wanted = (top * (y0 + 1 - y) + bottom * (y - y0) - input.mean[0]) / input.std[0];
  expectClose('crop', crop[j * input.width + i], wanted, 1e-3);
}

/** The first map's pool. */
function verifyEmbeddings(
  maps: Float32Array,
  embeddings: Float32Array,
  {
    height,
    width,
    featureMean,
    featureStd,
  }: { height: number; width: number; featureMean: Float32Array; featureStd: Float32Array },
): void {
  const pixels = height * width;
  const mean = maps.subarray(0, pixels).reduce((total, value) => total + value, 0) / pixels;
  expectClose('ingest', embeddings[0], (mean - featureMean[0]) / featureStd[0], 1e-3);
}

/** Heat maps with one Gaussian each, found again where it was put. @returns [K, h, w] */
function verifyDecode(width: number, height: number, joints: number): Float32Array {
  const [cx, cy] = [width / 2 + 0.3, height / 2 - 0.2];
  const one = Float32Array.from({ length: width * height }, (_, i) =>
    Math.exp(-(((i % width) - cx) ** 2 + (Math.floor(i / width) - cy) ** 2) / 8),
  );
  const maps = new Float32Array(joints * one.length);
  for (let joint = 0; joint < joints; joint++) maps.set(one, joint * one.length);
  const found = addon().decode(maps, [1, joints, height, width], 'dark');
  expectClose('joints', found[0], cx, 0.05);
  expectClose('joints', found[1], cy, 0.05);
  return maps;
}

function expectClose(stage: string, got: number, wanted: number, tolerance: number): void {
  if (Math.abs(got - wanted) <= tolerance) return;
  throw new GlposeError('INTERNAL', `the stage ${stage} is wrong: ${got} where ${wanted} was expected`);
}
