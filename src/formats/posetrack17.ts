/* PoseTrack17: `annolist` of frames, `annorect` of people, every value in a list of one. */
import { GlposeError } from '../errors.js';
import { POSETRACK17_JOINTS } from '../joints.js';
import { NO_SCORE, type ReadPosesOptions } from './coco.js';
import { describe, fieldsOf, isFields, isNumber, listOf, type Fields } from './fields.js';
import { ABSENT, bySequence, type LabelledFrame, type LabelledPose, type PoseSequence } from './pose-sequence.js';

export function isPoseTrack17Document(document: unknown): document is Fields {
  return isFields(document) && 'annolist' in document;
}

/**
 * The sequences of a PoseTrack17 document, joints in `POSETRACK17_JOINTS` order.
 * @param file named in messages
 * @throws GlposeError ANNOTATION naming file, frame and person
 */
export function readPoseTrack17Document(document: Fields, file: string, options: ReadPosesOptions): PoseSequence[] {
  for (const field of ['annotations', 'images']) {
    if (field in document) {
      throw new GlposeError(
        'ANNOTATION',
        `${file}: \`${field}\` is a field of PoseTrack18 files in a PoseTrack17 file`,
        'Write the file wholly in one of the two formats.',
      );
    }
  }
  const names = new Set<string>();
  const frames = listOf(document, 'annolist', file).map((value, index) => {
    const frame = readFrame(fieldsOf(value, `${file}, frame ${index}`), `${file}, frame ${index}`, file, options);
    if (names.has(frame.name)) {
      throw new GlposeError('ANNOTATION', `${file}: two frames are called ${frame.name}`, 'List every frame once.');
    }
    names.add(frame.name);
    return frame;
  });
  return bySequence(frames, file, POSETRACK17_JOINTS);
}

function readFrame(entry: Fields, where: string, file: string, options: ReadPosesOptions): LabelledFrame {
  const image = first(entry.image);
  const name = isFields(image) ? first(image.name) : undefined;
  if (typeof name !== 'string' || name === '') {
    throw new GlposeError('ANNOTATION', `${where} has no image name`, 'Write it as "image": [{"name": "…"}].');
  }
  const people = entry.annorect === undefined ? [] : listOf(entry, 'annorect', `${file}, frame ${name}`);
  const frame: LabelledFrame = {
    name,
    imageId: null,
    labelled: true,
    ignoreRegions: ignoreRegions(entry, `${file}, frame ${name}`),
    people: [],
    listed: people.length,
  };
  people.forEach((person, index) => {
    const at = `${file}, frame ${name}, person ${index}`;
    const pose = readPose(fieldsOf(person, at), at, options);
    if (pose) frame.people.push(pose);
  });
  return frame;
}

function ignoreRegions(entry: Fields, where: string): Float64Array[] {
  if (entry.ignore_regions === undefined) return [];
  return listOf(entry, 'ignore_regions', where).map((region, index) => {
    const at = `${where}, ignore region ${index}`;
    const corners = listOf(fieldsOf(region, at), 'point', at).flatMap((corner) => {
      const { x, y } = fieldsOf(corner, at);
      return [first(x), first(y)];
    });
    if (corners.every(isNumber)) return Float64Array.from(corners);
    throw new GlposeError('ANNOTATION', `${at} has corners that are no numbers`, 'Give every corner an x and a y.');
  });
}

function readPose(person: Fields, where: string, { role, warnings }: ReadPosesOptions): LabelledPose | null {
  for (const field of ['keypoints', 'bbox_head', 'scores']) {
    if (field in person) {
      throw new GlposeError(
        'ANNOTATION',
        `${where}: \`${field}\` is a field of PoseTrack18 files in a PoseTrack17 file`,
        'Write the file wholly in one of the two formats.',
      );
    }
  }
  const points = first(person.annopoints);
  if (!isFields(points) || points.point === undefined) {
    warnings.note(`${role} without points, left out`, where);
    return null;
  }
  const joints = new Float64Array(POSETRACK17_JOINTS.length * 3);
  for (let k = 0; k < POSETRACK17_JOINTS.length; k++) joints.set(ABSENT, k * 3);
  for (const value of listOf(points, 'point', where)) {
    const point = fieldsOf(value, where);
    const id = first(point.id);
    const name = Number.isInteger(id) ? POSETRACK17_JOINTS[id as number] : undefined;
    if (name === undefined) {
      throw new GlposeError(
        'ANNOTATION',
        `${where}: joint id ${describe(id)}`,
        `PoseTrack17 has the ids 0 to ${POSETRACK17_JOINTS.length - 1}.`,
      );
    }
    const k = id as number;
    if (!Number.isNaN(joints[k * 3])) {
      warnings.note('joints given twice, the first taken', `${where}, joint ${name}`);
      continue;
    }
    const [x, y] = [first(point.x), first(point.y)];
    const c = role === 'annotations' ? 1 : point.score === undefined ? NO_SCORE : first(point.score);
    if (!isNumber(x) || !isNumber(y) || !isNumber(c)) {
      warnings.missing({
        text: `joints of ${role} whose place or score is not a number, left out`,
        where: `${where}, joint ${name}`,
        problem: `x, y and score are ${describe(x)}, ${describe(y)}, ${describe(c)}; they must be finite numbers`,
        remedy: 'Leave an absent joint out of the list',
      });
      continue;
    }
    if (c === NO_SCORE) warnings.note('predicted joints without a score, ranked last', `${where}, joint ${name}`);
    joints.set([x, y, c], k * 3);
  }
  const track = first(person.track_id);
  if (track !== undefined && !Number.isInteger(track)) {
    throw new GlposeError('ANNOTATION', `${where}: track_id is ${describe(track)}`, 'Track ids are whole numbers.');
  }
  const score = first(person.score);
  return {
    joints,
    trackId: (track as number | undefined) ?? null,
    headBox: headBox(person),
    box: null,
    area: null,
    crowd: false,
    score: isNumber(score) ? score : null,
  };
}

/** x1, y1, x2, y2 are the corners of the head in annotations. */
function headBox(person: Fields): LabelledPose['headBox'] {
  const corners = [person.x1, person.y1, person.x2, person.y2].map(first);
  if (!corners.every(isNumber)) return null;
  const [x1, y1, x2, y2] = corners;
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

/** PoseTrack17 wraps every value in a list of one; a bare value is taken, too. */
function first(value: unknown): unknown {
  return Array.isArray(value) ? (value as unknown[])[0] : value;
}
