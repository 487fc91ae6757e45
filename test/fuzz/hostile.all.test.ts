/*
 * Readers of foreign bytes on a corpus of sound inputs and of those that were once bugs, and on changed ones: a short run, the same
 * every time. The long run is guided by coverage: npm run fuzz.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../shared-data.js';
import { loadCode, type Code } from './code.js';
import { corpusOf, execute, fuzz } from './fuzzer.js';
import { targetsOf } from './targets.js';

let code: Code;
let folder: string;
beforeAll(async () => {
  code = await loadCode(pathToFileURL(`${path.join(ROOT, 'dist', 'src')}/`));
  folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const named = (name: string): ReturnType<typeof targetsOf>[number] =>
  targetsOf(code).find((target) => target.name === name)!;

describe.each(targetsOf({} as Code).map(({ name }) => name))('%s', (name) => {
  test('sound inputs are read', async () => {
    const sound = corpusOf(named(name)).filter((each) => each.name.startsWith('sound-'));
    expect(sound.length).toBeGreaterThan(0);
    for (const each of sound) await named(name).run(each.input, mkdtempSync(path.join(folder, 'sound-')));
  });

  test('inputs that were bugs, and changed ones, are read or refused', async () => {
    const target = named(name);
    const corpus = corpusOf(target);
    for (const { name: file, input } of corpus) {
      expect([file, await execute(code, target, input, mkdtempSync(path.join(folder, 'once-')))]).toEqual([file, null]);
    }
    const inputs = corpus.map(({ input }) => input);
    const place = mkdtempSync(path.join(folder, 'short-'));
    expect(await fuzz(code, target, inputs, { runs: target.short, seed: 1, folder: place })).toEqual([]);
  });
});
