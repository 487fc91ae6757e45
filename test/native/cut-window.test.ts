import { addon } from '../../src/native/binding.js';
import { cutWindow } from '../../src/native/cut-window.js';
import { toImage } from '../../src/geometry/window.js';
import type { Image } from '../../src/types.js';

const INPUT = { width: 12, height: 16, mean: [10, 20, 30], std: [50, 60, 70] };
const native = addon();

/** Smooth, and different everywhere. */
function picture(width: number, height: number): Image {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 2 * x + 3 * y + 40 * (i % 3);
  });
  return { width, height, data };
}

/** The picture turned a quarter against the clock: whose top lay at its right is upright. */
function turnedOnce({ width, height, data }: Image): Image {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < width; y++)
    for (let x = 0; x < height; x++)
      for (let c = 0; c < 3; c++) turned[3 * (y * height + x) + c] = data[3 * (x * width + width - 1 - y) + c];
  return { width: height, height: width, data: turned };
}

test.each([1, 2, 3] as const)(
  'a window that is turned by %i quarters shows what the turned picture shows',
  async (turn) => {
    const image = picture(30, 24);
    const window = { centreX: 11.25, centreY: 9.5, width: 18, height: 24 }; // reaches outside
    const turned = await cutWindow(native, image, { ...window, turn }, INPUT);
    let [other, x, y] = [image, window.centreX, window.centreY];
    for (let i = 0; i < turn; i++) {
      [x, y] = [y, other.width - 1 - x];
      other = turnedOnce(other);
    }
    const upright = await cutWindow(native, other, { ...window, centreX: x, centreY: y }, INPUT);
    expect(turned).toHaveLength(upright.length);
    for (const [i, value] of turned.entries()) expect(value).toBeCloseTo(upright[i], 4);
  },
);

test.each([0, 1, 2, 3] as const)(
  'turn %i: a crop’s pixel is the image’s at the place where `toImage` says it is',
  async (turn) => {
    const image = picture(30, 24);
    const window = { centreX: 14, centreY: 12, width: 6, height: 8, turn };
    const crop = await cutWindow(native, image, window, INPUT);
    for (const [i, j] of [
      [0, 0],
      [3, 9],
      [11, 15],
    ]) {
      const { x, y } = toImage(window, INPUT.width, i, j);
      expect(crop[j * INPUT.width + i]).toBeCloseTo((2 * x + 3 * y - INPUT.mean[0]) / INPUT.std[0], 4);
    }
  },
);

test('memory that is given is filled', async () => {
  const out = new Float32Array(3 * INPUT.width * INPUT.height);
  const window = { centreX: 14, centreY: 12, width: 6, height: 8, turn: 1 } as const;
  expect(await cutWindow(native, picture(30, 24), window, INPUT, out)).toBe(out);
  expect([...out]).toEqual([...(await cutWindow(native, picture(30, 24), window, INPUT))]);
});
