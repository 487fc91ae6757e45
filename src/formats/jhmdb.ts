/*
 * (Sub-)JHMDB (Jhuang et al., ICCV 2013): one person a clip, 15 joints in every frame. Read from the data set's own
 * download, from mmpose's JSON files, or from an index of clips. Pixels count from 1 in the first two, as in MATLAB,
 * and from 0 here.
 *
 *   <folder>/joint_positions/<action>/<clip>/joint_positions.mat    pos_img [2, 15, frames]
 *   <folder>/puppet_mask/<action>/<clip>/puppet_mask.mat            part_mask [height, width, frames], for the boxes
 *   <folder>/sub_splits/<action>_test_split_<n>.txt                 lines "<clip>.avi 1" (training) or "… 2" (test)
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { atOnce, type Steps } from '../concurrency/steps.js';
import { JHMDB_JOINTS } from '../joints.js';
import type { Box } from '../types.js';
import { isCocoDocument, readCocoDocument } from './coco.js';
import { describe, fieldsOf, isFields, isNumber, listOf, textsOf, type Fields } from './fields.js';
import { namesIn } from './folder.js';
import { readJsonFile } from './json-file.js';
import { readMatFile, type MatArray } from './mat5.js';
import { extentOf, type LabelledFrame, type PoseSequence } from './pose-sequence.js';
import type { Warnings } from './warnings.js';
import { readTextFile } from './text-file.js';

/** Frames of a clip: beyond it a file is damaged or an attack. */
const MAX_FRAMES = 10_000;

/** The test clips of one split; every pose has a box. */
export interface JhmdbSplit {
  name: string;
  clips: PoseSequence[];
}

/**
 * Reads annotations for the JHMDB measures.
 * @param source the data set's folder, or JSON files (one, or a folder of one per split)
 * @throws GlposeError ANNOTATION naming what is missing or damaged
 */
export function readJhmdb(source: string, warnings: Warnings): JhmdbSplit[] {
  return atOnce(readingJhmdb(source, warnings));
}

/** The same, a clip or a file a step. */
export function* readingJhmdb(source: string, warnings: Warnings): Steps<JhmdbSplit[]> {
  if (existsSync(path.join(source, 'joint_positions'))) return yield* readDownload(source, warnings);
  const isFolder = existsSync(source) && !source.toLowerCase().endsWith('.json');
  const files = isFolder ? jsonFilesOf(source) : [source];
  const splits: JhmdbSplit[] = [];
  for (const file of files) {
    splits.push({ name: path.parse(file).name, clips: readJson(file, warnings) });
    yield;
  }
  return splits;
}

function jsonFilesOf(folder: string): string[] {
  const names = namesIn(folder).filter((name) => name.toLowerCase().endsWith('.json'));
  if (names.length > 0) return names.map((name) => path.join(folder, name));
  throw new GlposeError(
    'ANNOTATION',
    `${folder} holds neither joint_positions nor JSON files`,
    "Give JHMDB's folder, in which joint_positions, puppet_mask and sub_splits are unpacked, or mmpose's JSON files.",
  );
}

function* readDownload(folder: string, warnings: Warnings): Steps<JhmdbSplit[]> {
  const splitFolder = ['sub_splits', 'splits'].map((name) => path.join(folder, name)).find((name) => existsSync(name));
  if (!splitFolder) {
    const remedy = 'Unpack sub_splits.zip (Sub-JHMDB) or splits.zip (JHMDB) beside joint_positions.';
    throw new GlposeError('ANNOTATION', `${folder} has no split lists`, remedy);
  }
  const clips = new Map<string, PoseSequence>();
  const splits = new Map<string, JhmdbSplit>();
  for (const list of namesIn(splitFolder)) {
    const named = /^(.+)_test_split_?(\d+)\.txt$/.exec(list);
    if (!named) continue;
    const [, action, number] = named;
    const split = splits.get(number) ?? { name: `split ${number}`, clips: [] };
    splits.set(number, split);
    for (const clip of testClips(path.join(splitFolder, list))) {
      let sequence = clips.get(clip);
      if (!sequence) clips.set(clip, (sequence = readClip(folder, action, clip, warnings)));
      split.clips.push(sequence);
      yield;
    }
  }
  if (splits.size > 0) return [...splits.values()];
  throw new GlposeError(
    'ANNOTATION',
    `${splitFolder} has no lists called <action>_test_split_<n>.txt`,
    'Unpack them there.',
  );
}

function testClips(list: string): string[] {
  return readTextFile(list, 'list of clips')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .flatMap((line, index) => {
      const entry = /^(.+)\.avi\s+([12])\s*$/.exec(line);
      if (!entry) {
        const problem = `${list}, line ${index + 1}: "${line.slice(0, 80)}" is not "<clip>.avi 1" or "<clip>.avi 2"`;
        throw new GlposeError('ANNOTATION', problem, 'Get the split lists again.');
      }
      if (/[/\\\0]|^\.\.?$/.test(entry[1])) {
        const problem = `${list}, line ${index + 1}: the clip "${entry[1].slice(0, 80)}" is a path`;
        throw new GlposeError('ANNOTATION', problem, 'Clips are names of folders; get the split lists again.');
      }
      return entry[2] === '2' ? [entry[1]] : [];
    });
}

function readClip(folder: string, action: string, clip: string, warnings: Warnings): PoseSequence {
  const file = path.join(folder, 'joint_positions', action, clip, 'joint_positions.mat');
  const positions = readArray(file, 'pos_img');
  const [two, joints, frames = 1, ...more] = positions.dimensions;
  if (two !== 2 || joints !== JHMDB_JOINTS.length || more.length > 0) {
    const problem = `${file}: pos_img is ${positions.dimensions.join(' × ')}, not 2 × ${JHMDB_JOINTS.length} × frames`;
    throw new GlposeError('ANNOTATION', problem, 'Get the file again.');
  }
  if (frames > MAX_FRAMES) {
    const problem = `${file}: pos_img has ${frames} frames; the longest clip of JHMDB has 40`;
    throw new GlposeError('ANNOTATION', problem, 'Get the file again.');
  }
  const maskFile = path.join(folder, 'puppet_mask', action, clip, 'puppet_mask.mat');
  const masks = existsSync(maskFile) ? readArray(maskFile, 'part_mask') : null;
  if (masks && (masks.dimensions.length > 3 || (masks.dimensions[2] ?? 1) !== frames)) {
    const problem = `${maskFile}: part_mask is ${masks.dimensions.join(' × ')}, not height × width × ${frames} frames`;
    throw new GlposeError('ANNOTATION', problem, 'Get the file again.');
  }
  if (!masks) warnings.note('clips without a puppet mask: the extent of the joints is their box', file);
  const sequence: LabelledFrame[] = [];
  for (let t = 0; t < frames; t++) {
    const places = Array.from(positions.values.subarray(t * joints * 2, (t + 1) * joints * 2), (value) => value - 1);
    sequence.push(frameOf(`${clip}/${String(t + 1).padStart(5, '0')}.png`, places, masks && maskBox(masks, t)));
  }
  return { name: clip, file, alone: true, joints: JHMDB_JOINTS, frames: sequence };
}

function readArray(file: string, name: string): MatArray {
  if (!existsSync(file)) {
    throw new GlposeError(
      'ANNOTATION',
      `${file} is missing`,
      'Unpack joint_positions.zip and puppet_mask.zip in one folder.',
    );
  }
  const array = readMatFile(file).get(name);
  if (array) return array;
  throw new GlposeError('ANNOTATION', `${file} has no array called ${name}`, 'Get the file again.');
}

/** Box of the pixels above 0 at time t, or null where there are none. */
function maskBox({ dimensions, values }: MatArray, t: number): Box | null {
  if (values.length === 0) return null;
  const [height, width] = dimensions;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (!(values[y + height * (x + width * t)] > 0)) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** @param places x and y alternating; NaN is absent */
function frameOf(name: string, places: readonly number[], box: Box | null): LabelledFrame {
  const joints = new Float64Array((places.length / 2) * 3);
  for (let k = 0; k < places.length / 2; k++) joints.set([places[k * 2], places[k * 2 + 1], 1], k * 3);
  const pose = {
    joints,
    trackId: 0,
    headBox: null,
    box: box ?? extentOf(joints),
    area: null,
    crowd: false,
    score: null,
  };
  return { name, imageId: null, labelled: true, ignoreRegions: [], people: [pose], listed: 1 };
}

function readJson(file: string, warnings: Warnings): PoseSequence[] {
  const document = readJsonFile(file);
  if (isCocoDocument(document)) {
    return readCocoDocument(document, file, { role: 'annotations', warnings }).map(fromOne);
  }
  if (isFields(document) && Array.isArray(document.clips)) return readIndex(document, file, warnings);
  throw new GlposeError(
    'ANNOTATION',
    `${file} holds no JHMDB annotations`,
    'Give a COCO-style document (as mmpose has for JHMDB) or an index with `joint_names` and `clips`.',
  );
}

/** mmpose's files keep MATLAB's counting from 1. */
function fromOne(sequence: PoseSequence): PoseSequence {
  const frames = sequence.frames.map((frame) => ({
    ...frame,
    people: frame.people.map((pose) => {
      const joints = pose.joints.map((value, i) => (i % 3 === 2 ? value : value - 1));
      const box = pose.box ? { ...pose.box, x: pose.box.x - 1, y: pose.box.y - 1 } : extentOf(joints);
      return { ...pose, joints, box };
    }),
  }));
  return { ...sequence, frames };
}

/** An index of clips: `joint_names`, and per clip `video`, `joints` [frame][joint][x, y] and `split`; test clips count. */
function readIndex(document: Fields, file: string, warnings: Warnings): PoseSequence[] {
  const names = textsOf(document, 'joint_names', file).map((name) =>
    name.replace(/^r_/, 'right_').replace(/^l_/, 'left_'),
  );
  const clips = listOf(document, 'clips', file).map((clip, index) => fieldsOf(clip, `${file}, clip ${index}`));
  const test = clips.filter(({ split }) => split === undefined || split === 'test');
  if (test.length < clips.length)
    warnings.note('clips of other splits than "test", not scored', file, clips.length - test.length);
  if (test.length > 0) warnings.note('clips without boxes: the extent of the joints is their box', file, test.length);
  return test.map((clip, index): PoseSequence => {
    if (typeof clip.video !== 'string') {
      const problem = `${file}, clip ${index}: \`video\` is ${describe(clip.video)}`;
      throw new GlposeError('ANNOTATION', problem, 'Name the file there.');
    }
    const { name } = path.parse(clip.video);
    const frames = listOf(clip, 'joints', `${file}, clip ${name}`).map((joints, t) => {
      const where = `${file}, clip ${name || index}, frame ${t}`;
      const places = Array.isArray(joints) ? joints.flat() : [];
      if (places.length !== names.length * 2 || !places.every(isNumber)) {
        throw new GlposeError(
          'ANNOTATION',
          `${where} has not ${names.length} pairs of numbers`,
          'Write x and y of every joint.',
        );
      }
      return frameOf(`${name}/${String(t + 1).padStart(5, '0')}.png`, places, null);
    });
    return { name, file, alone: false, joints: names, frames };
  });
}
