import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { headShape, checkConfig } from '../../src/bundle/bundle.js';
import { checkHeadTensors } from '../../src/bundle/head-tensors.js';
import { parseSafetensors } from '../../src/bundle/safetensors.js';
import { addon } from '../../src/native/binding.js';
import { readGoldenFile } from '../native/golden.js';
import { ROOT } from '../shared-data.js';
import { python, runLines, train, whyNoPython } from './python.js';

const describeTraining = python === undefined ? describe.skip : describe;

describeTraining(`training${whyNoPython}`, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-training-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const [samples, bundle] = ['samples-of-bundle', 'a-bundle'].map((name) => path.join(folder, name));
  const data = ['--train', samples, '--validation', samples, '--bundle', bundle];
  const shape = ['--k', '2', '--n', '2', '--width', '8', '--threads', '1'];

  beforeAll(() => {
    mkdirSync(bundle);
    const features = { output: 'features', channels: 6, height: 32, width: 24 };
    const extractor = { file: 'extractor.onnx', input: { name: 'image', width: 96, height: 128 }, features };
    const config = { name: 'a-bundle', description: 'The card of another head', extractor };
    writeFileSync(path.join(bundle, 'config.json'), JSON.stringify(config));
    writeFileSync(path.join(bundle, 'extractor.onnx'), 'nobody reads it here');
    writeFileSync(path.join(bundle, 'README.md'), 'The card of another head');
    const make =
      'import sys; from pathlib import Path; from bundle import extractor_of; from self_test import make_samples; make_samples(Path(sys.argv[1]), extractor_of(Path(sys.argv[2])))';
    expect(runLines([make], samples, bundle)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  /** Standard output of a program of training/ that must succeed. */
  function done(script: string, ...options: string[]): string {
    const { status, stdout, stderr } = train(script, ...options);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  }

  function epochs(run: string): number[] {
    if (!existsSync(path.join(run, 'log.csv'))) return [];
    const [, ...rows] = readFileSync(path.join(run, 'log.csv'), 'utf8').trim().split(/\r?\n/);
    return rows.map((row) => Number(row.split(',')[0]));
  }

  test('overfits a handful of samples, and the addon agrees with PyTorch on the trained head', async () => {
    const run = train('self_test.py', '--threads', '1', '--out', folder);
    expect(run.stderr).toBe('');
    expect(run.stdout).toContain('occlusion 1: 100 % of the joints found');
    expect(run.stdout).toContain('occlusion 5: 100 % of the joints found'); // the global people's alone

    const { shape, head, tensors, people } = readGoldenFile(path.join(folder, 'golden.safetensors'));
    const native = addon().createHead(shape, head, 'cpu');
    const { handles } = await native.ingest(tensors.get('features')!.data);
    const gathered = 1 + 2 * shape.k + shape.n;
    const { heatmaps } = await native.estimate({
      keys: handles.filter((_, i) => i % gathered === 0),
      references: handles.filter((_, i) => i % gathered !== 0),
      weights: tensors.get('weights')!.data,
      decode: 'quarter',
      maps: true,
    });
    native.dispose();
    const wanted = tensors.get('heatmaps')!.data;
    expect(heatmaps).toHaveLength(wanted.length);
    expect(people).toBe(2);
    const range = Math.max(...wanted) - Math.min(...wanted);
    expect(range).toBeGreaterThan(0.5); // trained: peaks near 1
    const worst = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - heatmaps![i])), 0);
    expect(worst / range).toBeLessThan(1e-4);

    // What is exported is what was trained.
    const file = path.join(folder, 'bundle/head.safetensors');
    const exported = parseSafetensors(readFileSync(file), file).tensors;
    checkHeadTensors(exported, shape, file);
    for (const [name, tensor] of exported) expect(tensor.data).toEqual(head[name].data);
  });

  test('processes whose shares of the samples differ take equally many steps', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const out = path.join(folder, 'three');
    const options = [...data, ...shape, '--out', out, '--epochs', '2', '--batch', '1'];
    const argv = ['-B', path.join(ROOT, 'training/train.py'), ...options];
    const processes = [0, 1, 2].map((rank) => {
      const place = { WORLD_SIZE: '3', RANK: `${rank}`, LOCAL_RANK: `${rank}`, MASTER_ADDR: '127.0.0.1' };
      const env = { ...process.env, ...place, MASTER_PORT: `${port}`, OMP_NUM_THREADS: '1' };
      return spawn(python!, argv, { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 100_000 }); // eight samples: 3, 3 and 2
    });
    const ends = await Promise.all(processes.map((one) => once(one, 'exit')));
    expect(ends).toEqual([0, 1, 2].map(() => [0, null]));
    expect(epochs(out)).toEqual([1, 2]);
  });

  test('a run that was killed goes on, and ends where it would have ended', async () => {
    const [whole, killed] = ['whole', 'killed'].map((name) => path.join(folder, name));
    const options = [...data, ...shape, '--epochs', '12', '--batch', '8'];
    done('train.py', ...options, '--out', whole);

    const argv = ['-B', path.join(ROOT, 'training/train.py'), ...options, '--out', killed];
    const first = spawn(python!, argv, { stdio: 'ignore', env: { ...process.env, OMP_NUM_THREADS: '1' } });
    while (epochs(killed).length < 3) await setTimeout(20);
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(epochs(killed).length).toBeLessThan(12);

    const other = train('train.py', ...options, '--out', killed, '--resume', '--similarity', 'channel');
    expect(other.stderr).toContain('last.pt has learnt --similarity frame; give that');
    done('train.py', ...options, '--out', killed, '--resume');
    expect(epochs(killed)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const [a, b] = [whole, killed].map((run) => readFileSync(path.join(run, 'bundle/head.safetensors')));
    expect(a.equals(b)).toBe(true);

    // The bundle says what it is, not what the one was whose extractor it has.
    const config = readFileSync(path.join(whole, 'bundle/config.json'), 'utf8');
    expect(JSON.parse(config)).toMatchObject({ name: 'whole', head: { trained: true, k: 2, n: 2, m: 4 } });
    expect(config + readFileSync(path.join(whole, 'bundle/README.md'), 'utf8')).not.toContain('another head');
  });

  test('every program takes what the others write', () => {
    const [runs, mine, golden] = ['runs', 'mine', 'real.safetensors'].map((name) => path.join(folder, name));
    const options = ['--train', samples, '--validation', samples, '--test', samples, '--bundle', bundle, '--out', runs];
    done('experiments.py', ...options, '--heads', 'single-frame', 'no-global-k-2', '--seeds', '0', '--epochs', '1');
    const single = path.join(runs, 'single-frame-0');
    const report = train('report.py', runs);
    expect(report.status).toBe(0);
    expect(report.stdout).toContain('single-frame: seeds [0]');
    expect(report.stdout).toMatch(/\| single-frame head \| [\d.]+ \|/);

    done('export.py', single, '--bundle', bundle, '--out', mine);
    const measured = ['--samples', samples, '--runs-of', '1', '--threads', '1'];
    const [ofRun, ofBundle] = [single, mine].map((head) => done('evaluate.py', head, ...measured).split('\n'));
    const figures = (lines: string[]): string[] => lines.map((line) => line.split(/\s+/).slice(1).join(' '));
    expect(ofRun.length).toBeGreaterThan(5);
    expect(figures(ofBundle)).toEqual(figures(ofRun));
    done('agreement.py', single, '--samples', samples, '--out', golden);
    expect(readGoldenFile(golden).people).toBe(4);
  });

  test('samples, runs and bundles of other extractors are told apart', () => {
    const other = path.join(folder, 'other');
    cpSync(bundle, other, { recursive: true });
    writeFileSync(path.join(other, 'extractor.onnx'), 'another one');
    const options = ['--train', samples, '--validation', samples, ...shape, '--out', path.join(folder, 'mixed')];
    const run = train('train.py', ...options, '--bundle', other);
    expect(run.stderr).toContain(`${other} and ${samples} cannot be used together: they differ in \`extractor\``);
    expect(train('train.py', ...options, '--bundle', folder).stderr).toContain('is no bundle');
    expect(train('train.py', ...options, '--bundle', bundle, '--runs', '2').stderr).toContain('argument --runs');
  });

  test('of two looks, the surer counts where the first is unsure', () => {
    const run = runLines([
      'import numpy as np; from evaluate import Measured, with_second_look',
      'def looks(*scores): return Measured(np.array([[s, 10.0] for s in scores]), np.array([[s, s] for s in scores]))',
      'kept = with_second_look(looks(0.3, 0.3, 0.5, 0.4), looks(0.35, 0.3, 0.9, 0.9), 0.4)',
      'print(kept.score[:, 1].tolist(), kept.distance[:, 0].tolist())',
    ]);
    expect(run.stderr).toBe('');
    expect(run.stdout.trim()).toBe('[0.35, 0.3, 0.5, 0.4] [0.35, 0.3, 0.5, 0.4]');
  });

  // The samples' joints are bumps, blank in degraded frames, which drift evenly: a "head" that shows them as they are.
  test('averaged and interpolated heat maps are those of the frames that a run leaves', () => {
    const run = runLines(
      [
        'import sys, torch; from pathlib import Path; from self_test import make_samples; from evaluate import baselines, pck, plain_picks; from samples import CLEAN, Condition, Samples',
        'made = Path(sys.argv[1]); make_samples(made); samples = Samples(made)',
        'settings = dict(mean=torch.zeros(6), std=torch.ones(6))',
        'wanted = [(c, plain_picks(samples, c)) for c in (CLEAN, *(Condition("occlusion", run) for run in (1, 3, 5)))]',
        'found = baselines(lambda frames, *_: frames[:, :3], samples, settings, wanted)',
        'def much(part): return "all" if part == 100 else "some" if part > 50 else "few"',
        'print("\\n".join(sorted(f"{name}, {c}: {much(pck(of.distance, 0.1))}" for (name, c), of in found.items())))',
      ],
      path.join(folder, 'bumps'),
    );
    expect(run.stderr).toBe('');
    expect(run.stdout.trim().split('\n')).toEqual([
      'averaged k=1, clean: all',
      'averaged k=1, occlusion 1: all',
      'averaged k=1, occlusion 3: few',
      'averaged k=1, occlusion 5: few',
      'averaged, clean: all',
      'averaged, occlusion 1: all',
      'averaged, occlusion 3: all',
      'averaged, occlusion 5: few',
      'interpolated, clean: all',
      'interpolated, occlusion 1: all',
      'interpolated, occlusion 3: all',
    ]);
  });

  test("the extractor's own poses: distances, scores, and AP by hand", () => {
    const run = runLines([
      'import numpy as np; from types import SimpleNamespace as Of; from evaluate import average_precision, own_poses, pck; from samples import CLEAN',
      'joints = np.array([[4, 4, 1], [8, 8, 0.5]], np.float32)  # the second one is filled in, and no label',
      'poses = [[4.5, 4, 0.9], [8, 8, 1]], [[9, 4, 0.8], [8, 8, 1]], [[4, 4, 0.7], None], [None, [8, 8, 1]]',
      'samples = Of(samples=[Of(joints=joints, size=10.0, clean=dict(pose=pose), degraded={}) for pose in poses])',
      'own = own_poses(samples, [(i, CLEAN) for i in range(4)])',
      'print(own.distance[:, 0].tolist(), pck(own.distance, 0.1), round(average_precision(own, 0.1), 3))',
    ]);
    expect(run.stderr).toBe('');
    // Right, wrong, right and missing, by score: precision 1, 2/3 at the two hits of four labels.
    expect(run.stdout.trim()).toBe(`[0.05000000074505806, 0.5, 0.0, inf] 50.0 ${(25 * (1 + 2 / 3)).toFixed(3)}`);
  });

  test('an exported bundle config is one that glpose takes', () => {
    const bundle = path.join(ROOT, 'models/glpose-movenet');
    const out = path.join(folder, 'exported');
    const run = runLines(
      [
        'import sys, torch; from pathlib import Path; from bundle import write_bundle; from model import Head, Shape',
        'head = Head(Shape(channels=31, block_width=16, joints=2, k=2, n=3, enhancement=False, kernel=1))',
        'settings = dict(mean=torch.full((31,), 0.25), std=torch.ones(31), joints=["left_knee", "right_knee"], m=9, similarity="channel", reuse="warp", second_look=0.4)',
        'write_bundle(Path(sys.argv[1]), Path(sys.argv[2]), head, settings)',
      ],
      bundle,
      out,
    );
    expect(run.stderr).toBe('');
    const file = path.join(out, 'config.json');
    const config = checkConfig(JSON.parse(readFileSync(file, 'utf8')), file);
    expect(config.head).toMatchObject({
      trained: true,
      k: 2,
      n: 3,
      m: 9,
      similarity: 'channel',
      kernel: 1,
      reuse: 'warp',
      secondLook: 0.4,
    });
    expect(headShape(config)).toMatchObject({ channels: 31, blockWidth: 16, enhancement: false });
    expect(config.extractor.features.mean[5]).toBe(0.25);
    // The extractor is the same; what the shipped head means by a joint, another one need not.
    const shipped = checkConfig(JSON.parse(readFileSync(path.join(bundle, 'config.json'), 'utf8')), bundle);
    expect(config.extractor.ownPose.offsets).toEqual(shipped.extractor.ownPose.offsets);
    expect(shipped.head!.offsets).toBeDefined();
    expect(config.head!.offsets).toBeUndefined();
  });

  test('a head that is read out of a bundle and written again keeps its offsets', () => {
    const bundle = path.join(ROOT, 'models/glpose-movenet');
    const out = path.join(folder, 'again');
    const lines = [
      'import sys; from pathlib import Path; from bundle import read_head, write_bundle',
      'write_bundle(Path(sys.argv[1]), Path(sys.argv[2]), *read_head(Path(sys.argv[1])))',
    ];
    expect(runLines(lines, bundle, out).stderr).toBe('');
    const [before, after] = [bundle, out].map(
      (dir) => JSON.parse(readFileSync(path.join(dir, 'config.json'), 'utf8')).head,
    );
    expect(after.offsets).toEqual(before.offsets);
  });
});
