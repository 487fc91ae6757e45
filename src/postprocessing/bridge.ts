import type { FramePoses, Joint } from '../types.js';

/**
 * Where every frame of a window is bad, GLPose has nothing to mine, and its heat maps stay low. Between two frames in which a
 * joint is sure, the straight line is then the better guess (docs/accuracy.md compares the two).
 */
export interface BridgeOptions {
  /** Scores below this are unsure, 0–1. */
  sure: number;
  /** Frames between two sure ones that are bridged at most. */
  longest: number;
}

export const BRIDGE_DEFAULTS: BridgeOptions = { sure: 0.2, longest: 12 };

interface SureJoint {
  frame: number;
  joint: Joint;
}

/** One joint of one track: where it was sure last, and the places that wait for the next time. */
interface Strand {
  last?: SureJoint;
  waiting: { frame: number; joints: (Joint | null)[]; place: number }[];
}

/**
 * Replaces unsure joints by the line between the same track's nearest sure ones before and after. They get the lower of
 * both scores and are marked as `estimated`. Unsure joints that no two sure ones enclose closely enough stay as they are.
 * @param frames in order; copied, not changed
 * @yields every frame, at most `longest` frames later than it came
 */
export async function* bridge(
  frames: AsyncIterable<FramePoses>,
  { sure, longest }: BridgeOptions = BRIDGE_DEFAULTS,
): AsyncGenerator<FramePoses, void, undefined> {
  const held: FramePoses[] = [];
  const tracks = new Map<number, { seen: number; strands: Strand[] }>();
  for await (const original of frames) {
    const { index } = original;
    for (const [trackId, { seen }] of tracks) if (index - seen > longest + 1) tracks.delete(trackId);
    const people = original.people.map((person) => ({ ...person, joints: [...person.joints] }));
    held.push({ ...original, people });
    for (const { trackId, joints } of people) {
      const track = tracks.get(trackId) ?? { seen: index, strands: joints.map((): Strand => ({ waiting: [] })) };
      tracks.set(trackId, track);
      track.seen = index;
      track.strands.forEach((strand, place) => {
        const joint = joints[place];
        if (strand.last && index - strand.last.frame - 1 > longest) {
          strand.last = undefined;
          strand.waiting = [];
        }
        if (!joint || joint.score < sure) {
          if (strand.last) strand.waiting.push({ frame: index, joints, place });
          return;
        }
        const { last } = strand;
        if (last) {
          for (const { frame, joints: unsure, place: at } of strand.waiting) {
            unsure[at] = between(last, { frame: index, joint }, frame);
          }
        }
        strand.last = { frame: index, joint };
        strand.waiting = [];
      });
    }
    while (held.length > 0 && index - held[0].index >= longest) yield held.shift()!;
  }
  yield* held;
}

function between(before: SureJoint, after: SureJoint, frame: number): Joint {
  const share = (frame - before.frame) / (after.frame - before.frame);
  return {
    x: before.joint.x + share * (after.joint.x - before.joint.x),
    y: before.joint.y + share * (after.joint.y - before.joint.y),
    score: Math.min(before.joint.score, after.joint.score),
    estimated: true,
  };
}
