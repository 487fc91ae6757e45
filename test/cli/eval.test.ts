import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { main } from '../../src/cli/main.js';
import { GlposeError } from '../../src/errors.js';
import { writePoseTrackData } from '../../src/bench/posetrack-data.js';
import { POSETRACK17_JOINTS } from '../../src/joints.js';
import { describeWithShared } from '../shared-data.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'glpose-eval-'));
  writePoseTrackData(dir, { sequences: 3, frames: 12, annotatedPeople: 40, predictedPeople: 55 });
});
afterAll(() => rmSync(dir, { recursive: true }));

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(['eval', ...argv], { out: (text) => void (out += text), err: (text) => void (err += text) });
  return { code, out, err };
}

const at = (...parts: string[]): string => path.join(dir, ...parts);
const standard = (): string[] => [at('predictions'), '--annotations', at('annotations')];

interface Summary {
  metric: string;
  joints: Record<string, number>;
  groups: Record<string, number>;
}

it('prints a table on stdout and what it stands on on stderr', async () => {
  const { code, out, err } = await run(...standard());
  expect(code).toBe(0);
  expect(out).toMatch(/^ +Head +Shoulder +Elbow +Wrist +Hip +Knee +Ankle +Mean\nAP( +\d+\.\d){8}\n/);
  expect(out).toMatch(/\nMOTA( +-?\d+\.\d){8}\n/);
  expect(err).toMatch(/scored: 3 sequences, 12 frames, 40 annotated people, \d+ annotated joints, 55 predicted people/);
});

it('--json prints exactly the documented members', async () => {
  const { out } = await run(...standard(), '--json');
  const document = JSON.parse(out) as Summary & Record<string, { joints: object; groups: object }>;
  expect(Object.keys(document)).toEqual(['metric', 'joints', 'groups', 'precision', 'recall', 'mota']);
  expect(document.metric).toBe('posetrack-ap');
  for (const { joints, groups } of [
    document as unknown as Summary,
    document.precision,
    document.recall,
    document.mota,
  ]) {
    expect(Object.keys(joints).sort()).toEqual([...POSETRACK17_JOINTS].sort());
    expect(Object.keys(groups)).toEqual(['head', 'shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle', 'mean']);
  }
  expect(out).toMatch(/\d\.\d{9,}/); // full precision
});

it('--no-tracks gives null for MOTA, --details every sequence and count', async () => {
  const { out } = await run(...standard(), '--json', '--no-tracks', '--details');
  const document = JSON.parse(out) as { mota: null; sequences: Record<string, Summary>; counts: { frames: number } };
  expect(document.mota).toBeNull();
  expect(Object.keys(document.sequences)).toHaveLength(3);
  expect(document.counts.frames).toBe(12);
});

it('several predictions stand side by side under their names', async () => {
  const { out } = await run(at('predictions'), at('annotations'), '--annotations', at('annotations'), '--json');
  const { runs } = JSON.parse(out) as { runs: Record<string, Summary> };
  expect(Object.keys(runs)).toEqual(['predictions', 'annotations']);
  expect(runs.annotations.groups.mean).toBeCloseTo(100, 8);
  expect(runs.predictions.groups.mean).toBeLessThan(100);
});

it('a folder against a single file of one of its sequences', async () => {
  const one = at('annotations', '000002_mpii_test.json');
  const { code, err } = await run(at('predictions'), '--annotations', one);
  expect(code).toBe(0);
  expect(err).toMatch(/scored: 1 sequences/);
  expect(err).toMatch(/note: 2 predicted sequences without annotations, left out/);
});

it('PCKh is the share of annotated joints that were found', async () => {
  const ap = JSON.parse((await run(...standard(), '--json')).out) as { recall: Summary };
  const pckh = JSON.parse((await run(...standard(), '--json', '--metric', 'pckh')).out) as Summary;
  expect(pckh.metric).toBe('pckh');
  expect(pckh.joints.left_knee).toBeCloseTo(ap.recall.joints.left_knee, 10);
});

it('OKS-AP takes PoseTrack’s layout, too', async () => {
  const { out, err } = await run(...standard(), '--json', '--metric', 'coco-oks');
  const document = JSON.parse(out) as Record<string, number>;
  expect(document.ap).toBeGreaterThan(0);
  expect(document.ap50).toBeGreaterThan(document.ap);
  expect(err).toMatch(/without `area`/);
});

describe('faults end with exit code 2 and a sentence, no stack trace', () => {
  it.each<[string, () => string[], RegExp]>([
    ['no annotations', () => [at('predictions')], /--annotations <path>/],
    ['another measure', () => [...standard(), '--metric', 'mpjpe'], /Allowed choices are posetrack-ap, pckh, coco-oks, sub-jhmdb-pck/],
    ['a path that is not there', () => [at('none'), '--annotations', at('annotations')], /none cannot be read.* Check the path/],
    ['a missing sequence', () => [at('predictions', '000001_mpii_test.json'), '--annotations', at('annotations')], /no predictions for 2 of 3 sequences: 000002_mpii_test, 000003_mpii_test.*--allow-missing/],
  ])('%s', async (_, argv, message) => {
    const { code, out, err } = await run(...argv());
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n {4}at /);
  }); // prettier-ignore

  it('--allow-missing scores the rest and says what was left out', async () => {
    const one = at('predictions', '000001_mpii_test.json');
    const { code, err } = await run(one, '--annotations', at('annotations'), '--allow-missing');
    expect(code).toBe(0);
    expect(err).toMatch(/note: 2 annotated sequences without predictions, not scored/);
  });
});

it('runs are called by as many parts of their paths as tell them apart', async () => {
  for (const who of ['ours', 'theirs']) cpSync(at('predictions'), at(who, 'predictions'), { recursive: true });
  const runs = [at('ours', 'predictions'), at('theirs', 'predictions')];
  const { out } = await run(...runs, '--annotations', at('annotations'));
  expect(out).toMatch(/^ours\/predictions: AP .*\n/m);
  expect(out).toMatch(/^theirs\/predictions: AP .*\n/m);
});

it('ends at Ctrl-C between two files, with the exit code of an interruption and without figures', async () => {
  for (const metric of ['posetrack-ap', 'coco-oks', 'pckh']) {
    const stop = new AbortController();
    setImmediate(() => stop.abort(new GlposeError('INTERRUPTED', 'interrupted')));
    let [out, err] = ['', ''];
    const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
    const command = ['eval', ...standard(), '--metric', metric, '--report', at('none.html')];
    expect(await main(command, { ...terminal, signal: stop.signal })).toBe(130);
    expect([out, err]).toEqual(['', 'glpose: interrupted\n']);
    expect(existsSync(at('none.html'))).toBe(false);
  }
});

describe('--report', () => {
  it('into a place that cannot be written keeps the figures', async () => {
    const { code, out, err } = await run(...standard(), '--report', at('predictions'));
    expect(code).toBe(1);
    expect(out).toMatch(/^ *AP /m);
    expect(err).toMatch(/predictions cannot be written: .* Choose another --report/);
  });

  it('is one page that loads nothing, names published figures as such, and draws the frames', async () => {
    const image = await sharp({ create: { width: 64, height: 36, channels: 3, background: 'red' } })
      .jpeg()
      .toBuffer();
    mkdirSync(at('pictures', 'val', '000001_mpii_test'), { recursive: true });
    for (let f = 0; f < 4; f++) writeFileSync(at('pictures', 'val', '000001_mpii_test', `00000${f}.jpg`), image);
    const { code, err } = await run(...standard(), '--report', at('r.html'), '--frames', at('pictures'));
    expect(code).toBe(0);
    expect(err).toContain(`report: ${at('r.html')}`);
    const page = readFileSync(at('r.html'), 'utf8');
    expect(page).not.toMatch(/<script|<link|(src|href)="(?!data:)/);
    expect(page.match(/data:image\/jpeg;base64,/g)!.length).toBeGreaterThan(0);
    expect(page).toMatch(/GLPose \(paper\), PoseTrack17 val: AP <span class="tag">published/);
    expect(page.indexOf('Precision</th>')).toBeGreaterThan(page.indexOf('PoseTrack18 val: AP')); // AP beside AP
    const { joints } = JSON.parse((await run(...standard(), '--json')).out) as Summary;
    for (const joint of ['nose', 'left_ankle']) {
      const caption = new RegExp(
        `<figcaption>\\s*${joint.replace('_', ' ')}<br />\\s*<span [^>]*>${joints[joint].toFixed(1)}<`,
      );
      expect(page).toMatch(caption);
    }
    expect(page).toMatch(/prefers-color-scheme: dark/);
    expect(page).toMatch(/false positive/);
    expect(page).toMatch(/annotated people<\/th>\s*<td>40/);
  });

  it('escapes names', async () => {
    const document = JSON.parse(readFileSync(at('predictions', '000001_mpii_test.json'), 'utf8')) as {
      images: { file_name: string }[];
    };
    mkdirSync(at('odd'), { recursive: true });
    for (const side of ['annotations', 'predictions']) {
      const text = readFileSync(at(side, '000001_mpii_test.json'), 'utf8');
      writeFileSync(at('odd', `${side}.json`), text.replaceAll('000001_mpii_test', '<b>&x'));
    }
    expect(document.images.length).toBe(4);
    await run(
      at('odd', 'predictions.json'),
      '--annotations',
      at('odd', 'annotations.json'),
      '--report',
      at('odd.html'),
    );
    const page = readFileSync(at('odd.html'), 'utf8');
    expect(page).not.toContain('<b>');
    expect(page).toContain('&#60;b&#62;&#38;x');
  });

  it('that cannot be written is said with exit code 1', async () => {
    const { code, err } = await run(...standard(), '--report', at('no', 'such', 'r.html'));
    expect(code).toBe(1);
    expect(err).toMatch(/r\.html cannot be written/);
  });
});

describeWithShared('data/mmpose-testdata/jhmdb/test_jhmdb_sub1.json', 'Sub-JHMDB', (file) => {
  it('scores the annotations themselves as one pixel off: they count from 1', async () => {
    const { code, out } = await run(file, '--annotations', file, '--metric', 'sub-jhmdb-pck', '--json');
    expect(code).toBe(0);
    const document = JSON.parse(out) as Summary & { torso: Summary };
    expect(document.groups.mean).toBe(100);
    expect(document.torso.groups.mean).toBe(100);
  });
});
