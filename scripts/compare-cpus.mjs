/*
 * Poses of the sample on this machine's processor and on others that QEMU plays: how far joints lie apart.
 *
 *   node scripts/compare-cpus.mjs [--frames 1] [<QEMU's name of a processor> …]     (after npm run build; Linux x86-64, qemu-user, ffmpeg)
 *
 * Everything runs under the other processor: ONNX Runtime, libvips and the addon see its instruction sets and choose by them. Frames are
 * images, so that one decoder serves all. QEMU knows no AVX-512; a frame takes minutes,
 * and where one run of the extractor takes more than glpose waits for (120 s), that processor is passed over.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  options: { frames: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const cpus = positionals.length > 0 ? positionals : ['Haswell'];

const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-cpus-'));
try {
  const images = path.join(folder, 'walking');
  mkdirSync(images);
  const sample = path.join(ROOT, 'samples', 'walking.mp4');
  execFileSync('ffmpeg', ['-v', 'error', '-i', sample, '-frames:v', values.frames, path.join(images, '%06d.png')]);
  const here = poses('here', []);
  console.log(`${os.cpus()[0].model}, ${isa([])}: ${here.size} poses`);
  for (const cpu of cpus) {
    try {
      compare(cpu, here, poses(cpu, ['qemu-x86_64', '-cpu', cpu]));
    } catch (thrown) {
      const said = String(thrown.stderr ?? thrown.stack)
        .split('\n')
        .filter((line) => !/^qemu-x86_64: warning/.test(line));
      console.log(`${cpu}: failed: ${said.join(' ').trim()}`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** @param under the emulator's command line, empty for none */
function glpose(under, ...args) {
  const [command, ...rest] = [...under, process.execPath, path.join(ROOT, 'bin', 'glpose.js'), ...args];
  return execFileSync(command, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function isa(under) {
  return /instruction set in use: (\w+)/.exec(glpose(under, 'doctor'))[1];
}

/** @returns joints [x, y, score] of every person by frame and track */
function poses(name, under) {
  const out = path.join(folder, `out-${name}`);
  glpose(
    under,
    'infer',
    path.join(folder, 'walking'),
    '-o',
    out,
    '--format',
    'coco',
    '--threads',
    '1',
    '--device',
    'cpu',
  );
  const { annotations } = JSON.parse(readFileSync(path.join(out, 'coco', 'walking.json'), 'utf8'));
  return new Map(
    annotations.map(({ image_id, track_id, keypoints, scores, bbox }) => [
      `${image_id} ${track_id}`,
      { keypoints, scores, bbox },
    ]),
  );
}

function compare(cpu, here, there) {
  const away = [];
  let score = 0;
  let box = 0;
  let lost = 0;
  for (const [key, pose] of here) {
    const other = there.get(key);
    if (!other) {
      lost++;
      continue;
    }
    pose.bbox.forEach((value, i) => (box = Math.max(box, Math.abs(value - other.bbox[i]))));
    pose.scores.forEach((value, i) => {
      score = Math.max(score, Math.abs(value - other.scores[i]));
      if (value === 0 || other.scores[i] === 0) return;
      const [dx, dy] = [0, 1].map((axis) => pose.keypoints[3 * i + axis] - other.keypoints[3 * i + axis]);
      away.push(Math.hypot(dx, dy));
    });
  }
  away.sort((a, b) => a - b);
  const at = (share) => away[Math.min(away.length - 1, Math.floor(share * away.length))].toExponential(1);
  console.log(
    `${cpu}, ${isa(['qemu-x86_64', '-cpu', cpu])}: ${there.size} poses, ${lost} not matched; joints apart, pixels: median ${at(0.5)}, ` +
      `99 % ${at(0.99)}, most ${at(1)}; scores ${score.toExponential(1)}; boxes ${box.toExponential(1)}`,
  );
}
