/* What of a sample's crops the extractor is given where somebody stands before the person. */
import type { CropNet } from '../../src/estimation/crop-net.js';
import type { Extractor } from '../../src/features/extractor.js';
import type { LabelledPerson, LabelledVideo } from '../../src/features/labels.js';
import type { MapWriter } from '../../src/features/layout.js';
import { makeSamples, planSamples, type SampleOptions } from '../../src/features/samples.js';
import type { FrameSource } from '../../src/media/frames.js';
import { POSETRACK17_JOINTS } from '../../src/joints.js';
import type { PersonWindow } from '../../src/types.js';

const [COLUMNS, ROWS] = [48, 64];
const pattern = Float32Array.from({ length: 3 * COLUMNS * ROWS }, (_, i) => i);

/** Somebody upright, 60 pixels wide and 200 high, about x. */
function labelled(x: number, trackId: number): LabelledPerson {
  const heights: Record<string, number> = { head_top: 42, nose: 55, neck: 75, shoulder: 80, elbow: 110, wrist: 140, hip: 140, knee: 185, ankle: 230 }; // prettier-ignore
  const joints = POSETRACK17_JOINTS.flatMap((name) => {
    const side = name.startsWith('left_') ? 15 : name.startsWith('right_') ? -15 : 0;
    return [x + side, heights[name.replace(/^(left|right)_/, '')], 1];
  });
  return { box: { x: x - 30, y: 40, width: 60, height: 200 }, trackId, joints: Float64Array.from(joints) };
}

const options: SampleOptions = {
  k: 0, m: 0, every: 1, views: 1, degraded: 0, kinds: [], warp: false, stills: false, fill: 0, refine: false, poses: false, paste: [], seed: 0,
}; // prettier-ignore

/** Of the first person's samples, over some seeds: who the extractor was told stands before them, and whether the crop was painted. */
async function seen(people: LabelledPerson[]): Promise<{ inFront: number; painted: boolean }[]> {
  const frame = { index: 0, name: '0', width: 320, height: 280, data: new Uint8Array(3 * 320 * 280), problem: '', timeSeconds: 0 }; // prettier-ignore
  const source = {
    frames: async function* () {
      yield frame;
    },
  } as unknown as FrameSource;
  const video = { input: { name: 'v' }, split: null, people: new Map([[0, people]]) } as unknown as LabelledVideo;
  const result: { inFront: number; painted: boolean }[] = [];
  const net: Pick<CropNet, 'aspect' | 'columns' | 'cut'> = {
    aspect: COLUMNS / ROWS,
    columns: COLUMNS,
    cut: async (_, windows) => windows.map(() => pattern.slice()),
  };
  const extractor = {
    net,
    joints: POSETRACK17_JOINTS,
    features: { width: 12, height: 16 },
    maps: async (crops: Float32Array[], of: PersonWindow[]) => {
      const [crop, person] = [crops[0], of.at(0)]; // none of candidates, of which none are asked for
      if (person?.coarsePose)
        result.push({ inFront: person.inFront?.length ?? 0, painted: crop.some((value, i) => value !== pattern[i]) });
      return crops;
    },
  } as unknown as Extractor;
  const writer = { append: async (maps: unknown[]) => maps.map((_, i) => i), count: 0 } as unknown as MapWriter;
  for (let seed = 0; seed < 40; seed++) {
    const all = { ...options, seed };
    const plan = await planSamples(video, all);
    await makeSamples(source, video, { ...plan, keys: [plan.keys[0]] }, extractor, writer, all);
  }
  return result;
}

test('of two who overlap, one is painted over in the other’s samples every second time, as inference does it', async () => {
  const samples = await seen([labelled(100, 0), labelled(125, 1)]);
  expect(samples.length).toBeGreaterThan(20);
  const told = samples.filter(({ inFront }) => inFront === 1);
  expect(told.length / samples.length).toBeGreaterThan(0.25);
  expect(told.length / samples.length).toBeLessThan(0.75);
  expect(told.filter(({ painted }) => painted).length / told.length).toBeGreaterThan(0.9);
  for (const { inFront, painted } of samples) if (inFront === 0) expect(painted).toBe(false);
});

test('who stands apart is not', async () => {
  for (const one of await seen([labelled(100, 0), labelled(250, 1)]))
    expect(one).toEqual({ inFront: 0, painted: false });
});
