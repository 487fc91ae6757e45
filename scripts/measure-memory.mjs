/*
 * Peak memory of `glpose infer` on a video and on one ten times as long: they should be the same.
 *
 *   node scripts/measure-memory.mjs [--video samples/walking.mp4] [--seconds 60] [--times 10] [-- options of glpose infer]
 *
 * The video is looped and scaled to 1080p with ffmpeg. Linux: the peak is the kernel's (VmHWM).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { watched } from './endurance/watch.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  options: {
    video: { type: 'string', default: path.join(ROOT, 'samples', 'walking.mp4') },
    seconds: { type: 'string', default: '60' },
    times: { type: 'string', default: '10' },
  },
  allowPositionals: true,
});

const folder = mkdtempSync(path.join(os.tmpdir(), 'glpose-memory-'));
try {
  const peaks = [];
  for (const seconds of [Number(values.seconds), Number(values.seconds) * Number(values.times)]) {
    const clip = path.join(folder, `${seconds}.mp4`);
    const scale = 'scale=1920:1080:force_original_aspect_ratio=decrease,pad=1920:1080:-1:-1';
    const encode = ['-an', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
    const input = ['-stream_loop', '-1', '-i', values.video, '-t', String(seconds)];
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...input, '-vf', scale, ...encode, clip]);
    peaks.push(await peakOf(clip, path.join(folder, `out-${seconds}`)));
  }
  const [short, long] = peaks;
  console.log(`${(100 * (long / short - 1)).toFixed(1)} % more for ${values.times} times the length`);
} finally {
  rmSync(folder, { recursive: true });
}

/** @returns the peak resident memory in MiB */
async function peakOf(clip, out) {
  const run = await watched(['infer', clip, '-o', out, '--device', 'cpu', ...positionals], 50);
  if (run.code !== 0) throw new Error(`glpose infer ended with code ${run.code}: ${run.err}`);
  const { peak } = run.looks.at(-1);
  console.log(`${path.basename(clip)}: ${peak.toFixed(0)} MiB at most; ${run.out.trim().split('  ').at(-1)}`);
  return peak;
}
