import { writeCoco, writeCocoResults } from '../../src/formats/coco-results.js';
import { readCocoDocument } from '../../src/formats/coco.js';
import { writeCsv } from '../../src/formats/csv.js';
import { writePoseTrack17 } from '../../src/formats/posetrack17-writer.js';
import { writePoseTrack18 } from '../../src/formats/posetrack18.js';
import { Warnings } from '../../src/formats/warnings.js';
import { COCO_JOINTS, POSETRACK17_JOINTS, POSETRACK18_JOINTS } from '../../src/joints.js';
import type { VideoPoses } from '../../src/types.js';
import { JOINTS, twoPeople } from './two-people.js';

/** The first person's left ankle and right knee are hidden. */
function hidden(): VideoPoses {
  const video = twoPeople();
  const { joints } = video.frames[0].people[0];
  for (const name of ['left_ankle', 'right_knee']) joints[JOINTS.indexOf(name)]!.occluded = true;
  return video;
}

/** Which of a list of joints have a flag, by its third values. */
const flagged = (keypoints: number[], names: readonly string[], flag: number): string[] =>
  names.filter((_, i) => keypoints[3 * i + 2] === flag && keypoints[3 * i] !== 0).sort();

test('COCO documents flag hidden joints with 1, results keep their scores', () => {
  const [person] = writeCoco(hidden()).annotations;
  expect(flagged(person.keypoints, COCO_JOINTS, 1)).toEqual(['left_ankle', 'right_knee']);
  expect(flagged(person.keypoints, COCO_JOINTS, 2)).toHaveLength(15);
  expect(person.num_keypoints).toBe(17);
  const { keypoints } = writeCocoResults(hidden())[0];
  expect(keypoints[3 * COCO_JOINTS.indexOf('left_ankle') + 2]).toBeCloseTo(0.65, 9);
});

test('PoseTrack18 has their visibility 0, and they are read back with place and score', () => {
  const document = writePoseTrack18(hidden());
  const [person] = document.annotations;
  expect(flagged(person.keypoints, POSETRACK18_JOINTS, 0)).toEqual(['left_ankle', 'right_knee']);
  const plain = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
  const [sequence] = readCocoDocument(plain, 'clip.json', { role: 'predictions', warnings: new Warnings() });
  const ankle = sequence.frames[0].people[0].joints.subarray(3 * POSETRACK18_JOINTS.indexOf('left_ankle'));
  expect([...ankle.subarray(0, 3)]).toEqual([115, 80, expect.closeTo(0.65 * 0.5, 9)]);
});

test('PoseTrack17 says is_visible 0', () => {
  const { point } = writePoseTrack17(hidden()).annolist[0].annorect[0].annopoints[0];
  const names = point.filter(({ is_visible: [seen] }) => seen === 0).map(({ id: [id] }) => POSETRACK17_JOINTS[id]);
  expect(names.sort()).toEqual(['left_ankle', 'right_knee']);
});

test('the table names them', () => {
  const rows = [...writeCsv(hidden())].map((line) => line.trimEnd().split(','));
  const column = rows[0].indexOf('occluded');
  expect(rows.slice(1).map((row) => row[column])).toEqual(['right_knee left_ankle', '', '']);
});
