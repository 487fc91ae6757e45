/**
 * The joint layouts of the field. One name means one joint everywhere in glpose; a layout is an ordered list of names.
 * PoseTrack calls the neck "head_bottom": it is the same point and is named `neck` here.
 */

/** PoseTrack17: ids 0–14. Also the order of the reference evaluator's tables. */
export const POSETRACK17_JOINTS = [
  'right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle',
  'right_wrist', 'right_elbow', 'right_shoulder', 'left_shoulder', 'left_elbow', 'left_wrist',
  'neck', 'nose', 'head_top',
] as const; // prettier-ignore

/** PoseTrack18 and 21: 17 slots; the ears are never annotated. */
export const POSETRACK18_JOINTS = [
  'nose', 'neck', 'head_top', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow',
  'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle',
] as const; // prettier-ignore

/** COCO person keypoints. */
export const COCO_JOINTS = [
  'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow',
  'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle',
  'right_ankle',
] as const; // prettier-ignore

/** The joints by which a head with conditions is told who is meant, as places in `COCO_JOINTS`: the nose and the limbs. */
export const CONDITION_JOINTS: readonly number[] = [0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/** (Sub-)JHMDB, in its own order. */
export const JHMDB_JOINTS = [
  'neck', 'belly', 'face', 'right_shoulder', 'left_shoulder', 'right_hip', 'left_hip', 'right_elbow', 'left_elbow',
  'right_knee', 'left_knee', 'right_wrist', 'left_wrist', 'right_ankle', 'left_ankle',
] as const; // prettier-ignore

/** Leeds Sports Pose. */
export const LSP_JOINTS = [
  'right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle', 'right_wrist', 'right_elbow',
  'right_shoulder', 'left_shoulder', 'left_elbow', 'left_wrist', 'neck', 'head_top',
] as const; // prettier-ignore

/** The mirror image of a joint name: left_x ↔ right_x, others are their own mirror. */
export function mirrored(name: string): string {
  if (name.startsWith('left_')) return `right_${name.slice(5)}`;
  if (name.startsWith('right_')) return `left_${name.slice(6)}`;
  return name;
}

/** wrist of left_wrist and right_wrist; other names are their own. */
export function withoutSide(name: string): string {
  return mirrored(name) === name ? name : name.slice(name.indexOf('_') + 1);
}

/** Lines of the drawn skeleton as pairs of names; a pair is drawn where both joints are there. */
export const LIMBS: readonly (readonly [string, string])[] = [
  ['head_top', 'neck'], ['nose', 'neck'], ['neck', 'left_shoulder'], ['neck', 'right_shoulder'],
  ['left_shoulder', 'left_elbow'], ['left_elbow', 'left_wrist'],
  ['right_shoulder', 'right_elbow'], ['right_elbow', 'right_wrist'],
  ['left_shoulder', 'left_hip'], ['right_shoulder', 'right_hip'], ['left_hip', 'right_hip'],
  ['left_hip', 'left_knee'], ['left_knee', 'left_ankle'], ['right_hip', 'right_knee'], ['right_knee', 'right_ankle'],
]; // prettier-ignore
