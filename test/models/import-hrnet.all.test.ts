import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { hrnetGraph, type HrnetStyle } from '../../src/bench/hrnet-graph.js';
import { GlposeError } from '../../src/errors.js';
import { COCO_JOINTS } from '../../src/joints.js';
import { loadBundle } from '../../src/bundle/bundle.js';
import { importHrnet, type ImportOptions, type ImportReport } from '../../src/models/import-hrnet.js';
import { OnnxBuilder } from '../../src/onnx/onnx-builder.js';
import { bytesField } from '../../src/onnx/protobuf.js';

const SMALL: HrnetStyle = { width: 4, stem: 8 };
const OPTIONS: ImportOptions = { joints: COCO_JOINTS, inputSize: { width: 64, height: 96 } };

let dir: string;
beforeEach(async () => (dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-import-'))));
afterEach(() => rm(dir, { recursive: true }));

async function importBytes(onnx: Buffer, options: Partial<ImportOptions> = {}): Promise<ImportReport> {
  const source = path.join(dir, 'net.onnx');
  await writeFile(source, onnx);
  return importHrnet(source, path.join(dir, 'bundle'), { ...OPTIONS, ...options });
}

/** The import must fail with this message, and leave nothing behind. */
async function expectRefused(onnx: Buffer, message: string, options: Partial<ImportOptions> = {}): Promise<void> {
  const thrown: unknown = await importBytes(onnx, options).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(GlposeError);
  expect(thrown).toMatchObject({ code: 'MODEL' });
  expect((thrown as GlposeError).message).toContain('net.onnx');
  expect((thrown as GlposeError).message).toContain(message);
  expect(await readdir(dir)).toEqual(['net.onnx']);
}

// The import itself compares the cut with the whole network, for equality, on a real crop and on noise.
describe('an HRNet becomes a bundle', () => {
  const styles: Omit<HrnetStyle, 'width'>[] = [];
  for (const naming of ['official', 'mmpose'] as const) {
    for (const opset of [11, 13] as const) {
      for (const batchNorm of ['folded', 'unfolded'] as const) styles.push({ naming, opset, batchNorm });
    }
  }

  test.each(styles)('$naming names, opset $opset, $batchNorm BatchNorm', async (style) => {
    const { onnx, stage3Branch0 } = hrnetGraph({ ...SMALL, ...style });
    const report = await importBytes(onnx);
    expect(report).toMatchObject({
      tensor: stage3Branch0,
      opset: style.opset,
      input: { width: 64, height: 96 },
      features: { channels: 4, width: 16, height: 24 },
    });
    const bundle = await loadBundle(report.dir);
    expect(bundle.config.head).toMatchObject({ trained: false, blockWidth: 4, k: 4, n: 6, m: 20 });
    expect(bundle.config.extractor.ownPose).toMatchObject({ kind: 'heatmaps', joints: [...COCO_JOINTS] });
    expect(bundle.detectorFile).toBeDefined();
    await bundle.loadHead();
    expect((await readFile(bundle.ownPoseFile!)).equals(onnx)).toBe(true);
    expect((await readFile(bundle.extractorFile)).length).toBeLessThan(onnx.length / 2);
    expect((await readdir(report.dir)).sort()).toEqual([
      'README.md', 'config.json', 'detector.onnx', 'extractor.onnx', 'full.onnx', 'head.safetensors',
    ]); // prettier-ignore
  });

  test.each([32, 48])(
    'HRNet-W%i at its real width',
    async (width) => {
      const { onnx, stage3Branch0 } = hrnetGraph({ width });
      const report = await importBytes(onnx);
      expect(report.tensor).toBe(stage3Branch0);
      expect(report.features).toEqual({ channels: width, width: 16, height: 24 });
    },
    300_000,
  );

  test('the size that a graph fixes is taken from it', async () => {
    const { onnx } = hrnetGraph({ ...SMALL, size: { width: 96, height: 128 } });
    const { input } = await importBytes(onnx, { inputSize: undefined });
    expect(input).toEqual({ width: 96, height: 128 });
  });

  test('--tensor cuts anywhere, here at stage 2', async () => {
    const { onnx } = hrnetGraph({ ...SMALL, modules: [1, 3, 3] });
    await expectRefused(onnx, 'stages 2, 3 and 4 have 1, 3, 3 fuse layers');
    const { tensor } = await importBytes(onnx, { tensor: '700' });
    expect(tensor).toBe('700');
  });
});

describe('what is not an HRNet export is refused', () => {
  test('another network', async () => {
    const onnx = new OnnxBuilder();
    onnx.input('image', ['N', 3, 'H', 'W']);
    onnx.node('Relu', ['image'], 'out');
    onnx.output('out', ['N', 3, 'H', 'W']);
    await expectRefused(onnx.build('another', ''), 'not the graph of an HRNet');
  });

  test('the shipped extractor, which is none', async () => {
    const { extractorFile } = await loadBundle('glpose-movenet');
    await expectRefused(await readFile(extractorFile), 'the graph has 2 inputs');
  });

  test('an output that nothing makes', async () => {
    await expectRefused(hrnetGraph({ ...SMALL, renamedOutput: 'heat' }).onnx, 'nothing makes the output heat');
  });

  test('a tensor that is not there', async () => {
    await expectRefused(hrnetGraph(SMALL).onnx, 'no tensor nowhere', { tensor: 'nowhere' });
  });

  test('another number of joints', async () => {
    await expectRefused(hrnetGraph({ ...SMALL, joints: 16 }).onnx, '16 heat maps, but 17 joints');
  });

  test('an input size that the graph does not take', async () => {
    const { onnx } = hrnetGraph({ ...SMALL, size: { width: 96, height: 128 } });
    await expectRefused(onnx, 'is 96×128, so it cannot be 64×96');
  });

  test('truncated files', async () => {
    const { onnx } = hrnetGraph(SMALL);
    for (const part of [0, 1, 0.1, 0.5, 0.999]) {
      await expectRefused(onnx.subarray(0, part === 1 ? 1 : Math.floor(part * onnx.length)), 'not a sound ONNX file');
    }
  });

  test('text', async () => {
    await expectRefused(Buffer.from('<!DOCTYPE html><html>404</html>'), 'not a sound ONNX file');
  });

  test('weights in another file', async () => {
    const { onnx } = hrnetGraph(SMALL);
    // TensorProto.data_location = EXTERNAL, in one more initializer of the graph.
    const external = bytesField(5, bytesField(8, 'outside'), Buffer.of(14 << 3, 1));
    await expectRefused(Buffer.concat([onnx, bytesField(7, external)]), 'not a sound ONNX file'); // two graphs
    const model = Buffer.concat([bytesField(7, external), bytesField(8, Buffer.of(2 << 3, 13))]);
    await expectRefused(model, 'weights lie in a separate file');
  });

  test('a file that is not there', async () => {
    await expect(importHrnet(path.join(dir, 'none.onnx'), path.join(dir, 'b'), OPTIONS)).rejects.toThrow('none.onnx');
  });
});

test('an existing folder is left alone', async () => {
  const { onnx } = hrnetGraph(SMALL);
  const source = path.join(dir, 'net.onnx');
  await writeFile(source, onnx);
  await expect(importHrnet(source, dir, OPTIONS)).rejects.toMatchObject({ code: 'OUTPUT' });
  expect(await readdir(dir)).toEqual(['net.onnx']);
});
