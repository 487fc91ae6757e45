import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { RESULT_FORMATS, writeResults } from '../../src/formats/results.js';
import { PoseSpool } from '../../src/run/pose-spool.js';
import type { FramePoses, VideoPoses } from '../../src/types.js';
import { twoPeople } from '../formats/two-people.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-spool-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Several blocks of frames, with numbers of all digits and a name of several bytes a character. */
function manyFrames(): FramePoses[] {
  const { frames } = twoPeople();
  return Array.from({ length: 3000 }, (_, index) => {
    const people = frames[index % 3].people.map((person) => ({ ...person, score: Math.sin(index) / 3 }));
    return { index, name: `Straße-人-${index}.png`, timeSeconds: index / 30, people };
  });
}

test('every format comes out the same from a spool as from an array, and no file is left', async () => {
  const frames = manyFrames();
  const array: VideoPoses = { ...twoPeople(), fps: null, frames };
  {
    using spool = new PoseSpool(dir);
    for (const frame of frames) spool.push(frame);
    expect(await readdir(dir)).toEqual([expect.stringMatching(/^\..*\.partial$/)]);
    expect(spool).toHaveLength(frames.length);
    expect([...spool][1234]).toEqual(JSON.parse(JSON.stringify(frames[1234])));
    for (const format of RESULT_FORMATS) {
      if (format === 'openpose') continue; // thousands of files; it goes through the frames as the others do
      const [one, other] = [path.join(dir, 'array'), path.join(dir, 'spool')];
      const file = await writeResults(array, format, one);
      await writeResults({ ...array, frames: spool }, format, other);
      const same = (await readFile(path.join(other, file))).equals(await readFile(path.join(one, file)));
      expect([file, same]).toEqual([file, true]);
    }
    spool.push(frames[0]); // while nothing is under way, it goes on
    expect([...spool].at(-1)!.name).toBe(frames[0].name);
  }
  expect(await readdir(dir)).toEqual(['array', 'spool']);
});

test('a short video needs no file; in a folder that is gone, a long one fails with its name', async () => {
  await rm(dir, { recursive: true });
  using spool = new PoseSpool(dir);
  spool.push(manyFrames()[0]);
  expect([...spool]).toHaveLength(1);
  const fill = (): void => {
    for (const frame of manyFrames()) spool.push(frame);
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'OUTPUT', message: expect.stringContaining(dir) }));
});
