import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GlposeError } from '../../src/errors.js';
import {
  DEFAULT_BUNDLE,
  fileNames,
  headShape,
  loadBundle,
  MODELS_DIR,
  shippedBundles,
} from '../../src/bundle/bundle.js';
import { headTensorShapes } from '../../src/bundle/head-tensors.js';
import { formatSafetensors, parseSafetensors } from '../../src/bundle/safetensors.js';

describe('the default bundle', () => {
  test('opens by name and by path, with a head that fits its config', async () => {
    expect(await shippedBundles()).toContain(DEFAULT_BUNDLE);
    const bundle = await loadBundle(DEFAULT_BUNDLE);
    expect((await loadBundle(path.join(MODELS_DIR, DEFAULT_BUNDLE))).dir).toBe(bundle.dir);
    const shapes = headTensorShapes(headShape(bundle.config));
    const tensors = await bundle.loadHead();
    expect(Object.keys(tensors).sort()).toEqual([...shapes.keys()].sort());
  });

  test('has the digest that sha256sum gives', async () => {
    const bundle = await loadBundle(DEFAULT_BUNDLE);
    const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
    const lines = fileNames(bundle.config).map(async (name) => {
      return `${sha256(await readFile(path.join(bundle.dir, name)))}  ${name}\n`;
    });
    expect(await bundle.sha256()).toBe(sha256((await Promise.all(lines)).join('')));
  });
});

describe('a bundle that cannot be used', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-bundle-'));
    for (const name of ['config.json', 'head.safetensors']) {
      await copyFile(path.join(MODELS_DIR, DEFAULT_BUNDLE, name), path.join(dir, name));
    }
    for (const name of ['extractor.onnx', 'detector.onnx']) await writeFile(path.join(dir, name), 'an ONNX file');
  });
  afterEach(() => rm(dir, { recursive: true }));

  const failure = async (act: () => Promise<unknown>): Promise<GlposeError> => {
    const thrown: unknown = await act().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(GlposeError);
    expect((thrown as GlposeError).code).toBe('MODEL');
    return thrown as GlposeError;
  };

  test('a name that is not there lists those that are', async () => {
    expect((await failure(() => loadBundle('no-such-model'))).message).toContain(DEFAULT_BUNDLE);
  });

  test('an ONNX file points at import', async () => {
    const { message } = await failure(() => loadBundle(path.join(dir, 'extractor.onnx')));
    expect(message).toContain('glpose models import');
  });

  test('a folder without config.json', async () => {
    await rm(path.join(dir, 'config.json'));
    expect((await failure(() => loadBundle(dir))).message).toContain('config.json');
  });

  test('config.json that is not JSON', async () => {
    await writeFile(path.join(dir, 'config.json'), '{"format": 1,');
    expect((await failure(() => loadBundle(dir))).message).toContain('config.json');
  });

  test('a missing file is named', async () => {
    await rm(path.join(dir, 'detector.onnx'));
    expect((await failure(() => loadBundle(dir))).message).toContain('detector.onnx is missing');
  });

  test('a corrupt head is refused when it is loaded', async () => {
    const file = path.join(dir, 'head.safetensors');
    await writeFile(file, (await readFile(file)).subarray(0, -10));
    const bundle = await loadBundle(dir);
    expect((await failure(() => bundle.loadHead())).message).toContain('head.safetensors');
  });

  test.each([
    ['a missing tensor', 'psi.bn1.bias', undefined, 'psi.bn1.bias [32] is missing'],
    ['a wrong shape', 'head.bias', { shape: [14], data: new Float32Array(14) }, 'head.bias is [14]; config.json asks for [15]'],
    ['a tensor too many', 'extra', { shape: [1], data: new Float32Array(1) }, 'extra is not part'],
    ['a value that is not finite', 'head.bias', { shape: [15], data: new Float32Array(15).fill(NaN) }, 'not finite'],
    ['a negative variance', 'psi.bn2.running_var', { shape: [32], data: new Float32Array(32).fill(-1) }, 'negative variance'],
  ])('a head with %s', async (_, name, tensor, problem) => {
    const file = path.join(dir, 'head.safetensors');
    const { tensors } = parseSafetensors(await readFile(file), file);
    if (tensor) tensors.set(name, tensor);
    else tensors.delete(name);
    await writeFile(file, formatSafetensors(tensors, 'F32'));
    const bundle = await loadBundle(dir);
    expect((await failure(() => bundle.loadHead())).message).toContain(problem);
  }); // prettier-ignore
});
