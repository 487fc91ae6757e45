import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readRun } from '../../src/run/record.js';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Warnings } from '../../src/formats/warnings.js';
import { readResults } from '../../src/view/results.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), 'glpose-results-'))));
afterEach(() => rmSync(dir, { recursive: true }));

function put(name: string, content: unknown): void {
  const file = path.join(dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

/** PoseTrack17 of one frame; a joint without a score is worth a warning. */
const poses = (video: string): object => ({
  annolist: [{ image: [{ name: `${video}/1.jpg` }], annorect: [{ annopoints: [{ point: [{ id: [0], x: [1], y: [2] }] }] }] }], // prettier-ignore
});

const record = (shard: object | undefined, ...videos: string[]): object => ({
  shard,
  model: { sha256: 'ab', method: 'glpose' },
  options: { model: 'm', seed: 3 },
  videos: videos.map((name) => ({ name, path: `/in/${name}` })),
});

describe('a run too large for the memory', () => {
  beforeEach(() => ['a', 'b', 'd'].forEach((name) => put(`posetrack18/${name}.json`, poses(name))));

  it('is read file by file', () => {
    put('posetrack18/c.json', '{');
    const sequences = readResults(dir);
    expect([sequences.next(), sequences.next()].map(({ value }) => value!.name)).toEqual(['a', 'b']);
    expect(() => sequences.next()).toThrow(/c\.json is not valid JSON/);
  });

  it('is not read where files are called as the videos asked for', () => {
    for (const name of ['a0', 'c', 'z']) put(`posetrack18/${name}.json`, '{');
    expect([...readResults(dir, undefined, ['d', 'b'])].map(({ name }) => name)).toEqual(['b', 'd']);
  });

  it('is looked through where a file is called otherwise', () => {
    put('posetrack18/all.json', { annolist: ['x', 'y'].flatMap((name) => (poses(name) as { annolist: [] }).annolist) });
    expect([...readResults(dir, undefined, ['y'])].map(({ name }) => name)).toEqual(['y']);
    expect(() => [...readResults(dir, undefined, ['y', 'no'])]).toThrow(/no video "no"\. It has y, a, x, b, d\./);
  });
});

it('warnings are those of a sequence’s own file, and counted over all', () => {
  for (const name of ['a', 'b']) put(`${name}.json`, poses(name));
  put('other.json', {});
  const warnings = new Warnings(true);
  const own = [...readResults(dir, warnings)].map((sequence) => sequence.warnings);
  const text = expect.stringMatching(/without a score/) as string;
  expect(own).toEqual(['a', 'b'].map((name) => [{ text, count: 1, first: expect.stringContaining(`${name}.json`) as string }])); // prettier-ignore
  expect(warnings.list()).toMatchObject([
    { text, count: 2 },
    { text: 'files without poses, left out', count: 1 },
  ]);
});

it('the records of shards are read as one, unless there is that of a run over everything', () => {
  expect(readRun(dir)).toBeNull();
  for (const [index, video] of [[1, 'a'], [2, 'b']] as const) put(`run-${index}-of-2.json`, record({ index, count: 2 }, video)); // prettier-ignore
  expect(readRun(dir)).toMatchObject({ model: 'm', estimate: { seed: 3 } });
  expect([...readRun(dir)!.videos]).toEqual([['a', '/in/a'], ['b', '/in/b']]); // prettier-ignore
  put('run.json', record(undefined, 'c'));
  expect([...readRun(dir)!.videos.keys()]).toEqual(['c']);
});
