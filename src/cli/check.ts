import { Command } from 'commander';
import {
  describeProblem,
  PROBLEM_KINDS,
  summaryOf,
  type Problem,
  type Quality,
} from '../evaluation/quality/problem.js';
import { aligned } from '../evaluation/text-table.js';
import { Warnings } from '../formats/warnings.js';
import { checkSequence } from '../view/check-sequence.js';
import { framePlaces } from '../view/frame-match.js';
import { readResults } from '../view/results.js';
import { counted } from './counted.js';
import { line, type Terminal } from './terminal.js';
import { oneLine } from './escape-control-characters.js';

const HELP = `
Nothing is compared with labels: what is listed is what results alone make doubtful, whoever made them.
  doubled  two people of a frame whose arms and legs lie in the same places (OKS of 0.6 or more)
  begins   a track that begins, ends     in the middle of the picture, or has a gap there
  brief    a track that begins and ends there within a few frames
  jump     joints that move by more than a third of the person's size against the others, between two frames
  unsure   poses whose arms and legs have low scores, five frames or longer

Formats: as glpose eval reads predictions. Frames count from 0; glpose view --video shows the same places, and leads from one
to the next (key: .).

Examples:
  glpose check out
  glpose check theirs.json --json | jq '.videos[].problems[] | select(.kind == "doubled")'`;

/** Problems of a video that are listed where there are more: the screen is no file. */
const LISTED = 40;

/** `glpose check`: what a person should look at in results. */
export function checkCommand(terminal: Terminal): Command {
  return new Command('check')
    .description('lists what a person should look at in results: doubled skeletons, broken tracks, jumping joints')
    .argument('<results>', 'the output folder of glpose infer, or a file or folder of poses')
    .option('--name <videos...>', 'only these videos')
    .option('--json', 'print one JSON document')
    .addHelpText('after', HELP)
    .action((results: string, { name, json }: { name?: string[]; json?: boolean }) => {
      const warnings = new Warnings(true);
      const videos: ({ name: string } & Quality)[] = [];
      for (const sequence of readResults(results, warnings, name)) {
        terminal.signal.throwIfAborted();
        const quality = checkSequence(sequence, framePlaces(sequence, null), sequence.size);
        videos.push({ name: sequence.name, ...quality });
        if (!sequence.size) {
          terminal.err(line(`${sequence.name}: the file does not say how large the picture is: tracks that begin and end are left out`)); // prettier-ignore
        }
        if (!json) terminal.out(inWords(sequence.name, quality));
      }
      for (const { text, count, first } of warnings.list())
        terminal.err(line(`note: ${count} ${text} (first: ${first})`));
      if (json) terminal.out(`${JSON.stringify({ totals: totalsOf(videos), videos }, null, 2)}\n`);
    });
}

function totalsOf(videos: readonly Quality[]): Omit<Quality, 'problems'> {
  const sum = (of: (quality: Quality) => number): number => videos.reduce((total, quality) => total + of(quality), 0);
  const counts = PROBLEM_KINDS.map((kind) => [
    kind,
    { problems: sum((video) => video.counts[kind].problems), frames: sum((video) => video.counts[kind].frames) },
  ]);
  return {
    frames: sum(({ frames }) => frames),
    poses: sum(({ poses }) => poses),
    doubledPoses: sum(({ doubledPoses }) => doubledPoses),
    counts: Object.fromEntries(counts) as Quality['counts'],
  };
}

function inWords(name: string, quality: Quality): string {
  const { frames, poses, problems } = quality;
  const said = poses === 0 ? 'nobody in any frame' : summaryOf(quality) || 'nothing to look at';
  const heading = `${oneLine(name)}: ${counted(frames, 'frame')}, ${counted(poses, 'pose')}; ${said}`;
  const all = PROBLEM_KINDS.reduce((sum, kind) => sum + quality.counts[kind].problems, 0);
  const rows = problems.slice(0, LISTED).map((problem) => [
    `  ${problem.from === problem.to ? 'frame' : 'frames'} ${rangeOf(problem)}`,
    problem.tracks.length > 0 ? `${problem.tracks.length > 1 ? 'tracks' : 'track'} ${problem.tracks.join(', ')}` : '',
    describeProblem(problem),
  ]); // prettier-ignore
  const lines = rows.length > 0 ? aligned(rows, () => true) : [];
  if (all > rows.length) lines.push(`  and ${all - rows.length} more: --json has them`);
  return `${[heading, ...lines].join('\n')}\n`;
}

function rangeOf({ from, to }: Problem): string {
  return from === to ? String(from) : `${from}–${to}`;
}
