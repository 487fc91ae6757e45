/*
 * Person boxes from a file, for `glpose infer --boxes`: COCO detections (a list or a document), PoseTrack17/18/21
 * annotations or results, MOTChallenge text; or a folder with one such file per video.
 *
 * How boxes find their frames:
 *   video    by the folder in the frames' names, else by the file's name; a file about one video serves any video.
 *   frame    of a folder of images: by the image's file name without its extension.
 *            of a video file: by number. MOT and PoseTrack17 (eight digits) count from 1, all others from 0.
 *   image id where the file has no list of images: an image_name, or a text, is a file name; an id of eleven digits is
 *            PoseTrack's (its last four are the frame); any other number is the number in the image's file name, or the
 *            place in a video, from 0.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import type { Box } from '../types.js';
import { boxOf, describe, fieldsOf, isFields, isNumber, listOf, type Fields } from './fields.js';
import { namesIn } from './folder.js';
import { readJsonFile } from './json-file.js';
import { folderOf, stemOf, type LabelledPose } from './pose-sequence.js';
import { isPoseTrack17Document, readPoseTrack17Document } from './posetrack17.js';
import { Warnings, type Warning } from './warnings.js';
import { readTextFile } from './text-file.js';

export interface GivenBox {
  /** Image pixels; may reach outside the image. Both sides are above 0. */
  box: Box;
  /** 0–1; 1 where the file gives none. */
  score: number;
  /** Present where the file tracks people. */
  trackId?: number;
}

/** The boxes of one video. */
export interface BoxLookup {
  /** Everyone in a frame, in the file's order; empty where the file has nobody there. */
  boxesOf(frame: { index: number; name: string }): GivenBox[];
}

/** The boxes of any number of videos. */
export interface BoxFile {
  /** Boxes that can be used. */
  count: number;
  /** What was left out or read in another way, counted. */
  warnings: Warning[];
  /** @throws GlposeError ANNOTATION where the file is about other videos */
  forVideo(name: string): BoxLookup;
}

/** How a frame can be named; a box is kept under every name its file gives it. */
type FrameKey =
  | `stem ${string}` // an image's file name without its extension
  | `number ${number}` // the number in an image's file name
  | `place ${number}` // the 0-based place in a video or folder
  | `video ${number}`; // the 0-based place in a video file only

class VideoBoxes implements BoxLookup {
  private readonly frames = new Map<string, GivenBox[]>();

  add(keys: FrameKey[], box: GivenBox): void {
    for (const key of keys) {
      const there = this.frames.get(key);
      if (there) there.push(box);
      else this.frames.set(key, [box]);
    }
  }

  boxesOf({ index, name }: { index: number; name: string }): GivenBox[] {
    const stem = stemOf(name);
    const keys: FrameKey[] =
      path.extname(name) === ''
        ? [`video ${index}`, `place ${index}`]
        : [`stem ${stem}`, `number ${/^\d+$/.test(stem) ? Number(stem) : NaN}`, `place ${index}`];
    for (const key of keys) {
      const boxes = this.frames.get(key);
      if (boxes) return boxes;
    }
    return [];
  }

  /**
   * Track ids help only where every box has one, and one of its own in its frame: people in frames without ids would be followed
   * under numbers that others have elsewhere.
   */
  dropAmbiguousTracks(): boolean {
    const frames = [...this.frames.values()];
    const idsIn = (boxes: readonly GivenBox[]): number[] =>
      boxes.map(({ trackId }) => trackId).filter((id) => id !== undefined);
    const ambiguous =
      frames.some((boxes) => idsIn(boxes).length > 0) &&
      frames.some((boxes) => new Set(idsIn(boxes)).size !== boxes.length);
    if (ambiguous) for (const boxes of frames) for (const box of boxes) delete box.trackId;
    return ambiguous;
  }
}

/** Where boxes go while a file is read. */
interface Collected {
  /** By the video's name; null for a file that does not say which video it is about. */
  videos: Map<string | null, VideoBoxes>;
  warnings: Warnings;
  count: number;
}

/**
 * Reads a file of boxes, or a folder with one file per video (each named as its video).
 * @throws GlposeError ANNOTATION: unreadable, of no known format, or a malformed entry, naming file and place
 */
export function readBoxes(source: string): BoxFile {
  const collected: Collected = { videos: new Map(), warnings: new Warnings(), count: 0 };
  if (isFolder(source)) {
    const files = namesIn(source).filter((name) => /\.(json|txt)$/i.test(name));
    if (files.length === 0) {
      throw new GlposeError('ANNOTATION', `${source} holds no box files`, 'Box files end in .json or .txt.');
    }
    for (const name of files) {
      const own: Collected = { videos: new Map(), warnings: collected.warnings, count: 0 };
      readFile(path.join(source, name), own);
      collected.count += own.count;
      for (const [video, boxes] of own.videos) collected.videos.set(video ?? path.parse(name).name, boxes);
      if (own.videos.size === 1) collected.videos.set(path.parse(name).name, [...own.videos.values()][0]);
    }
  } else {
    readFile(source, collected);
  }
  for (const [name, boxes] of collected.videos) {
    if (boxes.dropAmbiguousTracks())
      collected.warnings.note(
        'videos whose track ids were not unique, or missing in places, ids left out',
        name ?? source,
      );
  }
  const { videos, warnings, count } = collected;
  return {
    count,
    warnings: warnings.list(),
    forVideo(name) {
      const only = new Set(videos.values()).size === 1 ? [...videos.values()][0] : undefined;
      const posetrack = /^\d{6}_(?:mpiinew|mpii|bonn)/.exec(name)?.[0]; // what PoseTrack's image ids tell of the name
      const boxes = videos.get(name) ?? (posetrack ? videos.get(posetrack) : undefined) ?? only ?? videos.get(null);
      if (boxes) return boxes;
      if (videos.size === 0) return new VideoBoxes();
      const known = [...videos.keys()].filter((key) => key !== null);
      throw new GlposeError(
        'ANNOTATION',
        `${source} has no boxes for the video ${name}; it has ${known.slice(0, 3).join(', ')}${known.length > 3 ? ', …' : ''}`,
        "The folder in the images' names, or the file's own name, must be the video's name.",
      );
    },
  };
}

function isFolder(source: string): boolean {
  try {
    return statSync(source).isDirectory();
  } catch (cause) {
    const problem = `${source} cannot be read: ${messageOf(cause).split(',')[0]}`;
    throw new GlposeError('ANNOTATION', problem, 'Check the path of --boxes.', { cause });
  }
}

function readFile(file: string, collected: Collected): void {
  if (/\.json$/i.test(file)) {
    const document = readJsonFile(file);
    if (isPoseTrack17Document(document)) readPoseTrack17(document, file, collected);
    else if (isFields(document) && Array.isArray(document.images)) readDocument(document, file, collected);
    else if (Array.isArray(document))
      document.forEach((entry, i) => readEntry(entry, `${file}, entry ${i}`, null, collected));
    else {
      throw new GlposeError(
        'ANNOTATION',
        `${file} holds no boxes that glpose knows`,
        'Give COCO detections, PoseTrack annotations (.json) or MOTChallenge text (.txt).',
      );
    }
  } else {
    readMot(file, collected);
  }
}

/** PoseTrack17 has no person boxes: the joints' extent, enlarged. */
function readPoseTrack17(document: Fields, file: string, collected: Collected): void {
  const options = { role: 'annotations', warnings: collected.warnings } as const;
  for (const sequence of readPoseTrack17Document(document, file, options)) {
    sequence.frames.forEach((frame, place) => {
      const keys = imageKeys(frame.name, place);
      for (const pose of frame.people) {
        const box = extentOf(pose.joints);
        const where = `${file}, frame ${frame.name}`;
        keep({ box, score: pose.score ?? 1, trackId: pose.trackId }, keys, sequence.name, where, collected);
      }
    });
  }
}

/** A document with an `images` list: COCO, PoseTrack18/21. */
function readDocument(document: Fields, file: string, collected: Collected): void {
  const images = new Map<unknown, ImagePlace>();
  const places = new Map<string, number>();
  for (const [index, value] of listOf(document, 'images', file).entries()) {
    const image = fieldsOf(value, `${file}, image ${index}`);
    if (typeof image.file_name !== 'string') {
      throw new GlposeError('ANNOTATION', `${file}, image ${index} has no file_name`, 'Every image needs one.');
    }
    const video = folderOf(image.file_name) || null;
    const place = places.get(video ?? '') ?? 0;
    places.set(video ?? '', place + 1);
    images.set(image.id, { name: image.file_name, video, keys: imageKeys(image.file_name, place) });
    if (!collected.videos.has(video)) collected.videos.set(video, new VideoBoxes()); // a video without anyone is known, too
  }
  const entries = listOf(document, 'annotations' in document ? 'annotations' : 'detections', file);
  entries.forEach((entry, index) => readEntry(entry, `${file}, annotation ${index}`, images, collected));
}

interface ImagePlace {
  name: string;
  video: string | null;
  keys: FrameKey[];
}

/** Boxes published for PoseTrack (PoseWarper's, DCPose's) say `image_name`. */
function readEntry(value: unknown, where: string, images: Map<unknown, ImagePlace> | null, collected: Collected): void {
  const entry = fieldsOf(value, where);
  if (entry.category_id !== undefined && entry.category_id !== 1) {
    collected.warnings.note('boxes of other categories than 1 (person), left out', where);
    return;
  }
  const image = images ? images.get(entry.image_id) : placeOfId(entry.image_name ?? entry.image_id, where);
  if (!image) {
    const problem = `${where}: image_id ${describe(entry.image_id)} is not among the images`;
    throw new GlposeError('ANNOTATION', problem, 'List the image in `images` or correct the id.');
  }
  const box =
    entry.bbox !== undefined ? boxOf(entry.bbox) : Array.isArray(entry.keypoints) ? extentOf(entry.keypoints) : null;
  const score = entry.bbox_score ?? entry.score ?? 1;
  keep({ box, score, trackId: entry.track_id }, image.keys, image.video, where, collected);
}

/** The frame that an image id names by itself. */
function placeOfId(id: unknown, where: string): ImagePlace {
  if (typeof id === 'string' && id !== '') return { name: id, video: folderOf(id) || null, keys: imageKeys(id, NaN) };
  if (!Number.isInteger(id) || (id as number) < 0) {
    const problem = `${where}: image_id is ${describe(id)}`;
    throw new GlposeError(
      'ANNOTATION',
      problem,
      'Without a list of images, image ids are frame numbers or file names.',
    );
  }
  const number = id as number;
  const posetrack = number >= 1e10;
  const frame = posetrack ? number % 10_000 : number;
  const sequence = Math.floor(number / 10_000) % 1_000_000;
  const source = ['', 'mpii', 'bonn', 'mpiinew'][Math.floor(number / 1e10)];
  const video = posetrack ? `${String(sequence).padStart(6, '0')}_${source}` : null;
  return { name: String(number), video, keys: [`number ${frame}`, `video ${frame}`] };
}

/** PoseTrack17's eight-digit numbers count from 1, others from 0; names that are no numbers count by their place. */
function imageKeys(name: string, place: number): FrameKey[] {
  const stem = stemOf(name);
  const number = /^\d+$/.test(stem) ? Number(stem) - (stem.length === 8 ? 1 : 0) : place;
  return [`stem ${stem}`, `video ${number}`];
}

/**
 * MOTChallenge: frame, id, x, y, width, height, confidence, …; frames, ids and pixels count from 1. An id of −1 is none. Files with an
 * id of 0 there are, too: their ids are taken as they are.
 */
function readMot(file: string, collected: Collected): void {
  const lines = readTextFile(file, 'list of boxes').split(/\r?\n/);
  const firstId = lines.some((line) => /^[^,\s]+[,\s]+0[,\s]/.test(line.trim())) ? 0 : 1;
  lines.forEach((line, index) => {
    if (line.trim() === '') return;
    const where = `${file}, line ${index + 1}`;
    const fields = line.split(/[,\s]+/).filter((field) => field !== '');
    const [frame, id, x, y, width, height, confidence = 1] = fields.map(Number);
    if (fields.length < 6 || !Number.isInteger(frame) || frame < 1) {
      throw new GlposeError(
        'ANNOTATION',
        `${where} is not a MOTChallenge box: "${line.slice(0, 60)}"`,
        'A line is frame,id,x,y,width,height,confidence with frames from 1.',
      );
    }
    // ground truth has nine fields: the confidence is a flag, the eighth a class (1, 2, 7: people)
    const isTruth = fields.length === 9;
    if (isTruth && (confidence === 0 || ![1, 2, 7].includes(Number(fields[7])))) {
      collected.warnings.note('ground-truth boxes marked as not to be scored or not of people, left out', where);
      return;
    }
    const box = [x, y, width, height].every(isNumber) ? { x: x - 1, y: y - 1, width, height } : null;
    const score = confidence === -1 ? 1 : confidence; // -1: not given
    keep(
      { box, score, trackId: id >= firstId ? id - firstId : undefined },
      [`place ${frame - 1}`],
      null,
      where,
      collected,
    );
  });
}

interface RawBox {
  box: Box | null;
  score: unknown;
  trackId: unknown;
}

function keep(raw: RawBox, keys: FrameKey[], video: string | null, where: string, collected: Collected): void {
  const { warnings, videos } = collected;
  const { box, score } = raw;
  if (!box || !isNumber(score)) {
    warnings.note('boxes or scores that are not finite numbers, left out', where);
    return;
  }
  if (!(box.width > 0 && box.height > 0)) {
    warnings.note('boxes of no or negative size, left out', where);
    return;
  }
  if (score < 0 || score > 1) warnings.note('scores outside 0–1, limited to it', where);
  const given: GivenBox = { box, score: Math.min(1, Math.max(0, score)) };
  if (Number.isInteger(raw.trackId)) given.trackId = raw.trackId as number;
  let boxes = videos.get(video);
  if (!boxes) videos.set(video, (boxes = new VideoBoxes()));
  boxes.add(keys, given);
  collected.count++;
}

/** PoseTrack's own boxes are the joints' extent × 1.3. */
const EXTENT = 1.3;

/** The enlarged extent of a pose's joints (x, y, anything; NaN or 0, 0, 0 is absent), or null where there are none. */
function extentOf(joints: LabelledPose['joints'] | unknown[]): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 2 < joints.length; i += 3) {
    const [x, y] = [joints[i], joints[i + 1]];
    if (!isNumber(x) || !isNumber(y) || (x === 0 && y === 0 && joints[i + 2] === 0)) continue;
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  if (left > right) return null;
  const [width, height] = [(right - left) * EXTENT, (bottom - top) * EXTENT];
  return { x: (left + right - width) / 2, y: (top + bottom - height) / 2, width, height };
}
