/*
 * An hour of video with people who come and go: memory and open files stay as they are, and no track's number comes twice.
 *
 *   node scripts/endurance/hour.mjs [--seconds 3600] [--growth 64]      (after npm run build; Linux, with ffmpeg)
 *
 * The street of street.mjs at 30 frames a second. Exit status 1 where memory in the last fifth is more than `growth` MiB above that
 * of the second tenth, where at its end more than two files more are open than in its middle, where tracks and people are not as many, or where a
 * number is given to somebody else.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeStreet, writeStreetBundle } from './street.mjs';
import { tenths, watched } from './watch.mjs';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '3600' }, growth: { type: 'string', default: '64' } },
});
/** Frames that a person may be missed and still be the same track. */
const PATIENCE = 8;

const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-hour-'));
try {
  const frames = 30 * Number(values.seconds);
  const clip = path.join(folder, 'street.mp4');
  const { people, most } = await writeStreet(clip, { frames });
  writeStreetBundle(path.join(folder, 'bundle'));
  const out = path.join(folder, 'out');
  const options = [
    '--model',
    path.join(folder, 'bundle'),
    '--method',
    'glpose',
    '--format',
    'mot,posetrack18',
    '--device',
    'cpu',
  ];
  const run = await watched(['infer', clip, '-o', out, ...options], Math.min(1000, 2 * Number(values.seconds)));
  if (run.code !== 0) throw new Error(`glpose infer ended with ${run.code}: ${run.err}`);

  const [memory, files] = [tenths(run.looks, 'mib'), tenths(run.looks, 'files')];
  console.log(`${frames} frames, ${people} people, at most ${most} at a time: ${run.seconds.toFixed(0)} s`);
  console.log(`memory by tenths of the run, MiB: ${memory.join(' ')}`);
  console.log(`open files: ${files.join(' ')}; threads: ${tenths(run.looks, 'threads').join(' ')}`);
  const { tracks, returned } = tracksOf(path.join(out, 'mot', 'street.txt'));
  console.log(`${tracks} tracks, of which ${returned} came back after they were gone`);

  const growth = Math.max(memory[9], memory[8]) - memory[1];
  const faults = [
    growth > Number(values.growth) && `memory grew by ${growth} MiB`,
    // Not from the second tenth: of a short run that is still loading, with many files open at one moment and few at the next.
    files[9] > files[4] + 2 && `open files grew from ${files[4]} to ${files[9]}`,
    tracks !== people && `${tracks} tracks for ${people} people`,
    returned > 0 && `${returned} numbers were used again`,
  ].filter(Boolean);
  for (const fault of faults) console.log(`FAULT: ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}

/** Reads MOTChallenge lines: frame, track, … */
function tracksOf(file) {
  const last = new Map();
  let returned = 0;
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const [frame, track] = line.split(',').map(Number);
    if (last.has(track) && frame - last.get(track) > PATIENCE + 1) returned++;
    last.set(track, frame);
  }
  return { tracks: last.size, returned };
}
