/*
 * A frame with 200 people, by the shipped model: `samples/walking.mp4` tiled until there are so many boxes, which are given with
 * --boxes; everyone gets a pose in every frame, and memory is told.
 *
 *   node scripts/endurance/crowd.mjs [--people 200] [--frames 5]      (after npm run build; Linux, with ffmpeg)
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { watched } from './watch.mjs';

const { values } = parseArgs({
  options: { people: { type: 'string', default: '200' }, frames: { type: 'string', default: '5' } },
});
const [people, frames] = [Number(values.people), Number(values.frames)];
const sample = fileURLToPath(new URL('../../samples/walking.mp4', import.meta.url));

const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-crowd-'));
try {
  // One tile's people, as the model itself finds them.
  const clip = path.join(folder, 'tile.mp4');
  execFileSync('ffmpeg', ['-v', 'error', '-i', sample, '-frames:v', String(frames), '-qp', '0', clip]);
  const mot = path.join(folder, 'tile');
  await watched(['infer', clip, '-o', mot, '--format', 'mot', '--method', 'single-frame', '--device', 'cpu']);
  const tile = readFileSync(path.join(mot, 'mot', 'tile.txt'), 'utf8').trim().split('\n').map((line) => line.split(',').map(Number)); // prettier-ignore
  const inAll = [...new Set(tile.map((row) => row[1]))].filter(
    (id) => tile.filter((row) => row[1] === id).length === frames,
  );
  const { width, height } = JSON.parse(
    execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=width,height', '-of', 'json', clip]), // prettier-ignore
  ).streams[0];
  const tiles = Math.ceil(people / inAll.length);
  const columns = Math.ceil(Math.sqrt(tiles));
  const rows = Math.ceil(tiles / columns);
  const crowd = path.join(folder, 'crowd.mp4');
  const inputs = Array.from({ length: columns * rows }, () => ['-i', clip]).flat();
  const layout = Array.from(
    { length: columns * rows },
    (_, i) => `${(i % columns) * width}_${Math.floor(i / columns) * height}`,
  );
  const stack = `xstack=inputs=${columns * rows}:layout=${layout.join('|')}`;
  execFileSync('ffmpeg', [
    '-v',
    'error',
    ...inputs,
    '-filter_complex',
    stack,
    '-qp',
    '0',
    '-preset',
    'ultrafast',
    crowd,
  ]);

  const boxes = [];
  for (let frame = 1; frame <= frames; frame++) {
    for (let person = 0; person < people; person++) {
      const row = tile.find((each) => each[0] === frame && each[1] === inAll[person % inAll.length]);
      const place = Math.floor(person / inAll.length);
      const [x, y] = [row[2] + (place % columns) * width, row[3] + Math.floor(place / columns) * height];
      boxes.push([frame, person + 1, x, y, row[4], row[5], 1, -1, -1, -1].join(','));
    }
  }
  const file = path.join(folder, 'crowd.txt');
  writeFileSync(file, `${boxes.join('\n')}\n`);
  const out = path.join(folder, 'out');
  const run = await watched(
    ['infer', crowd, '-o', out, '--boxes', file, '--format', 'mot,posetrack18', '--device', 'cpu'],
    100,
  );
  const poses = readFileSync(path.join(out, 'mot', 'crowd.txt'), 'utf8')
    .trim()
    .split('\n').length;
  const peak = Math.max(...run.looks.map(({ mib }) => mib));
  console.log(
    `${frames} frames of ${columns * width}×${rows * height} with ${people} people: exit code ${run.code}, ${run.seconds.toFixed(1)} s`,
  );
  console.log(`${poses} poses, ${peak.toFixed(0)} MiB at most`);
  const ids = JSON.parse(readFileSync(path.join(out, 'posetrack18', 'crowd.json'), 'utf8')).annotations.map(
    ({ id }) => id,
  );
  const faults = [
    run.code !== 0 && run.err,
    poses !== people * frames && `${poses} poses, not ${people * frames}`,
    new Set(ids).size !== people * frames && 'annotations share ids',
  ].filter(Boolean);
  for (const fault of faults) console.log(`FAULT: ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
