import path from 'node:path';
import { headShape, loadBundle } from '../../src/bundle/bundle.js';
import { addon } from '../../src/native/binding.js';
import { expectedOf, nmse, readGoldenFile } from '../native/golden.js';
import { ROOT } from '../shared-data.js';

test('the default bundle’s trained head: the addon gives PyTorch’s heat maps', async () => {
  const bundle = await loadBundle('glpose-movenet');
  expect(bundle.config.head?.trained).toBe(true);
  const golden = readGoldenFile(path.join(ROOT, 'test/models/golden/glpose-movenet.safetensors'));
  const { shape, tensors } = golden;
  const own = headShape(bundle.config);
  const head = addon().createHead({ ...own, width: shape.width, height: shape.height }, await bundle.loadHead(), 'cpu');
  const { handles, embeddings } = await head.ingest(tensors.get('features')!.data);
  const { heatmaps } = await head.estimate({
    keys: handles.slice(0, 1),
    references: handles.slice(1),
    weights: tensors.get('weights')!.data,
    expected: expectedOf(golden),
    decode: 'quarter',
    maps: true,
  });
  head.dispose();
  expect(nmse(embeddings, tensors.get('embeddings')!.data)).toBeLessThan(1e-10);
  expect(nmse(heatmaps!, tensors.get('heatmaps')!.data)).toBeLessThan(1e-10);
});
