import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Detection } from '../../src/types.js';
import type { EstimatedPose } from '../../src/estimation/estimator.js';
import type { Look } from '../../src/estimation/memo.js';
import { CHUNK } from '../../src/run/frame-log.js';
import { Checkpoint, removeCheckpoint } from '../../src/run/checkpoint.js';
import type { Provenance } from '../../src/run/provenance.js';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(path.join(os.tmpdir(), 'glpose-checkpoint-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

const SETTINGS: Provenance = {
  glpose: '1',
  model: { sha256: 'a', method: 'glpose', devices: {} },
  options: { minScore: 0.25 },
  name: 'long',
  path: '/long.mp4',
  input: { files: 1, bytes: 2, digest: 'b' },
};

const looks = (frame: number): Look[] => [
  { part: { x: 0, y: 0, width: 640, height: 480 }, longerSide: 512, turn: 0, detections: detections(frame) },
  { part: { x: -1 / 3, y: frame, width: 90, height: 90 }, longerSide: 160, turn: 0, detections: [] },
  { part: { x: 1, y: 2, width: 90, height: 90 }, longerSide: 160, turn: 3, detections: detections(frame + 1) },
];
const detections = (frame: number): Detection[] => [
  { box: { x: -0.1 * frame, y: 1 / 3, width: 5, height: 7 }, score: 0.9, coarsePose: Float32Array.of(frame, 0.1) },
  { box: { x: 1, y: 2, width: 3, height: 4 }, score: 0.3 },
];
const poses = (frame: number): (EstimatedPose | null)[] => [
  { joints: [{ x: frame / 7, y: -3, score: 1 }, null, { x: 0, y: 0, score: 0.5, estimated: true }] },
  { joints: [null, { x: 1e-9, y: 2, score: 0, estimated: true, occluded: true }, null] },
  null,
  { joints: [null, null, null] },
];

/** Asks for a chunk of frames; counts those that were computed. */
async function pass(provenance: Provenance): Promise<{ computed: number; warnings: string[] }> {
  const warnings: string[] = [];
  const checkpoint = await Checkpoint.open(out, provenance, 3, (warning) => warnings.push(warning));
  let computed = 0;
  for (let frame = 0; frame < CHUNK; frame++) {
    const found = await checkpoint.looks.of(frame, async () => (computed++, looks(frame)));
    expect(found).toEqual(looks(frame));
    expect(await checkpoint.poses.of(frame, async () => (computed++, poses(frame)))).toEqual(poses(frame));
  }
  return { computed, warnings };
}

test('what was kept is found again, number for number', async () => {
  expect(await pass(SETTINGS)).toEqual({ computed: 2 * CHUNK, warnings: [] });
  expect(await pass(SETTINGS)).toEqual({ computed: 0, warnings: ['long goes on where it was stopped'] });
  await removeCheckpoint(out, 'long');
  expect(await readdir(path.join(out, '.glpose/checkpoints'))).toEqual([]);
});

test('what was made otherwise is told and removed, not used', async () => {
  await pass(SETTINGS);
  const changed = { ...SETTINGS, model: { ...SETTINGS.model, sha256: 'c' }, options: { minScore: 0.5 } };
  const warnings = ['long is begun anew: the model, --min-score changed'];
  expect(await pass(changed)).toEqual({ computed: 2 * CHUNK, warnings });
  expect(await readdir(path.join(out, '.glpose/checkpoints/long'))).toHaveLength(1);
});

test('nothing is kept in an output folder that is gone', async () => {
  await rm(out, { recursive: true });
  await expect(pass(SETTINGS)).rejects.toThrow(/is gone/);
  expect(await readdir(path.dirname(out))).not.toContain(path.basename(out));
});
