import { writePoseTrack17 } from '../../src/formats/posetrack17-writer.js';
import { readPoseTrack17Document } from '../../src/formats/posetrack17.js';
import { Warnings } from '../../src/formats/warnings.js';
import { POSETRACK17_JOINTS } from '../../src/joints.js';
import { asFolder, twoPeople } from './two-people.js';

function readBack(document: object): ReturnType<typeof readPoseTrack17Document> {
  const plain = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
  return readPoseTrack17Document(plain, 'clip.json', { role: 'predictions', warnings: new Warnings() });
}

test('what is written is read back: every frame, every joint by its PoseTrack id', () => {
  const [sequence] = readBack(writePoseTrack17(twoPeople()));
  expect(sequence.name).toBe('clip');
  expect(sequence.frames.map(({ name }) => name)).toEqual([1, 2, 3].map((n) => `images/clip/0000000${n}.jpg`));
  expect(sequence.frames.map(({ people }) => people.map(({ trackId }) => trackId))).toEqual([[0, 7], [], [7]]);
  const { joints, score } = sequence.frames[0].people[0];
  const at = POSETRACK17_JOINTS.indexOf('left_shoulder') * 3; // COCO's joint 5
  expect([...joints.subarray(at, at + 3)]).toEqual([105, 60, 0.55 * 0.5]); // joint score × box score
  expect(score).toBe(0.4);
});

test('joints that were not found, or have no finite place, are left out', () => {
  const { annorect } = writePoseTrack17(twoPeople()).annolist[2];
  const ids = annorect[0].annopoints[0].point.map(({ id }) => POSETRACK17_JOINTS[id[0]]);
  expect(ids).toEqual(POSETRACK17_JOINTS.filter((name) => name !== 'left_wrist' && name !== 'right_wrist'));
});

test('frames of a folder keep their names', () => {
  const names: [string, string, string] = ['00000007.jpg', '00000008.jpg', '00000012.jpg'];
  const { annolist } = writePoseTrack17(asFolder(names));
  expect(annolist.map(({ image }) => image[0].name)).toEqual(names.map((name) => `images/clip/${name}`));
});
