import { Command } from 'commander';
import { EXIT } from '../errors.js';
import { aligned } from '../evaluation/text-table.js';
import { readStatus, type PartStatus, type RunStatus, type VideoStatus, type WorkSums } from '../run/status.js';
import type { Terminal } from './terminal.js';
import { oneLine } from './escape-control-characters.js';

const HELP = `
The output folder may be read while others write into it. What says "begun, not ended" is at work or was killed; the time
of the last video tells which. Exit code 0: every video is done; 1: some failed or are left.

Examples:
  glpose status out
  glpose status out --json | jq -r '.videos[] | select(.status == "failed") | .path'`;

/** Videos that are named of each kind, where all would fill the screen. */
const NAMED = 20;

/** `glpose status`: what is done, failed and left in an output folder, over all shards. */
export function statusCommand(terminal: Terminal): Command {
  return new Command('status')
    .description('sums up what is done, failed and left in an output folder, over all processes that work into it')
    .argument('<out>', 'the output folder of glpose infer')
    .option('--json', 'print one JSON document')
    .addHelpText('after', HELP)
    .action(async (out: string, options: { json?: boolean }) => {
      const status = await readStatus(out);
      terminal.out(options.json ? `${JSON.stringify(status, null, 2)}\n` : inWords(status));
      const { done, videos } = status.totals;
      terminal.exitCode = done === videos ? EXIT.done : EXIT.someFailed;
    });
}

function inWords({ totals, parts, ahead, videos }: RunStatus): string {
  const rows = parts.map((part) => [partName(part), ...figures(part), part.run === 'open' ? `begun, not ended${lastOf(part)}` : part.run]); // prettier-ignore
  if (parts.length > 1) rows.push(['all', ...figures(totals), '']);
  const headings = ['', 'videos', 'done', 'failed', 'left', 'frames', 'poses', 'tracks', 'time', ''];
  const lines = aligned([headings, ...rows], (column) => column === 0 || column === headings.length - 1);
  if (ahead) {
    const { frames, seconds } = ahead;
    lines.push('', `Ahead: ${frames} frames, ${duration(seconds)} of one process at the mean speed so far.`);
  }
  const failed = videos.filter(({ status }) => status === 'failed');
  const left = videos.filter(({ status }) => status === 'left');
  lines.push(...named('Failed', failed), ...named('Left', left));
  return `${lines.join('\n')}\n`;
}

function partName({ shard }: PartStatus): string {
  return shard ? `${shard.index}/${shard.count}` : 'no shard';
}

function figures({ videos, done, failed, left, frames, poses, tracks, seconds }: WorkSums): string[] {
  return [...[videos, done, failed, left, frames, poses, tracks].map(String), duration(seconds)];
}

function lastOf({ last }: PartStatus): string {
  return last ? `; last video ${last.finished} on ${last.host}` : '; no video finished';
}

function named(heading: string, videos: readonly VideoStatus[]): string[] {
  if (videos.length === 0) return [];
  const lines = videos.slice(0, NAMED).map(({ name, shard, reason }) => {
    const whose = shard ? ` (${shard.index}/${shard.count})` : '';
    return oneLine(`  ${name}${whose}${reason ? `: ${reason}` : ''}`);
  });
  if (videos.length > NAMED) lines.push(`  and ${videos.length - NAMED} more: --json has all`);
  return ['', `${heading}:`, ...lines];
}

/** h:mm:ss */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
