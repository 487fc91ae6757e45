import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { main } from '../../src/cli/main.js';
import type { Quality } from '../../src/evaluation/quality/problem.js';
import type { RunRecord } from '../../src/run/record.js';
import { COCO_JOINTS } from '../../src/joints.js';
import { ROOT } from '../shared-data.js';

async function glpose(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(args, { out: (text) => void (out += text), err: (text) => void (err += text) });
  return { code, out, err };
}

let root: string;
beforeAll(async () => void (root = await mkdtemp(path.join(os.tmpdir(), 'glpose-check-'))));
afterAll(() => rm(root, { recursive: true, force: true }));

test('an infer run says what is to be looked at, in run.json and in a line; check finds the same in its files', async () => {
  const out = path.join(root, 'out');
  const run = await glpose('infer', path.join(ROOT, 'samples/walking.mp4'), '-o', out, '--method', 'single-frame', '--every', '6', '--no-share-out', '--json'); // prettier-ignore
  expect(run.code).toBe(0);
  const { quality } = (JSON.parse(run.out) as RunRecord).videos[0];
  expect(quality).toMatchObject({ frames: 8 });
  expect(quality!.problems.length).toBeGreaterThan(0);
  expect(run.err).toMatch(/walking: \d+ places? to look at: .*; glpose check .*out lists them/);
  for (const { from, to } of quality!.problems) expect([from % 6, to % 6, from >= 0, to < 48]).toEqual([0, 0, true, true]); // prettier-ignore

  const checked = await glpose('check', out, '--json');
  const { totals, videos } = JSON.parse(checked.out) as { totals: Quality; videos: ({ name: string } & Quality)[] };
  expect(videos).toEqual([{ name: 'walking', ...quality }]);
  expect(totals.poses).toBe(quality!.poses);
  const text = await glpose('check', out);
  expect(text).toMatchObject({ code: 0, err: '' });
  expect(text.out.split('\n')[0]).toMatch(/^walking: 8 frames, \d+ poses; \d+ places? to look at/);
  expect(text.out.split('\n').length).toBe(quality!.problems.length + 2);
});

test('checks what other tools have written, as far as their files go', async () => {
  const keypoints = (x: number): number[] => COCO_JOINTS.flatMap((_, k) => [x + 20 * (k % 3), 200 + 7 * k, 2]);
  const file = path.join(root, 'theirs.json');
  const images = [0, 1, 2].map((id) => ({ id, file_name: `clip/${String(id).padStart(6, '0')}.jpg` }));
  const annotations = images.flatMap(
    ({ id }) =>
    [100, id === 1 ? 103 : 300].map((x, i) => ({ id: 2 * id + i, image_id: id, category_id: 1, keypoints: keypoints(x), score: 0.9 })), // prettier-ignore
  );
  const categories = [{ id: 1, name: 'person', keypoints: COCO_JOINTS, skeleton: [] }];
  await writeFile(file, JSON.stringify({ images, annotations, categories }));
  const { code, out, err } = await glpose('check', file);
  expect({ code, out }).toEqual({
    code: 0,
    out: 'clip: 3 frames, 6 poses; 1 place to look at: 1 doubled skeleton (1 frame)\n  frame 1    wear one skeleton\n',
  });
  expect(err).toMatch(/^clip: the file does not say how large the picture is/);
  await writeFile(file, JSON.stringify({ images: images.slice(0, 1), annotations: [], categories }));
  expect((await glpose('check', file)).out).toBe('clip: 1 frame, 0 poses; nobody in any frame\n');
  expect(await glpose('check', file, '--name', 'other')).toMatchObject({ code: 2 });
  expect(await glpose('check', path.join(root, 'nowhere'))).toMatchObject({ code: 2 });
});
