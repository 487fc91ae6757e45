/* Names of files may hold anything but "/": what is printed of them must stay in its line, and move no cursor. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main } from '../../src/cli/main.js';
import { makeProgress } from '../../src/cli/progress.js';
import { oneLine } from '../../src/cli/escape-control-characters.js';
import { ROOT } from '../shared-data.js';

const EVIL = 'e\nv\x1b[31m\ti\rl';
const SHOWN = 'e\\u000av\\u001b[31m\\u0009i\\u000dl';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-names-'));
  for (const name of [EVIL, `${EVIL}2`]) {
    mkdirSync(at('in', name), { recursive: true });
    for (const frame of ['0', '1']) copyFileSync(path.join(ROOT, 'samples/person.png'), at('in', name, `${frame}.png`));
  }
  writeFileSync(at('in', `${EVIL}2`, '0.png'), 'no picture');
  writeFileSync(at('in', `${EVIL}2`, '1.png'), 'no picture');
});
afterAll(() => rmSync(dir, { recursive: true }));

const at = (...parts: string[]): string => path.join(dir, ...parts);

/** What both streams get, by lines. */
async function lines(...args: string[]): Promise<string[]> {
  let text = '';
  const take = (some: string): void => void (text += some);
  await main(args, { out: take, err: take });
  expect(text.replaceAll('\n', '')).toBe(oneLine(text.replaceAll('\n', '')));
  return text.split('\n').slice(0, -1);
}

test('infer, status and check', async () => {
  const out = at(EVIL, 'out');
  const shown = path.join(dir, SHOWN, 'out');
  const told = await lines('infer', at('in'), '-o', out);
  expect(told).toHaveLength(2);
  expect(told).toContainEqual(expect.stringContaining(path.join(shown, 'posetrack18', `${SHOWN}.json  2 frames`)));
  expect(told).toContainEqual(expect.stringMatching(/^glpose: /));
  const status = await lines('status', out);
  expect(status.slice(-1)[0]).toContain(`  ${SHOWN}2: none of the 2 images in ${path.join(dir, 'in', SHOWN)}2`);
  expect(status).toHaveLength(5); // headings, sums, nothing, "Failed:", which
  expect((await lines('check', out))[0]).toContain(`${SHOWN}: 2 frames`);
  expect((await lines('worst', out)).slice(1).every((line) => line.startsWith(SHOWN))).toBe(true);
  const filtered = await lines('filter', out, '-o', at('filtered'), '--fill-gaps', '--fps', '25');
  expect(filtered).toEqual([expect.stringContaining(path.join(dir, 'filtered', 'posetrack18', `${SHOWN}.json`))]);
  for (const line of await lines('view', out)) expect(line).toContain(SHOWN);
});

test.each([['status'], ['check'], ['worst'], ['view'], ['models', 'info'], ['infer', '-o', 'nowhere']])(
  'an error of %s',
  async (...command) => {
    const [line, ...more] = await lines(...command, at(EVIL));
    expect({ line, more }).toEqual({ line: expect.stringContaining(SHOWN), more: [] });
  },
);

test('the bar of progress', () => {
  let drawn = '';
  const stream = { isTTY: true, columns: 300, write: (text: string) => void (drawn += text), on() {}, clearLine() {}, cursorTo() {}, moveCursor() {} }; // prettier-ignore
  const progress = makeProgress(stream as never, true);
  progress.begin(EVIL, 10);
  progress.frame('survey', 1);
  progress.end();
  expect(drawn).toContain(SHOWN);
});
