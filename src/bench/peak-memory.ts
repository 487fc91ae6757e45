import { readFileSync } from 'node:fs';

/**
 * This process's highest resident set so far, MiB. Linux counts into getrusage's maximum what the parent had when it forked: its
 * /proc knows better.
 */
export function peakMiB(): number {
  try {
    return Number(readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s*(\d+) kB/)![1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}
