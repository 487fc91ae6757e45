import { augmentedLook, movingCamera, plainLook } from '../../src/features/augmentation.js';
import { Random } from '../../src/features/random.js';
import { extentOf, render, toView, type View } from '../../src/features/viewpoint.js';
import { windowOf } from '../../src/geometry/window.js';

/** Brightness rises with x in red and with y in green, so that a pixel tells where it came from. */
function ramp(width: number, height: number): { width: number; height: number; data: Uint8Array } {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([2 * x + 10, 2 * y + 10, 99], (y * width + x) * 3);
  }
  return { width, height, data };
}

const image = ramp(100, 80);
const PLAIN: View = { pivotX: 0, pivotY: 0, rotation: 0, flip: false };

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
  const box = { x: 3.3, y: 5.25, width: 20.5, height: 40.1 };
  const { view, scale, window } = plainLook(box, 0.75);
  expect({ ...view, scale }).toEqual({ pivotX: 14, pivotY: 25, rotation: 0, flip: false, scale: 1 });
  const wanted = windowOf(box, 0.75);
  expect(window).toEqual({ ...wanted, centreX: wanted.centreX - 14, centreY: wanted.centreY - 25 });
});

test('the camera of a photo keeps its eye on the person, wherever they stand', () => {
  const box = { x: 900, y: 500, width: 40, height: 80 };
  const centre = { x: 920, y: 540 };
  const { view } = plainLook(box, 0.75);
  let most = 0;
  for (let seed = 0; seed < 50; seed++) {
    const seen = movingCamera(view, 2, 80, new Random(seed)).map((one) => toView(one, centre));
    expect(seen[2]).toEqual(toView(view, centre));
    for (let i = 1; i < 5; i++) most = Math.max(most, Math.hypot(seen[i].x - seen[i - 1].x, seen[i].y - seen[i - 1].y));
  }
  expect(most).toBeGreaterThan(0.02 * 80);
  expect(most).toBeLessThan(0.032 * 80); // 0.03 of the size a frame, and a little for the turn about the key's centre
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
