/*
 * The flip test through both methods. Whatever the weights are, what it gives of a mirrored video is the mirror image of what it gives of
 * the video: the one's straight look is the other's look in the mirror.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeHrnetBundle } from '../../src/bench/hrnet-bundle.js';
import { checkConfig, headShape } from '../../src/bundle/bundle.js';
import type { BundleConfigFile } from '../../src/bundle/config.js';
import { formatSafetensors } from '../../src/bundle/safetensors.js';
import { estimateStream } from '../../src/estimation/estimate-stream.js';
import { mirrorOrder } from '../../src/estimation/mirror.js';
import { Model, type ModelOptions } from '../../src/estimation/model.js';
import { windowOf } from '../../src/geometry/window.js';
import { COCO_JOINTS } from '../../src/joints.js';
import { randomHead } from '../../src/models/random-head.js';
import type { Box, FramePoses, Image } from '../../src/types.js';

let folder: string;
/** The same with a head that has conditions. */
let told: string;
beforeAll(async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-flip-'));
  [folder, told] = [path.join(dir, 'plain'), path.join(dir, 'told')];
  for (const bundle of [folder, told]) await writeHrnetBundle(bundle, { channels: 16, width: 96, height: 128 });
  const file = path.join(told, 'config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as BundleConfigFile;
  await writeFile(file, JSON.stringify({ ...config, head: { ...config.head!, conditions: true } }));
  const head = randomHead(headShape(checkConfig(JSON.parse(await readFile(file, 'utf8')), file)), 1);
  await writeFile(path.join(told, 'head.safetensors'), formatSafetensors(head, 'F16', { trained: 'false' }));
});
afterAll(() => rm(path.dirname(folder), { recursive: true, force: true }));

const SIZE = { width: 160, height: 120 };
const INPUT = { width: 96, height: 128 };

/** Noise that moves, and two people who grow; none is in sight of the other, as random heat maps would have them share joints. */
const images: Image[] = [0, 1, 2].map((i) => {
  const data = Uint8Array.from({ length: 3 * SIZE.width * SIZE.height }, (_, at) => {
    const x = Math.floor(at / 3) % SIZE.width;
    const y = Math.floor(at / 3 / SIZE.width);
    return 128 + 100 * Math.sin((x + 7 * i) * 0.31 + (at % 3)) * Math.cos(y * 0.17 + x * 0.05);
  });
  return { ...SIZE, data };
});
const boxes = (frame: number): Box[] =>
  [10, 95].map((x) => ({ x: x + 3 * frame, y: 20, width: 40 + 2 * frame, height: 70 }));

function mirroredImage({ width, height, data }: Image): Image {
  const pixels = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    const x = (at / 3) % width;
    pixels.set(data.subarray(at, at + 3), at + 3 * (width - 1 - 2 * x));
  }
  return { width, height, data: pixels };
}

/** Where a box's joints are expected, and where in the mirror: pixel i comes to W − 1 − i, and left is right. */
const coarsePose = (box: Box): Float32Array =>
  Float32Array.from({ length: 34 }, (_, i) =>
    i % 2 === 0 ? box.x + ((i * 11.3) % box.width) : box.y + ((i * 7.1) % box.height),
  );
function mirroredPose(pose: Float32Array): Float32Array {
  const order = mirrorOrder(COCO_JOINTS);
  return pose.map((_, i) => {
    const value = pose[2 * order[i >> 1] + (i % 2)];
    return i % 2 === 0 ? SIZE.width - 1 - value : value;
  });
}

/** Pixels of the image in one of the crop's. */
const pixel = (box: Box): number => windowOf(box, INPUT.width / INPUT.height).width / INPUT.width;

/** The box whose crop is the mirror image of this one's, pixel by pixel. */
const mirroredBox = (box: Box): Box => ({ ...box, x: SIZE.width - 1 + pixel(box) - box.x - box.width });

async function poses(bundle: string, options: ModelOptions, mirror: boolean): Promise<FramePoses[]> {
  await using model = await Model.load(bundle, { device: 'cpu', flip: true, ...options });
  const source = {
    boxesOf: ({ index }: { index: number }) =>
      boxes(index).map((box, trackId) => ({
        box: mirror ? mirroredBox(box) : box,
        coarsePose: mirror ? mirroredPose(coarsePose(box)) : coarsePose(box),
        score: 1,
        trackId,
      })),
  };
  async function* frames(): AsyncGenerator<Image> {
    for (const image of images) yield mirror ? mirroredImage(image) : image;
  }
  const found: FramePoses[] = [];
  for await (const frame of estimateStream(frames(), model, { boxes: source })) found.push(frame);
  return found;
}

test.each<[string, ModelOptions]>([
  ['plain', { method: 'single-frame' }],
  ['plain', { method: 'glpose', reuse: 'exact' }],
  ['plain', { method: 'glpose', reuse: 'warp' }],
  ['told', { method: 'glpose', reuse: 'warp' }],
])('%s, %j: a mirrored video has mirrored poses', async (name, options) => {
  const bundle = name === 'told' ? told : folder;
  const [straight, mirrored] = [await poses(bundle, options, false), await poses(bundle, options, true)];
  await using model = await Model.load(bundle, { device: 'cpu', ...options });
  const order = mirrorOrder(model.estimator.joints);
  let compared = 0;
  for (const [f, { people }] of straight.entries()) {
    for (const [p, { joints, box }] of people.entries()) {
      const { centreX } = windowOf(box, INPUT.width / INPUT.height);
      const other = mirrored[f].people[p];
      const turned = windowOf(other.box, INPUT.width / INPUT.height).centreX;
      for (const [k, joint] of joints.entries()) {
        const seen = other.joints[order[k]];
        if (!joint || !seen) throw new Error('people who are alone have all joints');
        // A map's first column has no counterpart: it is shifted out of the mirrored one.
        const edge = (distance: number): boolean => Math.abs(distance) > 10 * 4 * pixel(box);
        if (edge(seen.x - turned) || edge(joint.x - centreX)) continue;
        expect(seen.x - turned).toBeCloseTo(centreX - joint.x, 2);
        expect(seen.y).toBeCloseTo(joint.y, 2);
        expect(seen.score).toBeCloseTo(joint.score, 3);
        compared++;
      }
    }
  }
  expect(compared).toBeGreaterThan(30);
  const once = await poses(bundle, { ...options, flip: false }, false);
  expect(once).not.toEqual(straight);
});
