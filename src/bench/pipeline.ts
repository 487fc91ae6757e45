/*
 * The whole pipeline against the paper's schedule, and against the sum of its stages.
 *
 *   speed       persons a second of `--reuse warp`, float32 and int8, over those of paper-schedule.ts
 *   efficiency  the least that the machine could need, max(slowest stage alone, CPU seconds of all stages alone ÷ threads),
 *               over what the whole needs
 *   overhead    what everything but detector and extractor adds to the extractor's time alone
 *
 * Both sides of a ratio are measured in turns, since a machine's speed drifts within minutes: each run of the pipeline lies
 * between two of the paper's schedule. Of several rounds the one of median overhead counts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { writeResults } from '../formats/results.js';
import { headShape, loadBundle, DEFAULT_BUNDLE } from '../bundle/bundle.js';
import { quantizeBundle } from '../models/quantize/quantize-bundle.js';
import { addon } from '../native/binding.js';
import { adapterOf } from '../detection/adapters/index.js';
import { PersonDetector } from '../detection/detector.js';
import { estimateVideo, surveyOptions, toScenePerson } from '../estimation/estimate.js';
import type { FrameSource } from '../media/frames.js';
import { inOrder } from '../concurrency/in-order.js';
import { Model } from '../estimation/model.js';
import { inCompany } from '../estimation/one-joint-one-person.js';
import { neighbourhoods, type ReadableFrame } from '../estimation/neighbourhood.js';
import { OnnxRuntime } from '../onnx/runtime.js';
import { surveyVideo } from '../estimation/survey.js';
import type { FramePoses, Image, Joint, PersonPose, VideoPoses } from '../types.js';
import { someExpected } from './cases.js';
import { firstOf, openClip, type ClipOptions } from './clip.js';
import { writeHrnetBundle } from './hrnet-bundle.js';
import { PaperSchedule } from './paper-schedule.js';

/** Wall-clock and processor time of something, in seconds. */
export interface Spent {
  seconds: number;
  cpuSeconds: number;
}

export interface PipelineFigures {
  /** Persons a second over the paper's schedule. */
  warp_vs_paper: number;
  /** With the extractor in int8; null where that was not asked for. */
  int8_vs_paper: number | null;
  efficiency: number;
  /** Share of the extractor's own time. */
  overhead: number;
  /** Poses in the clip, and windows that went through the extractor for them (candidates included). */
  persons: number;
  extracted: number;
  /** Milliseconds a person. */
  milliseconds: { paper: number; warp: number; int8: number | null };
  whole: Spent;
  /** Each by itself, for the work of the whole. */
  stages: Stages;
}

/** Milliseconds a person of the paper's schedule, before and after what is compared with it. */
interface Round {
  paper: number;
  warp: Whole;
  stages: Stages;
}

type Stages = Record<'decode' | 'detector' | 'crop' | 'extractor' | 'head' | 'write', Spent>;

/** The bundles that are measured: a generated HRNet-W48 at the paper's size, which takes minutes, and the shipped one. */
export const PIPELINE_BUNDLES = ['hrnet_w48', 'default'] as const;
export type PipelineBundle = (typeof PIPELINE_BUNDLES)[number];

export interface PipelineBenchOptions extends ClipOptions {
  threads: number;
  /** Default: both. */
  only?: PipelineBundle;
  /** Takes what is being done, in words. */
  onStep?(step: string): void;
}

/** What is measured of a bundle, so that a slow one takes minutes, not hours. */
interface Effort {
  rounds: number;
  /** Key frames of the paper's schedule, each time. */
  keys: number;
  /** The most windows that extractor and head are timed on alone; the rest is extrapolated. */
  windows: number;
  int8: boolean;
  /** Whether the reference's poses are compared with those of `--reuse exact`, once. */
  verify: boolean;
}

/** A short clip gets fewer keys. */
const FRAMES_A_KEY = 8;

/** @returns figures by bundle */
export async function benchPipeline(
  options: PipelineBenchOptions,
): Promise<Partial<Record<PipelineBundle, PipelineFigures>>> {
  const results: Partial<Record<PipelineBundle, PipelineFigures>> = {};
  const folder = await mkdtemp(path.join(os.tmpdir(), 'glpose-bench-pipeline-'));
  try {
    if (options.only !== 'default') {
      options.onStep?.('generating an HRNet-W48');
      const dir = path.join(folder, 'hrnet-w48');
      await writeHrnetBundle(dir);
      const effort = { rounds: 1, keys: 1, windows: 48, int8: true, verify: false };
      results.hrnet_w48 = await benchBundle(dir, folder, effort, options);
    }
    if (options.only !== 'hrnet_w48') {
      const effort = { rounds: 3, keys: 2, windows: Infinity, int8: false, verify: true };
      results.default = await benchBundle(DEFAULT_BUNDLE, folder, effort, options);
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function benchBundle(
  nameOrPath: string,
  folder: string,
  effort: Effort,
  options: PipelineBenchOptions,
): Promise<PipelineFigures> {
  const { threads, video, signal, onStep } = options;
  const { name } = (await loadBundle(nameOrPath)).config;
  const runPaper = (verify: boolean): Promise<number> => {
    onStep?.(`${name}: the paper's schedule, key frames: ${effort.keys}`);
    return paperMilliseconds(nameOrPath, effort.keys, verify, options);
  };
  const rounds: Round[] = [];
  let before = await runPaper(effort.verify);
  while (rounds.length < effort.rounds) {
    onStep?.(`${name}: --reuse warp`);
    const warp = await runWhole(nameOrPath, folder, options);
    onStep?.(`${name}: the stages, each by itself`);
    const stages = await stagesAlone(nameOrPath, folder, warp, effort, options);
    const after = await runPaper(false);
    rounds.push({ paper: (before + after) / 2, warp, stages });
    before = after;
  }

  let int8: Whole | null = null;
  if (effort.int8) {
    onStep?.(`${name}: quantizing`);
    const quantized = path.join(folder, `${name}-int8`);
    await quantizeBundle(nameOrPath, quantized, { calibrate: [video.path], crops: 8, threads, signal });
    onStep?.(`${name}: --reuse warp, int8`);
    int8 = await runWhole(quantized, folder, options);
  }

  const perPerson = ({ spent, persons }: Whole): number => (1e3 * spent.seconds) / persons;
  const overhead = ({ warp, stages }: Round): number =>
    (warp.spent.seconds - stages.detector.seconds) / stages.extractor.seconds - 1;
  const round = rounds.sort((a, b) => overhead(a) - overhead(b))[Math.floor(rounds.length / 2)];
  const { paper, warp, stages } = round;
  const { spent, persons, extracted } = warp;
  return {
    warp_vs_paper: paper / perPerson(warp),
    int8_vs_paper: int8 && paper / perPerson(int8),
    efficiency: leastSeconds(stages, threads) / spent.seconds,
    overhead: overhead(round),
    persons,
    extracted,
    milliseconds: { paper, warp: perPerson(warp), int8: int8 && perPerson(int8) },
    whole: spent,
    stages,
  };
}

/** The least time that the stages' work needs on so many threads. */
function leastSeconds(stages: Stages, threads: number): number {
  const alone = Object.values(stages);
  const cpu = alone.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);
  return Math.max(cpu / threads, ...alone.map(({ seconds }) => seconds));
}

/** A run of the pipeline over the whole clip, from the file to the result file. */
interface Whole {
  spent: Spent;
  persons: number;
  /** Windows through the extractor. */
  extracted: number;
  poses: VideoPoses<FramePoses[]>;
}

async function runWhole(nameOrPath: string, folder: string, options: PipelineBenchOptions): Promise<Whole> {
  const { video, threads, signal } = options;
  await using model = await Model.load(nameOrPath, { method: 'glpose', reuse: 'warp', device: 'cpu', threads });
  await using source = await openClip(options);
  await warmUp(model, source);
  const before = model.net.extracted;
  const frames: FramePoses[] = [];
  let poses: Whole['poses'] | undefined;
  const spent = await spend(async () => {
    for await (const frame of estimateVideo(source, model, { signal })) frames.push(frame);
    poses = { ...videoOf(source, model), name: video.name, frames };
    await writeResults(poses, 'posetrack18', folder);
  });
  const persons = frames.reduce((total, { people }) => total + people.length, 0);
  if (persons === 0) throw new GlposeError('INPUT', `${video.path}: nobody is found`, 'Give a clip with people.');
  return { spent, persons, extracted: model.net.extracted - before, poses: poses! };
}

/** The first run of a net makes room for its tensors. */
async function warmUp(model: Model, source: FrameSource): Promise<void> {
  for await (const { width, height, data } of source.frames()) {
    if (data === null) continue;
    const image = { width, height, data };
    const person = toScenePerson({ trackId: 0, box: { x: 0, y: 0, width, height }, score: 1 }, model.net.aspect);
    const people = Array.from({ length: model.net.atOnce }, () => person);
    await model.net.extract(image, people, () => {});
    await Promise.all(people.map(async () => model.detector?.detect(image, 0.5)));
    return;
  }
}

/** The stages' work for a run of the whole, one stage after the other, each as parallel as in the pipeline. */
async function stagesAlone(
  nameOrPath: string,
  folder: string,
  { persons, extracted, poses }: Whole,
  { windows: most }: Effort,
  options: PipelineBenchOptions,
): Promise<Stages> {
  const { threads } = options;
  await using model = await Model.load(nameOrPath, { method: 'glpose', reuse: 'warp', device: 'cpu', threads });
  await using source = await openClip(options);
  const { net } = model;
  if (!model.detector) throw new GlposeError('MODEL', `bundle ${model.bundle.config.name} has no detector to measure`);
  await warmUp(model, source);

  const images: ReadableFrame[] = [];
  const decode = await spend(async () => {
    for await (const frame of source.frames()) if (frame.data) images.push({ ...frame, data: frame.data });
  });
  const detect = await spend(() => surveyVideo(source, { ...surveyOptions(model, {}), m: 0 })); // it is in memory by now

  const windowsOf = (image: ReadableFrame): { window: ReturnType<typeof toScenePerson>['window'] }[] =>
    (poses.frames[image.index]?.people ?? []).map(({ trackId, box, boxScore }) =>
      toScenePerson({ trackId, box, score: boxScore }, net.aspect),
    );
  const crop = await spend(
    () =>
    inTurn(images, 2, async (image) => net.cut(image, windowsOf(image).map(({ window }) => window))), // prettier-ignore
  );
  const busy = images.find((image) => windowsOf(image).length > 0)!;
  const [sample] = await net.cut(busy, [windowsOf(busy)[0].window]);
  const some = Math.min(extracted, most);
  const extract = await spend(() => inTurn(upTo(some), 2 * net.lanes, () => net.run([sample])));
  const someone = Math.min(persons, most);
  const head = await headAlone(model, await model.bundle.loadHead(), someone);
  const write = await spend(() => writeResults(poses, 'posetrack18', folder));
  return {
    decode,
    detector: detect,
    crop: times(extracted / persons, crop),
    extractor: times(extracted / some, extract),
    head: times(persons / someone, head),
    write,
  };
}

/** Takes in a map a person and estimates, with references from other windows. */
async function headAlone(
  { bundle }: Model,
  tensors: Awaited<ReturnType<Model['bundle']['loadHead']>>,
  persons: number,
): Promise<Spent> {
  const shape = headShape(bundle.config);
  const { k, n } = shape;
  const R = 2 * k + n;
  const head = addon().createHead(shape, tensors, 'cpu');
  try {
    const map = Float32Array.from({ length: shape.channels * shape.height * shape.width }, (_, i) => Math.sin(i * 0.7));
    const { handles } = await head.ingest(map);
    const batch = {
      keys: handles,
      references: new Int32Array(R).fill(handles[0]),
      weights: new Float32Array(R).fill(0.5),
      expected: someExpected(shape),
      transforms: Float32Array.from({ length: 3 * R }, (_, i) => [i < 6 * k ? 1.01 : 1, i < 6 * k ? 0.5 : 0, 0][i % 3]),
      decode: 'quarter' as const,
    };
    await head.estimate(batch);
    return await spend(async () => {
      for (let person = 0; person < persons; person++) {
        head.release((await head.ingest(map)).handles);
        await head.estimate(batch);
      }
    });
  } finally {
    head.dispose();
  }
}

/**
 * Milliseconds a person of the paper's schedule: detection and candidates once a video, then key by key.
 * @param wanted key frames
 * @param verify whether to compare the poses with those of `--reuse exact`
 */
async function paperMilliseconds(
  nameOrPath: string,
  wanted: number,
  verify: boolean,
  options: PipelineBenchOptions,
): Promise<number> {
  const { threads, signal } = options;
  await using source = await openClip(options);
  const bundle = await loadBundle(nameOrPath);
  const runtime = new OnnxRuntime(threads, 1);
  const paper = await PaperSchedule.load(bundle, threads);
  await using model = await Model.load(nameOrPath, { method: 'glpose', reuse: 'exact', device: 'cpu', threads });
  try {
    const config = bundle.config.detector!;
    const session = await runtime.load(bundle.detectorFile!, null);
    const detector = new PersonDetector(addon(), session, config.input, adapterOf(config));
    const asked = { detect: (frame: Image) => detector.detect(frame, 0.1), detectEvery: 1 };
    const surveying = surveyOptions(model, asked);
    await surveyVideo(firstOf(source, 2), surveying); // warms up
    let survey: Awaited<ReturnType<typeof surveyVideo>> | undefined;
    const surveyed = await spend(async () => (survey = await surveyVideo(source, surveying)));
    const { trackedBoxes, candidates } = survey!;
    const persons = trackedBoxes.count;

    await paper.candidates(candidates.slice(0, 1)); // warms up
    let drawn: Awaited<ReturnType<typeof paper.candidates>> = [];
    const extracted = await spend(async () => (drawn = await paper.candidates(candidates)));

    const every = Math.max(FRAMES_A_KEY, Math.floor(trackedBoxes.frames / wanted));
    const isKey = (frame: number): boolean => frame % every === Math.floor(every / 2);
    const estimated = new Map<number, Map<number, Joint[]>>(); // by frame and track
    let inKeys = 0;
    let keySeconds = 0;
    const pass = await spend(async () => {
      for await (const { key, around } of neighbourhoods(source.frames(), bundle.config.head!.k)) {
        signal.throwIfAborted();
        if (!isKey(key.index) || !around) continue;
        const scenes = around.map((frame) => ({
          ...frame,
          people: trackedBoxes.of(frame.index).map((one) => toScenePerson(one, model.net.aspect)),
        }));
        const { people } = scenes[bundle.config.head!.k];
        const started = performance.now();
        const poses = await paper.estimate(scenes, drawn);
        keySeconds += (performance.now() - started) / 1e3;
        inKeys += people.length;
        estimated.set(key.index, new Map(poses.map((joints, i) => [people[i].trackId, joints])));
      }
    });
    if (verify) {
      // The paper's joints are the head's alone, and nobody is painted over.
      const asPaper = { signal, only: isKey, agreement: false, shareOut: false, ...asked };
      for await (const { index, people } of estimateVideo(source, model, asPaper)) {
        expectSame(index, people, estimated.get(index)!, model.net.aspect);
      }
    }
    const once = surveyed.seconds + extracted.seconds + (pass.seconds - keySeconds);
    return 1e3 * (once / persons + keySeconds / inKeys);
  } finally {
    await paper.dispose();
    await runtime.dispose();
  }
}

/**
 * Of people in whose windows nobody else is: the paper does not give joints out over several. A few joints may lie elsewhere, where
 * two places of a heat map are as good to a rounding.
 */
function expectSame(
  frame: number,
  people: readonly PersonPose[],
  wanted: ReadonlyMap<number, Joint[]>,
  aspect: number,
): void {
  const company = inCompany(
    people.map(({ boxScore, ...person }) => toScenePerson({ ...person, score: boxScore }, aspect)),
  );
  const alone = people.filter((_, i) => !company[i]);
  const pairs = alone.flatMap(({ trackId, joints }) => joints.map((joint, k) => [joint!, wanted.get(trackId)![k]]));
  const near = pairs.filter(([a, b]) => Math.hypot(a.x - b.x, a.y - b.y) < 0.1).length;
  if (near >= 0.99 * pairs.length) return;
  throw new GlposeError(
    'INTERNAL',
    `frame ${frame}: ${near} of ${pairs.length} joints are those of the paper's schedule`,
  );
}

function videoOf({ width, height, fps }: FrameSource, model: Model): Omit<VideoPoses, 'name' | 'frames'> {
  return { width, height, fps, joints: model.estimator.joints };
}

async function spend(body: () => Promise<unknown>): Promise<Spent> {
  const started = performance.now();
  const before = process.cpuUsage();
  await body();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - started) / 1e3, cpuSeconds: (user + system) / 1e6 };
}

function times(factor: number, { seconds, cpuSeconds }: Spent): Spent {
  return { seconds: factor * seconds, cpuSeconds: factor * cpuSeconds };
}

/** Calls `body` for every item, `atOnce` at a time. */
async function inTurn<T>(items: Iterable<T>, atOnce: number, body: (item: T) => Promise<unknown>): Promise<void> {
  for await (const _ of inOrder(items, atOnce, body)) void _;
}

function* upTo(count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield i;
}
