/* Runs `glpose` and looks at its memory, open files and threads while it works (Linux: /proc). */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const GLPOSE = fileURLToPath(new URL('../../bin/glpose.js', import.meta.url));

/**
 * @param args of glpose
 * @param interval between two looks, milliseconds
 * @returns its exit code and output, how long it took, and what was seen at each look
 */
export async function watched(args, interval = 1000) {
  const started = performance.now();
  const child = spawn(process.execPath, [GLPOSE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.err += text));
  const looks = [];
  const look = setInterval(() => {
    const seen = lookAt(child.pid);
    if (seen) looks.push({ seconds: (performance.now() - started) / 1000, ...seen });
  }, interval);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(look);
  return { code, ...output, seconds: (performance.now() - started) / 1000, looks };
}

/** Resident MiB, now and at most, open files and threads of a process; null where it has just ended. */
export function lookAt(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const number = (name) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)[1]);
    const files = readdirSync(`/proc/${pid}/fd`).length;
    return { mib: number('VmRSS') / 1024, peak: number('VmHWM') / 1024, files, threads: number('Threads') };
  } catch {
    return null;
  }
}

/** The largest of each tenth of a run. */
export function tenths(looks, what) {
  return Array.from({ length: 10 }, (_, i) => {
    const part = looks.slice(Math.floor((i * looks.length) / 10), Math.floor(((i + 1) * looks.length) / 10));
    return Math.round(Math.max(...part.map((look) => look[what])));
  });
}
