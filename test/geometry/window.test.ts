import { betweenGrids, extentOf, idOf, inWindow, toImage, turned, windowOf } from '../../src/geometry/window.js';

const ASPECT = 288 / 384;

test('a tall box keeps its height × 1.25; the width is padded to the aspect', () => {
  const window = windowOf({ x: 100, y: 50, width: 60, height: 200 }, ASPECT);
  expect(window).toEqual({ centreX: 130, centreY: 150, width: 187.5, height: 250 });
});

test('a wide box keeps its width × 1.25; the height is padded', () => {
  const window = windowOf({ x: -20, y: 10, width: 300, height: 100 }, ASPECT);
  expect(window).toEqual({ centreX: 130, centreY: 60, width: 375, height: 500 });
});

test('map places go back to where the crop took them from', () => {
  const window = windowOf({ x: 317, y: 41, width: 90, height: 240 }, ASPECT);
  // The middle of the map is the window's centre, and the affine has one scale: window width / columns.
  expect(toImage(window, 72, 36, 48)).toEqual({ x: window.centreX, y: window.centreY });
  const scale = window.width / 72;
  const corner = toImage(window, 72, 0, 0);
  expect(corner.x).toBeCloseTo(window.centreX - 36 * scale, 10);
  expect(corner.y).toBeCloseTo(window.centreY - 48 * scale, 10);
  expect(toImage(window, 288, 4 * 20.25, 4 * 30).x).toBeCloseTo(toImage(window, 72, 20.25, 30).x, 10);
});

test('a cell of one window and its place on another window’s grid are the same image pixel', () => {
  const from = windowOf({ x: 317, y: 41, width: 90, height: 240 }, ASPECT);
  const to = windowOf({ x: 301, y: 52, width: 90, height: 200 }, ASPECT);
  const { scale, shiftX, shiftY } = betweenGrids(from, to, 72, 96);
  for (const [x, y] of [
    [0, 0],
    [71, 95],
    [10.5, 33],
  ] as const) {
    // prettier-ignore
    const here = toImage(from, 72, x, y);
    const there = toImage(to, 72, scale * x + shiftX, scale * y + shiftY);
    expect(there.x).toBeCloseTo(here.x, 8);
    expect(there.y).toBeCloseTo(here.y, 8);
  }
  expect(betweenGrids(from, from, 72, 96)).toEqual({ scale: 1, shiftX: 0, shiftY: 0 });
});

describe('turned windows', () => {
  const BOX = { x: 317, y: 41, width: 90, height: 240 };
  const TURNS = [0, 1, 2, 3] as const;

  test('the box is fitted as it lies in the window', () => {
    const lying = { x: 10, y: 50, width: 200, height: 60 };
    const { width, height } = windowOf({ x: 0, y: 0, width: 60, height: 200 }, ASPECT);
    expect(windowOf(lying, ASPECT, 1)).toEqual({ centreX: 110, centreY: 80, width, height, turn: 1 });
    expect(extentOf(windowOf(lying, ASPECT, 3))).toEqual({ x: 110 - height / 2, y: 80 - width / 2, width: height, height: width }); // prettier-ignore
  });

  test.each([
    [0, { x: 0, y: -1 }],
    [1, { x: 1, y: 0 }],
    [2, { x: 0, y: 1 }],
    [3, { x: -1, y: 0 }],
  ] as const)('turn %i: where its top lies in the image', (turn, way) => {
    const { x, y } = turned(turn, 0, -1);
    expect({ x: x + 0, y: y + 0 }).toEqual(way);
  });

  test.each(TURNS)('turn %i: places in the window and in the image are one another’s', (turn) => {
    const window = windowOf(BOX, ASPECT, turn);
    const place = toImage(window, 72, 20.5, 71);
    const back = inWindow(window, place.x, place.y);
    expect(back.x * 72).toBeCloseTo(20.5, 8);
    expect(back.y * 96).toBeCloseTo(71, 8);
  });

  test.each(TURNS)('turn %i: a cell of one window and its place on another’s grid are the same image pixel', (turn) => {
    const [from, to] = [windowOf(BOX, ASPECT, turn), windowOf({ ...BOX, x: 301, height: 200 }, ASPECT, turn)];
    const { scale, shiftX, shiftY } = betweenGrids(from, to, 72, 96);
    const here = toImage(from, 72, 10.5, 33);
    const there = toImage(to, 72, scale * 10.5 + shiftX, scale * 33 + shiftY);
    expect(there.x).toBeCloseTo(here.x, 8);
    expect(there.y).toBeCloseTo(here.y, 8);
  });

  test('they are other windows to whoever remembers maps', () => {
    const names = TURNS.map((turn) => idOf({ window: { ...windowOf(BOX, ASPECT), turn } }));
    expect(new Set(names).size).toBe(4);
  });
});
