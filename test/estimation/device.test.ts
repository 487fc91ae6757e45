import { expect, test } from '@jest/globals';
import { parseDevice } from '../../src/estimation/device.js';
import { loadModel } from '../../src/index.js';

test.each(['auto', 'cpu', 'cuda', 'cuda:3', 'webgpu', 'coreml', 'dml'])('%s is a device', (name) => {
  expect(parseDevice(name)).toBe(name);
});

test.each(['', 'gpu', 'cuda:', 'cuda:x', 'webgpu:0', 'CPU'])('%p is none', (name) => {
  expect(() => parseDevice(name)).toThrow(/^Expected auto, cpu, cuda, cuda:<index>, webgpu, coreml or dml\.$/);
});

// Each is in ONNX Runtime for some platforms, none for all.
const elsewhere = process.platform === 'darwin' ? 'dml' : 'coreml';

test('a provider that is not in this platform’s ONNX Runtime is no silent CPU', async () => {
  const model = loadModel(undefined, { device: elsewhere });
  await expect(model).rejects.toMatchObject({ code: 'DEVICE', message: expect.stringContaining(elsewhere) as unknown });
  await expect(model).rejects.toThrow(/has no such provider/);
});

test('glpose’s own kernels do not run there', async () => {
  const both = loadModel(undefined, { device: 'webgpu', extractorRuntime: 'glpose' });
  await expect(both).rejects.toMatchObject({ code: 'USAGE' });
});
