import { sliding } from '../concurrency/sliding.js';
import { windowOf } from '../geometry/window.js';
import type { FramePoses, PersonPose } from '../types.js';
import { agreed, type Vote } from './agreement.js';
import { withoutMeeting } from './one-joint-one-person.js';
import { poseScore } from '../postprocessing/pose-score.js';

/** Seconds from a frame to its neighbours at most: what is farther off says little of where a joint is now. */
const REACH = 0.17;
/** Seconds in which a neighbour's word loses a fifth of its weight, and of a frame where the source does not say. */
const FADING = { seconds: 0.04, share: 0.8 };
/** What a neighbour's joint counts, and the place on the line between two, before and after; the joint's own is 1. */
const SHARE = { one: 0.1, two: 0.07 };
/** Places farther apart are two places, as a share of the window's height. */
const RADIUS = 0.075;

/** A frame, and how far it is from the key. */
interface Neighbour {
  /** Seconds after the key; negative before it. */
  seconds: number;
  people: ReadonlyMap<number, PersonPose>;
}

/**
 * Each joint where its own place and those of the same person's joint in the frames around agree: a neighbour's place, and, for a joint
 * that moves, the places on the lines between two neighbours, one before and one after. All count by their scores squared, so that
 * spoiled frames follow the clean ones about them and not the other way round; the score is the geometric mean of the joint's own and of those
 * that agree: where the frame itself shows nothing, nobody is sure. Nobody's joint goes to where somebody else's is. Shares and radius were chosen on JHMDB's
 * validation clips.
 * @param frames in order
 * @param names of the joints
 * @param most frames on either side
 * @param aspect width / height of windows
 * @yields the same frames, `most` late; joints that are hidden stay so, nulls stay null
 */
export async function* overTime(
  frames: AsyncIterable<FramePoses>,
  names: readonly string[],
  most: number,
  aspect: number,
): AsyncGenerator<FramePoses, void, undefined> {
  for await (const { items, key } of sliding(frames, most)) yield settle(items[key], items, names, aspect);
}

function settle(key: FramePoses, around: readonly FramePoses[], names: readonly string[], aspect: number): FramePoses {
  const neighbours = around
    .map((frame): Neighbour => ({ seconds: secondsFrom(key, frame), people: byTrack(frame) }))
    .filter(({ seconds }) => seconds !== 0 && Math.abs(seconds) <= REACH);
  if (neighbours.length === 0) return key;
  const heights = key.people.map(({ box }) => windowOf(box, aspect).height);
  const before = key.people.map(({ joints }) => joints);
  const after = key.people.map((person, i) =>
    person.joints.map((joint, k) => {
      const others = joint ? votesOf(neighbours, person, k) : [];
      if (!joint || others.length === 0) return joint;
      const { x, y, score } = agreed([{ ...joint, weight: joint.score ** 2 }, ...others], RADIUS * heights[i]);
      return { ...joint, x, y, score: joint.occluded ? joint.score : Math.sqrt(joint.score * score) };
    }),
  );
  const joints = withoutMeeting(before, after, names, heights);
  const people = key.people.map((person, i) => ({
    ...person,
    score: poseScore(joints[i]!, person.boxScore),
    joints: joints[i]!,
  }));
  return { ...key, people };
}

/** What the frames around say of a person's joint. */
function votesOf(neighbours: readonly Neighbour[], { trackId }: PersonPose, k: number): Vote[] {
  const said = neighbours.flatMap(({ seconds, people }) => {
    const joint = people.get(trackId)?.joints[k];
    return joint && !joint.occluded && joint.score > 0 ? [{ ...joint, seconds }] : [];
  });
  const fading = (seconds: number): number => FADING.share ** (Math.abs(seconds) / FADING.seconds - 1);
  const votes = said.map(({ x, y, score, seconds }) => ({
    x,
    y,
    score,
    weight: SHARE.one * fading(seconds) * score ** 2,
  }));
  for (const before of said.filter(({ seconds }) => seconds < 0)) {
    for (const after of said.filter(({ seconds }) => seconds > 0)) {
      const span = after.seconds - before.seconds;
      const share = -before.seconds / span;
      votes.push({
        x: before.x + share * (after.x - before.x),
        y: before.y + share * (after.y - before.y),
        score: Math.min(before.score, after.score),
        weight: SHARE.two * fading(span / 2) * before.score * after.score,
      });
    }
  }
  return votes;
}

function byTrack({ people }: FramePoses): Map<number, PersonPose> {
  return new Map(people.map((person) => [person.trackId, person]));
}

/** From one frame to another; frames without times follow one another as those of usual videos. */
function secondsFrom(key: FramePoses, other: FramePoses): number {
  const timed = key.timeSeconds !== null && other.timeSeconds !== null;
  return timed ? other.timeSeconds! - key.timeSeconds! : (other.index - key.index) * FADING.seconds;
}
