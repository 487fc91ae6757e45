import { augmentedLook, plainLook } from '../../src/features/augmentation.js';
import { Random } from '../../src/features/random.js';
import { extentOf, PLAIN, render, toView, type View } from '../../src/features/view.js';
import { windowOf } from '../../src/pipeline/window.js';

/** Brightness rises with x in red and with y in green, so that a pixel tells where it came from. */
function ramp(width: number, height: number): { width: number; height: number; data: Uint8Array } {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([2 * x + 10, 2 * y + 10, 99], (y * width + x) * 3);
  }
  return { width, height, data };
}

const image = ramp(100, 80);

/** Checks that the patch shows at each of some places of the view what lies there in the image. */
function expectSameContent(view: View, places: [number, number][]): void {
  const window = { centreX: 0, centreY: 0, width: 60, height: 50 };
  const patch = render(image, view, extentOf([window], 0));
  for (const [x, y] of places) {
    const seen = toView(view, { x, y });
    const column = Math.round(seen.x - patch.x);
    const row = Math.round(seen.y - patch.y);
    const [red, green, blue] = patch.data.subarray((row * patch.width + column) * 3);
    // Rounding to a pixel moves up to half a pixel a side in the view.
    expect(Math.abs((red - 10) / 2 - x)).toBeLessThan(0.8);
    expect(Math.abs((green - 10) / 2 - y)).toBeLessThan(0.8);
    expect(blue).toBe(99);
  }
}

test('joints and pixels go the same way: turned, mirrored, both', () => {
  const places: [number, number][] = [[50, 40], [42, 33], [61, 38], [45, 52]]; // prettier-ignore
  for (const rotation of [0, 0.4, -0.7]) {
    for (const flip of [false, true]) expectSameContent({ pivotX: 50, pivotY: 40, rotation, flip }, places);
  }
});

test('an unturned view is a copy, clipped to the image', () => {
  const patch = render(image, PLAIN, { left: -5, top: 70, right: 20, bottom: 90 });
  expect(patch).toMatchObject({ x: 0, y: 70, width: 20, height: 10 });
  expect([...patch.data.subarray(3 * 7, 3 * 8)]).toEqual([24, 150, 99]);
});

test('a view of nothing is black, not an error', () => {
  const far = { left: 500, top: 500, right: 510, bottom: 510 };
  expect(render(image, PLAIN, far)).toMatchObject({ width: 1, height: 1 });
  const turned = render(image, { pivotX: 0, pivotY: 0, rotation: 1, flip: false }, far);
  expect(turned.data.every((value) => value === 0)).toBe(true);
});

test('the plain look is the window of inference', () => {
  const box = { x: 3, y: 5, width: 20, height: 40 };
  expect(plainLook(box, 0.75)).toEqual({ view: PLAIN, scale: 1, window: windowOf(box, 0.75) });
});

test('augmented looks stay within the severities, keep the aspect, and are repeatable', () => {
  const box = { x: 30, y: 20, width: 30, height: 40 };
  const draw = (seed: number): ReturnType<typeof augmentedLook> => augmentedLook(box, 0.75, new Random(seed));
  const looks = Array.from({ length: 200 }, (_, seed) => draw(seed));
  expect(draw(7)).toEqual(looks[7]);
  for (const { view, scale, window } of looks) {
    expect(Math.abs(view.rotation)).toBeLessThanOrEqual(Math.PI / 4);
    expect(scale).toBeGreaterThanOrEqual(0.65);
    expect(scale).toBeLessThanOrEqual(1.35);
    expect(window.width / window.height).toBeCloseTo(0.75);
  }
  const share = (of: (look: (typeof looks)[number]) => boolean): number => looks.filter(of).length / looks.length;
  expect(share(({ view }) => view.flip)).toBeGreaterThan(0.35);
  expect(share(({ view }) => view.rotation !== 0)).toBeGreaterThan(0.45);
  expect(share(({ window }) => Math.hypot(window.centreX, window.centreY) > 1)).toBeGreaterThan(0.15); // truncated
});
