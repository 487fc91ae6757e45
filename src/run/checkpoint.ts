/*
 * What was computed of a video so far, so that an interrupted one goes on instead of beginning anew:
 *
 *   <out>/.glpose/checkpoints/<video>/<digest of the provenance>/settings.json   what it is made from
 *                                                         looks-0.gz, looks-64.gz, …             of the first pass
 *                                                         poses-0.gz, poses-64.gz, …             of the second
 *
 * Both passes read the video from its start again, and everything else (tracks, candidates, smoothing) follows from what is kept
 * here as it did the first time: there is no other state to restore. Videos of no more than one chunk have no checkpoint.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Joint, Detection } from '../types.js';
import type { Turn } from '../geometry/window.js';
import type { EstimatedPose } from '../estimation/estimator.js';
import type { Look } from '../estimation/memo.js';
import { FrameLog, type Codec } from './frame-log.js';
import { changesBetween, digestOf, type Provenance } from './provenance.js';
import { STATE_FOLDER } from './outcome.js';
import { requireFolder } from './output-folder.js';
import { sweep } from '../storage/temporary.js';
import { writeAtomically } from '../storage/atomic-write.js';

const SETTINGS = 'settings.json';

export class Checkpoint {
  readonly looks: FrameLog<readonly Look[]>;
  readonly poses: FrameLog<readonly (EstimatedPose | null)[]>;
  private readonly folder: string;
  private begun: Promise<void> | undefined;

  private constructor(
    private readonly out: string,
    private readonly provenance: Provenance,
    joints: number,
  ) {
    this.folder = path.join(folderOf(out, provenance.name), digestOf(provenance));
    const write = (file: string, bytes: Uint8Array): Promise<void> => this.write(file, bytes);
    this.looks = new FrameLog(this.folder, 'looks', LOOKS, write);
    this.poses = new FrameLog(this.folder, 'poses', posesOf(joints), write);
  }

  /**
   * Opens a video's checkpoint; what was made in another way is removed.
   * @param joints K
   * @param onWarning is told that the video goes on, or what has changed so that it does not
   */
  static async open(
    out: string,
    provenance: Provenance,
    joints: number,
    onWarning?: (warning: string) => void,
  ): Promise<Checkpoint> {
    const { name } = provenance;
    const checkpoint = new Checkpoint(out, provenance, joints);
    const own = path.basename(checkpoint.folder);
    for (const other of await readdir(folderOf(out, name)).catch(() => [])) {
      const folder = path.join(folderOf(out, name), other);
      const before = await readMaking(folder);
      if (other === own && before !== null) onWarning?.(`${name} goes on where it was stopped`);
      if (other === own) continue;
      if (before !== null)
        onWarning?.(`${name} is begun anew: ${changesBetween(before, provenance).join(', ')} changed`);
      await rm(folder, { recursive: true, force: true });
    }
    await sweep(checkpoint.folder);
    return checkpoint;
  }

  private async write(file: string, bytes: Uint8Array): Promise<void> {
    await requireFolder(this.out);
    this.begun ??= writeAtomically(path.join(this.folder, SETTINGS), `${JSON.stringify(this.provenance)}\n`);
    await this.begun;
    await writeAtomically(path.join(this.folder, file), bytes);
  }
}

/** Removes what is kept of a video that is done, or is to be done anew. */
export async function removeCheckpoint(out: string, name: string): Promise<void> {
  await rm(folderOf(out, name), { recursive: true, force: true });
}

function folderOf(out: string, name: string): string {
  return path.join(out, STATE_FOLDER, 'checkpoints', name);
}

async function readMaking(folder: string): Promise<Provenance | null> {
  try {
    return JSON.parse(await readFile(path.join(folder, SETTINGS), 'utf8')) as Provenance;
  } catch {
    return null;
  }
}

/** Of each look: x, y, width, height of the part, its longer side, the window's turn, count of detections, these. */
const LOOKS: Codec<readonly Look[]> = {
  toNumbers(looks) {
    return looks.flatMap(({ part: { x, y, width, height }, longerSide, turn, detections }) => {
      return [x, y, width, height, longerSide, turn, detections.length, ...detections.flatMap(numbersOf)];
    });
  },
  fromNumbers(numbers) {
    const looks: Look[] = [];
    for (let at = 0; at < numbers.length;) {
      const [x, y, width, height, longerSide, turn, count] = numbers.subarray(at, (at += 7));
      const detections: Detection[] = [];
      while (detections.length < count) {
        detections.push(detectionOf(numbers.subarray(at)));
        at += 6 + numbers[at + 5];
      }
      looks.push({ part: { x, y, width, height }, longerSide, turn: turn as Turn, detections });
    }
    return looks;
  },
};

/** x, y, width, height, score, count of the coarse pose's numbers, these */
function numbersOf({ box: { x, y, width, height }, score, coarsePose = new Float32Array() }: Detection): number[] {
  return [x, y, width, height, score, coarsePose.length, ...coarsePose];
}

function detectionOf(numbers: Float64Array): Detection {
  const [x, y, width, height, score, count] = numbers;
  const detection: Detection = { box: { x, y, width, height }, score };
  if (count > 0) detection.coarsePose = Float32Array.from(numbers.subarray(6, 6 + count));
  return detection;
}

/** What a joint is: 0 where it is not there, else a sum of these. */
const [THERE, ESTIMATED, OCCLUDED] = [1, 2, 4];

/** For each of the K joints of a pose x, y, score, and what it is; x of a joint that is not there is 1, and 0 where there is no pose. */
function posesOf(joints: number): Codec<readonly (EstimatedPose | null)[]> {
  const toJoint = ([x, y, score, kind]: Float64Array): Joint | null => {
    if (kind === 0) return null;
    const joint: Joint = { x, y, score };
    if (kind & ESTIMATED) joint.estimated = true;
    if (kind & OCCLUDED) joint.occluded = true;
    return joint;
  };
  const kindOf = ({ estimated, occluded }: Joint): number =>
    THERE + (estimated ? ESTIMATED : 0) + (occluded ? OCCLUDED : 0);
  return {
    toNumbers(poses) {
      return poses.flatMap((pose) => {
        const all = pose?.joints ?? new Array<null>(joints).fill(null);
        const absent = [pose ? 1 : 0, 0, 0, 0];
        return all.flatMap((joint) => (joint ? [joint.x, joint.y, joint.score, kindOf(joint)] : absent));
      });
    },
    fromNumbers(numbers) {
      return Array.from({ length: numbers.length / (4 * joints) }, (_, person) => {
        const values = numbers.subarray(4 * person * joints, 4 * (person + 1) * joints);
        if (values.every((value) => value === 0)) return null;
        return {
          joints: Array.from({ length: joints }, (_, joint) => toJoint(values.subarray(4 * joint, 4 * joint + 4))),
        };
      });
    },
  };
}
