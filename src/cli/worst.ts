import path from 'node:path';
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import sharp from 'sharp';
import { GlposeError } from '../errors.js';
import { framesToLabel, type FrameToLabel } from '../evaluation/quality/worth-labelling.js';
import { aligned } from '../evaluation/text-table.js';
import { labellingDocument, labellingName, type FrameForLabelling } from '../formats/coco-labelling.js';
import { Warnings } from '../formats/warnings.js';
import { openFrames } from '../media/frames.js';
import type { VideoInput } from '../media/inputs.js';
import { makeFolderAtomically } from '../storage/atomic-folder.js';
import { writeAtomically } from '../storage/atomic-write.js';
import { framePlaces } from '../view/frame-match.js';
import { videoFinder } from '../view/result-videos.js';
import { readRun } from '../run/record.js';
import { nonNegativeInteger, positiveInteger } from '../values.js';
import { readResults, type ResultSequence } from '../view/results.js';
import { argument } from './arguments.js';
import { sayOn, type Terminal } from './terminal.js';
import { oneLine } from './escape-control-characters.js';

interface WorstOptions {
  count: number;
  apart: number;
  coco?: true;
  out?: string;
  video?: string;
  name?: string[];
  json?: boolean;
}

/** Of the pictures that are labelled: near to lossless. */
const JPEG_QUALITY = 95;

const HELP = `
Judged without labels: skeletons that two people wear, joints that jump, gaps, tracks that begin or end in the middle of
the picture, low scores. --coco writes these frames as pictures, and their poses as a COCO document to start from; when
it is corrected, it comes back as --boxes, as annotations of glpose eval, or into glpose features.

Examples:
  glpose worst out -n 50
  glpose worst out -n 50 --coco -o to-label
  glpose eval out --annotations to-label/corrected.json --metric coco-oks`;

/** `glpose worst`: the frames that one should label. */
export function worstCommand(terminal: Terminal): Command {
  return new Command('worst')
    .description('finds the frames in which poses are most likely wrong, and writes them for labelling')
    .argument('<results>', 'the output folder of glpose infer, or a file or folder of poses')
    .option('-n, --count <frames>', 'at most so many, over all videos', argument(positiveInteger), 50)
    .option('--apart <frames>', 'frames of one video lie at least so far apart', argument(nonNegativeInteger), 10)
    .option('--coco', 'write pictures and a COCO document with the poses as a start')
    .option('-o, --out <folder>', 'with --coco: where they go; default: worst/ in the results')
    .option('--video <path>', 'with --coco: the videos or folders of images; default: where the run read them')
    .option('--name <videos...>', 'only these videos')
    .option('--json', 'print the list as one JSON document')
    .addHelpText('after', HELP)
    .action((source: string, options: WorstOptions) => worst(source, options, terminal));
}

async function worst(source: string, options: WorstOptions, terminal: Terminal): Promise<void> {
  if (options.out !== undefined && !options.coco) {
    throw new GlposeError('USAGE', '--out without --coco', 'Give both: without --coco nothing is written.');
  }
  const say = sayOn(terminal);
  const warnings = new Warnings(true);
  const sequences = [...readResults(source, warnings, options.name)];
  const run = readRun(source);
  const videoOf = options.coco ? await videoFinder(options.video ?? true, run, source, sequences.length === 1) : null;
  const videos = new Map<ResultSequence, VideoInput | null>();
  for (const sequence of sequences) videos.set(sequence, (await videoOf?.(sequence)) ?? null);
  const judged = sequences.map((sequence) => ({ sequence, places: framePlaces(sequence, videos.get(sequence)!), size: sequence.size })); // prettier-ignore
  const chosen = framesToLabel(judged, options.count, Math.max(1, options.apart));
  if (options.coco) {
    const isFolder = (await stat(source)).isDirectory();
    const out = options.out ?? path.join(isFolder ? source : path.dirname(source), 'worst');
    const written = await writeForLabelling(chosen, videos, out, terminal.signal);
    say(`${written} frames to label: ${path.join(out, 'to-label.json')}, pictures in ${path.join(out, 'images')}`);
  }
  const list = chosen.map(({ sequence, index, score, reasons }) => ({ video: sequence.name, frame: index, score, reasons })); // prettier-ignore
  terminal.out(options.json ? `${JSON.stringify({ frames: list }, null, 2)}\n` : table(list));
  for (const { text, count, first } of warnings.list()) say(`${count} ${text} (first: ${first})`);
}

function table(list: readonly { video: string; frame: number; score: number; reasons: string[] }[]): string {
  const rows = list.map(({ video, frame, score, reasons }) => [oneLine(video), String(frame), score.toFixed(2), reasons.slice(0, 3).join('; ')]); // prettier-ignore
  return `${aligned([['video', 'frame', 'score', 'why'], ...rows], (column) => column === 0 || column === 3).join('\n')}\n`;
}

/** Pictures and document; whatever an earlier call left in the folder's `images` is gone. */
async function writeForLabelling(
  chosen: readonly FrameToLabel[],
  videos: ReadonlyMap<ResultSequence, VideoInput | null>,
  out: string,
  signal: AbortSignal,
): Promise<number> {
  const labelled: FrameForLabelling[] = [];
  await makeFolderAtomically(path.join(out, 'images'), async (folder) => {
    for (const [sequence, video] of videos) {
      const wanted = new Map(chosen.filter((one) => one.sequence === sequence).map((one) => [one.index, one.frame]));
      if (wanted.size === 0) continue;
      await using source = await openFrames(video!, { signal });
      for await (const { index, width, height, data } of source.frames()) {
        const frame = wanted.get(index);
        if (!frame || !data) continue;
        const picture = sharp(data, { raw: { width, height, channels: 3 } });
        const bytes = await picture.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4' }).toBuffer();
        await writeAtomically(path.join(folder, labellingName(sequence, frame)), bytes);
        labelled.push({ sequence, frame, width, height });
        wanted.delete(index);
        if (wanted.size === 0) break;
      }
    }
  });
  const document = labellingDocument(labelled);
  await writeAtomically(path.join(out, 'to-label.json'), `${JSON.stringify(document, null, 1)}\n`);
  return labelled.length;
}
