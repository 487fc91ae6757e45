/* The ways of docs/hrnet.md and docs/training.md, from the network's export to poses that are scored, on real frames. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { hrnetGraph } from '../../src/bench/hrnet-graph.js';
import { main } from '../../src/cli/main.js';
import { describeWithShared } from '../shared-data.js';
import { python, train, whyNoPython } from './python.js';

const folder = await mkdtemp(path.join(os.tmpdir(), 'glpose-training-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const at = (name: string): string => path.join(folder, name);

/** Runs a command of glpose. @returns what it printed on stdout */
async function glpose(...argv: string[]): Promise<string> {
  const printed = { out: '', err: '' };
  const code = await main(argv, {
    out: (text) => void (printed.out += text),
    err: (text) => void (printed.err += text),
  });
  expect({ code, err: code === 0 ? '' : printed.err }).toEqual({ code: 0, err: '' });
  return printed.out;
}

function trained(...options: string[]): void {
  const { status, stderr } = train('train.py', ...options, '--threads', '1', '--k', '1', '--n', '2', '--batch', '14');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

/** PCK of clean keys on the validation samples, by epoch. */
async function cleanPck(run: string): Promise<Map<number, number>> {
  const [header, ...rows] = (await readFile(path.join(run, 'log.csv'), 'utf8')).trim().split(/\r?\n/);
  const [epoch, clean] = ['epoch', 'clean'].map((name) => header.split(',').indexOf(name));
  return new Map(rows.map((row) => row.split(',').map(Number)).map((row) => [row[epoch], row[clean]]));
}

describeWithShared('data/mmpose-testdata/posetrack18', `training, from export to score${whyNoPython}`, (data) => {
  const onPython = python === undefined ? test.skip : test;
  const [images, annotations] = [path.join(data, 'images/val'), path.join(data, 'annotations/val')];
  const small = ['--k', '1', '--degraded', '0', '--threads', '1'];

  // Fourteen people are learnt by heart on the features of an arbitrary HRNet: only if windows, crops, joints and their order
  // agree in labels, samples, trainer, bundle, inference and evaluation are they found again.
  onPython(
    'HRNet on PoseTrack: export, import, samples, training, poses, figures',
    async () => {
      const { onnx } = hrnetGraph({ width: 8, stem: 16, joints: 17, size: { width: 96, height: 128 } });
      await writeFile(at('hrnet.onnx'), onnx);
      await glpose('models', 'import', at('hrnet.onnx'), '-o', at('hrnet'), '--joints', 'posetrack18');
      const made = ['--annotations', annotations, '--model', at('hrnet'), '-o', at('samples')];
      expect(await glpose('features', images, ...made, ...small)).toContain('14 samples of 3 videos');

      const samples = ['--train', at('samples'), '--validation', at('samples'), '--bundle', at('hrnet')];
      trained(...samples, '--out', at('run'), '--epochs', '80', '--rate', '4e-3');
      expect(Math.max(...(await cleanPck(at('run'))).values())).toBeGreaterThan(90);

      const boxes = ['--boxes', annotations, '--threads', '1'];
      await glpose('infer', images, '--model', at('run/bundle'), ...boxes, '-o', at('out'));
      const figures = await glpose('eval', at('out'), '--annotations', annotations, '--json');
      const { groups } = JSON.parse(figures) as { groups: Record<string, number> };
      expect(groups.mean).toBeGreaterThan(85);
    },
    600_000,
  );

  onPython(
    'self-training: sure joints of the poses become labels, and training goes on from the bundle',
    async () => {
      const labels = ['--annotations', at('out'), '--confident', '0.3'];
      await glpose('features', images, ...labels, '--model', at('run/bundle'), '-o', at('own'), ...small);
      const samples = ['--train', at('own'), '--validation', at('own'), '--bundle', at('run/bundle')];
      trained(...samples, '--start-from', at('run/bundle'), '--epochs', '1', '--rate', '1e-4', '--out', at('tuned'));
      expect((await cleanPck(at('tuned'))).get(0)).toBeGreaterThan(99); // its labels are what the head itself found
      await glpose('infer', images, '--model', at('tuned/bundle'), '--threads', '1', '-o', at('out-tuned'));
    },
    300_000,
  );
});
