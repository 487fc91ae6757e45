import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../shared-data.js';

const hasTorch = (python: string): boolean => spawnSync(python, ['-c', 'import torch, numpy']).status === 0;

/** A Python that can train; undefined where there is none. */
export const python = [process.env.GLPOSE_PYTHON ?? 'python3', '/usr/bin/python3'].find(hasTorch);

/** What the title of a skipped block says; empty where nothing is skipped. */
export const whyNoPython = python === undefined ? ' (skipped: no python3 with torch and numpy; set GLPOSE_PYTHON)' : '';

/** Runs a program of training/, on one thread. */
export function train(script: string, ...options: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(python!, ['-B', path.join(ROOT, 'training', script), ...options], {
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
}
