/* The default bundle's detector on glpose's own kernels, beside ONNX Runtime's. */
import { DEFAULT_BUNDLE, loadBundle } from '../../src/bundle/bundle.js';
import { OnnxRuntime } from '../../src/onnx/runtime.js';
import { sizedNetworkSession, type SizedSession } from '../../src/onnx/sized-networks.js';
import { addon } from '../../src/native/binding.js';

const FILE = (await loadBundle(DEFAULT_BUNDLE)).detectorFile!;
const OUTPUTS = ['center', 'box_scale', 'box_offset', 'regress'];

async function sized(): Promise<SizedSession> {
  const { session } = await sizedNetworkSession(addon(), FILE, 'image', OUTPUTS, 'cpu', { width: 64, height: 64 });
  return session!;
}

const feeds = (width: number, height: number): Record<string, { dims: number[]; data: Float32Array }> => ({
  image: {
    dims: [1, 3, height, width],
    data: Float32Array.from({ length: 3 * width * height }, (_, i) => Math.sin(i / 7) + Math.cos(i / 301)),
  },
});

test('the same maps of images of several sizes, which come at once', async () => {
  const runtime = new OnnxRuntime(1);
  const theirs = await runtime.load(FILE, null);
  const own = await sized();
  const sizes = [[64, 96], [160, 96], [64, 64], [160, 96]] as const; // prettier-ignore
  const results = await Promise.all(sizes.map(([width, height]) => own.run(feeds(width, height), OUTPUTS)));
  for (const [i, [width, height]] of sizes.entries()) {
    const wanted = await theirs.run(feeds(width, height), OUTPUTS);
    for (const name of OUTPUTS) {
      const [a, b] = [results[i][name], wanted[name]];
      expect(a.dims).toEqual(b.dims);
      const error = a.data.reduce((sum, value, at) => sum + (value - b.data[at]) ** 2, 0);
      const power = b.data.reduce((sum, value) => sum + value ** 2, 0);
      expect(error / power).toBeLessThan(1e-9);
    }
  }
  own.dispose();
  await runtime.dispose();
});

test('of many sizes the networks used last are kept', async () => {
  const native = addon();
  const made: string[] = [];
  const alive = new Set<string>();
  const counting = {
    ...native,
    createNetwork: (...[maps, ...rest]: Parameters<typeof native.createNetwork>) => {
      const size = `${maps[0].width}×${maps[0].height}`;
      const network = native.createNetwork(maps, ...rest);
      made.push(size);
      alive.add(size);
      const dispose = (): void => void (alive.delete(size), network.dispose());
      return { ...network, dispose };
    },
  };
  const { session } = await sizedNetworkSession(counting, FILE, 'image', OUTPUTS, 'cpu', { width: 32, height: 32 });
  const sizes = Array.from({ length: 12 }, (_, i) => 32 * (i + 2));
  for (const width of sizes) {
    await session!.run(feeds(width, 32), ['center']);
    await session!.run(feeds(64, 32), ['center']); // is used all the time
  }
  await session!.run(feeds(32, 32), ['center']); // the first one, which has gone
  expect(made).toEqual(['32×32', ...sizes.map((width) => `${width}×32`), '32×32']);
  await Promise.resolve();
  expect(alive.size).toBe(12);
  expect(alive.has('64×32')).toBe(true);
  expect(alive.has('96×32')).toBe(false);
  session!.dispose();
  await new Promise(setImmediate);
  expect(alive.size).toBe(0);
});

test('what the kernels lack is said', async () => {
  const { session, missing } = await sizedNetworkSession(addon(), FILE, 'image', ['nowhere'], 'cpu', { width: 64, height: 64 }); // prettier-ignore
  expect(session).toBeNull();
  expect(missing).toMatch(/nowhere/);
});
