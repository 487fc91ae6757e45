/* What a caller may ask of an estimate, and what is wrong with it. */
import { checkArgument, checkFunctions, checkSignal, isCount } from '../check-argument.js';
import { GlposeError } from '../errors.js';
import type { GivenBox } from '../formats/boxes.js';
import type { FrameSource } from '../media/frames.js';
import type { Box, Image } from '../types.js';
import type { VideoMemo } from './memo.js';
import type { Model } from './model.js';
import { POSE_NMS } from './one-joint-one-person.js';
import type { GivenDetection } from './survey.js';

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

export function isDetectSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 32 && value <= 4096;
}

/** A caller's detections. @throws USAGE where one is no box, or its coarse pose none */
export function checkedDetections(detections: readonly GivenDetection[], frame: string): readonly GivenDetection[] {
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
