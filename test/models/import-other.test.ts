import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { COCO_JOINTS } from '../../src/joints.js';
import { importHrnet } from '../../src/models/import-hrnet.js';
import { OnnxBuilder } from '../../src/onnx/onnx-builder.js';
import { Model } from '../../src/estimation/model.js';
import { estimateStream } from '../../src/estimation/estimate-stream.js';
import type { Image } from '../../src/types.js';

const C = 6;
const K = COCO_JOINTS.length;
const [W, H] = [64, 96];

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-other-'));
});

afterAll(() => rm(dir, { recursive: true }));

/**
 * A pose network that is no HRNet: two strided convolutions to a map of stride 4, `stem`, then heat maps. Joint q's heat map is the
 * map's mean, so every joint lies where the image is brightest.
 */
async function otherNetwork(): Promise<string> {
  const graph = new OnnxBuilder();
  const conv = (input: string, name: string, from: number, to: number, side: number, stride: number): string => {
    const weights = new Float32Array(to * from * side * side).fill(1 / (from * side * side));
    const attributes = { strides: [stride, stride], pads: new Array(4).fill((side - 1) / 2) as number[] };
    return graph.node(
      'Conv',
      [input, graph.float32(`${name}.weight`, [to, from, side, side], weights)],
      name,
      attributes,
    );
  };
  graph.input('image', ['batch', 3, H, W]);
  const half = graph.node('Relu', [conv('image', 'a', 3, C, 3, 2)], 'half');
  const stem = graph.node('Relu', [conv(half, 'b', C, C, 3, 2)], 'stem');
  conv(stem, 'heatmaps', C, K, 1, 1);
  graph.output('heatmaps', ['batch', K, H / 4, W / 4]);
  const file = path.join(dir, 'other.onnx');
  await writeFile(file, graph.build('other', ''));
  return file;
}

test('another network than HRNet is refused without --tensor, and is an extractor with it', async () => {
  const file = await otherNetwork();
  await expect(importHrnet(file, path.join(dir, 'refused'), { joints: COCO_JOINTS })).rejects.toMatchObject({
    code: 'MODEL',
    message: expect.stringContaining('--tensor'),
  });

  const bundle = path.join(dir, 'other');
  const report = await importHrnet(file, bundle, { joints: COCO_JOINTS, tensor: 'stem' });
  expect(report).toMatchObject({ tensor: 'stem', features: { channels: C, width: W / 4, height: H / 4 } });

  // a grey picture with one bright spot: all joints must lie there
  const image: Image = { width: 200, height: 240, data: new Uint8Array(200 * 240 * 3).fill(120) };
  for (let y = 96; y < 108; y++) image.data.fill(255, 3 * (y * 200 + 110), 3 * (y * 200 + 122));
  const boxes = { boxesOf: () => [{ box: { x: 60, y: 40, width: 80, height: 120 }, score: 1 }] };
  async function* once(): AsyncGenerator<Image> {
    yield image;
  }
  for (const method of ['single-frame', 'glpose'] as const) {
    const model = await Model.load(bundle, { method, device: 'cpu' });
    try {
      for await (const { people } of estimateStream(once(), model, { boxes })) {
        expect(people).toHaveLength(1);
        if (method === 'glpose') continue; // its head is random: that it runs is all there is to see
        for (const joint of people[0].joints) {
          expect(Math.abs(joint!.x - 115.5)).toBeLessThan(8); // a cell is 6.25 pixels
          expect(Math.abs(joint!.y - 101.5)).toBeLessThan(8);
        }
      }
    } finally {
      await model.dispose();
    }
  }
});
