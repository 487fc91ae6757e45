/*
 * One meaning of a joint: a net has joints where the labels that it learnt from have them, and labels of different sets disagree. A bundle may
 * say by how much, so that what the head, the extractor and people who label by hand call a shoulder is the same place.
 */
import type { JointOffsets } from '../bundle/joint-offsets.js';
import { withoutSide } from '../joints.js';
import type { Joint } from '../types.js';

/** A shoulder or hip with a lower score does not say where the trunk is. */
const SEEN = 0.1;

interface Vector {
  x: number;
  y: number;
}

/** A trunk as it lies in the image, pixels: the shorter, the more it is foreshortened. */
interface Trunk {
  /** From the middle of the shoulders to the middle of the hips. */
  down: Vector;
  /** From the trunk's middle to the person's left side: half the mean width of shoulders and hips. */
  left: Vector;
}

/**
 * Poses whose joints were moved by the bundle's offsets. Who shows no trunk, whose shoulders or hips are hidden or hardly seen, keeps theirs,
 * as hidden joints stay where they are expected.
 * @param all the joints of everyone in a frame, in image pixels, named `names`; null of who is left out
 */
export function movedByOffsets(
  all: readonly ((Joint | null)[] | null)[],
  names: readonly string[],
  offsets: JointOffsets = {},
): ((Joint | null)[] | null)[] {
  const offsetOf = names.map((name) => {
    const kind = withoutSide(name);
    const { down, out } = Object.hasOwn(offsets, kind) ? offsets[kind] : { down: 0, out: 0 };
    return { down, left: name.startsWith('right_') ? -out : out };
  });
  return all.map((joints) => {
    const trunk = joints && trunkOf(joints, names);
    if (!trunk) return joints && [...joints];
    return joints.map((joint, k) => joint && (joint.occluded ? joint : moved(joint, trunk, offsetOf[k])));
  });
}

function moved(joint: Joint, trunk: Trunk, offset: { down: number; left: number }): Joint {
  const by = (axis: 'x' | 'y'): number => offset.down * trunk.down[axis] + offset.left * trunk.left[axis];
  return { ...joint, x: joint.x + by('x'), y: joint.y + by('y') };
}

function trunkOf(joints: readonly (Joint | null)[], names: readonly string[]): Trunk | null {
  const corners = ['left_shoulder', 'right_shoulder', 'left_hip', 'right_hip'].map(
    (name) => joints[names.indexOf(name)],
  );
  const isSeen = (joint: Joint | null | undefined): joint is Joint =>
    Boolean(joint) && !joint!.occluded && joint!.score >= SEEN;
  if (!corners.every(isSeen)) return null;
  const sum = (...signs: number[]): Vector => ({
    x: corners.reduce((total, { x }, i) => total + signs[i] * x, 0),
    y: corners.reduce((total, { y }, i) => total + signs[i] * y, 0),
  });
  const scaled = ({ x, y }: Vector, by: number): Vector => ({ x: x * by, y: y * by });
  return { down: scaled(sum(-1, -1, 1, 1), 1 / 2), left: scaled(sum(1, -1, 1, -1), 1 / 4) };
}
