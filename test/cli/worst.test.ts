import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { main } from '../../src/cli/main.js';
import { readBoxes } from '../../src/formats/boxes.js';
import type { LabellingDocument } from '../../src/formats/coco-labelling.js';
import { writeResults } from '../../src/formats/results.js';
import { POSETRACK17_JOINTS } from '../../src/joints.js';
import type { FramePoses } from '../../src/types.js';

const FRAMES = 40;
let dir: string;

/** Two people who stand 200 pixels apart; in frames 20–23, the second wears the first one's skeleton. */
function poses(): FramePoses[] {
  return Array.from({ length: FRAMES }, (_, index) => {
    const person = (trackId: number): FramePoses['people'][0] => {
      const shift = trackId === 1 && !(index >= 20 && index <= 23) ? 200 : 0;
      const joints = POSETRACK17_JOINTS.map((_, k) => ({ x: 100 + shift + 5 * (k % 4), y: 80 + 10 * k, score: 0.9 }));
      return {
        trackId,
        box: { x: 90 + 200 * trackId, y: 70, width: 40, height: 170 },
        boxScore: 0.9,
        score: 0.8,
        joints,
      };
    };
    const name = `${String(index).padStart(6, '0')}.png`;
    return { index, name, timeSeconds: null, people: [person(0), person(1)] };
  });
}

async function glpose(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await main(args, { out: (text) => void (said.out += text), err: (text) => void (said.err += text) });
  return { code, ...said };
}

beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-worst-'));
  const clip = path.join(dir, 'clip');
  mkdirSync(clip);
  const picture = await sharp({ create: { width: 480, height: 320, channels: 3, background: '#446688' } }).png().toBuffer(); // prettier-ignore
  const frames = poses();
  for (const { name } of frames) writeFileSync(path.join(clip, name), picture);
  await writeResults({ name: 'clip', width: 480, height: 320, fps: null, joints: POSETRACK17_JOINTS, frames }, 'posetrack18', path.join(dir, 'out')); // prettier-ignore
  const record = { glpose: '0', model: { sha256: 'x', method: 'glpose' }, options: { model: 'm' }, videos: [{ name: 'clip', path: clip }] }; // prettier-ignore
  writeFileSync(path.join(dir, 'out', 'run.json'), JSON.stringify(record));
});

afterAll(() => rmSync(dir, { recursive: true }));

test('the frames that are wrong come first, and neighbours count once', async () => {
  const { code, out } = await glpose('worst', path.join(dir, 'out'), '-n', '3', '--json');
  expect(code).toBe(0);
  const { frames } = JSON.parse(out) as { frames: { video: string; frame: number; reasons: string[] }[] };
  expect(frames).toHaveLength(3);
  expect(frames[0].frame).toBeGreaterThanOrEqual(20);
  expect(frames[0].frame).toBeLessThanOrEqual(23);
  expect(frames[0].reasons[0]).toContain('0 and 1 wear one skeleton');
  const numbers = frames.map(({ frame }) => frame).sort((a, b) => a - b);
  expect(numbers[1] - numbers[0]).toBeGreaterThanOrEqual(10);
  expect(numbers[2] - numbers[1]).toBeGreaterThanOrEqual(10);
  const { out: few } = await glpose('worst', path.join(dir, 'out'), '-n', '9', '--apart', '15');
  expect(few.trim().split('\n').length).toBeLessThanOrEqual(4); // a heading, and no more frames than lie so far apart
});

test('what is written comes back: as boxes, as annotations; a correction counts', async () => {
  const to = path.join(dir, 'label');
  expect((await glpose('worst', path.join(dir, 'out'), '-n', '2', '--coco', '-o', to)).code).toBe(0);
  const document = JSON.parse(readFileSync(path.join(to, 'to-label.json'), 'utf8')) as LabellingDocument;
  expect(document.images).toHaveLength(2);
  for (const { file_name: name, width, height } of document.images) {
    const { width: w, height: h, format } = await sharp(path.join(to, 'images', name)).metadata();
    expect({ w, h, format }).toEqual({ w: width, h: height, format: 'jpeg' });
  }
  const { keypoints: names } = document.categories[0];
  expect(names.slice(-2).sort()).toEqual(['head_top', 'neck']);
  const same = ['eval', path.join(dir, 'out'), '--annotations', path.join(to, 'to-label.json'), '--metric', 'coco-oks'];
  expect((await glpose(...same)).out).toMatch(/AP +100\.0/);

  // whoever labels moves the second person's joints back to where they stand
  const wrong = document.annotations.find(({ track_id: id, keypoints }) => id === 1 && keypoints[0] < 200)!;
  wrong.keypoints = wrong.keypoints.map((value, i) => (i % 3 === 0 && value > 0 ? value + 200 : value));
  const corrected = path.join(to, 'corrected.json');
  writeFileSync(corrected, JSON.stringify(document));
  const { out } = await glpose('eval', path.join(dir, 'out'), '--annotations', corrected, '--metric', 'coco-oks');
  expect(Number(/AP +(\d+\.\d)/.exec(out)![1])).toBeLessThan(90);
  const image = document.images.find(({ id }) => id === wrong.image_id)!;
  const index = Number(path.parse(image.file_name).name);
  const boxes = readBoxes(corrected)
    .forVideo('clip')
    .boxesOf({ index, name: `${path.parse(image.file_name).name}.png` });
  expect(boxes.map(({ trackId, box }) => [trackId, box.x])).toEqual([[0, 90], [1, 290]]); // prettier-ignore
});

test('without pictures there is nothing to label, and nothing is written', async () => {
  const lone = path.join(dir, 'lone.json');
  writeFileSync(lone, readFileSync(path.join(dir, 'out', 'posetrack18', 'clip.json')));
  const { code, err } = await glpose('worst', lone, '--coco', '-o', path.join(dir, 'none'));
  expect(code).toBe(2);
  expect(err).toContain('--video');
  expect(existsSync(path.join(dir, 'none'))).toBe(false);
  expect(await glpose('worst', lone, '-o', dir)).toMatchObject({ code: 2, err: expect.stringContaining('--out without --coco') as string }); // prettier-ignore
});
