import { open, type FileHandle } from 'node:fs/promises';
import { GlposeError } from '../errors.js';
import type { ExtractorConfig } from '../bundle/config.js';
import { LARGEST_FLOAT16, toFloat16 } from '../bundle/float16.js';
import type { DegradationKind } from './degradations.js';

/*
 * A folder of training samples (docs/training.md describes it for whoever reads it elsewhere):
 *
 *   maps/<video>.f16    feature maps [count, C, h, w], float16, little-endian, nothing else: made to be memory-mapped
 *   videos/<video>.json the video's samples, written when its maps are complete: what is there need not be made again
 *   index.json          everything but the maps of the videos of the last run, in one file, written at the end
 *
 * Legend: C channels and h×w size of the extractor's map   K joints   k local frames a side, places −k … 0 … k
 */

export interface FeatureIndex {
  format: 4;
  /** What the maps were made with; a folder takes samples of one kind only. */
  made: SampleSettings;
  videos: VideoSamples[];
}

/** What decides the feature maps of crops: SHA-256 of the extractor's file, its input and the output that is read. */
export interface ExtractorIdentity {
  sha256: string;
  input: ExtractorConfig['input'];
  output: string;
}

/** Everything that decides what a sample is, besides the labels. */
export interface SampleSettings {
  extractor: ExtractorIdentity;
  /** C, h, w */
  channels: number;
  height: number;
  width: number;
  joints: string[];
  k: number;
  m: number;
  every: number;
  views: number;
  degraded: number;
  kinds: DegradationKind[];
  /** Whether neighbours' own windows are there, too; a number: in this share of the samples, and then instead. */
  warp: boolean | number;
  stills: boolean;
  /** Weight of joints that the extractor itself filled in; 0 where labels are all there is. */
  fill: number;
  /** Whether labels were moved onto the extractor's own sure joints near them. */
  refine: boolean;
  /** Whether the extractor's own poses are there, to compare with. */
  poses: boolean;
  /** Names of those who are pasted over the samples. */
  paste: string[];
  seed: number;
}

export interface VideoSamples {
  name: string;
  /** Digest of the labels (labels.ts): where they change, the samples are made again. */
  labels: string;
  split: string | null;
  /** Maps in maps/<name>.f16. */
  maps: number;
  /** Who may stand for a key of this video: detections by frame and person, and their maps. */
  candidates: { frame: number; person: number; map: number }[];
  samples: Sample[];
}

export interface Sample {
  frame: number;
  person: number;
  /** False where the person was turned, scaled, mirrored or truncated. */
  plain: boolean;
  /** [K][x, y, v]: cells of the map, and weight: 1 labelled, less filled in, 0 unknown or outside the window. */
  joints: [x: number, y: number, v: number][];
  /** The larger side of the person's box, in cells. */
  size: number;
  /** [2k+1]: where the people of each frame are expected, in cells of the key's window. */
  expected: Expected[];
  clean: Maps;
  /** [2k+1] scale, shift x, shift y from the key's cells to those of `own`; only with `warp`. */
  transforms?: [scale: number, shiftX: number, shiftY: number][];
  /**
   * The same frames degraded, all of them: a run of r frames takes these for the places −(r−1)/2 … (r−1)/2 and the clean ones
   * for the rest.
   */
  degraded: ({ kind: DegradationKind } & Maps)[];
}

/**
 * Coarse poses of one frame, as inference has them (detected.ts): the nose and the twelve limb joints in COCO's order, x and y;
 * null where a joint, or who is meant, is not known.
 */
export interface Expected {
  own: ExpectedPose | null;
  others: ExpectedPose[];
}
export type ExpectedPose = ([x: number, y: number] | null)[];

/** Places in the video's maps. */
export interface Maps {
  /** [2k+1] the key's window in every frame. */
  exact?: number[];
  /** [2k+1] the person's own window in every frame; only with `warp`. At least one of the two is there. */
  own?: number[];
  /** [K] x, y in cells and score of the key's joints as the extractor's own heads see them, null where they do not; only with `poses`. */
  pose?: ([x: number, y: number, score: number] | null)[];
}

/** Appends maps to a file as float16. */
export class MapWriter {
  private written = 0;

  private constructor(private readonly file: FileHandle) {}

  static async create(path: string): Promise<MapWriter> {
    return new MapWriter(await open(path, 'w'));
  }

  get count(): number {
    return this.written;
  }

  /**
   * @returns the maps' places in the file
   * @throws MODEL where a value is none, or larger than float16 holds
   */
  async append(maps: readonly Float32Array[]): Promise<number[]> {
    const places: number[] = [];
    for (const map of maps) {
      const halves = new Uint16Array(map.length);
      for (let i = 0; i < map.length; i++) {
        if (!(Math.abs(map[i]) <= LARGEST_FLOAT16)) throw unfit(map[i]);
        halves[i] = toFloat16(map[i]); // Uint16Array.from takes thrice as long
      }
      const bytes = Buffer.from(halves.buffer);
      if (BIG_ENDIAN) bytes.swap16();
      await this.file.writeFile(bytes);
      places.push(this.written++);
    }
    return places;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

function unfit(value: number): GlposeError {
  return new GlposeError(
    'MODEL',
    `the extractor's features reach ${value}; samples are float16, which ends at ${LARGEST_FLOAT16}`,
    'Check the extractor with `glpose models info`: those of trained networks stay below 100.',
  );
}

const BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;
