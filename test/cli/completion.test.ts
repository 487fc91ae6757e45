import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { main } from '../../src/cli/main.js';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'glpose-completion-'));
});

afterAll(() => rmSync(dir, { recursive: true }));

async function script(...args: string[]): Promise<string> {
  let out = '';
  expect(await main(args, { out: (text) => void (out += text) })).toBe(0);
  return out;
}

function has(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

/** What bash offers for the last of the words. */
async function inBash(...words: string[]): Promise<string[]> {
  const file = path.join(dir, 'glpose.bash');
  writeFileSync(file, await script('completion', 'bash'));
  const list = ['glpose', ...words].map((word) => `'${word}'`).join(' ');
  const run = `source ${file}; COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _glpose; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', run], { cwd: dir, encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '' && line !== 'glpose.bash');
}

test('bash completes commands, options and values where they stand', async () => {
  expect(await inBash('inf')).toEqual(['infer']);
  expect(await inBash('models', 'im')).toEqual(['import']);
  expect(await inBash('infer', '--meth')).toEqual(['--method']);
  expect(await inBash('infer', 'clip.mp4', '--method', '')).toEqual(['glpose', 'single-frame']);
  expect(await inBash('eval', '--metric', 'coco')).toEqual(['coco-oks']);
  expect(await inBash('infer', '--format', 'pose')).toEqual(['posetrack18', 'posetrack17']);
  expect(await inBash('completion', 'f')).toEqual(['fish']);
  expect(await inBash('infer', '--render', '--bl')).toEqual(['--blur-faces']); // its value may be left out
  expect(await inBash('models', '--meth')).toEqual([]); // not an option there
});

test('bash completes files where a file may stand', async () => {
  writeFileSync(path.join(dir, 'clip one.mp4'), '');
  expect(await inBash('infer', 'clip')).toEqual(['clip one.mp4']);
  expect(await inBash('infer', '--boxes', 'cl')).toEqual(['clip one.mp4']);
  expect(await inBash('infer', '--method', 'cl')).toEqual([]);
  expect(await inBash('cl')).toEqual([]);
  expect(await inBash('models', 'cl')).toEqual([]);
  expect(await inBash('completion', 'cl')).toEqual([]);
});

const ifZsh = has('zsh') ? test : test.skip;
ifZsh('zsh accepts its script (skipped where zsh is not installed)', async () => {
  const file = path.join(dir, '_glpose');
  writeFileSync(file, await script('completion', 'zsh'));
  const run = `autoload -U compinit; compinit -u -D; source ${file}; print -l \${_comps[glpose]} \${(k)functions[(I)_glpose*]}`;
  const out = execFileSync('zsh', ['-f', '-c', run], { encoding: 'utf8' });
  expect(out.split('\n')).toEqual(expect.arrayContaining(['_glpose', '_glpose_infer', '_glpose_models_import']));
});

const ifFish = has('fish') ? test : test.skip;
ifFish('fish completes commands, options and values (skipped where fish is not installed)', async () => {
  const file = path.join(dir, 'glpose.fish');
  writeFileSync(file, await script('completion', 'fish'));
  const complete = (line: string): string[] => {
    const out = execFileSync('fish', ['-N', '-c', `source ${file}; complete -C '${line}'`], { encoding: 'utf8' });
    return out.split('\n').map((entry) => entry.split('\t')[0]).filter(Boolean); // prettier-ignore
  };
  expect(complete('glpose inf')).toEqual(['infer']);
  expect(complete('glpose models im')).toEqual(['import']);
  expect(complete('glpose infer --method ')).toEqual(['glpose', 'single-frame']);
  expect(complete('glpose infer --blur')).toEqual(['--blur-faces']);
});

test('a shell that is not known is wrong usage', async () => {
  let err = '';
  expect(await main(['completion', 'tcsh'], { err: (text) => void (err += text) })).toBe(2);
  expect(err).toMatch(/Allowed choices are bash, zsh, fish/);
});
