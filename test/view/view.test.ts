import type { LabelledPose } from '../../src/formats/pose-sequence.js';
import { decodeColumns, encodeColumns, placeCodec, scoreOf } from '../../src/view/page/pose-columns.js';
import type { ResultSequence } from '../../src/view/results.js';
import { columnsOf } from '../../src/view/view.js';

const SIZE = { width: 100, height: 60 };

function pose(trackId: number | null, x: number, box = true): LabelledPose {
  const joints = Float64Array.of(x, 5, 0.5, NaN, NaN, 0);
  const rest = { headBox: null, area: null, crowd: false, score: 0.25 };
  return { joints, trackId, box: box ? { x, y: 1, width: 4, height: 8 } : null, ...rest };
}

function sequence(...frames: LabelledPose[][]): ResultSequence {
  const listed = frames.map((people, i) => ({ name: `${i}.jpg`, imageId: i, labelled: true, ignoreRegions: [], people, listed: people.length })); // prettier-ignore
  return {
    name: 'v',
    file: 'v.json',
    alone: true,
    joints: ['nose', 'neck'],
    frames: listed,
    size: SIZE,
    estimated: [],
    warnings: [],
  };
}

test('poses stand track by track, in order of time', () => {
  const { columns, tracks, tracked } = columnsOf(
    sequence([pose(7, 10), pose(2, 20)], [], [pose(2, 30), pose(7, 40)]),
    SIZE,
  );
  expect({ tracks, tracked }).toEqual({ tracks: [2, 7], tracked: true });
  expect([...columns.trackStart]).toEqual([0, 2, 4]);
  expect([...columns.frame]).toEqual([0, 2, 0, 2]);
  const { place } = placeCodec(100);
  expect([...columns.x[0]].map((code) => Math.round(place(code)))).toEqual([20, 30, 10, 40]);
  expect([...columns.x[1]].map(place)).toEqual([NaN, NaN, NaN, NaN]);
  expect(columns.box.map((side) => Math.round(place(side[0])))).toEqual([20, 1, 24, 9]);
  const sizes = { poses: 4, tracks: 2, joints: 2 };
  expect(decodeColumns(encodeColumns(columns), sizes)).toEqual(columns);
});

test('joints have the scores of their heat maps, not those times the box’s', () => {
  const scores = (boxScore?: number): number => {
    const { columns } = columnsOf(sequence([{ ...pose(1, 10), boxScore }]), SIZE);
    return scoreOf(columns.jointScore[0][0]);
  };
  expect(scores()).toBeCloseTo(0.5, 2);
  expect(scores(0.625)).toBeCloseTo(0.8, 2);
  expect(scores(0.25)).toBe(1); // another tool's box score, and no product
  expect(scores(0)).toBeNaN();
});

test('people without a track get their place in the frame', () => {
  const { tracks, tracked } = columnsOf(sequence([pose(null, 10), pose(null, 20)], [pose(null, 30, false)]), SIZE);
  expect({ tracks, tracked }).toEqual({ tracks: [0, 1], tracked: false });
});

test('a track number twice in a frame keeps both people; no people at all is no error', () => {
  expect([...columnsOf(sequence([pose(1, 10), pose(1, 20)]), SIZE).columns.frame]).toEqual([0, 0]);
  expect(columnsOf(sequence([], []), SIZE)).toMatchObject({ tracks: [], tracked: true });
});
