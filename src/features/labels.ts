import { createHash } from 'node:crypto';
import { stemOf, inLayout, type LabelledFrame } from '../formats/pose-sequence.js';
import type { ImageFolder, VideoInput } from '../media/inputs.js';
import type { Box } from '../types.js';
import type { TrainingSequence } from './annotations.js';

/** A person to learn from. */
export interface LabelledPerson {
  /** Image pixels. */
  box: Box;
  /** The same number for the same person over a video; null where nobody is tracked. */
  trackId: number | null;
  /** K × (x, y, c) in the head's order; NaN where a joint is not labelled. */
  joints: Float64Array;
}

/** A video with its labels, or a photo that is to become one. */
export interface LabelledVideo {
  input: VideoInput;
  split: string | null;
  /** Everyone labelled, by 0-based frame. */
  people: ReadonlyMap<number, readonly LabelledPerson[]>;
}

export interface LabelChoice {
  /** Every labelled image is a photo of its own, not a frame of a video. */
  stills: boolean;
  /** Only sequences that their file marks as this split. */
  split?: string;
}

/**
 * Finds the labels of each input: by the name of the video or folder; frames by file name or number, or in their order where
 * the labels are a list. Entries about the same video are put together, each of people of its own.
 * @param joints the head's joints; labels are brought into their order
 * @returns the inputs that have labels
 */
export function labelVideos(
  inputs: readonly VideoInput[],
  sequences: readonly TrainingSequence[],
  joints: readonly string[],
  { stills, split }: LabelChoice,
): LabelledVideo[] {
  const inOrder = sequences.map((sequence) => ({ ...sequence, ...inLayout(sequence, joints) }));
  const chosen = (some: TrainingSequence[]): TrainingSequence[] =>
    some.filter((sequence) => split === undefined || sequence.split === split);
  return inputs.flatMap((input): LabelledVideo[] => {
    if (stills) return input.kind === 'images' ? photosOf(input, chosen(inOrder)) : [];
    const own = inOrder.filter(({ name }) => name === input.name);
    const about = own.length > 0 || inOrder.length > 1 || inputs.length > 1 ? own : inOrder; // one video, one sequence
    const mine = chosen(about);
    const people = peopleByFrame(input, mine);
    return people.size > 0 ? [{ input, split: commonSplit(mine), people }] : [];
  });
}

function peopleByFrame(input: VideoInput, sequences: readonly TrainingSequence[]): Map<number, LabelledPerson[]> {
  const people = new Map<number, LabelledPerson[]>();
  let free = 0; // track ids from here on belong to nobody
  for (const sequence of sequences) {
    const first = free;
    const place = sequence.listed ? Number : placesIn(input);
    for (const frame of sequence.frames) {
      const index = place(frame.name);
      if (!frame.labelled || frame.people.length === 0 || index === undefined) continue;
      const here = people.get(index) ?? [];
      for (const person of peopleOf(frame)) {
        const trackId = person.trackId === null ? null : first + person.trackId;
        free = Math.max(free, (trackId ?? -1) + 1);
        here.push({ ...person, trackId });
      }
      people.set(index, here);
    }
  }
  return people;
}

function photosOf(folder: ImageFolder, sequences: readonly TrainingSequence[]): LabelledVideo[] {
  const files = new Map(folder.files.map((name) => [stemOf(name), name]));
  const labels = new Map<string, { split: string | null; people: LabelledPerson[] }[]>();
  for (const { frames, split } of sequences) {
    for (const frame of frames) {
      const stem = stemOf(frame.name);
      labels.set(stem, [...(labels.get(stem) ?? []), { split, people: peopleOf(frame) }]);
    }
  }
  return [...labels].flatMap(([stem, entries]): LabelledVideo[] => {
    const file = files.get(stem);
    const people = entries.flatMap((entry) => entry.people);
    if (file === undefined || people.length === 0) return [];
    const input: ImageFolder = { ...folder, name: `${folder.name}-${stem}`, files: [file] };
    return [{ input, split: commonSplit(entries), people: new Map([[0, people]]) }];
  });
}

/** What all say; null where they differ. */
function commonSplit(some: readonly { split: string | null }[]): string | null {
  const [{ split }, ...others] = some;
  return others.every((other) => other.split === split) ? split : null;
}

function peopleOf({ people }: LabelledFrame): LabelledPerson[] {
  return people.map(({ box, trackId, joints }) => ({ box: box!, trackId, joints }));
}

/** SHA-256, in hexadecimal, of everything that the labels of a video say. */
export function labelsDigest({ people }: LabelledVideo): string {
  const said = [...people]
    .sort(([a], [b]) => a - b)
    .map(([frame, here]) => [frame, here.map(({ box, trackId, joints }) => [box, trackId, [...joints]])]);
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

/** The share of people, 0–1, of whom each of the K joints is labelled. */
export function labelledShares(videos: readonly LabelledVideo[], K: number): number[] {
  const everyone = videos.flatMap(({ people }) => [...people.values()].flat());
  const labelled = (k: number): number => everyone.filter(({ joints }) => !Number.isNaN(joints[3 * k])).length;
  return Array.from({ length: K }, (_, k) => labelled(k) / everyone.length);
}

/** The 0-based place of a frame that annotations name. PoseTrack17 names frames with eight digits, from 1. */
function placesIn(input: VideoInput): (name: string) => number | undefined {
  if (input.kind === 'images') {
    const places = new Map(input.files.map((name, index) => [stemOf(name), index]));
    return (name) => places.get(stemOf(name));
  }
  return (name) => {
    const stem = stemOf(name);
    return /^\d+$/.test(stem) ? Number(stem) - (stem.length === 8 ? 1 : 0) : undefined;
  };
}
