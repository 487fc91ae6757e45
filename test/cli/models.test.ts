import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { hrnetGraph } from '../../src/bench/hrnet-graph.js';
import { main } from '../../src/cli/main.js';
import { loadBundle } from '../../src/bundle/bundle.js';

let dir: string;
beforeEach(async () => (dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-models-'))));
afterEach(() => rm(dir, { recursive: true }));

/** Runs `glpose models …`. */
async function models(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(['models', ...argv], { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

test('list names the default bundle', async () => {
  const { code, out } = await models('list');
  expect(code).toBe(0);
  expect(out).toContain('glpose-movenet (default)');
  const listed = JSON.parse((await models('list', '--json')).out) as { models: { name: string; default: boolean }[] };
  expect(listed.models.filter((model) => model.default).map(({ name }) => name)).toEqual(['glpose-movenet']);
});

test('info tells architecture, files and digest', async () => {
  const { code, out } = await models('info');
  expect(code).toBe(0);
  const { config, sha256 } = await loadBundle('glpose-movenet');
  for (const part of [
    await sha256(),
    'k = 4, n = 6 of m = 20',
    'C = 31, 48×64',
    'extractor.onnx',
    'head.safetensors',
  ]) {
    expect(out).toContain(part);
  }
  expect(JSON.parse((await models('info', 'glpose-movenet', '--json')).out)).toMatchObject({
    sha256: await sha256(),
    config: JSON.parse(JSON.stringify(config)) as object,
  });
});

test('info of a bundle that is not there: exit code 2, the choices on stderr', async () => {
  expect(await models('info', 'nothing')).toEqual({
    code: 2,
    out: '',
    err: expect.stringMatching(/^glpose: no model nothing\. Give .*glpose-movenet/) as string,
  });
});

test('export writes the head as a graph that ONNX Runtime takes', async () => {
  const file = path.join(dir, 'head.onnx');
  const { code, out, err } = await models('export', '-o', file);
  expect(code).toBe(0);
  expect(out).toContain(file);
  expect(err).toBe('');
  const session = await InferenceSession.create(file);
  expect(session.inputNames).toEqual(['key', 'references', 'weights']);
  expect(session.outputNames).toEqual(['heatmaps', 'mask']);
  expect(await readdir(dir)).toEqual(['head.onnx']);
});

test('export into a folder that cannot be written fails without a trace', async () => {
  const { code, err } = await models('export', '-o', path.join(dir, 'file', 'head.onnx'));
  expect(code).toBe(0); // missing folders are made
  expect(err).not.toContain('internal error');
  await writeFile(path.join(dir, 'plain'), '');
  const blocked = await models('export', '-o', path.join(dir, 'plain', 'head.onnx'));
  expect(blocked.code).toBe(1);
  expect(blocked.err).toContain('cannot be written');
});

describe('import', () => {
  test('makes a bundle that info describes', async () => {
    const source = path.join(dir, 'tiny.onnx');
    await writeFile(source, hrnetGraph({ width: 4, stem: 8 }).onnx);
    const out = path.join(dir, 'tiny');
    const made = await models('import', source, '-o', out, '--input-size', '64x96');
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('64×96 → 4×24×16') as string });
    expect(made.err).toContain('--joints posetrack18');
    expect((await models('info', out)).out).toContain('heatmaps, 17 joints');
    expect(await readFile(path.join(out, 'README.md'), 'utf8')).toContain('tiny.onnx');
  });

  test('takes joint names', async () => {
    const source = path.join(dir, 'tiny.onnx');
    await writeFile(source, hrnetGraph({ width: 4, stem: 8, joints: 2 }).onnx);
    const options = ['--joints', 'left_hip,right_hip', '--input-size', '64x64', '--json'];
    const { code, out, err } = await models('import', source, '-o', path.join(dir, 'b'), ...options);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ features: { channels: 4, width: 16, height: 16 } });
    expect(err).not.toContain('posetrack18');
  });

  test.each([
    [['--input-size', '100x100'], 'multiples of 32'],
    [['--input-size', '0x32'], 'multiples of 32'],
    [['--joints', 'imagenet'], 'Expected coco'],
    [['--joints', 'Nose,nose'], 'lower-case'],
  ])('refuses %j', async (options, message) => {
    const source = path.join(dir, 'tiny.onnx');
    await writeFile(source, hrnetGraph({ width: 4, stem: 8, joints: 2 }).onnx);
    const { code, err } = await models('import', source, '-o', path.join(dir, 'b'), ...options);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(await readdir(dir)).toEqual(['tiny.onnx']);
  });

  test('a video is no network: exit code 2', async () => {
    const source = path.join(dir, 'clip.onnx');
    await writeFile(source, Buffer.from('00000020667479706d703432', 'hex'));
    const { code, err } = await models('import', source, '-o', path.join(dir, 'b'));
    expect(code).toBe(2);
    expect(err).toContain('not a sound ONNX file');
  });
});
