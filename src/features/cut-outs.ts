/*
 * People cut out of other pictures, to be pasted over a sample's: by the polygons of a COCO file, or by the masks of a sequence
 * of frames (`images/` and `masks/`, by equal names; what is not black is the person).
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { windowOf } from '../geometry/window.js';
import { GlposeError, messageOf } from '../errors.js';
import { boxOf, fieldsOf, isNumber, listOf, type Fields } from '../formats/fields.js';
import { readJsonFile } from '../formats/json-file.js';
import { COCO_JOINTS, mirrored } from '../joints.js';
import type { Box } from '../types.js';
import type { Extractor } from './extractor.js';

/** Somebody, in one frame or in several that follow one another. */
export interface CutOut {
  name: string;
  /** Of the tallest frame, in pixels. */
  height: number;
  frames: readonly CutOutFrame[];
}

export interface CutOutFrame {
  width: number;
  height: number;
  /** [height, width, 4]: the picture, and 0–255 by how much it is the person. */
  rgba: Buffer;
  /** COCO joints within it, x and y alternating (17 × 2); NaN where nobody knows. */
  joints: Float32Array;
}

/** Smaller ones would have to be enlarged; of those with fewer joints, labelled or sure, too little is in sight. */
const SMALLEST = { height: 120, joints: 8 };
/** Score of the extractor's own joint from which it counts. */
const SURE = 0.2;

/**
 * Reads everyone who can be pasted.
 * @param sources COCO files and folders of sequences
 * @param split of the images that a COCO file marks with one, only those
 * @param extractor whose own poses say where joints are that are not labelled; without it nobody does
 * @throws ANNOTATION naming what is damaged, or where nobody is
 */
export async function readCutOuts(
  sources: readonly string[],
  split: string | undefined,
  extractor?: Extractor,
): Promise<CutOut[]> {
  const found: CutOut[] = [];
  for (const source of sources) {
    const isFolder = statSync(source, { throwIfNoEntry: false })?.isDirectory();
    found.push(...(isFolder ? [await sequence(source, extractor)] : await stills(source, split, extractor)));
  }
  const tall = found.filter(
    ({ height, frames }) => height >= SMALLEST.height && (!extractor || knownJoints(frames[0]) > 0),
  );
  if (tall.length > 0) return tall;
  const remedy = `Give COCO files with polygons, or folders with images/ and masks/, of people from ${SMALLEST.height} pixels high.`;
  throw new GlposeError('ANNOTATION', `${sources.join(', ')}: nobody there can be cut out`, remedy);
}

async function stills(file: string, split: string | undefined, extractor?: Extractor): Promise<CutOut[]> {
  const document = fieldsOf(readJsonFile(file), file);
  const images = new Map<unknown, Fields>();
  for (const value of listOf(document, 'images', file)) {
    const image = fieldsOf(value, `${file}, an image`);
    if (split === undefined || image.split === undefined || image.split === split) images.set(image.id, image);
  }
  const cutOuts: CutOut[] = [];
  for (const value of listOf(document, 'annotations', file)) {
    const { id, image_id, bbox, segmentation, keypoints, iscrowd } = fieldsOf(value, `${file}, an annotation`);
    const [image, box] = [images.get(image_id), boxOf(bbox)];
    if (!image || !box || iscrowd || !isPolygons(segmentation) || box.height < SMALLEST.height) continue;
    const picture = imageBeside(file, String(image.file_name));
    const { width: whole, height: high } = await readable(picture, () => sharp(picture).metadata());
    const area = within(box, whole, high);
    const inArea = (value: number, i: number): number => value - (i % 2 === 0 ? area.x : area.y);
    const outline = segmentation.map((points) => `M${points.map(inArea).join(' ')}Z`).join('');
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${area.width}" height="${area.height}"><path d="${outline}"/></svg>`;
    const alpha = await sharp(Buffer.from(svg)).ensureAlpha().extractChannel(3).raw().toBuffer();
    const frame = await frameOf(picture, area, alpha, labelled(keypoints, area), extractor);
    if (knownJoints(frame) >= SMALLEST.joints) {
      cutOuts.push({ name: String(id), height: area.height, frames: [frame] });
    }
  }
  return cutOuts;
}

async function sequence(folder: string, extractor?: Extractor): Promise<CutOut> {
  const masks = path.join(folder, 'masks');
  const pictures = path.join(folder, 'images');
  for (const one of [masks, pictures]) {
    if (!existsSync(one))
      throw new GlposeError('ANNOTATION', `${one} is missing`, 'Give folders with images/ and masks/.');
  }
  const pictureOf = new Map(readdirSync(pictures).map((name) => [path.parse(name).name, path.join(pictures, name)]));
  const frames: CutOutFrame[] = [];
  for (const name of readdirSync(masks).sort()) {
    const picture = pictureOf.get(path.parse(name).name);
    if (!picture) continue;
    const mask = path.join(masks, name);
    const { data, info } = await readable(mask, () =>
      sharp(mask).toColourspace('b-w').extractChannel(0).raw().toBuffer({ resolveWithObject: true }),
    );
    const area = extentOfMask(data, info.width, info.height);
    if (!area) continue;
    const alpha = Buffer.alloc(area.width * area.height);
    for (let y = 0; y < area.height; y++) {
      for (let x = 0; x < area.width; x++) {
        alpha[y * area.width + x] = data[(area.y + y) * info.width + area.x + x] ? 255 : 0;
      }
    }
    frames.push(await frameOf(picture, area, alpha, new Float32Array(2 * COCO_JOINTS.length).fill(NaN), extractor));
  }
  return { name: path.basename(folder), height: Math.max(0, ...frames.map(({ height }) => height)), frames };
}

/** @param alpha [height, width] of `area` */
async function frameOf(
  picture: string,
  area: Box,
  alpha: Buffer,
  joints: Float32Array,
  extractor?: Extractor,
): Promise<CutOutFrame> {
  const { x: left, y: top, width, height } = area;
  const rgb = await readable(picture, () =>
    sharp(picture).extract({ left, top, width, height }).toColourspace('srgb').removeAlpha().raw().toBuffer(),
  );
  const rgba = Buffer.alloc(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    rgb.copy(rgba, 4 * i, 3 * i, 3 * i + 3);
    rgba[4 * i + 3] = alpha[i];
  }
  if (!extractor) return { width, height, rgba, joints };
  const window = windowOf({ ...area, x: 0, y: 0 }, extractor.net.aspect);
  const own = await extractor.ownPose({ width, height, data: rgb }, window);
  COCO_JOINTS.forEach((name, q) => {
    const joint = own.get(name);
    if (Number.isNaN(joints[2 * q]) && joint && joint.score >= SURE) joints.set([joint.x, joint.y], 2 * q);
  });
  return { width, height, rgba, joints };
}

/** A cut-out's frame at another size, its edge smoothed by the scaling; perhaps mirrored. */
export async function scaled(frame: CutOutFrame, scale: number, flip: boolean): Promise<CutOutFrame> {
  const [width, height] = [frame.width, frame.height].map((side) => Math.max(1, Math.round(side * scale)));
  const rgba = await sharp(frame.rgba, { raw: { width: frame.width, height: frame.height, channels: 4 } })
    .flop(flip)
    .resize(width, height, { fit: 'fill' })
    .raw()
    .toBuffer();
  const joints = new Float32Array(frame.joints.length);
  COCO_JOINTS.forEach((name, q) => {
    const from = flip ? COCO_JOINTS.findIndex((other) => other === mirrored(name)) : q;
    const [x, y] = frame.joints.subarray(2 * from, 2 * from + 2);
    joints.set([((flip ? frame.width - 1 - x : x) * width) / frame.width, (y * height) / frame.height], 2 * q);
  });
  return { width, height, rgba, joints };
}

function isPolygons(value: unknown): value is number[][] {
  const isPolygon = (points: unknown): boolean => Array.isArray(points) && points.length >= 6 && points.every(isNumber);
  return Array.isArray(value) && value.length > 0 && value.every(isPolygon);
}

/** COCO keypoints within an area; NaN where they are not labelled. */
function labelled(keypoints: unknown, area: Box): Float32Array {
  const joints = new Float32Array(2 * COCO_JOINTS.length).fill(NaN);
  if (!Array.isArray(keypoints) || keypoints.length !== 3 * COCO_JOINTS.length || !keypoints.every(isNumber))
    return joints;
  for (let q = 0; q < COCO_JOINTS.length; q++) {
    if (keypoints[3 * q + 2] > 0) joints.set([keypoints[3 * q] - area.x, keypoints[3 * q + 1] - area.y], 2 * q);
  }
  return joints;
}

function knownJoints({ joints }: CutOutFrame): number {
  return joints.filter((value, i) => i % 2 === 0 && !Number.isNaN(value)).length;
}

/** Beside its file, or in the folder `images` there. */
function imageBeside(file: string, name: string): string {
  const beside = path.join(path.dirname(file), path.basename(name));
  return existsSync(beside) ? beside : path.join(path.dirname(file), 'images', path.basename(name));
}

/** Whole pixels of the box within a picture. */
function within(box: Box, width: number, height: number): Box {
  const [x, y] = [Math.max(0, Math.floor(box.x)), Math.max(0, Math.floor(box.y))];
  const right = Math.min(width, Math.ceil(box.x + box.width) + 1);
  const bottom = Math.min(height, Math.ceil(box.y + box.height) + 1);
  return { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) };
}

function extentOfMask(mask: Buffer, width: number, height: number): Box | null {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

async function readable<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    throw new GlposeError('ANNOTATION', `${file} cannot be read: ${messageOf(thrown)}`, 'Replace it, or leave it out.');
  }
}
