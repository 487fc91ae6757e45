/*
 * The runs of scripts/endurance in seconds instead of hours: the programs work and notice faults. What they showed at full length
 * stands in docs/limits.md. Linux and ffmpeg; skipped elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../shared-data.js';

const canRun = existsSync('/proc/self/status') && spawnSync('ffmpeg', ['-version']).status === 0;
const ifAble = canRun ? test : test.skip;

function run(script: string, ...args: string[]): { status: number | null; stdout: string } {
  const argv = ['--expose-gc', path.join(ROOT, 'scripts', 'endurance', script), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  return { status, stdout: stdout + stderr };
}

const GROWTH = ['--growth', '400']; // starting takes more than so short a run

ifAble(
  'a long video: as many tracks as people, no number twice',
  () => {
    const { status, stdout } = run('hour.mjs', '--seconds', '10', ...GROWTH);
    const tracks = /300 frames, (\d) people.*\n.*\n.*\n\1 tracks, of which 0 came back/;
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringMatching(tracks) as string });
  },
  180_000,
);

ifAble(
  'many clips: each is done once, nothing is left over',
  () => {
    const { status, stdout } = run('clips.mjs', '--count', '12', ...GROWTH);
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^12 clips: exit code 0/) as string,
    });
  },
  180_000,
);

ifAble(
  'many people in a frame: everyone has a pose',
  () => {
    const { status, stdout } = run('crowd.mjs', '--people', '12', '--frames', '1');
    expect(stdout).toMatch(/12 poses/);
    expect(status).toBe(0);
  },
  180_000,
);

ifAble(
  'sessions come and go; what they leave would be noticed',
  () => {
    const { status, stdout } = run('sessions.mjs', '--heads', '50', '--models', '10', ...GROWTH);
    expect(stdout).toMatch(/50 heads of the addon(.|\n)*10 models/);
    expect(status).toBe(0);
    expect(run('sessions.mjs', '--heads', '50', '--models', '0', '--growth', '-1000')).toMatchObject({ status: 1 });
  },
  180_000,
);
