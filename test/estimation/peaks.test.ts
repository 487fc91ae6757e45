import { heatmapPeaks, toPeaks } from '../../src/estimation/peaks.js';
import { addon } from '../../src/native/binding.js';

const [h, w] = [8, 6];
const WINDOW = { centreX: 30, centreY: 40, width: 60, height: 80 }; // 10 pixels a cell

test('local maxima by descending score: corners too, a plateau once, noise never', () => {
  const heat = new Float32Array(h * w);
  heat[0] = 0.3; // a corner
  heat[3 * w + 2] = heat[3 * w + 3] = 0.5; // a plateau
  heat[4 * w + 2] = 0.4; // beside it
  heat[7 * w + 5] = 0.01; // noise
  const found = addon().peaks(heat, [1, 1, h, w], new Float32Array(2 * h * w));
  expect(found).toHaveLength(36);
  const [peaks] = toPeaks(found, 1, WINDOW, w);
  expect(peaks.map(({ x, y, score }) => [x / 10, y / 10, Number(score.toFixed(3))])).toEqual([
    [2, 3, 0.5],
    [0, 0, 0.3],
  ]);
});

test('of plain heat maps the highest peak is the decoded joint; the others lie a quarter of a cell towards the higher side', () => {
  const heat = new Float32Array(2 * h * w);
  heat[2 * w + 2] = 0.9;
  heat[5 * w + 3] = 0.5;
  heat[5 * w + 4] = 0.2;
  heat[4 * w + 3] = 0.1;
  const joint = { x: 21, y: 19, score: 0.9 };
  const none = { x: 0, y: 0, score: 0 };
  const found = addon().peaks(heat, [1, 2, h, w]);
  expect(heatmapPeaks(found, [joint, none], WINDOW, w)).toEqual([[joint, { x: 32.5, y: 47.5, score: 0.5 }], []]);
});
