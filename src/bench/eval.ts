/*
 * How fast `glpose eval` is at the size of PoseTrack18's validation set, files read included, and how much memory it
 * takes, beside the reference evaluator. Run with `npm run -s bench:eval` (--json for machines, --folder to keep the
 * made-up files).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GlposeError } from '../errors.js';
import { POSETRACK18_VAL, writePoseTrackData } from './posetrack-data.js';

/** poseval with per-sequence output, AP only, on data of this size; two-core machine. */
const REFERENCE_SECONDS = 171;
const RUNS = 3;
const COMMAND = fileURLToPath(new URL('../../../bin/glpose.js', import.meta.url));

interface Timing {
  /** Median of the runs, and the longest, of the whole process. */
  seconds: number;
  longest: number;
  /** Highest resident set, MiB. */
  peakMiB: number;
  vsReference: number;
}

function time(data: string, extra: string[]): Timing {
  const seconds: number[] = [];
  let peakMiB = 0;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    const argv = [
      'eval',
      path.join(data, 'predictions'),
      '--annotations',
      path.join(data, 'annotations'),
      '--json',
      '--details',
    ];
    const report = `process.on('exit', () => console.error('PEAK ' + process.resourceUsage().maxRSS))`;
    const hook = `data:text/javascript,${encodeURIComponent(report)}`;
    const child = spawnSync(process.execPath, ['--import', hook, COMMAND, ...argv, ...extra], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    seconds.push((performance.now() - start) / 1000);
    verify(child.status, child.stdout, child.stderr);
    peakMiB = Math.max(peakMiB, Number(/PEAK (\d+)/.exec(child.stderr)?.[1]) / 1024);
  }
  seconds.sort((a, b) => a - b);
  const median = seconds[Math.floor(RUNS / 2)];
  return { seconds: median, longest: seconds[RUNS - 1], peakMiB, vsReference: REFERENCE_SECONDS / median };
}

/** A fast wrong answer is no answer: everything that was written must have been scored. */
function verify(status: number | null, out: string, err: string): void {
  if (status !== 0) throw new GlposeError('INTERNAL', `glpose eval ended with ${status}: ${err}`);
  const { counts } = JSON.parse(out) as { counts: Record<string, number> };
  for (const [kind, expected] of Object.entries(POSETRACK18_VAL)) {
    if (counts[kind] !== expected)
      throw new GlposeError('INTERNAL', `${counts[kind]} ${kind} were scored of ${expected}`);
  }
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, folder: { type: 'string' } } });
const folder = values.folder ?? mkdtempSync(path.join(os.tmpdir(), 'glpose-bench-eval-'));
try {
  if (!existsSync(path.join(folder, 'annotations'))) writePoseTrackData(folder, POSETRACK18_VAL);
  const results = { ap: time(folder, ['--no-tracks']), 'ap and mota': time(folder, []) };
  if (values.json) {
    const machine = { cpu: os.cpus()[0]?.model, cores: os.availableParallelism(), node: process.version };
    process.stdout.write(
      `${JSON.stringify({ machine, size: POSETRACK18_VAL, referenceSeconds: REFERENCE_SECONDS, results }, null, 2)}\n`,
    );
  } else {
    const { sequences, frames, annotatedPeople, predictedPeople } = POSETRACK18_VAL;
    process.stdout.write(
      `${sequences} sequences, ${frames} frames, ${annotatedPeople} annotated and ${predictedPeople} predicted people\n`,
    );
    for (const [what, { seconds, longest, peakMiB, vsReference }] of Object.entries(results)) {
      process.stdout.write(
        `${what.padEnd(12)} ${seconds.toFixed(1)} s (median of ${RUNS}, longest ${longest.toFixed(1)}), ` +
          `${peakMiB.toFixed(0)} MiB; 1/${vsReference.toFixed(0)} of poseval's ${REFERENCE_SECONDS} s for AP\n`,
      );
    }
  }
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true });
}
