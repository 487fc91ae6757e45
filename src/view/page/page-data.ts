/** What a page is made of, as Node writes it and the browser reads it. */
import type { CodedMaps } from './map-codes.js';
import type { PoseColumnSizes } from './pose-columns.js';

/** The header of the page's one packet of poses; its bytes are the columns. */
export interface PageHeader {
  /** The video's name. */
  name: string;
  /** Size of the frames in pixels. */
  width: number;
  height: number;
  /** Frames a second of the video; null where unknown. */
  fps: number | null;
  /** Joint names (K). */
  joints: readonly string[];
  /** Lines of the skeleton as pairs of places in `joints`. */
  limbs: [number, number][];
  /** Places in `joints` whose points were derived from other joints. */
  estimated: number[];
  /** What made the poses, for the title; empty where unknown. */
  madeBy: string;
  /** Things the reader should know. */
  warnings: string[];
  frames: {
    /** Place of each listed frame in the video. */
    index: number[];
    names: string[];
  };
  /** In order of their numbers. Where poses are not tracked, one for each place in a frame. */
  tracks: { id: number; colour: string }[];
  tracked: boolean;
  /** What a person should look at, in order of time: places in the lists of frames and tracks, and what it is, in words. */
  problems: { from: number; to: number; tracks: number[]; says: string }[];
  sizes: PoseColumnSizes;
  /** The folder beside the page that holds its parts; null where they stand in the page. */
  folder: string | null;
  /** Frames of the video whose pictures are there. */
  pictures: number[];
  /** Frames of the video with explained poses. */
  explained: number[];
}

/** A window in image pixels. */
export interface WindowData {
  centreX: number;
  centreY: number;
  width: number;
  height: number;
  turn?: number;
}

/** x, y in image pixels and score; null where the joint is not given. */
export type JointData = [x: number, y: number, score: number] | null;

/** A pose and the maps it was read from. */
export interface PoseData {
  /** Names of the joints, and of the first maps. */
  joints: readonly string[];
  places: JointData[];
  heatmaps: CodedMaps;
}

/** Why one pose is what it is. */
export interface WhyPerson {
  track: number;
  boxScore: number;
  window: WindowData;
  method: 'glpose' | 'single-frame';
  pose: PoseData;
  references: { kind: 'local' | 'global'; frame: number; window: WindowData; weight: number }[];
  mask: CodedMaps | null;
  /** What the key frame alone gives, where the pose was made from more. */
  singleFrame: PoseData | null;
}

/** The header of the packet of one frame's explanations; its bytes are the maps. */
export interface WhyHeader {
  people: WhyPerson[];
}

/** Names of a page's parts: files in its folder, or ids of its elements. */
export const PART = {
  poses: 'poses',
  picture: (frame: number): string => `picture-${String(frame).padStart(6, '0')}`,
  why: (frame: number): string => `why-${String(frame).padStart(6, '0')}`,
};

/** The function of the page that scripts in its folder hand their part to. */
export const TAKE_PART = 'glposePart';
