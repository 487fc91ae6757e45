import { z } from 'zod';
import { withoutSide } from '../joints.js';

/** In shares of the trunk. What is farther off is no matter of labels. */
const share = z.number().min(-0.5).max(0.5).default(0);

/**
 * From where a net has joints to where labels by hand have them: by the joint's name without its side, in shares of the pose's own trunk.
 * See `movedByOffsets`.
 */
export const jointOffsets = z.record(
  z.string(),
  z.strictObject({
    /** 1: from the middle of the shoulders to the middle of the hips. */
    down: share,
    /** 1: from the trunk's middle to its edge, on the joint's own side. */
    out: share,
  }),
);

export type JointOffsets = z.output<typeof jointOffsets>;

/** What is wrong with the offsets of a net with these joints, in words; undefined where nothing is. */
export function problemOf(offsets: JointOffsets, joints: readonly string[]): string | undefined {
  const missing = ['left_shoulder', 'right_shoulder', 'left_hip', 'right_hip'].find((name) => !joints.includes(name));
  if (missing) return `without ${missing} among the joints there is no trunk`;
  for (const [kind, { out }] of Object.entries(offsets)) {
    const own = joints.filter((name) => withoutSide(name) === kind);
    if (own.length === 0) return `${kind} is not a joint's name without its side`;
    if (out !== 0 && own.includes(kind)) return `${kind} is on neither side, so that nothing is out`;
  }
  return undefined;
}
