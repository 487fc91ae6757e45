import {
  decodeColumns,
  emptyColumns,
  encodeColumns,
  NO_PLACE,
  NO_SCORE,
  placeCodec,
  scoreCode,
  scoreOf,
} from '../../../src/view/page/pose-columns.js';

describe('codes of places', () => {
  const { code, place } = placeCodec(1920);

  test('a place comes back to within a twentieth of a pixel, also outside the image', () => {
    for (const x of [-1900, -0.4, 0, 0.5, 961.37, 1919.5, 3800])
      expect(Math.abs(place(code(x)) - x)).toBeLessThan(0.05);
  });

  test('what lies far outside is moved to the border; an absent place stays absent', () => {
    expect(place(code(1e30))).toBeCloseTo(3840, 1);
    expect(place(code(-Infinity))).toBeCloseTo(-1920, 1);
    expect(code(1e30)).not.toBe(NO_PLACE);
    expect(code(NaN)).toBe(NO_PLACE);
    expect(place(NO_PLACE)).toBeNaN();
  });
});

test.each([
  [0, 0],
  [0.5, 0.5],
  [1, 1],
  [1.3, 1],
])('score %d is kept as %d', (score, kept) => {
  expect(scoreOf(scoreCode(score))).toBeCloseTo(kept, 2);
});

test.each([null, NaN, -9999])('score %p is none', (score) => {
  expect(scoreCode(score)).toBe(NO_SCORE);
  expect(scoreOf(NO_SCORE)).toBeNaN();
});

describe('columns as bytes', () => {
  const sizes = { poses: 3, tracks: 2, joints: 2 };

  test('come back as they were: jumps of every size, numbers past 16 bits', () => {
    const columns = emptyColumns(sizes);
    columns.trackStart.set([0, 2, 3]);
    columns.frame.set([7, 70_000, 4_000_000_000]);
    columns.box.forEach((side, i) => side.set([65_535, 0, 256 * i + 1]));
    columns.score.set([255, 0, 128]);
    columns.x.forEach((x) => x.set([1, NO_PLACE, 1]));
    columns.y.forEach((y) => y.set([40_000, 100, 39_999]));
    columns.jointScore.forEach((score) => score.set([0, 255, 1]));
    expect(decodeColumns(encodeColumns(columns), sizes)).toEqual(columns);
  });

  test('bytes of other sizes are refused', () => {
    expect(() => decodeColumns(encodeColumns(emptyColumns(sizes)), { ...sizes, poses: 4 })).toThrow(RangeError);
  });

  test('no pose at all', () => {
    const none = { poses: 0, tracks: 0, joints: 17 };
    expect(decodeColumns(encodeColumns(emptyColumns(none)), none)).toEqual(emptyColumns(none));
  });
});
