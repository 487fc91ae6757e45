import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { writeHrnetBundle } from '../../src/bench/hrnet-bundle.js';
import { main } from '../../src/cli/main.js';
import { loadBundle } from '../../src/models/bundle.js';
import { describeWithShared } from '../shared-data.js';
import { python, train, whyNoPython } from './python.js';

/** docs/training.md's way from PoseTrack18 to figures, with a small generated HRNet on a handful of frames. */
describeWithShared('data/mmpose-testdata/posetrack18', `HRNet on PoseTrack${whyNoPython}`, (dir) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-recipe-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const inFolder = (name: string): string => path.join(folder, name);
  const [images, annotations] = ['images/val', 'annotations/val'].map((part) => path.join(dir, part));
  const testTraining = python === undefined ? test.skip : test;

  async function glpose(...argv: string[]): Promise<string> {
    let [out, err] = ['', ''];
    const code = await main(argv, { out: (text) => void (out += text), err: (text) => void (err += text) });
    if (code !== 0) throw new Error(`glpose ${argv.join(' ')} exits ${code}: ${err}`);
    return out;
  }

  testTraining(
    'features, training, inference and evaluation fit together',
    async () => {
      await writeHrnetBundle(inFolder('hrnet'), { channels: 8, width: 96, height: 128 });
      const bundle = ['--model', inFolder('hrnet')];
      const labelled = ['features', images, '--annotations', annotations, ...bundle];
      await glpose(...labelled, '--degraded', '1', '-o', inFolder('train'));
      await glpose(...labelled, '--degraded', '1', '--kinds', 'occlusion', '--seed', '1', '-o', inFolder('val'));

      const samples = ['--train', inFolder('train'), '--validation', inFolder('val'), '--bundle', inFolder('hrnet')];
      const recipe = [
        '--width',
        '8',
        '--schedule',
        'paper',
        '--initialisation',
        'paper',
        '--epochs',
        '1',
        '--batch',
        '4',
      ];
      const run = train('train.py', ...samples, ...recipe, '--threads', '1', '--out', inFolder('run'));
      expect(run).toMatchObject({ status: 0, stderr: '' });

      const trained = path.join(inFolder('run'), 'bundle');
      expect((await loadBundle(trained)).config.head).toMatchObject({ trained: true, k: 4, n: 6, blockWidth: 8 });
      await glpose('infer', images, '--model', trained, '--boxes', annotations, '-o', inFolder('out'));
      const record = JSON.parse(await readFile(path.join(inFolder('out'), 'run.json'), 'utf8')) as {
        model: { method: string };
        totals: { videos: number; poses: number };
      };
      expect(record).toMatchObject({ model: { method: 'glpose' }, totals: { videos: 3, poses: 14 } });
      const report = JSON.parse(
        await glpose('eval', path.join(inFolder('out'), 'posetrack18'), '--annotations', annotations, '--json'),
      ) as { metric: string; groups: { mean: number } };
      expect(report.metric).toBe('posetrack-ap');
      expect(report.groups.mean).toBeGreaterThanOrEqual(0);
    },
    180_000,
  );
});
