/*
 * Many short clips in one run: each is done once, memory and open files stay as they are, and the same command again does nothing.
 *
 *   node scripts/endurance/clips.mjs [--count 1000] [--growth 64]      (after npm run build; Linux, with ffmpeg)
 *
 * Twenty different clips of the street of street.mjs, 8 to 27 frames long, under as many names as it takes.
 */
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeStreet, writeStreetBundle } from './street.mjs';
import { tenths, watched } from './watch.mjs';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000' }, growth: { type: 'string', default: '64' } },
});
const count = Number(values.count);
const DIFFERENT = 20;

const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-clips-'));
try {
  const clips = path.join(folder, 'clips');
  mkdirSync(clips);
  for (let i = 0; i < Math.min(DIFFERENT, count); i++)
    await writeStreet(path.join(folder, `${i}.mp4`), { frames: 8 + i, lanes: 1 + (i % 2) });
  for (let i = 0; i < count; i++) linkSync(path.join(folder, `${i % DIFFERENT}.mp4`), path.join(clips, `clip${i}.mp4`));
  writeStreetBundle(path.join(folder, 'bundle'));
  const out = path.join(folder, 'out');
  const args = [
    'infer',
    clips,
    '-o',
    out,
    '--model',
    path.join(folder, 'bundle'),
    '--method',
    'glpose',
    '--device',
    'cpu',
  ];
  const run = await watched(args, Math.min(500, 2 * count));
  const memory = tenths(run.looks, 'mib');
  const files = tenths(run.looks, 'files');
  console.log(`${count} clips: exit code ${run.code}, ${run.seconds.toFixed(0)} s`);
  console.log(`memory by tenths of the run, MiB: ${memory.join(' ')}; open files: ${files.join(' ')}`);
  const results = readdirSync(path.join(out, 'posetrack18'));
  const again = await watched(args);
  const left = readdirSync(out, { recursive: true }).filter((name) => name.endsWith('.partial'));
  const faults = [
    run.code !== 0 && `exit code ${run.code}: ${run.err}`,
    results.length !== count && `${results.length} results`,
    memory[9] - memory[1] > Number(values.growth) && `memory grew by ${memory[9] - memory[1]} MiB`,
    files[9] > files[1] && `open files grew from ${files[1]} to ${files[9]}`,
    again.err.match(/is done already/g)?.length !== count && 'the same command again did something',
    left.length > 0 && `temporary files are left: ${left.join(' ')}`,
  ].filter(Boolean);
  for (const fault of faults) console.log(`FAULT: ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
