import type { Joint, PersonPose } from '../types.js';

/** The joint at a place of `VideoPoses.joints`, null where the net lacks it, did not find it or gave no finite place. */
export function foundJoint({ joints }: PersonPose, place: number): Joint | null {
  const joint = place < 0 ? null : joints[place];
  return joint && joint.score > 0 && Number.isFinite(joint.x) && Number.isFinite(joint.y) ? joint : null;
}
