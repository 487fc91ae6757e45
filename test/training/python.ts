import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../shared-data.js';

const hasTorch = (python: string): boolean => spawnSync(python, ['-c', 'import torch, numpy']).status === 0;

/** A Python that can train; undefined where there is none. */
export const python = [process.env.GLPOSE_PYTHON ?? 'python3', '/usr/bin/python3'].find(hasTorch);

/** What the title of a skipped block says; empty where nothing is skipped. */
export const whyNoPython = python === undefined ? ' (skipped: no python3 with torch and numpy; set GLPOSE_PYTHON)' : '';

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program of training/, on one thread. */
export function train(script: string, ...options: string[]): Ended {
  return run([path.join(ROOT, 'training', script), ...options]);
}

/** Runs lines of Python that may import training/'s modules, on one thread. */
export function runLines(lines: readonly string[], ...options: string[]): Ended {
  return run(['-c', lines.join('\n'), ...options], path.join(ROOT, 'training'));
}

function run(argv: string[], cwd?: string): Ended {
  return spawnSync(python!, ['-B', ...argv], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
}
