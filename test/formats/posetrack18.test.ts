import { writePoseTrack18 } from '../../src/formats/posetrack18.js';
import { readCocoDocument, type ReadPosesOptions } from '../../src/formats/coco.js';
import type { Fields } from '../../src/formats/fields.js';
import { Warnings } from '../../src/formats/warnings.js';
import { POSETRACK18_JOINTS } from '../../src/joints.js';
import type { FramePoses, VideoPoses } from '../../src/types.js';

const video: VideoPoses<FramePoses[]> = {
  name: '002255_bonn_test',
  width: 640,
  height: 360,
  fps: 25,
  joints: ['nose', 'neck', 'left_wrist', 'left_eye'],
  frames: [
    {
      index: 0,
      name: '0',
      timeSeconds: null,
      people: [
        {
          trackId: 5,
          box: { x: 1, y: 2, width: 30, height: 40 },
          boxScore: 0.8,
          score: 0.4,
          joints: [
            { x: 10.5, y: 11, score: 0.9 },
            { x: 12, y: 20, score: 0.5, estimated: true },
            null,
            { x: 9, y: 10, score: 0.7 },
          ],
        },
      ],
    },
    { index: 1, name: '1', timeSeconds: null, people: [] },
  ],
};

describe('the PoseTrack18 writer', () => {
  const document = writePoseTrack18(video);

  it('lists every frame under PoseTrack’s names and numeric ids', () => {
    expect(document.images.map(({ file_name, id }) => [file_name, id])).toEqual([
      ['images/002255_bonn_test/000000.jpg', 20022550000],
      ['images/002255_bonn_test/000001.jpg', 20022550001],
    ]);
    expect(document.annotations[0]).toMatchObject({
      id: 2002255000000,
      image_id: 20022550000,
      track_id: 5,
      category_id: 1,
    });
  });

  it('puts joints in their slots and zeros where there are none', () => {
    const { keypoints, scores, score, bbox } = document.annotations[0];
    expect(keypoints).toHaveLength(51);
    expect(keypoints.slice(0, 9)).toEqual([10.5, 11, 1, 12, 20, 1, 0, 0, 0]); // nose, neck, head top
    expect(scores.slice(0, 3)).toEqual([0.9 * 0.8, 0.5 * 0.8, 0]); // × the box score
    expect(keypoints.slice(9).every((value) => value === 0)).toBe(true); // no left wrist; eyes have no slot
    expect([score, bbox]).toEqual([0.4, [1, 2, 30, 40]]);
  });

  it('names the category’s joints as the reference does, and those that were derived', () => {
    const [category] = document.categories;
    expect(category.keypoints.slice(0, 3)).toEqual(['nose', 'head_bottom', 'head_top']);
    expect(category.estimated_keypoints).toEqual(['head_bottom']);
    for (const [from, to] of category.skeleton) {
      expect(POSETRACK18_JOINTS[from - 1]).toBeDefined();
      expect(POSETRACK18_JOINTS[to - 1]).toBeDefined();
    }
  });

  it('keeps the file names of folders and numbers other videos from 0', () => {
    const frames = video.frames.map((frame, i) => ({ ...frame, name: `img_${i}.png` }));
    const { images } = writePoseTrack18({ ...video, name: 'walk', frames });
    expect(images.map(({ file_name, id }) => [file_name, id])).toEqual([
      ['images/walk/img_0.png', 10000000000],
      ['images/walk/img_1.png', 10000000001],
    ]);
  });

  it('is read back by glpose eval as it was', () => {
    const options: ReadPosesOptions = { role: 'predictions', warnings: new Warnings() };
    const read = readCocoDocument(JSON.parse(JSON.stringify(document)) as Fields, 'v.json', options);
    expect(read).toHaveLength(1);
    expect(read[0].name).toBe('002255_bonn_test');
    expect(read[0].frames.map(({ people }) => people.length)).toEqual([1, 0]);
    const { joints, trackId } = read[0].frames[0].people[0];
    expect(Array.from(joints.slice(0, 9))).toEqual([10.5, 11, 0.9 * 0.8, 12, 20, 0.5 * 0.8, NaN, NaN, 0]);
    expect(trackId).toBe(5);
  });
});
