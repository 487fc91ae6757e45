/*
 * GLPose on one page: from a video to the poses of everyone in it.
 *
 *   frames ─ person boxes ─ tracks ─ windows ─ crops ─ extractor ─ feature maps V ─┬─ local, global ─ head ─ joints
 *                                                                                 └─ (single-frame: the net's own joints)
 *
 *   joints of head, extractor and the frames around ─ agreement ─ joints
 *
 * The first pass finds who is where, and draws the candidates; the second estimates, with 2k+1 frames in memory.
 * Which device anything runs on is the model's affair.
 */
import { GlposeError } from '../errors.js';
import type { Frame } from '../media/frame.js';
import { checkArgument, checkFunctions, checkSignal, isCount } from '../check-argument.js';
import type { Box, FramePoses, Image, Joint, PersonPose } from '../types.js';
import type { GivenBox } from '../formats/boxes.js';
import type { EstimatedPose, Scene, ScenePerson } from './estimator.js';
import { POSE_NMS } from './one-joint-one-person.js';
import { withThoseInFront } from './painted-over.js';
import { withoutDoubles } from './pose-nms.js';
import { poseScore } from '../postprocessing/pose-score.js';
import type { FrameSource } from '../media/frames.js';
import { givenPeople } from './given-people.js';
import { Looks } from './looks.js';
import type { Look, Memo, VideoMemo } from './memo.js';
import type { Model } from './model.js';
import { inOrder } from '../concurrency/in-order.js';
import { overTime } from './over-time.js';
import { neighbourhoods, type Neighbourhood, type ReadableFrame } from './neighbourhood.js';
import { surveyVideo, type GivenDetection, type SurveyOptions } from './survey.js';
import type { TrackedBox } from '../tracking/track.js';
import { windowOf } from '../geometry/window.js';

/** Who counts as a person, and how the references are drawn. */
export interface PeopleOptions {
  /**
   * Finds the people of a frame instead of the bundle's detector. Boxes in image pixels, scores 0–1; with a `trackId` each,
   * the detections are taken as tracked.
   */
  detect?(frame: Image & { index: number; name: string }): Promise<readonly GivenDetection[]>;
  /** Boxes to use instead of any detector's. */
  boxes?: { boxesOf(frame: Image & { index: number; name: string }): readonly GivenBox[] };
  /** Seed of the draw of candidates. Default 0. */
  seed?: number;
  /** Lowest score of a detection that starts a track, 0–1. Default 0.25. */
  minBoxScore?: number;
  /**
   * Detect everyone in every n-th frame only, and in between only those whom the tracks do not tell. Default: frames about 0.25 s
   * apart, at most 8; 1 with `detect`.
   */
  detectEvery?: number;
  /**
   * Length in pixels, in the detector's input, of the frame's longer side. Default: what the people in sight need. Only for
   * detectors that take inputs of any size.
   */
  detectSize?: number;
  /**
   * Similarity (OKS, over the limbs) of the coarse poses of two boxes above which they show one person, of whom the box with the
   * higher score stays; 1: everyone stays. Boxes without a coarse pose always do. Default 0.7.
   */
  poseNms?: number;
  /** The same of final poses, as COCO's protocol has it (there: 0.9); the worse one goes. Default 1: everyone stays. */
  oksNms?: number;
  /**
   * Whether joints of people who overlap are given out over all of them, each to one, and who is in front of a person is painted
   * over in that person's window; else everyone has the best of their own window, whoever's it is, as published numbers do. Default true.
   */
  shareOut?: boolean;
  /**
   * Whether a joint of GLPose's is where several agree: the head and the extractor's own pose, and, in videos, the frames around; else
   * where the head alone has it, as the paper does. The bundle's offsets of joints, the single-frame method's too, count with it only. Default true.
   */
  agreement?: boolean;
  /** Stops the work; its reason is thrown. */
  signal?: AbortSignal;
}

export interface EstimateOptions extends PeopleOptions {
  /** Estimate poses in every n-th frame only; people are followed through all. Default 1. */
  every?: number;
  /** Of those, estimate poses only in these frames, by their place in the video; others have no say in them. Default: in all. */
  only?(frame: number): boolean;
  /** Also say what each pose was made from (`PersonPose.explanation`). */
  explain?: boolean;
  /**
   * Has, or takes, what the networks say of each frame; without explanations.
   * @internal
   */
  memo?: VideoMemo;
  /** Called after every frame of either pass, with the poses estimated in it. */
  onProgress?(progress: { pass: 'survey' | 'estimate'; people: number }): void;
}

/** What is taken where an option is left out. */
export const ESTIMATE_DEFAULTS = { minBoxScore: 0.25, poseNms: POSE_NMS, oksNms: 1, shareOut: true, agreement: true, every: 1, seed: 0 }; // prettier-ignore

/** A weaker detection than `minBoxScore` prolongs a track down to this share of it. */
const WEAK_SHARE = 0.4;

/**
 * Estimates the poses of everyone in a video, which is read twice.
 * @param model serves one video at a time
 * @yields one entry a frame, in order; with `every` > 1 or `only`, those estimated
 * @throws INPUT where the video cannot be read, MODEL where a network fails, USAGE where an option is wrong or the model is at
 * work on another video, and the signal's reason
 */
export async function* estimateVideo(
  source: FrameSource,
  model: Model,
  options: EstimateOptions = {},
): AsyncGenerator<FramePoses, void, undefined> {
  checkEstimateOptions(source, model, options);
  const { agreement = ESTIMATE_DEFAULTS.agreement } = options;
  const poses = estimateKeys(source, model, options);
  const { k } = model.estimator;
  yield* agreement && k > 0 ? overTime(poses, model.estimator.joints, k, model.net.aspect) : poses;
}

/** The same, each frame by itself. */
async function* estimateKeys(
  source: FrameSource,
  model: Model,
  options: EstimateOptions,
): AsyncGenerator<FramePoses, void, undefined> {
  const { estimator, net } = model;
  const { every = ESTIMATE_DEFAULTS.every, only, explain, poseNms, shareOut, agreement, memo, signal, onProgress } = options; // prettier-ignore
  const release = model.take();
  try {
    const onFrame = (): void => onProgress?.({ pass: 'survey', people: 0 });
    const survey = surveyOptions(model, options, memo?.looks);
    await estimator.begin([], signal);
    const { trackedBoxes, candidates } = await surveyVideo(source, { ...survey, onFrame });
    await memo?.looks.end();
    await estimator.begin(candidates, signal);
    for (const { crop } of candidates.splice(0)) net.release(crop);

    // A damaged video may yield more frames the second time than the first; nobody was looked for in those.
    const peopleOf = (frame: Frame): TrackedBox[] => trackedBoxes.of(frame.index);
    const sceneOf = (frame: ReadableFrame): Scene => toScene(frame, peopleOf(frame), net.aspect, shareOut);
    const isAsked = ({ index }: Frame): boolean => index % every === 0 && only?.(index) !== false;
    const estimateKey = async ({ key, around }: Neighbourhood): Promise<FramePoses | null> => {
      signal?.throwIfAborted();
      const estimate = async (): Promise<readonly (EstimatedPose | null)[]> =>
        around && isAsked(key)
          ? estimator.estimate(around.map(sceneOf), { explain, poseNms, shareOut, agreement })
          : [];
      const poses = await (memo?.poses.of(key.index, estimate) ?? estimate());
      return isAsked(key) ? toFramePoses(key, around ? peopleOf(key) : [], poses, model, options.oksNms) : null;
    };
    // Keys under way at a time: enough that one more person waits for every one in the extractor.
    const people = ({ key }: Neighbourhood): number => Math.max(1, isAsked(key) ? peopleOf(key).length : 0);
    const keys = inOrder(neighbourhoods(source.frames(), estimator.k), 2 * net.atOnce + 1, estimateKey, people);
    let frame = 0;
    for await (const estimated of keys) {
      await estimator.passed(++frame);
      onProgress?.({ pass: 'estimate', people: estimated?.people.length ?? 0 });
      if (estimated) yield estimated;
    }
    await memo?.poses.end();
  } finally {
    release();
  }
}

/** Checks what a caller gave to estimate a video, or parts of one. @throws USAGE where it is of the wrong kind */
export function checkEstimateOptions(source: FrameSource, model: Model, options: EstimateOptions): void {
  const { every, only, explain, onProgress } = options;
  const isSource = typeof (source as FrameSource | undefined)?.frames === 'function';
  checkArgument('the source', source, 'frames', isSource, 'Of a file: await openFrames(path).');
  checkModel(model);
  checkPeopleOptions(options);
  checkArgument('every', every, 'a whole number from 1', every === undefined || isCount(every));
  checkFunctions({ only, onProgress });
  checkArgument('explain', explain, 'true or false', isSwitch(explain));
}

/** @throws USAGE where it is none */
export function checkModel(model: Model): void {
  const isModel = typeof (model as Model | undefined)?.take === 'function';
  checkArgument('the model', model, 'a model', isModel, 'Load one: await loadModel().');
}

/** @throws USAGE where one of them is of the wrong kind */
export function checkPeopleOptions(options: PeopleOptions): void {
  const { boxes, detect, detectEvery, detectSize, minBoxScore, poseNms, oksNms, shareOut, agreement, seed, signal } = options; // prettier-ignore
  const isLookup = boxes === undefined || typeof (boxes as typeof boxes | null)?.boxesOf === 'function';
  const read = 'Boxes of a file: readBoxes(file).forVideo(name).';
  checkArgument('boxes', boxes, 'an object with boxesOf', isLookup, read);
  checkFunctions({ detect });
  for (const [name, value] of Object.entries({ minBoxScore, poseNms, oksNms }))
    checkArgument(name, value, 'a number from 0 to 1', value === undefined || isShare(value));
  for (const [name, value] of Object.entries({ shareOut, agreement }))
    checkArgument(name, value, 'true or false', isSwitch(value));
  checkArgument('seed', seed, 'a whole number', seed === undefined || Number.isSafeInteger(seed));
  checkArgument('detectEvery', detectEvery, 'a whole number from 1', detectEvery === undefined || isCount(detectEvery));
  const size = 'a whole number from 32 to 4096';
  checkArgument('detectSize', detectSize, size, detectSize === undefined || isDetectSize(detectSize));
  checkSignal(signal);
}

const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
const isSwitch = (value: unknown): boolean => value === undefined || typeof value === 'boolean';

/** How people are found and followed, whether a video is read twice or a stream once. */
export function surveyOptions(model: Model, options: PeopleOptions, memo?: Memo<readonly Look[]>): SurveyOptions {
  const { estimator, detector, net } = model;
  const { boxes, detect, detectEvery, detectSize, signal } = options;
  const { minBoxScore = ESTIMATE_DEFAULTS.minBoxScore, seed = ESTIMATE_DEFAULTS.seed } = options;
  const given = async (frame: ReadableFrame): Promise<readonly GivenDetection[]> => {
    signal?.throwIfAborted();
    const found = boxes?.boxesOf(frame);
    if (found === undefined) return detect ? checked(await options.detect!(frame), frame.name) : [];
    checkArgument(`what boxesOf gives (frame ${frame.name})`, found, 'an array of boxes', Array.isArray(found));
    return found;
  };
  const looks = detector && new Looks(detector, minBoxScore * WEAK_SHARE, memo, signal);
  const isGiven = boxes !== undefined || detect !== undefined;
  return {
    people: looks && !isGiven ? looks : givenPeople(given, looks, net.aspect),
    detectEvery: boxes || detect ? (boxes ? 1 : (detectEvery ?? 1)) : detectEvery,
    detectSize,
    cut: (image, window) => net.cutOne(image, window),
    release: (crop) => net.release(crop),
    aspect: net.aspect,
    startScore: minBoxScore,
    poseScore: isGiven ? undefined : poseScoreOf(model), // as for gaps: others' boxes are people
    fillGaps: boxes === undefined, // whoever gives boxes has said where people are
    m: estimator.m,
    seed,
  };
}

/** Joints of which the mean score counts, the best ones: half a body may be hidden behind a table. */
const SURE_JOINTS = 6;

/**
 * Says how surely a pose is seen of someone in one frame, 0–1; undefined where the model's poses mean nothing. The extractor tells it better than a
 * head: of who is cut off by the frame it sees what there is, and of posts and signs it sees no more than a head does.
 */
function poseScoreOf({ estimator, net, method, bundle }: Model): SurveyOptions['poseScore'] {
  if (method === 'glpose' && !bundle.config.head?.trained) return undefined;
  return async (frame, detection) => {
    const person = toScenePerson({ ...detection, trackId: 0 }, net.aspect);
    const scene: Scene = { ...frame, people: [person] };
    const look = async (): Promise<readonly (Joint | null)[]> => {
      const around = new Array<Scene>(2 * estimator.k + 1).fill({ ...frame, people: [] }).with(estimator.k, scene);
      return (await estimator.estimate(around, { once: true }))[0]!.joints;
    };
    const joints = (await estimator.glimpse?.(scene, person)) ?? (await look());
    const scores = joints.flatMap((joint) => (joint && !joint.estimated ? [joint.score] : []));
    const best = scores.sort((a, b) => b - a).slice(0, SURE_JOINTS);
    return best.reduce((total, score) => total + score, 0) / SURE_JOINTS;
  };
}

export function isDetectSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 32 && value <= 4096;
}

/** A caller's detections. @throws USAGE where one is no box, or its coarse pose none */
function checked(detections: readonly GivenDetection[], frame: string): readonly GivenDetection[] {
  checkArgument(
    `what detect gives (frame ${frame})`,
    detections,
    'an array of { box, score }',
    Array.isArray(detections),
  );
  for (const detection of detections) {
    const { box, score, coarsePose } = (detection as GivenDetection | null) ?? ({} as GivenDetection);
    const coarse = 'COCO joints as x, y, x, y …: 34 finite numbers, a Float32Array';
    const isPose = coarsePose instanceof Float32Array && coarsePose.length === 34 && coarsePose.every(Number.isFinite);
    checkArgument(`coarsePose (frame ${frame})`, coarsePose, coarse, coarsePose === undefined || isPose);
    const { x, y, width, height } = (box as Partial<Box> | undefined) ?? {};
    const finite = [x, y, width, height].every(Number.isFinite);
    if (finite && width! > 0 && height! > 0 && score >= 0 && score <= 1) continue;
    const found = `x ${x}, y ${y}, width ${width}, height ${height}, score ${score}`;
    throw new GlposeError('USAGE', `detect gave no box in frame ${frame}: ${found}`, 'Leave such detections out.');
  }
  return detections;
}

/**
 * @param aspect width / height of windows
 * @param together see `PeopleOptions.shareOut`
 */
export function toScene(
  frame: ReadableFrame,
  trackedBoxes: readonly TrackedBox[],
  aspect: number,
  together = true,
): Scene {
  const people = trackedBoxes.map((trackedBox) => toScenePerson(trackedBox, aspect));
  return { ...frame, people: together ? withThoseInFront(people) : people };
}

/** @param aspect width / height of windows */
export function toScenePerson({ trackId, box, score, coarsePose }: TrackedBox, aspect: number): ScenePerson {
  return { trackId, box, score, window: windowOf(box, aspect), coarsePose };
}

/**
 * @param poses of the people of these boxes; null of those whom another box shows, too: they are left out
 * @param oksNms see `PeopleOptions`
 */
export function toFramePoses(
  frame: Frame,
  trackedBoxes: TrackedBox[],
  poses: readonly (EstimatedPose | null)[],
  { estimator, net }: Model,
  oksNms = ESTIMATE_DEFAULTS.oksNms,
): FramePoses {
  const all = trackedBoxes.flatMap(({ trackId, box, score, interpolated }, i): PersonPose[] => {
    const estimated = poses[i];
    if (!estimated) return [];
    const { joints, explanation } = estimated;
    const pose: PersonPose = { trackId, box, boxScore: score, score: poseScore(joints, score), joints };
    if (interpolated) pose.interpolated = true;
    return [explanation ? { ...pose, explanation } : pose];
  });
  const people = oksNms < 1 ? withoutDoubles(all, estimator.joints, net.aspect, oksNms) : all;
  const { index, name, timeSeconds, width, height, data } = frame;
  return { index, name, timeSeconds, ...(data ? { width, height } : {}), people };
}
