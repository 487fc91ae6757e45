import {
  drawDisc,
  drawLine,
  drawNumber,
  drawRectangle,
  drawRing,
  sizeOfNumber,
  type Canvas,
} from '../../src/drawing/canvas.js';

const WHITE = { colour: [255, 255, 255], opacity: 1 } as const;

function black(width: number, height: number): Canvas {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** The red values as rows. */
function rows({ width, height, data }: Canvas): number[][] {
  return Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => data[3 * (y * width + x)]));
}

/** Covered area in pixels. */
function area(canvas: Canvas): number {
  return rows(canvas)
    .flat()
    .reduce((sum, value) => sum + value / 255, 0);
}

test('a horizontal line covers its pixels and half of none', () => {
  const canvas = black(7, 3);
  drawLine(canvas, [2, 1], [4, 1], 0.5, WHITE);
  expect(rows(canvas)).toEqual([
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 255, 255, 255, 0, 0],
    [0, 0, 0, 0, 0, 0, 0],
  ]);
});

test('between two rows a line covers half of each', () => {
  const canvas = black(5, 4);
  drawLine(canvas, [-5, 1.5], [10, 1.5], 0.5, WHITE);
  expect(rows(canvas).map((row) => row[2])).toEqual([0, 128, 128, 0]);
});

test('a slanted line has the area of its shape: length × width and two half discs', () => {
  const canvas = black(100, 100);
  drawLine(canvas, [20.3, 15.1], [71.4, 80.9], 4, WHITE);
  const length = Math.hypot(71.4 - 20.3, 80.9 - 15.1);
  expect(Math.abs(area(canvas) / (length * 8 + Math.PI * 16) - 1)).toBeLessThan(0.01);
});

test('discs and rings have the area of theirs, round their centre', () => {
  const disc = black(41, 41);
  drawDisc(disc, [20, 20], 10, WHITE);
  expect(Math.abs(area(disc) / (Math.PI * 100) - 1)).toBeLessThan(0.01);
  expect(rows(disc)).toEqual(rows(disc).toReversed());
  expect(rows(disc)).toEqual(rows(disc).map((row) => row.toReversed()));

  const ring = black(41, 41);
  drawRing(ring, [20, 20], 10, 3, WHITE);
  expect(Math.abs(area(ring) / (Math.PI * (100 - 49)) - 1)).toBeLessThan(0.01);
  expect(rows(ring)[20][20]).toBe(0);
});

test('opacity mixes colour and picture', () => {
  const canvas = black(1, 1);
  canvas.data.set([100, 100, 100]);
  drawRectangle(canvas, [0, 0], 1, 1, { colour: [200, 0, 100], opacity: 0.5 });
  expect([...canvas.data]).toEqual([150, 50, 100]);
});

test('digits are read as such', () => {
  const canvas = black(11, 5);
  drawNumber(canvas, 174, [0, 0], 1, WHITE);
  const text = rows(canvas).map((row) => row.map((value) => (value > 0 ? '#' : '.')).join(''));
  expect(text).toEqual(['.#..###.#.#', '##....#.#.#', '.#....#.###', '.#....#...#', '###...#...#']);
  expect(sizeOfNumber(174, 1)).toEqual({ width: 11, height: 5 });
  expect(sizeOfNumber(7, 3)).toEqual({ width: 9, height: 15 });
});

test('what lies outside, wholly or in part, touches nothing outside the picture', () => {
  const canvas = black(8, 8);
  drawDisc(canvas, [-20, 4], 5, WHITE);
  drawLine(canvas, [3, 100], [9, 50], 3, WHITE);
  drawRectangle(canvas, [20, 20], 5, 5, WHITE);
  drawNumber(canvas, 8, [-30, -30], 2, WHITE);
  expect(area(canvas)).toBe(0);
  drawLine(canvas, [-1e9, 4], [1e9, 4], 0.5, WHITE);
  expect(rows(canvas)[4]).toEqual(Array(8).fill(255));
  expect(rows(canvas)[3]).toEqual(Array(8).fill(0));
  expect(canvas.data).toHaveLength(8 * 8 * 3);
});

test.each([NaN, Infinity, -Infinity])('a shape at %p is left out', (bad) => {
  const canvas = black(8, 8);
  drawLine(canvas, [bad, 1], [4, 4], 2, WHITE);
  drawDisc(canvas, [4, bad], 2, WHITE);
  drawDisc(canvas, [4, 4], bad, WHITE);
  expect(area(canvas)).toBe(0);
});
