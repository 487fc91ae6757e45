import { defocus, DEGRADATIONS, drawDegradation, motionBlur, type Subject } from '../../src/features/degradations.js';
import { Random } from '../../src/features/random.js';
import type { Patch } from '../../src/features/viewpoint.js';

function dot(width: number, height: number, x: number, y: number): Patch {
  const data = new Uint8Array(width * height * 3);
  data.set([250, 250, 250], (y * width + x) * 3);
  return { width, height, data, x: 0, y: 0 };
}

function flat(width: number, height: number, value: number): Patch {
  return { width, height, data: new Uint8Array(width * height * 3).fill(value), x: 0, y: 0 };
}

/** Pixels of the red channel above 0, as x, y. */
function lit({ width }: Patch, data: Uint8Array): [number, number][] {
  return [...data].flatMap((value, i) =>
    i % 3 === 0 && value > 0 ? [[(i / 3) % width, Math.floor(i / 3 / width)] as [number, number]] : [],
  );
}

test('motion blur draws a point out to a line of its length and direction', () => {
  const image = dot(41, 41, 20, 20);
  const across = lit(image, motionBlur(image, 12, 0));
  expect(across.every(([, y]) => y === 20)).toBe(true);
  expect(across.map(([x]) => x)).toEqual(Array.from({ length: 13 }, (_, i) => 14 + i));
  const down = lit(image, motionBlur(image, 12, Math.PI / 2));
  expect(down.every(([x]) => x === 20)).toBe(true);
  expect(down).toHaveLength(13);
});

test('defocus spreads a point over a disc', () => {
  const image = dot(31, 31, 15, 15);
  const disc = lit(image, defocus(image, 4));
  expect(disc.every(([x, y]) => Math.hypot(x - 15, y - 15) <= 4)).toBe(true);
  expect(disc).toHaveLength(49); // whole numbers within a circle of radius 4
});

test('blurs leave an even picture as it is, up to its border', () => {
  const image = flat(20, 15, 137);
  expect(motionBlur(image, 9, 0.6).every((value) => value === 137)).toBe(true);
  expect(defocus(image, 6).every((value) => value === 137)).toBe(true);
});

test.each(['motion-blur', 'defocus'] as const)(
  '%s of a large person, made coarsely, is that of a fine one',
  async (kind) => {
    // The same picture in two sizes; a blur goes with the person's size.
    const scene = (scale: number): Patch => {
      const [width, height] = [150 * scale, 200 * scale];
      const data = new Uint8Array(width * height * 3).map((_, i) => {
        const [x, y] = [((i / 3) | 0) % width, ((i / 3) | 0) / width];
        return Math.hypot(x / scale - 70, y / scale - 90) < 40 ? 220 : 30;
      });
      return { width, height, data, x: 0, y: 0 };
    };
    const degraded = async (scale: number): Promise<Patch> => {
      const person = { ...subject, size: 150 * scale, joints: [{ x: 40 * scale, y: 60 * scale }], direction: 0.6 };
      return drawDegradation(kind, person, new Random(kind, 2))(scene(scale));
    };
    const [fine, coarse] = [await degraded(1), await degraded(6)];
    let difference = 0;
    for (let y = 0; y < 200; y++) {
      for (let x = 0; x < 150; x++) {
        const large = ((y * 6 + 3) * coarse.width + x * 6 + 3) * 3;
        difference += Math.abs(fine.data[(y * 150 + x) * 3] - coarse.data[large]) / (150 * 200);
      }
    }
    expect(difference).toBeLessThan(1); // on average, of a step of 190
  },
);

const subject: Subject = {
  size: 100,
  joints: [{ x: 40, y: 60 }],
  direction: null,
  texture: { width: 2, height: 2, data: Uint8Array.from([200, 0, 0, 0, 200, 0, 0, 0, 200, 200, 200, 0]) },
};

test.each(DEGRADATIONS)('%s changes a frame, keeps its size and place, and is repeatable', async (kind) => {
  const picture = Uint8Array.from({ length: 80 * 120 * 3 }, (_, i) => (i * 37) % 251);
  const patch: Patch = { width: 80, height: 120, data: picture.slice(), x: 7, y: -3 };
  const spoiled = await drawDegradation(kind, subject, new Random(kind, 1))(patch);
  expect(spoiled).toMatchObject({ width: 80, height: 120, x: 7, y: -3 });
  expect(spoiled.data).toHaveLength(picture.length);
  expect(spoiled.data).not.toEqual(picture);
  expect(patch.data).toEqual(picture); // the good frame is still needed
  const again = await drawDegradation(kind, subject, new Random(kind, 1))(patch);
  expect(again.data).toEqual(spoiled.data);
});

test('an occluder covers the joint with the texture and stays over a run', async () => {
  const degrade = drawDegradation('occlusion', subject, new Random(3));
  const [first, second] = [await degrade(flat(80, 120, 1)), await degrade(flat(80, 120, 2))];
  const covered = (patch: Patch, background: number): number[] =>
    [...patch.data.keys()].filter((i) => i % 3 === 0 && patch.data[i] !== background);
  expect(covered(first, 1).length).toBeGreaterThan(0.12 * 0.17 * 100 * 100 * 0.5);
  expect(covered(first, 1)).toEqual(covered(second, 2));
});

test('darkness brings new noise with every frame', async () => {
  const degrade = drawDegradation('darkness', subject, new Random(3));
  const [first, second] = [await degrade(flat(40, 40, 200)), await degrade(flat(40, 40, 200))];
  expect(first.data).not.toEqual(second.data);
  expect(first.data.reduce((total, value) => total + value, 0) / first.data.length).toBeLessThan(40);
});
