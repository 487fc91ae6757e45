import { addon } from '../../src/native/binding.js';
import type { Estimate, HeadShape, Tensor } from '../../src/native/contract.js';
import { expectedOf, goldenNames, nmse, readGolden, type Golden } from './golden.js';

const TOLERANCE = 1e-10; // NMSE of float32 against PyTorch in float64

/** Runs the case's people through a head, with the case's weights or others. */
async function run(
  golden: Golden,
  shape: HeadShape,
  tensors: Record<string, Tensor>,
  weights = golden.tensors.get('weights')!.data,
): Promise<Estimate & { embeddings: Float32Array }> {
  const { people } = golden;
  const gathered = 1 + 2 * shape.k + shape.n;
  const head = addon().createHead(shape, tensors, 'cpu');
  const { handles, embeddings } = await head.ingest(golden.tensors.get('features')!.data);
  const keys = handles.filter((_, i) => i % gathered === 0);
  const references = handles.filter((_, i) => i % gathered !== 0);
  expect(keys).toHaveLength(people);
  const expected = expectedOf(golden);
  const result = await head.estimate({ keys, references, weights, expected, decode: 'quarter', maps: true });
  head.dispose();
  return { ...result, embeddings };
}

/** The same network with a head that passes its input through, so that the heat maps show what the head reads. */
function withIdentityHead(golden: Golden): [HeadShape, Record<string, Tensor>] {
  const width = golden.shape.blockWidth;
  const data = new Float32Array(width * width);
  for (let i = 0; i < width; i++) data[i * width + i] = 1;
  return [
    { ...golden.shape, joints: width, kernel: 1 },
    {
      ...golden.head,
      'head.weight': { shape: [width, width, 1, 1], data },
      'head.bias': { shape: [width], data: new Float32Array(width) },
    },
  ];
}

describe.each(goldenNames)('%s against PyTorch', (name) => {
  const golden = readGolden(name);
  const wanted = (tensor: string): Float32Array => golden.tensors.get(tensor)!.data;

  test('embeddings and heat maps', async () => {
    const result = await run(golden, golden.shape, golden.head);
    expect(nmse(result.embeddings, wanted('embeddings'))).toBeLessThan(TOLERANCE);
    expect(nmse(result.heatmaps!, wanted('heatmaps'))).toBeLessThan(TOLERANCE);
    const { people, shape } = golden;
    expect(result.joints).toEqual(
      addon().decode(result.heatmaps!, [people, shape.joints, shape.height, shape.width], 'quarter'),
    );
  });

  test('S of Eq. 4', async () => {
    const [shape, head] = withIdentityHead(golden);
    const result = await run(golden, { ...shape, enhancement: false }, head);
    expect(nmse(result.heatmaps!, wanted('s'))).toBeLessThan(TOLERANCE);
    expect(result.masks).toBeUndefined();
  });

  if (golden.shape.enhancement) {
    test('M and F of Eq. 5', async () => {
      const result = await run(golden, ...withIdentityHead(golden));
      expect(nmse(result.masks!, wanted('mask'))).toBeLessThan(TOLERANCE);
      expect(nmse(result.heatmaps!, wanted('f'))).toBeLessThan(TOLERANCE);
    });
  }

  test('one weight a map is that weight for every channel', async () => {
    const { people, shape } = golden;
    const perMap = Float32Array.from({ length: people * (2 * shape.k + shape.n) }, (_, i) => 0.3 + 0.1 * i);
    const perChannel = Float32Array.from(
      { length: perMap.length * shape.channels },
      (_, i) => perMap[Math.floor(i / shape.channels)],
    );
    const [one, many] = [
      await run(golden, golden.shape, golden.head, perMap),
      await run(golden, golden.shape, golden.head, perChannel),
    ];
    expect(one.heatmaps).toEqual(many.heatmaps);
  });
});
