/*
 * What `glpose analyse` writes of one video, in a folder of its own:
 *
 *   angles.csv, positions.csv, gait.csv   tables over time
 *   person-<id>.trc, person-<id>.mot      for OpenSim, Pose2Sim and other tools of movement analysis
 *   plots.html                            plots beside the picture, in step
 *   analysis.json                         what was done, with which options, and the figures of the gait
 */
import path from 'node:path';
import { analyseVideo, type Analysis, type AnalyseOptions } from '../../analysis/analyse.js';
import { anglesCsv, gaitCsv, motOf, positionsCsv, trcOf } from '../../analysis/tables.js';
import { openFrames } from '../../media/frames.js';
import type { VideoInput } from '../../media/inputs.js';
import { makeFolderAtomically } from '../../storage/atomic-folder.js';
import { writeAtomically } from '../../storage/atomic-write.js';
import type { VideoPoses } from '../../types.js';
import { VERSION } from '../../version.js';
import { PageParts } from '../page/page-parts.js';
import { pictureParts } from '../view.js';
import { writeMovementPage } from './write-page.js';

export interface WriteAnalysisOptions extends AnalyseOptions {
  /** The video, for the pictures of the page; null: skeletons on an empty ground. */
  video: VideoInput | null;
  /** The poses' own file, named in analysis.json. */
  source: string;
  /** Bytes of pictures above which they go to a folder beside the page. */
  limit: number;
  signal?: AbortSignal;
  say(text: string): void;
  onStart?(totalFrames: number | null): void;
  onFrame?(event: { pass: string; people: number }): void;
}

export interface WrittenAnalysis {
  analysis: Analysis;
  /** In the folder. */
  files: string[];
  /** What analysis.json holds. */
  record: object;
  /** Things the user should know. */
  warnings: string[];
}

/** Pictures stand beside plots: wider ones are scaled down. */
const PICTURE_WIDTH = 960;

/**
 * Analyses one video and writes everything that was found, whole or not at all.
 * @param folder takes the place of what was there
 * @throws as analyseVideo; OUTPUT where the disk refuses, INPUT where the video cannot be read
 */
export async function writeAnalysis(
  poses: VideoPoses,
  folder: string,
  options: WriteAnalysisOptions,
): Promise<WrittenAnalysis> {
  const analysis = analyseVideo(poses, options);
  const warnings = [...analysis.warnings];
  const files: string[] = [];
  await makeFolderAtomically(folder, async (temporary) => {
    const put = async (name: string, lines: Iterable<string>): Promise<void> => {
      await writeAtomically(path.join(temporary, name), lines);
      files.push(name);
    };
    await put('angles.csv', anglesCsv(analysis));
    await put('positions.csv', positionsCsv(analysis));
    if (analysis.people.some(({ gait }) => gait)) await put('gait.csv', gaitCsv(analysis));
    for (const person of analysis.people) {
      const mot = motOf(analysis, person);
      if (mot) await put(`person-${person.trackId}.mot`, mot.lines);
      if (mot && mot.filled > 0)
        warnings.push(`person-${person.trackId}.mot: ${mot.filled} missing angles are on the straight line between others`); // prettier-ignore
      if (analysis.metresPerPixel !== null) await put(`person-${person.trackId}.trc`, trcOf(analysis, person));
    }
    if (analysis.metresPerPixel === null)
      warnings.push('no TRC file: lengths need a scale (--height or --known-length)');
    await writePlots(analysis, path.join(temporary, 'plots.html'), options);
    files.push('plots.html');
    await put('analysis.json', [`${JSON.stringify(recordOf(analysis, warnings, options), null, 2)}\n`]);
  });
  return { analysis, files, record: recordOf(analysis, warnings, options), warnings };
}

async function writePlots(analysis: Analysis, file: string, options: WriteAnalysisOptions): Promise<void> {
  const { video, limit, say, signal, onStart, onFrame } = options;
  const parts = new PageParts(path.join(path.dirname(file), 'plots_files'), limit, () => {
    say(`the pictures are more than ${Math.round(limit / 1e6)} MB: they go to the folder plots_files`);
  });
  let pictures: number[] = [];
  if (video) {
    await using source = await openFrames(video, { signal });
    onStart?.(source.frameCount);
    const wanted = new Set(analysis.people.flatMap(({ frames }) => [...frames]));
    pictures = await pictureParts(source, wanted, parts, { onFrame, maxWidth: PICTURE_WIDTH });
  }
  await writeMovementPage(file, analysis, wordsOf(options), pictures, parts);
}

/** What was done to the poses, in sentences. */
function wordsOf({ minJointScore, hampel, fillGaps, butterworth }: AnalyseOptions): string[] {
  const done: string[] = [];
  if (minJointScore) done.push(`Joints of a score below ${minJointScore} are left out.`);
  if (hampel) done.push(`Outliers: Hampel filter, ${hampel.halfWidth} frames on either side, ${hampel.sigmas} sigmas.`);
  if (fillGaps) done.push(`Gaps of up to ${fillGaps} frames are filled.`);
  if (butterworth) done.push(`Low-pass: zero-phase Butterworth, ${butterworth.cutoff} Hz, order ${butterworth.order}.`);
  return done.length > 0 ? done : ['Nothing was filtered.'];
}

function recordOf(analysis: Analysis, warnings: readonly string[], options: WriteAnalysisOptions): object {
  const { name, rate, slowMotion, metresPerPixel, people } = analysis;
  const { minJointScore, hampel, fillGaps, butterworth, ranges, scale, within, people: chosen, atMost } = options;
  return {
    glpose: VERSION,
    video: name,
    source: options.source,
    options: {
      ranges: ranges ?? [],
      people: chosen ?? null,
      atMost: atMost ?? null,
      within: within ?? null,
      minJointScore: minJointScore ?? null,
      hampel: hampel ?? null,
      fillGaps: fillGaps ?? null,
      butterworth: butterworth ?? null,
      scale: scale ?? null,
      slowMotion,
    },
    rate,
    metresPerPixel,
    warnings,
    people: people.map(({ trackId, facing, frames, times, gait }) => ({
      trackId,
      facing: facing === null ? 'front' : facing > 0 ? 'right' : 'left',
      frames: [frames[0], frames[frames.length - 1]],
      seconds: [times[0], times[times.length - 1]],
      gait: gait && {
        cadence: gait.cadence,
        steps: gait.steps.map(({ side, seconds, length }) => ({
          side,
          seconds,
          length: length * (metresPerPixel ?? 1),
        })),
        stances: gait.stances.map(({ side, seconds, share }) => ({ side, seconds, share })),
      },
    })),
  };
}
