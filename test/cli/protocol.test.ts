import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main } from '../../src/cli/main.js';
import { writeResults } from '../../src/formats/results.js';
import { protocolOptions } from '../../src/run/protocol.js';
import { bodyAt, STANDING, videoOf } from '../analysis/movement.js';

let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-protocol-'));
  const video = videoOf(Array.from({ length: 3 }, () => bodyAt([400, 400], STANDING)));
  await writeResults(video, 'coco', path.join(dir, 'truth'));
  await writeResults(video, 'coco', path.join(dir, 'out'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function record(options: object, more: object = {}): void {
  const content = {
    model: { sha256: 'x', method: 'glpose' },
    options: { model: 'm', ...options },
    videos: [],
    ...more,
  };
  writeFileSync(path.join(dir, 'out', 'run.json'), JSON.stringify(content));
}

async function evaluated(source = path.join(dir, 'out')): Promise<{ code: number; err: string }> {
  let err = '';
  const args = ['eval', source, '--annotations', path.join(dir, 'truth', 'coco'), '--metric', 'coco-oks', '--protocol', 'posetrack18']; // prettier-ignore
  const code = await main(args, { out: () => {}, err: (text) => void (err += text) });
  return { code, err };
}

test('eval says where a run was made otherwise than published numbers', async () => {
  record({ ...protocolOptions('posetrack18'), boxes: '/boxes.json' });
  const { code, err } = await evaluated();
  expect(code).toBe(0);
  expect(err).not.toContain('not as published');
  const model = { sha256: 'x', method: 'single-frame', decode: 'movenet' };
  record({ minScore: 0.25, every: 2, format: ['coco'] }, { filters: [{}], model });
  const other = (await evaluated(path.join(dir, 'out', 'coco'))).err; // the record lies beside
  for (const text of ['--boxes', '--min-score 0.25 instead of 0.2', '--every 2 instead of 1', 'filtered afterwards', 'movenet, instead of quarter']) expect(other).toContain(text); // prettier-ignore
});

test('where nothing says how poses were made, eval says that', async () => {
  expect((await evaluated()).err).toContain('no run.json');
});
