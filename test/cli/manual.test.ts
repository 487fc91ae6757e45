import { spawnSync } from 'node:child_process';
import { main } from '../../src/cli/main.js';

async function manual(): Promise<string> {
  let out = '';
  expect(await main(['manual'], { out: (text) => void (out += text) })).toBe(0);
  return out;
}

test('every command, its options with their defaults, and the exit codes stand in the manual page', async () => {
  const page = await manual();
  expect(page).toMatch(/^\.TH GLPOSE 1/);
  for (const name of ['infer', 'eval', 'models import', 'doctor']) expect(page).toContain(`.SS "glpose ${name} `);
  expect(page).toContain('.B \\-o, \\-\\-out <folder>');
  expect(page).toMatch(/\.B \\-\\-format <names>\n.*\(default: posetrack18\)/);
  expect(page).toMatch(/\.B \\-\\-method <name>\n.*\(one of glpose, single\\-frame\)/);
  expect(page).toContain('glpose infer samples/walking.mp4'); // the example
  expect(page).toMatch(/\.TP\n130\ninterrupted/);
});

test('no text of the help can be read as a roff request', async () => {
  for (const line of (await manual()).split('\n')) {
    if (line.startsWith('.')) expect(line).toMatch(/^\.(TH|SH|SS|TP|B|I|PP|nf|fi)( |$)/);
    expect([...line].every((character) => character.charCodeAt(0) < 128)).toBe(true);
  }
});

const hasMandoc = spawnSync('mandoc', ['-h']).error === undefined;
(hasMandoc ? test : test.skip)('mandoc finds no fault (skipped where it is not installed)', async () => {
  const lint = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], { input: await manual(), encoding: 'utf8' });
  expect(lint.stdout.split('\n').filter((line) => !/missing date/.test(line) && line !== '')).toEqual([]);
});
