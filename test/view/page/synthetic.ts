import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import sharp from 'sharp';
import { LIMBS, POSETRACK18_JOINTS } from '../../../src/joints.js';
import { colourOfTrack } from '../../../src/drawing/overlay.js';
import { encodeMaps, type CodedMaps } from '../../../src/view/page/map-codes.js';
import {
  PART,
  type JointData,
  type PageHeader,
  type PoseData,
  type WhyHeader,
} from '../../../src/view/page/page-data.js';
import { pack } from '../../../src/view/page/packet.js';
import { PageParts } from '../../../src/view/page/page-parts.js';
import { emptyColumns, NO_PLACE, placeCodec, scoreCode } from '../../../src/view/page/pose-columns.js';
import { writePage } from '../../../src/view/page/write-page.js';

export const JOINTS = POSETRACK18_JOINTS;
export const SIZE = { width: 640, height: 360 };
/** Never found. */
const ABSENT = JOINTS.indexOf('right_wrist');

/** Where the person of a track stands in a frame: people walk in rows and columns, without overlap. */
export function centreOf(track: number, frame: number): { x: number; y: number } {
  return { x: 40 + 60 * (track % 10) + (frame % 20), y: 60 + 28 * (Math.floor(track / 10) % 10) };
}

/** Pixels that a joint is off, up to half a pixel and without a pattern, as the places of real poses are. */
function shake(a: number, b: number): number {
  const mixed = Math.imul(Math.imul(a, 0x9e3779b1) ^ (b + 1), 0x85ebca6b);
  return (((mixed ^ (mixed >>> 15)) >>> 0) % 1024) / 1024 - 0.5;
}

function placesOf(track: number, frame: number): JointData[] {
  const { x, y } = centreOf(track, frame);
  return JOINTS.map((_, k) => (k === ABSENT ? null : [x + 4 * (k % 3) - 4, y + 2 * k - 16, 0.9 - 0.02 * k]));
}

export interface Synthetic {
  frames: number;
  tracks: number;
  name?: string;
  pictures?: boolean;
  /** The one frame whose people are explained. */
  explained?: number;
  problems?: PageHeader['problems'];
  /** Bytes of parts that stand in the page. */
  limit?: number;
}

/** Writes a page of people who are there in every frame. */
export async function syntheticPage(file: string, synthetic: Synthetic): Promise<void> {
  const { frames, tracks, name = 'synthetic', pictures = false, explained, problems = [], limit = 1e9 } = synthetic;
  const sizes = { poses: frames * tracks, tracks, joints: JOINTS.length };
  const columns = emptyColumns(sizes);
  const { code } = placeCodec(SIZE.width);
  for (let track = 0, pose = 0; track < tracks; track++) {
    columns.trackStart[track] = pose;
    for (let frame = 0; frame < frames; frame++, pose++) {
      const { x, y } = centreOf(track, frame);
      columns.frame[pose] = frame;
      columns.score[pose] = scoreCode(0.5 + 0.4 * Math.sin(frame / 30 + track));
      [x - 10, y - 20, x + 10, y + 20].forEach((place, side) => (columns.box[side][pose] = code(place)));
      for (let k = 0; k < JOINTS.length; k++) {
        columns.x[k][pose] = k === ABSENT ? NO_PLACE : code(x + 4 * (k % 3) - 4 + shake(pose, k));
        columns.y[k][pose] = k === ABSENT ? NO_PLACE : code(y + 2 * k - 16 + shake(k, pose));
        columns.jointScore[k][pose] = scoreCode(k === ABSENT ? null : 0.9 - 0.02 * k + shake(k, pose) / 20);
      }
    }
  }
  columns.trackStart[tracks] = frames * tracks;

  const parts = new PageParts(file.replace(/\.html$/, '_files'), limit, () => {});
  const shown = pictures ? Array.from({ length: frames }, (_, frame) => frame) : [];
  for (const frame of shown) await parts.add(PART.picture(frame), await picture(frame), 'picture');
  if (explained !== undefined) await parts.add(PART.why(explained), explanation(explained, tracks), 'data');
  const header: PageHeader = {
    name,
    ...SIZE,
    fps: 25,
    joints: JOINTS,
    limbs: LIMBS.map(([from, to]): [number, number] => [place(from), place(to)]),
    estimated: [place('neck')],
    madeBy: name,
    warnings: [],
    frames: {
      index: Array.from({ length: frames }, (_, i) => i),
      names: Array.from({ length: frames }, (_, i) => `${name} ${i}.jpg`),
    },
    tracks: Array.from({ length: tracks }, (_, id) => ({ id, colour: `rgb(${colourOfTrack(id).join(',')})` })),
    tracked: true,
    problems,
    sizes,
    folder: parts.folderName,
    pictures: shown,
    explained: explained === undefined ? [] : [explained],
  };
  await writePage(path.resolve(file), header, columns, parts);
}

function place(joint: string): number {
  return (JOINTS as readonly string[]).indexOf(joint);
}

/** A plain frame whose red tells its number. */
async function picture(frame: number): Promise<Uint8Array> {
  const background = { r: 10 + 5 * (frame % 40), g: 60, b: 90 };
  return sharp({ create: { ...SIZE, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

const MAP = { width: 12, height: 16 };
const K = { glpose: 2, single: 1 };

/** Two local and one global reference, a mask, and heat maps of two joints. */
function explanation(frame: number, tracks: number): Uint8Array {
  const bytes: Uint8Array[] = [];
  let at = 0;
  const add = (maps: number): CodedMaps => {
    const values = Float32Array.from({ length: maps * MAP.width * MAP.height }, (_, cell) => (cell % 37) / 37);
    const { coded, codes } = encodeMaps(values, MAP.width, MAP.height, at);
    bytes.push(codes);
    at += codes.length;
    return coded;
  };
  const people: WhyHeader['people'] = Array.from({ length: tracks }, (_, track) => {
    const { x, y } = centreOf(track, frame);
    const window = { centreX: x, centreY: y, width: 37.5, height: 50 };
    const pose = (maps: number): PoseData => ({ joints: JOINTS, places: placesOf(track, frame), heatmaps: add(maps) });
    return {
      track,
      boxScore: 0.87,
      window,
      method: 'glpose',
      pose: pose(K.glpose),
      references: [
        { kind: 'local', frame: frame - 1, window, weight: 0.8 },
        { kind: 'local', frame: frame + 1, window, weight: 0.8 },
        { kind: 'global', frame: 0, window, weight: 0.3 },
      ],
      mask: add(1),
      singleFrame: pose(K.single),
    };
  });
  return deflateRawSync(pack({ people }, Buffer.concat(bytes)));
}
