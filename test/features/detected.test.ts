/* Coarse poses of a sample's people: what the detector sees of them, not what the labels say. */
import type { PersonDetector } from '../../src/detection/detector.js';
import { detectedIn } from '../../src/features/detected.js';
import { COCO_JOINTS } from '../../src/joints.js';
import type { Detection } from '../../src/types.js';
import type { Patch } from '../../src/features/viewpoint.js';

/** Joints in two columns, 40 pixels apart, 120 high. */
const poseAt = (x: number, y: number): Float32Array =>
  Float32Array.from(COCO_JOINTS.flatMap((_, q) => [x + 40 * (q % 2), y + 7.5 * q]));
const detection = (x: number, y: number, score = 0.8): Detection => ({
  box: { x, y, width: 40, height: 120 },
  score,
  coarsePose: poseAt(x, y),
});

/** Frames whose left edge lies at x = 100 of the view; the detector gives what is listed for each, in the frame. */
async function see(frames: (Detection[] | null)[], people: (Float32Array | null)[][]): ReturnType<typeof detectedIn> {
  const patches = frames.map((_, i): Patch => ({ x: 100, y: 0, width: 300, height: 200, data: new Uint8Array([i]) }));
  const detector = {
    scales: true,
    detect: async ({ data }: Patch, _: number, input: number) => {
      expect(input).toBe(448); // 120 pixels become about 180
      const found = frames[data[0]];
      if (!found) throw new Error(`frame ${data[0]} was looked at`);
      return found;
    },
  } as unknown as PersonDetector;
  return detectedIn(detector, patches, people, 120);
}

const still = (x: number, y: number, frames: number): Float32Array[] => Array.from({ length: frames }, () => poseAt(x, y)); // prettier-ignore

test('the detector looks at every fourth frame, and in between people move evenly', async () => {
  const frames = [[detection(20, 10, 0.6)], null, null, null, [detection(28, 10, 0.8)]];
  const [[first, second, , , last]] = await see(frames, [still(122, 12, 5)]);
  expect([first!.box.x, second!.box.x, last!.box.x]).toEqual([120, 122, 128]); // in the view, where the detector has them
  expect(second!.score).toBe(0.6); // the lower one, as between two sights of a track
  expect(second!.coarsePose![0]).toBeCloseTo(122);
});

test('each detection is one person’s, whoever is nearest; who is not seen has none', async () => {
  const [a, b, c] = await see([[detection(60, 0), detection(20, 0)]], [still(118, 0, 1), still(165, 0, 1), still(300, 0, 1)]); // prettier-ignore
  expect([a[0]?.box.x, b[0]?.box.x, c[0]]).toEqual([120, 160, null]);
});

test('beside only one look that saw them they stay as there', async () => {
  const frames = [[], null, null, null, [detection(28, 10)], null, null, null, [detection(30, 10)]];
  const [sights] = await see(frames, [still(128, 10, 9)]);
  expect(sights.slice(0, 5).map((sight) => sight?.box.x)).toEqual([undefined, 128, 128, 128, 128]);
});

test('joints without a label say nothing of who it is', async () => {
  const pose = poseAt(120, 0).map((value, i) => (i < 20 ? NaN : value));
  const [[seen], [nobody]] = await see([[detection(20, 0)]], [[pose], [new Float32Array(34).fill(NaN)]]);
  expect([seen?.box.x, nobody]).toEqual([120, null]);
});
