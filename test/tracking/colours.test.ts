import { colourDifference, coloursOf } from '../../src/tracking/colours.js';
import type { Image } from '../../src/types.js';

/** A person of 40×80 pixels at (10, 10): trunk above, legs below. */
const BOX = { x: 10, y: 10, width: 40, height: 80 };

function dressed(trunk: readonly number[], legs: readonly number[], light = 0): Image {
  const [width, height] = [60, 100];
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data.set(
        (y < 50 ? trunk : legs).map((value) => value + light),
        3 * (y * width + x),
      );
  return { width, height, data };
}

const RED = [180, 40, 40];
const BLUE = [30, 40, 160];
const GREY = [110, 110, 110];

test('the same clothes differ by nothing, in other light by little', () => {
  const seen = coloursOf(dressed(RED, BLUE), BOX);
  expect(seen.reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(1, 5);
  expect(colourDifference(seen, seen)).toBeCloseTo(0, 5);
  const brighter = colourDifference(seen, coloursOf(dressed(RED, BLUE, 8), BOX));
  expect(brighter).toBeGreaterThan(0);
  expect(brighter).toBeLessThan(0.2);
});

test('other clothes differ, also where only the trunk or the legs do, or where they are exchanged', () => {
  const seen = coloursOf(dressed(RED, BLUE), BOX);
  const trunk = colourDifference(seen, coloursOf(dressed(GREY, BLUE), BOX));
  const both = colourDifference(seen, coloursOf(dressed(BLUE, RED), BOX));
  expect(trunk).toBeGreaterThan(0.35);
  expect(both).toBeGreaterThan(0.6);
  expect(both).toBeGreaterThan(trunk);
});

test('a box that reaches out of the picture shows its edge', () => {
  const picture = dressed(RED, BLUE);
  const outside = coloursOf(picture, { x: 40, y: -20, width: 200, height: 300 });
  expect(outside.every(Number.isFinite)).toBe(true);
});
