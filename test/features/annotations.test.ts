import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readTrainingLabels } from '../../src/features/annotations.js';
import { labelsDigest, labelVideos, type LabelledVideo } from '../../src/features/labels.js';
import { Warnings } from '../../src/formats/warnings.js';
import type { VideoInput } from '../../src/media/inputs.js';
import { describeWithShared } from '../shared-data.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-labels-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function annotations(document: unknown): string {
  const file = path.join(folder, 'index.json');
  writeFileSync(file, JSON.stringify(document));
  return file;
}

const clips = {
  joint_names: ['neck', 'l_knee', 'r_knee'],
  clips: [
    { video: 'a/one.avi', split: 'train', joints: [[[10, 0], [20, 40], [30, 40]], [[11, 0], [21, 40], [31, 40]]] },
    { video: 'b/two.avi', split: 'test', joints: [[[10, 0], [20, 40], [30, 40]]] },
  ],
}; // prettier-ignore
const video = (name: string): VideoInput => ({ kind: 'video', path: `/nowhere/${name}.avi`, name });

test('clips of an index: splits, names, boxes a fifth larger than the joints', () => {
  const [one, two] = readTrainingLabels(annotations(clips), new Warnings());
  expect([one.name, one.split, two.name, two.split]).toEqual(['one', 'train', 'two', 'test']);
  expect(one.joints).toEqual(['neck', 'left_knee', 'right_knee']);
  expect(one.frames[0].people[0].box).toEqual({ x: 8, y: -4, width: 24, height: 48 });
});

test('labels find their videos and come in the order of the head', () => {
  const sequences = readTrainingLabels(annotations(clips), new Warnings());
  const joints = ['right_knee', 'nose', 'neck'];
  const found = labelVideos([video('two'), video('three'), video('one')], sequences, joints, { stills: false });
  expect(found.map(({ input, split }) => [input.name, split])).toEqual([['two', 'test'], ['one', 'train']]); // prettier-ignore
  expect([...found[1].people.keys()]).toEqual([0, 1]);
  expect([...found[1].people.get(1)![0].joints]).toEqual([31, 40, 1, NaN, NaN, 0, 11, 0, 1]);
});

test('two entries about one video are two people of it, told apart', () => {
  const clip = (split: string, x: number): object => ({ video: 'one.avi', split, joints: [[[x, 1], [x + 5, 9]], [[x, 2], [x + 5, 8]]] }); // prettier-ignore
  const file = annotations({
    joint_names: ['a', 'b'],
    clips: [clip('train', 10), clip('test', 50), clip('train', 30)],
  });
  const sequences = readTrainingLabels(file, new Warnings());
  const find = (split?: string): LabelledVideo[] =>
    labelVideos([video('one')], sequences, ['a', 'b'], { stills: false, split });
  const told = ([{ people }]: LabelledVideo[]): number[][] => people.get(1)!.map(({ trackId, joints }) => [trackId!, joints[0]]); // prettier-ignore
  const [train, all] = [find('train'), find()];
  expect([train.length, train[0].split, told(train)]).toEqual([1, 'train', [[0, 10], [1, 30]]]); // prettier-ignore
  expect([all.length, all[0].split, told(all)]).toEqual([1, null, [[0, 10], [1, 50], [2, 30]]]); // prettier-ignore
  expect(labelsDigest(train[0])).toBe(labelsDigest(find('train')[0]));
  expect(labelsDigest(train[0])).not.toBe(labelsDigest(all[0]));
});

test('the frames of a clip are those of a folder in their order', () => {
  const sequences = readTrainingLabels(annotations(clips), new Warnings());
  const input: VideoInput = { kind: 'images', path: '/one', name: 'one', files: ['000007.jpg', '000008.jpg'] };
  const [{ people }] = labelVideos([input], sequences, ['neck'], { stills: false });
  expect([...people.keys()]).toEqual([0, 1]);
});

test('photos become one video each, of those that are there', () => {
  const photo = (image: string, split: string): object => ({ image, split, joints: [[1, 2, 1], [5, 9, 1], [-3, 0, 0]] }); // prettier-ignore
  const sequences = readTrainingLabels(
    annotations({ joint_names: ['a', 'b', 'c'], images: [photo('x.jpg', 'train'), photo('y.jpg', 'test'), photo('z.jpg', 'test'), photo('x.jpg', 'train')] }),
    new Warnings(),
  ); // prettier-ignore
  const input: VideoInput = { kind: 'images', path: '/photos', name: 'photos', files: ['w.jpg', 'x.jpg', 'y.jpg'] };
  const found = labelVideos([input], sequences, ['c', 'b'], { stills: true });
  expect(found.map((v) => [v.input.name, v.split])).toEqual([['photos-x', 'train'], ['photos-y', 'test']]); // prettier-ignore
  expect(found[0].input).toMatchObject({ path: '/photos', files: ['x.jpg'] });
  expect([...found[0].people.get(0)![0].joints]).toEqual([NaN, NaN, 0, 5, 9, 1]);
  expect(found.map(({ people }) => people.get(0)!.length)).toEqual([2, 1]); // the first photo is listed twice: two people
});

test('photos of a COCO file that marks its images serve the split that they are marked for', () => {
  const split = { 1: 'train', 2: 'test', 3: undefined };
  const file = annotations({
    images: [1, 2, 3].map((id) => ({ id, file_name: `${id}.jpg`, split: split[id as 1 | 2 | 3] })),
    annotations: [1, 2, 3].map((id) => ({ image_id: id, keypoints: [9, 9, 2, 5, 5, 2], bbox: [1, 2, 30, 40] })),
    categories: [{ keypoints: ['nose', 'neck'] }],
  });
  const sequences = readTrainingLabels(file, new Warnings());
  const input: VideoInput = { kind: 'images', path: '/photos', name: 'photos', files: ['1.jpg', '2.jpg', '3.jpg'] };
  const photos = (split?: string): string[] =>
    labelVideos([input], sequences, ['nose'], { stills: true, split }).map(({ input: { name } }) => name);
  expect([photos(), photos('train'), photos('test')]).toEqual([['photos-1', 'photos-2', 'photos-3'], ['photos-1'], ['photos-2']]); // prettier-ignore
});

test('predictions: joints from a score on are labels', () => {
  const pose = { image_id: 0, keypoints: [9, 9, 0.9, 5, 5, 0.2], bbox: [1, 2, 30, 40], scores: [0.9, 0.2] };
  const file = annotations({
    images: [{ id: 0, file_name: 'v/000000.jpg' }],
    annotations: [pose],
    categories: [{ keypoints: ['nose', 'neck'] }],
  });
  const [{ frames }] = readTrainingLabels(file, new Warnings(), 0.5);
  expect([...frames[0].people[0].joints]).toEqual([9, 9, 0.9, NaN, NaN, 0]);
});

test.each([
  ['neither clips nor images', { joint_names: ['a'] }, 'has neither `clips` nor `images`'],
  ['a joint too few', { joint_names: ['a', 'b'], clips: [{ video: 'v', joints: [[[1, 2]]] }] }, 'clip 0, frame 0 has not 2 joints'],
  ['a place that is no number', { joint_names: ['a'], clips: [{ video: 'v', joints: [[['1', 2]]] }] }, 'has not 1 joints'],
  ['no video', { joint_names: ['a'], clips: [{ joints: [] }] }, 'clip 0 has no `video`'],
])('a damaged index: %s', (_, document, problem) => {
  expect(() => readTrainingLabels(annotations(document), new Warnings())).toThrow(
    expect.objectContaining({ code: 'ANNOTATION', message: expect.stringContaining(problem) as string }),
  );
}); // prettier-ignore

describeWithShared('data/jhmdb/index.json', 'JHMDB', (file) => {
  test('has its splits', () => {
    const sequences = readTrainingLabels(file, new Warnings());
    const count = (split: string): number => sequences.filter((sequence) => sequence.split === split).length;
    expect([count('train'), count('validation'), count('test')]).toEqual([265, 40, 79]);
  });
});
