/* Several runs into one folder: what stands there is neither lost nor taken for something else. */
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { RunRecord } from '../../src/run/record.js';
import { main } from '../../src/cli/main.js';
import { picture } from '../media/clips.js';
import { writeVideo } from '../../src/drawing/video-writer.js';
import { ROOT } from '../shared-data.js';

let dir: string;
beforeEach(async () => (dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-same-'))));
afterEach(() => rm(dir, { recursive: true }));

const at = (...parts: string[]): string => path.join(dir, ...parts);

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
  const code = await main(argv, { ...terminal, signal: new AbortController().signal });
  return { code, out, err };
}

/** A video of two frames without people, found by the extractor alone. */
async function video(...parts: string[]): Promise<string> {
  await mkdir(path.dirname(at(...parts)), { recursive: true });
  async function* pictures(): AsyncGenerator<ReturnType<typeof picture>> {
    for (let i = 0; i < 2; i++) yield picture(i + parts.join('').length);
  }
  await writeVideo(at(...parts), pictures(), { width: 96, height: 64, fps: 10 });
  return at(...parts);
}

const infer = (...argv: string[]): ReturnType<typeof run> => run('infer', ...argv, '--method', 'single-frame');

test('its own renders are no inputs', async () => {
  await video('in', 'a', '1.mp4');
  await video('in', 'b', '2.mp4');
  for (let i = 0; i < 3; i++) {
    const { code, err } = await infer(at('in'), '-o', at('in'), '--render', 'mp4');
    expect(err).not.toMatch(/passed over/);
    expect(code).toBe(0);
    expect((await readdir(at('in', 'render'))).sort()).toEqual(['1.mp4', '2.mp4']);
    expect((await readdir(at('in', 'posetrack18'))).sort()).toEqual(['1.json', '2.json']);
  }
  const { videos } = JSON.parse(await readFile(at('in', 'run.json'), 'utf8')) as RunRecord;
  expect(videos.map(({ name }) => name)).toEqual(['1', '2']);
  expect((await infer(at('in'), '-o', at('elsewhere'))).code).toBe(0);
  expect((await readdir(at('elsewhere', 'posetrack18'))).sort()).toEqual(['1.json', '2.json']);
});

test('a video called like another one of an earlier run has another name, and both can be viewed', async () => {
  const [p, q] = [await video('p', 'v.mp4'), await video('q', 'v.mp4')];
  await infer(p, '-o', at('out'));
  const first = await readFile(at('out', 'posetrack18', 'v.json'), 'utf8');
  const { err } = await infer(q, '-o', at('out'));
  expect(err).toMatch(/inputs called like others .* are numbered on: 1 \(first: .*q\/v\.mp4 is v-2\)/);
  expect((await readdir(at('out', 'posetrack18'))).sort()).toEqual(['v-2.json', 'v.json']);
  expect(await readFile(at('out', 'posetrack18', 'v.json'), 'utf8')).toBe(first);
  const again = await infer(q, '-o', at('out'));
  expect(again.err).toMatch(/v-2 is done already/);
  expect(await run('view', at('out'), '--video', '-o', at('pages'))).toMatchObject({ code: 0 });
  expect((await readdir(at('pages'))).sort()).toEqual(['v-2.html', 'v.html']);
  await rm(p);
  expect((await infer(await video('other', 'v.mp4'), '-o', at('out'))).err).toMatch(
    /v is done again: the input’s path/,
  );
});

test('what was moved or touched is the same', async () => {
  const file = await video('project', 'v.mp4');
  await mkdir(at('project', 'frames'));
  await cp(path.join(ROOT, 'samples', 'person.png'), at('project', 'frames', '1.png'));
  const inputs = (): string[] => [at('project', 'v.mp4'), at('project', 'frames')];
  await infer(...inputs(), '-o', at('project', 'out'));
  await utimes(file, new Date(), new Date(0));
  await utimes(at('project', 'frames', '1.png'), new Date(), new Date(0));
  expect((await infer(...inputs(), '-o', at('project', 'out'))).err).toMatch(
    /v is done already(.|\n)*frames is done already/,
  );
  await rename(at('project'), at('moved'));
  const moved = [at('moved', 'v.mp4'), at('moved', 'frames')];
  const { err } = await infer(...moved, '-o', at('moved', 'out'));
  expect(err).toMatch(/v is done already(.|\n)*frames is done already/);
  const { videos } = JSON.parse(await readFile(at('moved', 'out', 'run.json'), 'utf8')) as RunRecord;
  expect(videos.map((report) => report.path)).toEqual(moved);
  await rename(at('moved', 'frames', '1.png'), at('moved', 'frames', '2.png'));
  expect((await infer(...moved, '-o', at('moved', 'out'))).err).toMatch(/frames is done again: the input changed/);
});

test.each([['--blur-faces'], ['--limb-width', '3'], ['--no-labels'], ['--draw-boxes']])(
  '%s without --render is refused',
  async (...flags) => {
    const { code, err } = await infer(path.join(ROOT, 'samples', 'person.png'), '-o', at('out'), ...flags);
    expect(code).toBe(2);
    expect(err).toContain(`${flags[0]} without --render: nothing is drawn`);
  },
);
