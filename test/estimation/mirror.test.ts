import { betweenGrids, inWindow } from '../../src/geometry/window.js';
import { COCO_JOINTS } from '../../src/joints.js';
import {
  averaged,
  inMirror,
  mirrorOrder,
  mirrorRows,
  orderOfPairs,
  outputsTurnedBack,
  transformInMirror,
  turnedBack,
} from '../../src/estimation/mirror.js';

/* Crops of W = 48 pixels, maps of w = 12 cells: a stride of 4. */
const [W, w, h] = [48, 12, 5];
const STRIDE = W / w;

/** Where a cell's place lies in the mirror: pixel i comes to W − 1 − i. */
const inMirrorCell = (x: number): number => (W - 1 - STRIDE * x) / STRIDE;

/** [1, h, w], highest at (x, y). */
function gaussian(x: number, y: number): Float32Array {
  return Float32Array.from({ length: h * w }, (_, i) =>
    Math.exp(-(((i % w) - x) ** 2) / 2 - (Math.floor(i / w) - y) ** 2),
  );
}

test.each([0, 1, 2, 3] as const)('turn %i: a coarse pose is mirrored along the window’s rows', (turn) => {
  const window = { centreX: 20, centreY: 30, width: 24, height: 32, turn };
  const coarsePose = new Float32Array(2 * COCO_JOINTS.length).fill(NaN);
  const [left, right] = [COCO_JOINTS.indexOf('left_knee'), COCO_JOINTS.indexOf('right_knee')];
  coarsePose.set([17, 26], 2 * left);
  const { coarsePose: there } = inMirror({ window, coarsePose }, W);
  const seen = inWindow(window, 17, 26);
  const mirrored = inWindow(window, there![2 * right], there![2 * right + 1]);
  expect(mirrored.x * W).toBeCloseTo(W - 1 - seen.x * W, 4); // pixel i comes to W − 1 − i
  expect(mirrored.y).toBeCloseTo(seen.y, 5);
  expect(there![2 * left]).toBeNaN();
});

test('rows are mirrored in place', () => {
  const planes = Float32Array.of(1, 2, 3, 4, 5, 6);
  mirrorRows(planes, 3);
  expect([...planes]).toEqual([3, 2, 1, 6, 5, 4]);
});

test('joints change sides', () => {
  expect(mirrorOrder(['nose', 'left_knee', 'right_knee', 'left_toe'])).toEqual([0, 2, 1, 3]);
  expect(orderOfPairs([[0, 2]], 4)).toEqual([2, 1, 0, 3]);
});

test('a map comes back within 1/stride of where the crop shows the joint, with its sides swapped', () => {
  const left = [4.5, 2] as const;
  const right = [8, 3] as const;
  // In the mirror the left knee is taken for a right one.
  const seen = [gaussian(inMirrorCell(right[0]), right[1]), gaussian(inMirrorCell(left[0]), left[1])];
  const back = turnedBack(Float32Array.from(seen.flatMap((map) => [...map])), w, [1, 0]);
  for (const [k, [x, y]] of [left, right].entries()) {
    const expected = gaussian(x + 1 / STRIDE, y); // HRNet's shift by a whole cell leaves it there
    const map = back.subarray(k * h * w, (k + 1) * h * w);
    for (let i = 0; i < h * w; i++) if (i % w > 0) expect(map[i]).toBeCloseTo(expected[i], 6);
  }
});

test('what HRNet’s code does, in its own words: flip, then [1:] = [:-1]', () => {
  const maps = Float32Array.from({ length: 2 * h * w }, () => Math.random());
  const flipped = [1, 0].flatMap((k) =>
    Array.from({ length: h }, (_, y) => [...maps.subarray((k * h + y) * w, (k * h + y + 1) * w)].reverse()),
  );
  const shifted = flipped.map((row) => [row[0], ...row.slice(0, -1)]);
  expect([...turnedBack(maps, w, [1, 0])]).toEqual(shifted.flat());
});

test('places relative to cells come back exactly', () => {
  const joints = [...COCO_JOINTS];
  const Q = joints.length;
  const place = (q: number): { x: number; y: number } => ({ x: 3.3 + 0.2 * q, y: 1.7 + 0.1 * q });
  const order = mirrorOrder(joints);
  const maps = (plane: (q: number, row: number, column: number, axis: number) => number): Float32Array =>
    Float32Array.from({ length: 2 * Q * h * w }, (_, i) => {
      const cell = i % (h * w);
      const channel = Math.floor(i / (h * w));
      return plane(channel >> 1, Math.floor(cell / w), cell % w, channel % 2);
    });
  const mirroredOffsets = maps((q, row, column, axis) =>
    axis === 0 ? place(order[q]).y - row : inMirrorCell(place(order[q]).x) - column,
  );
  const one = { dims: [1, 1, h, w], data: gaussian(3, 2) };
  const places = { dims: [1, 2 * Q, h, w], data: mirroredOffsets };
  const heatmap = { dims: [1, Q, h, w], data: new Float32Array(Q * h * w) };
  const outputs = { heatmap: 'heat', offset: 'offset', regress: 'regress', center: 'center' };
  const back = outputsTurnedBack(
    { heat: heatmap, offset: places, regress: places, center: one },
    { kind: 'movenet', joints, outputs },
    W,
  );
  const expected = maps((q, row, column, axis) => (axis === 0 ? place(q).y - row : place(q).x - column));
  for (const name of ['offset', 'regress']) {
    for (let i = 0; i < expected.length; i++) {
      if (i % w > 0) expect(back[name].data[i]).toBeCloseTo(expected[i], 4);
    }
  }
  expect([...back.center.data]).toEqual([...turnedBack(one.data, w, [0])]);
});

test('who is meant is meant in the mirror, too', () => {
  const window = { centreX: 100, centreY: 50, width: 96, height: 40 };
  const coarsePose = Float32Array.from({ length: 34 }, (_, i) => 70 + i);
  const person = inMirror({ window, coarsePose }, W);
  expect(person).toMatchObject({ window, mirrored: true });
  const pixel = (x: number): number => (W * (x - window.centreX)) / window.width + W / 2; // the crop's convention
  const [left, right] = [COCO_JOINTS.indexOf('left_hip'), COCO_JOINTS.indexOf('right_hip')];
  expect(pixel(person.coarsePose![2 * left])).toBeCloseTo(W - 1 - pixel(coarsePose[2 * right]), 4);
  expect(person.coarsePose![2 * left + 1]).toBe(coarsePose[2 * right + 1]);
  const twice = inMirror(person, W).coarsePose!;
  for (const [i, value] of coarsePose.entries()) expect(twice[i]).toBeCloseTo(value, 4);
});

test('grids of mirrored windows lie on one another as those of the windows do', () => {
  const key = { centreX: 100, centreY: 50, width: 96, height: 40 };
  const other = { centreX: 117, centreY: 44, width: 60, height: 25 };
  const straight = betweenGrids(key, other, w, h);
  const mirrored = transformInMirror(straight, w, STRIDE);
  for (const x of [0, 3.5, 11]) {
    const there = straight.scale * x + straight.shiftX;
    expect(mirrored.scale * inMirrorCell(x) + mirrored.shiftX).toBeCloseTo(inMirrorCell(there), 6);
  }
  expect(mirrored.shiftY).toBe(straight.shiftY);
});

test('the mean of two maps', () => {
  expect([...averaged(Float32Array.of(1, 2), Float32Array.of(3, 6))]).toEqual([2, 4]);
});
