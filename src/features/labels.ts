import { stemOf, inLayout, type LabelledFrame } from '../formats/pose-sequence.js';
import type { ImageFolder, VideoInput } from '../pipeline/inputs.js';
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

/**
 * Finds the labels of each input: by the name of the video or folder, frames by file name or number.
 * @param joints the head's joints; labels are brought into their order
 * @param stills every labelled image is a photo of its own, not a frame of a video
 * @returns the inputs that have labels
 */
export function labelVideos(
  inputs: readonly VideoInput[],
  sequences: readonly TrainingSequence[],
  joints: readonly string[],
  stills: boolean,
): LabelledVideo[] {
  const inOrder = sequences.map((sequence) => ({ ...sequence, ...inLayout(sequence, joints) }));
  return inputs.flatMap((input): LabelledVideo[] => {
    if (stills) return input.kind === 'images' ? inOrder.flatMap((sequence) => photosOf(input, sequence)) : [];
    const own = inOrder.filter(({ name }) => name === input.name);
    const about = own.length > 0 || inOrder.length > 1 || inputs.length > 1 ? own : inOrder; // one video, one sequence
    return about.flatMap((sequence) => {
      const place = placesIn(input);
      const people = new Map<number, readonly LabelledPerson[]>();
      for (const frame of sequence.frames) {
        const index = place(frame.name);
        if (frame.labelled && frame.people.length > 0 && index !== undefined) people.set(index, peopleOf(frame));
      }
      return people.size > 0 ? [{ input, split: sequence.split, people }] : [];
    });
  });
}

function photosOf(folder: ImageFolder, { frames, split }: TrainingSequence): LabelledVideo[] {
  const files = new Map(folder.files.map((name) => [stemOf(name), name]));
  return frames.flatMap((frame) => {
    const stem = stemOf(frame.name);
    const file = files.get(stem);
    if (file === undefined || frame.people.length === 0) return [];
    const input: ImageFolder = { ...folder, name: `${folder.name}-${stem}`, files: [file] };
    return [{ input, split, people: new Map([[0, peopleOf(frame)]]) }];
  });
}

function peopleOf({ people }: LabelledFrame): LabelledPerson[] {
  return people.map(({ box, trackId, joints }) => ({ box: box!, trackId, joints }));
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
