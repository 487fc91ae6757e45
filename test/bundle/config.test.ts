import { checkConfig } from '../../src/bundle/bundle.js';
import { localOffsets, type BundleConfig, type BundleConfigFile } from '../../src/bundle/config.js';

type Json = Record<string, unknown>;

function config(): BundleConfigFile {
  return {
    format: 1,
    name: 'tiny',
    description: 'a test',
    license: 'Apache-2.0',
    extractor: {
      file: 'extractor.onnx',
      input: { name: 'image', width: 24, height: 32, mean: [0, 0, 0], std: [255, 255, 255] },
      features: { output: 'features', channels: 2, width: 6, height: 8 },
      ownPose: { kind: 'heatmaps', file: 'full.onnx', output: 'heatmaps', joints: ['nose', 'neck'], decode: 'quarter' },
    },
    head: {
      file: 'head.safetensors',
      trained: true,
      blockWidth: 2,
      joints: ['nose', 'left_wrist', 'right_wrist'],
      k: 2,
      n: 1,
      m: 5,
    },
  };
}

test('defaults are those of the design', () => {
  const { extractor, head } = checkConfig(config(), 'config.json');
  expect(extractor.features).toMatchObject({ mean: [0, 0], std: [1, 1] });
  expect(head).toMatchObject({ similarity: 'frame', enhancement: true, enhancementBlocks: 1, kernel: 3, conditions: false, decode: 'quarter' });
  expect(head!.flipPairs).toEqual([[1, 2]]);
  const thirds = head!.localWeights.map((weight) => weight * 3);
  [1, 2, 2, 1].forEach((third, i) => expect(thirds[i]).toBeCloseTo(third, 12));
}); // prettier-ignore

test('local offsets leave the key frame out', () => {
  expect(localOffsets(2)).toEqual([-2, -1, 1, 2]);
  expect(localOffsets(0)).toEqual([]);
});

test('a bundle may do without detector and head', () => {
  expect(checkConfig({ ...config(), head: undefined }, 'config.json').head).toBeUndefined();
});

/** Each mistake: what is set where, and what the message must say. */
const MISTAKES: [path: string, value: unknown, message: string][] = [
  ['format', 2, 'format'],
  ['name', '../evil', 'name'],
  ['colour', 'red', 'colour'],
  ['extractor.file', '../../etc/passwd', 'extractor.file: must be a plain file name'],
  ['extractor.file', '/etc/passwd', 'extractor.file'],
  ['extractor.file', '..', 'extractor.file'],
  ['extractor.file', '', 'extractor.file'],
  ['head.file', 'sub/head.safetensors', 'head.file'],
  ['extractor.ownPose.file', 'C:\\full.onnx', 'extractor.ownPose.file'],
  ['extractor.ownPose.kind', 'magic', 'extractor.ownPose.kind'],
  ['extractor.input.width', 0, 'extractor.input.width'],
  ['extractor.input.width', 1e9, 'extractor.input.width'],
  ['extractor.input.height', 32.5, 'extractor.input.height'],
  ['extractor.input.std', [1, 0, 1], 'extractor.input.std'],
  ['extractor.input.mean', [1, 2], 'extractor.input.mean'],
  ['extractor.features.mean', [1, 2, 3], '3 values for 2 channels'],
  ['extractor.features.std', [1, -1], 'extractor.features.std'],
  ['extractor.features.width', 7, 'not the aspect of the 24×32 input'],
  ['head.joints', ['nose', 'nose'], 'a joint is named twice'],
  ['head.joints', ['nose', 'left_wrist'], 'left_wrist has no mirror image'],
  ['head.joints', [], 'head.joints'],
  ['head.k', -1, 'head.k'],
  ['head.k', 1e6, 'head.k'],
  ['head.n', 6, '5 candidates cannot give n = 6'],
  ['head.localWeights', [1, 2, 3], '3 weights; k = 2 needs 4'],
  ['head.secondLook', 40, 'head.secondLook'],
  ['head.offsets', { wrist: { down: 0.1 } }, 'head.offsets: without left_shoulder among the joints there is no trunk'],
  ['extractor.ownPose.offsets', { nose: { down: 0.1 } }, 'extractor.ownPose.offsets: without left_shoulder'],
  ['head.offsets', { wrist: { down: 2 } }, 'head.offsets.wrist.down'],
  ['head.kernel', 7, 'head.kernel'],
  ['head.similarity', 'cosine', 'head.similarity'],
  ['head.flipPairs', [[0, 3]], 'an index is not that of a joint'],
  ['head.flipPairs', [[0, 1], [1, 2]], 'a joint stands in two pairs'],
  ['head.blockWidth', null, 'head.blockWidth'],
  ['detector', { kind: 'yolo' }, 'detector'],
]; // prettier-ignore

test.each(MISTAKES)('%s = %j is refused', (place, value, message) => {
  const wrong = config() as unknown as Json;
  const keys = place.split('.');
  const last = keys.pop()!;
  const parent = keys.reduce((object, key) => object[key] as Json, wrong);
  parent[last] = value;
  expect(() => checkConfig(wrong, 'config.json')).toThrow(message);
});

test('a second look without local frames needs such', () => {
  const wrong = config() as unknown as { head: Json };
  Object.assign(wrong.head, { k: 0, localWeights: [], secondLook: 0.4 });
  expect(() => checkConfig(wrong, 'config.json')).toThrow('there are no local frames to leave out');
});

describe('offsets of joints', () => {
  const joints = ['left_shoulder', 'right_shoulder', 'left_hip', 'right_hip', 'neck'];
  const check = (offsets: Json): BundleConfig => {
    const some = config();
    return checkConfig({ ...some, head: { ...some.head!, joints, offsets } }, 'config.json');
  };

  test('stand by the joint’s name without its side; what is left out is 0', () => {
    const { offsets } = check({ hip: { down: -0.04 }, shoulder: { out: 0.1 }, neck: {} }).head!;
    expect(offsets).toEqual({
      hip: { down: -0.04, out: 0 },
      shoulder: { down: 0, out: 0.1 },
      neck: { down: 0, out: 0 },
    });
  });

  test.each([
    [{ left_hip: { down: 0.1 } }, 'left_hip is not a joint'],
    [{ wrist: { down: 0.1 } }, 'wrist is not a joint'],
    [{ neck: { out: 0.1 } }, 'neck is on neither side'],
  ])('%j is refused', (offsets, message) => {
    expect(() => check(offsets)).toThrow(message);
  });
});

test.each([[null], [[]], ['text'], [7]])('%j is not a config', (json) => {
  expect(() => checkConfig(json, 'config.json')).toThrow('config.json: config:');
});
