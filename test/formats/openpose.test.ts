import { writeOpenPose } from '../../src/formats/openpose.js';
import { asFolder, twoPeople } from './two-people.js';

/** BODY_25, from OpenPose's documentation of its output. */
const BODY_25 = [
  'Nose', 'Neck', 'RShoulder', 'RElbow', 'RWrist', 'LShoulder', 'LElbow', 'LWrist', 'MidHip', 'RHip', 'RKnee', 'RAnkle',
  'LHip', 'LKnee', 'LAnkle', 'REye', 'LEye', 'REar', 'LEar', 'LBigToe', 'LSmallToe', 'LHeel', 'RBigToe', 'RSmallToe',
  'RHeel',
]; // prettier-ignore

function keypoint(keypoints: number[], name: string): number[] {
  const at = 3 * BODY_25.indexOf(name);
  return keypoints.slice(at, at + 3);
}

test('one file a frame, named as OpenPose names them', () => {
  expect([...writeOpenPose(twoPeople())].map(({ name }) => name)).toEqual([
    'clip_000000000000_keypoints.json',
    'clip_000000000001_keypoints.json',
    'clip_000000000002_keypoints.json',
  ]);
  expect([...writeOpenPose(asFolder(['a.jpg', 'a.png', 'b.jpg']))].map(({ name }) => name)).toEqual([
    'a_keypoints.json',
    'a.png_keypoints.json',
    'b_keypoints.json',
  ]);
});

test('the longest names that images can have fit, and stay apart', () => {
  const names = [...writeOpenPose(asFolder([`${'ü'.repeat(125)}.jpg`, `${'ü'.repeat(124)}ö.jpg`, 'a.jpg']))]
    .slice(0, 2)
    .map(({ name }) => name);
  expect(new Set(names).size).toBe(2);
  for (const name of names) {
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^ü+.*~[0-9a-f]{8}_keypoints\.json$/);
  }
});

test('joints stand where BODY_25 has them; neck and hips’ middle lie between their pairs', () => {
  const [{ document }, empty] = writeOpenPose(twoPeople());
  expect(document.people.map(({ person_id: id }) => id)).toEqual([[0], [7]]);
  const { pose_keypoints_2d: keypoints } = document.people[0];
  expect(keypoints).toHaveLength(75);
  expect(keypoint(keypoints, 'Nose')).toEqual([100, 50, 0.5]);
  expect(keypoint(keypoints, 'LWrist')).toEqual([109, 68, 0.59]); // COCO's joint 9
  expect(keypoint(keypoints, 'RAnkle')).toEqual([116, 82, 0.66]);
  expect(keypoint(keypoints, 'REye')).toEqual([102, 54, 0.52]);
  expect(keypoint(keypoints, 'Neck')).toEqual([105.5, 61, 0.55]); // of shoulders 5 and 6, as certain as the lesser
  expect(keypoint(keypoints, 'MidHip')).toEqual([111.5, 73, 0.61]);
  expect(keypoints.slice(57)).toEqual(new Array(18).fill(0)); // feet
  expect(empty.document.people).toEqual([]);
});

test('joints that were not found are zeros', () => {
  const [, , { document }] = writeOpenPose(twoPeople());
  const { pose_keypoints_2d: keypoints } = document.people[0];
  for (const name of ['LEye', 'LWrist', 'RWrist']) expect(keypoint(keypoints, name)).toEqual([0, 0, 0]);
});
