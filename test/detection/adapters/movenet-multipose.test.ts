import { decodeDetections, type DetectorMaps } from '../../../src/detection/adapters/movenet-multipose.js';
import { iou } from '../../../src/geometry/boxes.js';

const same = (x: number, y: number): { x: number; y: number } => ({ x, y });

/** Maps of h×w cells with people as [row, column, logit, width, height] in cells. */
function mapsOf(h: number, w: number, people: [number, number, number, number, number][]): DetectorMaps {
  const plane = h * w;
  const maps = {
    h,
    w,
    center: new Float32Array(plane).fill(-10),
    boxScale: new Float32Array(2 * plane),
    boxOffset: new Float32Array(2 * plane),
    regress: new Float32Array(34 * plane),
  };
  for (const [row, column, logit, width, height] of people) {
    const cell = row * w + column;
    maps.center[cell] = logit;
    maps.boxScale.set([height], cell);
    maps.boxScale.set([width], plane + cell);
    maps.boxOffset.set([0.5], cell);
    maps.boxOffset.set([-0.25], plane + cell);
    maps.regress.set([-3], cell); // nose: 3 cells above
    maps.regress.set([1], plane + cell);
  }
  return maps;
}

test('a peak becomes a box and a coarse pose, y before x, stride 4', () => {
  const [found, ...others] = decodeDetections(mapsOf(40, 60, [[20, 30, 2, 10, 24]]), 0.25, same);
  expect(others).toEqual([]);
  expect(found.box).toEqual({ x: (30 - 0.25 - 5) * 4, y: (20 + 0.5 - 12) * 4, width: 40, height: 96 });
  expect(found.score).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
  expect([...found.coarsePose!.slice(0, 2)]).toEqual([(30 + 1) * 4, (20 - 3) * 4]);
});

test('boxes and joints go through the map to image pixels', () => {
  const [found] = decodeDetections(mapsOf(40, 60, [[20, 30, 2, 10, 24]]), 0.25, (x, y) => ({
    x: 2 * x + 7,
    y: 2 * y - 1,
  }));
  expect(found.box).toEqual({ x: 2 * 99 + 7, y: 2 * 34 - 1, width: 80, height: 192 });
});

test('only the largest in 5×5 counts, and only above the threshold', () => {
  const people: [number, number, number, number, number][] = [
    [10, 10, 1, 4, 4],
    [11, 12, 2, 4, 4], // two cells away from the first, larger
    [10, 40, -1.2, 4, 4], // σ = 0.23
    [30, 40, -1, 4, 4], // σ = 0.27
  ];
  const scores = decodeDetections(mapsOf(40, 60, people), 0.25, same).map(({ score }) => score);
  expect(scores.map((score) => Math.log(score / (1 - score)).toFixed(2))).toEqual(['2.00', '-1.00']);
});

test('of two boxes of one person the surer is kept; NaN and empty boxes are dropped', () => {
  const twice = mapsOf(60, 60, [
    [20, 20, 1, 20, 40],
    [23, 20, 2, 20, 40],
  ]);
  expect(decodeDetections(twice, 0.25, same)).toHaveLength(1);
  const bad = mapsOf(40, 60, [[5, 5, NaN, 4, 4], [5, 20, 3, 0, 4], [20, 20, 3, NaN, 4]]); // prettier-ignore
  expect(decodeDetections(bad, 0.25, same)).toEqual([]);
});

test('intersection over union', () => {
  const box = { x: 0, y: 0, width: 10, height: 10 };
  expect(iou(box, { ...box, x: 5 })).toBeCloseTo(50 / 150, 10);
  expect(iou(box, { ...box, x: 10 })).toBe(0);
});
