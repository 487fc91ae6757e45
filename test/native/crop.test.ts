import { addon } from '../../src/native/binding.js';
import type { CropBatch } from '../../src/native/contract.js';

const WIDTH = 40;
const HEIGHT = 30;
/** Red = x, green = 2y, blue = x + y: linear, so that bilinear samples are known exactly. */
const RAMP = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
  const x = Math.floor(i / 3) % WIDTH;
  const y = Math.floor(i / 3 / WIDTH);
  return [x, 2 * y, x + y][i % 3];
});

function crop(windows: number[][], change: Partial<CropBatch> = {}): Promise<Float32Array> {
  return addon().crop({
    image: RAMP,
    imageWidth: WIDTH,
    imageHeight: HEIGHT,
    windows: Float64Array.from(windows.flat()),
    width: 6,
    height: 8,
    mean: new Float32Array(3),
    std: new Float32Array([1, 1, 1]),
    ...change,
  });
}

test('an off-origin window samples where the convention says', async () => {
  const [cx, cy, width, height] = [17.3, 14.6, 9, 12];
  const out = await crop([[cx, cy, width, height]]);
  const step = width / 6;
  for (let j = 0; j < 8; j++) {
    for (let i = 0; i < 6; i++) {
      const x = cx + (i - 3) * step;
      const y = cy + (j - 4) * step;
      expect(out[j * 6 + i]).toBeCloseTo(x, 3);
      expect(out[48 + j * 6 + i]).toBeCloseTo(2 * y, 3);
      expect(out[96 + j * 6 + i]).toBeCloseTo(x + y, 3);
    }
  }
});

test('four hand-computed samples between pixels', async () => {
  const image = Uint8Array.from([10, 0, 0, 20, 0, 0, 30, 0, 0, 40, 0, 0]); // red 10 20 / 30 40
  const out = await crop([[0.75, 0.75, 1, 1]], { image, imageWidth: 2, imageHeight: 2, width: 2, height: 2 });
  // samples at x, y ∈ {0.25, 0.75}: 10 + 10 x + 20 y
  expect([...out.slice(0, 4)]).toEqual([17.5, 22.5, 27.5, 32.5]);
});

test('outside the image the value is 0, and half of it half a pixel out', async () => {
  const image = new Uint8Array(4 * 4 * 3).fill(200);
  const out = await crop([[0, 0, 4, 4]], { image, imageWidth: 4, imageHeight: 4, width: 8, height: 8 });
  const row = [...out.slice(4 * 8, 5 * 8)]; // y = 0; x = −2, −1.5 … 1.5
  expect(row).toEqual([0, 0, 0, 100, 200, 200, 200, 200]);
});

test('mean and std per channel, applied outside the image too', async () => {
  const out = await crop([[-500, -500, 9, 12]], { mean: Float32Array.of(1, 2, 3), std: Float32Array.of(2, 4, 0.5) });
  expect([out[0], out[48], out[96]]).toEqual([-0.5, -0.5, -6]);
});

test('windows are independent of one another and of how tall they are', async () => {
  const windows = [
    [17.3, 14.6, 9, 12],
    [5, 6, 30, 40],
    [20.5, 21.25, 3, 4],
  ];
  const together = await crop(windows, { height: 70 }); // rows of more than one task
  for (const [n, window] of windows.entries()) {
    const alone = await crop([window], { height: 70 });
    expect(together.slice(n * alone.length, (n + 1) * alone.length)).toEqual(alone);
  }
});

test('far and huge windows are blank or shrunk, never a crash', async () => {
  expect((await crop([[1e300, -1e300, 10, 10]])).every((value) => value === 0)).toBe(true);
  expect((await crop([[20, 15, 1e300, 1e300]])).filter((value) => value !== 0)).toHaveLength(3);
});

test('arguments that do not fit are refused with a code', async () => {
  await expect(async () => crop([[NaN, 0, 1, 1]])).rejects.toMatchObject({ code: 'INTERNAL' });
  await expect(async () => crop([[0, 0, 1, 1]], { imageWidth: WIDTH + 1 })).rejects.toThrow('elements for image');
});

test('no windows give no crops', async () => {
  expect(await crop([])).toHaveLength(0);
});
