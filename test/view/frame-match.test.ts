import type { PoseSequence } from '../../src/formats/pose-sequence.js';
import { framePlaces } from '../../src/view/frame-match.js';

function sequence(...names: string[]): PoseSequence {
  const frame = { imageId: null, labelled: true, ignoreRegions: [], people: [], listed: 0 };
  return { name: 'v', file: 'v.json', alone: true, joints: [], frames: names.map((name) => ({ ...frame, name })) };
}

const folder = { kind: 'images', path: '/frames', name: 'v', files: ['a.png', 'b.jpg', '10.png'] } as const;

test('frames of a folder are found by name, whatever their extension and order', () => {
  expect(framePlaces(sequence('images/v/10.jpg', 'images/v/a.jpg'), { ...folder, files: [...folder.files] })).toEqual([
    2, 0,
  ]);
});

test('where two images differ in nothing but their extension, each frame is its own', () => {
  const both = { ...folder, files: ['a.jpg', 'a.png', 'b.png'] };
  expect(framePlaces(sequence('images/v/a.jpg', 'images/v/a.png', 'images/v/b.jpg'), both)).toEqual([0, 1, 2]);
});

test('a folder without one of the frames is not the right one', () => {
  const other = { ...folder, files: ['a.png'] };
  expect(() => framePlaces(sequence('a.png', 'b.png'), other)).toThrow(/\/frames has no frame b.*v\.json/);
});

test('frames of a video are where their numbers say', () => {
  const video = { kind: 'video', path: '/v.mp4', name: 'v' } as const;
  expect(framePlaces(sequence('images/v/000000.jpg', 'images/v/000003.jpg'), video)).toEqual([0, 3]);
  expect(framePlaces(sequence('000005.jpg'), null)).toEqual([5]);
});

test('PoseTrack17’s eight digits count from 1', () => {
  const video = { kind: 'video', path: '/v.mp4', name: 'v' } as const;
  expect(framePlaces(sequence('images/v/00000001.jpg', 'images/v/00000004.jpg'), video)).toEqual([0, 3]);
  expect(framePlaces(sequence('00000001.jpg', '00000002.jpg'), null)).toEqual([0, 1]);
  expect(framePlaces(sequence('00000000.jpg', '00000001.jpg'), video)).toEqual([0, 1]); // no PoseTrack17
});

test('without numbers, or with one twice, frames are taken in order', () => {
  expect(framePlaces(sequence('x.jpg', '7.jpg'), null)).toEqual([0, 1]);
  expect(framePlaces(sequence('7.jpg', '07.png'), null)).toEqual([0, 1]);
});
