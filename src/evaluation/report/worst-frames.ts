import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { LabelledPose } from '../../formats/pose-sequence.js';
import { LIMBS, POSETRACK17_JOINTS } from '../../joints.js';
import { openImage } from '../../media/image-file.js';
import { falsePositives, kindOf } from '../error-kinds.js';
import type { ScoredFrame, ScoredSequence } from '../posetrack.js';
import type { Html } from './html.js';
import { html } from './html.js';
import { kindColour } from './charts.js';

const K = POSETRACK17_JOINTS.length;
const SHOWN = 8;
const PER_SEQUENCE = 2;
/** Width to which an embedded frame is reduced, pixels. */
const EMBEDDED_WIDTH = 720;

interface WorstFrame {
  sequence: string;
  frame: ScoredFrame;
  /** Annotated joints not found, and predicted ones that answer to none. */
  wrong: number;
  spurious: number;
  annotatedJoints: number;
}

/** The frames with the most wrong joints, at most two of a sequence. */
export function worstFrames(sequences: readonly ScoredSequence[]): WorstFrame[] {
  return sequences
    .flatMap(({ name, frames }) =>
      frames
        .map((frame) => judge(name, frame))
        .filter(({ wrong, spurious }) => wrong + spurious > 0)
        .sort(byErrors)
        .slice(0, PER_SEQUENCE),
    )
    .sort(byErrors)
    .slice(0, SHOWN);
}

const byErrors = (a: WorstFrame, b: WorstFrame): number => b.wrong + b.spurious - a.wrong - a.spurious;

function judge(sequence: string, frame: ScoredFrame): WorstFrame {
  let [wrong, annotatedJoints] = [0, 0];
  frame.annotated.forEach(({ joints }, g) => {
    for (let k = 0; k < K; k++) {
      if (Number.isNaN(joints[k * 3])) continue;
      annotatedJoints++;
      if (kindOf(frame, g, k) !== 'correct') wrong++;
    }
  });
  return { sequence, frame, wrong, spurious: falsePositives(frame).length, annotatedJoints };
}

/** The frame with both skeletons: annotated ones dashed, predicted ones solid, wrong joints ringed. */
export async function worstFrameFigure({ sequence, frame, ...counts }: WorstFrame, frames?: string): Promise<Html> {
  const image = frames === undefined ? null : await embedded(frames, sequence, frame.name);
  const { x, y, width, height } = image ? { x: 0, y: 0, ...image } : extent([...frame.annotated, ...frame.predicted]);
  const unit = width / 360; // line widths that look the same whatever the frame's size
  const wrong = frame.annotated.flatMap(({ joints }, g) =>
    Array.from({ length: K }, (_, k) => k).flatMap((k) => {
      if (Number.isNaN(joints[k * 3])) return [];
      const kind = kindOf(frame, g, k);
      if (kind === 'correct') return [];
      return [
        html`<circle cx="${joints[k * 3]}" cy="${joints[k * 3 + 1]}" r="${4 * unit}" stroke="${kindColour(kind)}" />`,
      ];
    }),
  );
  return html`<figure class="frame">
    <svg viewBox="${x} ${y} ${width} ${height}" role="img" aria-label="Annotated and predicted skeletons">
      ${image ? html`<image href="${image.data}" x="0" y="0" width="${width}" height="${height}" />` : html`<rect class="blank" x="${x}" y="${y}" width="${width}" height="${height}" />`}
      <g class="annotated" stroke-width="${1.8 * unit}" stroke-dasharray="${4 * unit} ${2.5 * unit}">
        ${frame.annotated.map(skeleton)}
      </g>
      <g class="predicted" stroke-width="${1.8 * unit}">${frame.predicted.map(skeleton)}</g>
      <g class="wrong" stroke-width="${1.6 * unit}">${wrong}</g>
    </svg>
    <figcaption>
      <strong>${frame.name}</strong><br />
      ${counts.wrong} of ${counts.annotatedJoints} annotated joints wrong, ${counts.spurious} predicted joints too many
    </figcaption>
  </figure>`;
}

function skeleton({ joints }: LabelledPose): Html {
  const at = (name: string): number[] | null => {
    const k = (POSETRACK17_JOINTS as readonly string[]).indexOf(name) * 3;
    return k < 0 || Number.isNaN(joints[k]) ? null : [joints[k], joints[k + 1]];
  };
  const lines = LIMBS.map(([from, to]) => [at(from), at(to)]).filter(([a, b]) => a && b);
  const moves = lines.map(([a, b]) => `M${a!.map(round).join(' ')}L${b!.map(round).join(' ')}`);
  return html`<path d="${moves.join('')}" />`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function extent(people: readonly LabelledPose[]): { x: number; y: number; width: number; height: number } {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { joints } of people) {
    for (let i = 0; i < joints.length; i += 3) {
      if (Number.isNaN(joints[i])) continue;
      [left, right] = [Math.min(left, joints[i]), Math.max(right, joints[i])];
      [top, bottom] = [Math.min(top, joints[i + 1]), Math.max(bottom, joints[i + 1])];
    }
  }
  const margin = 0.08 * Math.max(right - left, bottom - top, 1);
  return { x: left - margin, y: top - margin, width: right - left + 2 * margin, height: bottom - top + 2 * margin };
}

interface EmbeddedImage {
  data: string;
  /** Of the original, in whose pixels the joints are. */
  width: number;
  height: number;
}

/**
 * The frame's picture, looked for under its own path, its sequence and its file name; null where there is none. Names come from
 * the annotations: they lead nowhere outside the folder, by dots or by links.
 */
async function embedded(folder: string, sequence: string, name: string): Promise<EmbeddedImage | null> {
  const partsOf = (text: string): string[] =>
    text.split(/[\\/]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  const parts = partsOf(name);
  const candidates = [...parts.keys()].map((i) => path.join(folder, ...parts.slice(i)));
  candidates.push(path.join(folder, ...partsOf(sequence), ...parts.slice(-1)));
  const file = candidates.find((candidate) => existsSync(candidate) && isWithin(folder, candidate));
  if (file === undefined) return null;
  try {
    const { image, width, height } = await openImage(file);
    const jpeg = await image
      .autoOrient()
      .resize({ width: EMBEDDED_WIDTH, withoutEnlargement: true })
      .jpeg({ quality: 70 })
      .toBuffer();
    return { data: `data:image/jpeg;base64,${jpeg.toString('base64')}`, width, height };
  } catch {
    return null; // a damaged picture: the skeletons are drawn without it
  }
}

function isWithin(folder: string, file: string): boolean {
  const relative = path.relative(realpathSync(folder), realpathSync(file));
  return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
}
