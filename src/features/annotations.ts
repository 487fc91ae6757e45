/*
 * Labelled poses to train on, whatever the file: PoseTrack17/18/21 and COCO through their readers, and two plain indexes:
 *
 *   clips    { joint_names, clips: [{ video, split?, joints: [frame][joint][x, y] }] }
 *   photos   { joint_names, images: [{ image, split?, joints: [joint][x, y, labelled] }] }
 *
 * Paths of an index are relative to it; only their last part is used, to find the input of that name.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { GlposeError } from '../errors.js';
import { fieldsOf, isFields, isNumber, listOf, textsOf, type Fields } from '../formats/fields.js';
import { readJsonFile } from '../formats/json-file.js';
import {
  ABSENT,
  extentOf,
  type LabelledFrame,
  type LabelledPose,
  type PoseSequence,
} from '../formats/pose-sequence.js';
import { readPoseFiles } from '../formats/read-poses.js';
import type { Warnings } from '../formats/warnings.js';
import type { Box } from '../types.js';

/** A sequence of labelled frames, and what its file says it is for. */
export interface TrainingSequence extends PoseSequence {
  /** `train`, `validation`, `test` or whatever the file calls it; null where it does not say. */
  split: string | null;
  /** The frames are those of the video, in order, from its first; their names are their places. */
  listed: boolean;
}

/** A box around joints is smaller than a detector's, which holds the whole person: this much on a side, all in all. */
const BEYOND_JOINTS = 1.2;

/**
 * Reads annotations to train on. Every person gets a box: the file's, or the extent of the joints, enlarged.
 * @param source a file, or a folder of files
 * @param confident where the files hold predictions: the score from which a joint is a label
 * @throws ANNOTATION naming what is damaged
 */
export function readTrainingLabels(source: string, warnings: Warnings, confident?: number): TrainingSequence[] {
  const role = confident === undefined ? 'annotations' : 'predictions';
  const sequences = indexIn(source) ?? readPoseFiles(source, { role, warnings }).flatMap(bySplit);
  return sequences.map((sequence) => {
    const frames = sequence.frames.map((frame) => withBoxes(frame, confident ?? -Infinity));
    return { ...sequence, frames };
  });
}

/** A sequence for each split that the file marks its images with; one where it marks none. */
function bySplit(sequence: PoseSequence): TrainingSequence[] {
  const splits = new Set(sequence.frames.map(({ split }) => split));
  return [...splits].map((split) => {
    const frames = sequence.frames.filter((frame) => frame.split === split);
    return { ...sequence, split: split ?? null, listed: false, frames };
  });
}

function indexIn(source: string): TrainingSequence[] | null {
  if (!statSync(source, { throwIfNoEntry: false })?.isFile()) return null;
  const document = readJsonFile(source);
  if (!isFields(document) || !Array.isArray(document.joint_names)) return null;
  const names = textsOf(document, 'joint_names', source);
  const joints = names.map((name) => name.replace(/^r_/, 'right_').replace(/^l_/, 'left_'));
  if (Array.isArray(document.clips)) return readClips(document, joints, source);
  if (Array.isArray(document.images)) return readPhotos(document, joints, source);
  throw new GlposeError(
    'ANNOTATION',
    `${source} has neither \`clips\` nor \`images\``,
    'List the labelled clips or photos there.',
  );
}

function readClips(document: Fields, joints: string[], file: string): TrainingSequence[] {
  return listOf(document, 'clips', file).map((value, index) => {
    const where = `${file}, clip ${index}`;
    const clip = fieldsOf(value, where);
    const name = path.parse(textOf(clip, 'video', where)).name;
    const frames = listOf(clip, 'joints', where).map((places, frame) =>
      frameOf(String(frame), readPlaces(places, joints.length, `${where}, frame ${frame}`), 0),
    );
    return { name, file, alone: false, joints, frames, split: splitOf(clip), listed: true };
  });
}

function readPhotos(document: Fields, joints: string[], file: string): TrainingSequence[] {
  const frames = listOf(document, 'images', file).map((value, index): LabelledFrame => {
    const where = `${file}, image ${index}`;
    const photo = fieldsOf(value, where);
    const frame = frameOf(textOf(photo, 'image', where), readPlaces(photo.joints, joints.length, where), null);
    return { ...frame, split: splitOf(photo) ?? undefined };
  });
  return bySplit({ name: path.parse(file).name, file, alone: true, joints, frames });
}

/** [joint][x, y] or [joint][x, y, labelled] → K × (x, y, c) */
function readPlaces(value: unknown, K: number, where: string): Float64Array {
  const places = Array.isArray(value) ? (value as unknown[]) : [];
  const sound = (place: unknown): place is number[] =>
    Array.isArray(place) && (place.length === 2 || place.length === 3) && place.every(isNumber);
  if (places.length !== K || !places.every(sound)) {
    throw new GlposeError('ANNOTATION', `${where} has not ${K} joints of two or three numbers`, 'Write x, y of each.');
  }
  return Float64Array.from(places.flatMap(([x, y, labelled = 1]) => (labelled > 0 ? [x, y, 1] : [...ABSENT])));
}

function textOf(fields: Fields, name: string, where: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new GlposeError('ANNOTATION', `${where} has no \`${name}\``, 'Name the file there.');
}

function splitOf({ split }: Fields): string | null {
  return typeof split === 'string' ? split : null;
}

function frameOf(name: string, joints: Float64Array, trackId: number | null): LabelledFrame {
  const pose = { joints, trackId, headBox: null, box: null, area: null, crowd: false, score: null };
  return { name, imageId: null, labelled: true, ignoreRegions: [], people: [pose], listed: 1 };
}

/** Leaves out crowds, those of whom nothing is labelled, and joints that are not `confident` enough. */
function withBoxes(frame: LabelledFrame, confident: number): LabelledFrame {
  const people = frame.people.flatMap((pose): LabelledPose[] => {
    if (pose.crowd) return [];
    const joints = pose.joints.slice();
    for (let i = 0; i < joints.length; i += 3) if (joints[i + 2] < confident) joints.set(ABSENT, i);
    const box = pose.box && pose.box.width > 0 && pose.box.height > 0 ? pose.box : aroundJoints(joints);
    return box ? [{ ...pose, joints, box }] : [];
  });
  return { ...frame, people };
}

/** null where fewer than two different places are labelled. */
function aroundJoints(joints: Float64Array): Box | null {
  const extent = extentOf(joints);
  if (!extent || !(extent.width > 0 && extent.height > 0)) return null;
  const [width, height] = [extent.width * BEYOND_JOINTS, extent.height * BEYOND_JOINTS];
  return { x: extent.x + (extent.width - width) / 2, y: extent.y + (extent.height - height) / 2, width, height };
}
