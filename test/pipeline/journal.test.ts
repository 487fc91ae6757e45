import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Detection } from '../../src/pipeline/detect.js';
import type { EstimatedPose } from '../../src/pipeline/estimator.js';
import { CHUNK } from '../../src/pipeline/frame-log.js';
import { Journal, removeJournal } from '../../src/pipeline/journal.js';
import type { Making } from '../../src/pipeline/making.js';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(path.join(os.tmpdir(), 'glpose-journal-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

const MAKING: Making = {
  glpose: '1',
  model: { sha256: 'a', method: 'glpose', devices: {} },
  options: { minScore: 0.25 },
  name: 'long',
  path: '/long.mp4',
  input: { files: 1, bytes: 2, digest: 'b' },
};

const detections = (frame: number): Detection[] => [
  { box: { x: -0.1 * frame, y: 1 / 3, width: 5, height: 7 }, score: 0.9, rough: Float32Array.of(frame, 0.1) },
  { box: { x: 1, y: 2, width: 3, height: 4 }, score: 0.3 },
];
const poses = (frame: number): EstimatedPose[] => [
  { joints: [{ x: frame / 7, y: -3, score: 1 }, null, { x: 0, y: 0, score: 0.5, estimated: true }] },
  { joints: [null, { x: 1e-9, y: 2, score: 0 }, null] },
];

/** Asks for a chunk of frames; counts those that were computed. */
async function pass(making: Making): Promise<{ computed: number; remarks: string[] }> {
  const remarks: string[] = [];
  const journal = await Journal.open(out, making, 3, (remark) => remarks.push(remark));
  let computed = 0;
  for (let frame = 0; frame < CHUNK; frame++) {
    const found = await journal.detections.of(frame, async () => (computed++, detections(frame)));
    expect(found).toEqual(detections(frame));
    expect(await journal.poses.of(frame, async () => (computed++, poses(frame)))).toEqual(poses(frame));
  }
  return { computed, remarks };
}

test('what was kept is found again, number for number', async () => {
  expect(await pass(MAKING)).toEqual({ computed: 2 * CHUNK, remarks: [] });
  expect(await pass(MAKING)).toEqual({ computed: 0, remarks: ['long goes on where it was stopped'] });
  await removeJournal(out, 'long');
  expect(await readdir(path.join(out, '.glpose/journals'))).toEqual([]);
});

test('what was made otherwise is told and removed, not used', async () => {
  await pass(MAKING);
  const changed = { ...MAKING, model: { ...MAKING.model, sha256: 'c' }, options: { minScore: 0.5 } };
  const remarks = ['long is begun anew: the model, --min-score changed'];
  expect(await pass(changed)).toEqual({ computed: 2 * CHUNK, remarks });
  expect(await readdir(path.join(out, '.glpose/journals/long'))).toHaveLength(1);
});

test('nothing is kept in an output folder that is gone', async () => {
  await rm(out, { recursive: true });
  await expect(pass(MAKING)).rejects.toThrow(/is gone/);
  expect(await readdir(path.dirname(out))).not.toContain(path.basename(out));
});
