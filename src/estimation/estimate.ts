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
import type { Frame } from '../media/frame.js';
import { checkArgument } from '../check-argument.js';
import type { FramePoses, PersonPose } from '../types.js';
import {
  checkedDetections,
  checkEstimateOptions,
  ESTIMATE_DEFAULTS,
  type EstimateOptions,
  type PeopleOptions,
} from './estimate-options.js';
import type { EstimatedPose, Scene, ScenePerson } from './estimator.js';
import { withThoseInFront } from './painted-over.js';
import { withoutDoubles } from './pose-nms.js';
import { poseScore } from '../postprocessing/pose-score.js';
import type { FrameSource } from '../media/frames.js';
import { givenPeople } from './given-people.js';
import { Looks } from './looks.js';
import type { Look, Memo } from './memo.js';
import type { Model } from './model.js';
import { inOrder } from '../concurrency/in-order.js';
import { overTime } from './over-time.js';
import { neighbourhoods, type Neighbourhood, type ReadableFrame } from './neighbourhood.js';
import { Scenes } from './scenes.js';
import { surveyVideo, type GivenDetection, type SurveyOptions } from './survey.js';
import type { TrackedBox } from '../tracking/track.js';
import { inTurnedWindow, Upright, type OwnLook } from './upright.js';
import { windowOf } from '../geometry/window.js';

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
  const { k } = estimator;
  const release = model.take();
  let seen: Scenes | undefined;
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
    const isAsked = (frame: number): boolean => frame % every === 0 && only?.(frame) !== false;
    const scenePeople = (frame: number): ScenePerson[] => toScenePeople(trackedBoxes.of(frame), net.aspect, shareOut);
    const scenes = (seen = new Scenes(source.frames({}, true), scenePeople, k, isAsked, net.aspect));
    const upright = new Upright(ownLook(model), net.aspect);
    const estimateKey = async ({ key, around }: Neighbourhood): Promise<FramePoses | null> => {
      signal?.throwIfAborted();
      const estimate = async (): Promise<readonly (EstimatedPose | null)[]> =>
        around && isAsked(key.index)
          ? estimator.estimate(await Promise.all(around.map((frame) => upright.of(scenes.of(frame)))), {
              explain,
              poseNms,
              shareOut,
              agreement,
            })
          : [];
      const poses = await (memo?.poses.of(key.index, estimate) ?? estimate());
      return isAsked(key.index) ? toFramePoses(key, around ? peopleOf(key) : [], poses, model, options.oksNms) : null;
    };
    // Keys under way at a time: enough that one more person waits for every one in the extractor.
    const people = ({ key }: Neighbourhood): number => Math.max(1, isAsked(key.index) ? peopleOf(key).length : 0);
    const keys = inOrder(neighbourhoods(scenes.frames(), k), 2 * net.atOnce + 1, estimateKey, people);
    let frame = 0;
    for await (const estimated of keys) {
      await estimator.passed(++frame);
      scenes.release(frame - k);
      upright.forgetBefore(frame - k);
      onProgress?.({ pass: 'estimate', people: estimated?.people.length ?? 0 });
      if (estimated) yield estimated;
    }
    await memo?.poses.end();
  } finally {
    seen?.release();
    release();
  }
}

/** How people are found and followed, whether a video is read twice or a stream once. */
export function surveyOptions(model: Model, options: PeopleOptions, memo?: Memo<readonly Look[]>): SurveyOptions {
  const { estimator, detector, net } = model;
  const { boxes, detect, detectEvery, detectSize, signal } = options;
  const { minBoxScore = ESTIMATE_DEFAULTS.minBoxScore, seed = ESTIMATE_DEFAULTS.seed } = options;
  const given = async (frame: ReadableFrame): Promise<readonly GivenDetection[]> => {
    signal?.throwIfAborted();
    const found = boxes?.boxesOf(frame);
    if (found === undefined) return detect ? checkedDetections(await options.detect!(frame), frame.name) : [];
    checkArgument(`what boxesOf gives (frame ${frame.name})`, found, 'an array of boxes', Array.isArray(found));
    return found;
  };
  const isGiven = boxes !== undefined || detect !== undefined;
  const looks = detector && new Looks(detector, minBoxScore * WEAK_SHARE, memo, signal, !isGiven);
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
function poseScoreOf(model: Model): SurveyOptions['poseScore'] {
  const { net, method, bundle } = model;
  if (method === 'glpose' && !bundle.config.head?.trained) return undefined;
  const look = ownLook(model);
  return async (frame, detection) => {
    const person = toScenePerson({ ...detection, trackId: 0 }, net.aspect);
    const looks = [person, inTurnedWindow(person, net.aspect) ?? []].flat().map(async (seen) => {
      const joints = await look({ ...frame, people: [seen] }, seen);
      const scores = joints.flatMap((joint) => (joint && !joint.estimated ? [joint.score] : []));
      const best = scores.sort((a, b) => b - a).slice(0, SURE_JOINTS);
      return best.reduce((total, score) => total + score, 0) / SURE_JOINTS;
    });
    return Math.max(...(await Promise.all(looks)));
  };
}

/** The extractor's own pose where it has one, else what the head makes of the frame alone. */
export function ownLook({ estimator }: Model): OwnLook {
  return async (scene, person) => {
    const alone = { ...scene, people: [person] };
    const joints = await estimator.glimpse?.(alone, person);
    if (joints) return joints;
    const around = new Array<Scene>(2 * estimator.k + 1).fill({ ...scene, people: [] }).with(estimator.k, alone);
    return (await estimator.estimate(around, { once: true }))[0]!.joints;
  };
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
  return { ...frame, people: toScenePeople(trackedBoxes, aspect, together) };
}

/** The people of a scene. */
function toScenePeople(trackedBoxes: readonly TrackedBox[], aspect: number, together = true): ScenePerson[] {
  const people = trackedBoxes.map((trackedBox) => toScenePerson(trackedBox, aspect));
  return together ? withThoseInFront(people) : people;
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
