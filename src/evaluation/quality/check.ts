/*
 * Quality without labels: what a person should look at in a video's results, whoever made them. Frames are taken one after
 * another, so that memory does not grow with the video's length.
 */
import { ABSENT, extentOf, type LabelledPose } from '../../formats/pose-sequence.js';
import type { Box, FrameList, PersonPose, VideoPoses } from '../../types.js';
import { doubledPairs, LIMB_JOINTS } from './doubled.js';
import { MAX_PROBLEMS, PROBLEM_KINDS, type Problem, type ProblemKind, type Quality } from './problem.js';
import { Spells } from './spells.js';

/** Mean score of a pose's limb joints below which it is unsure; and for how many frames, so that it counts. */
const UNSURE = 0.15;
const UNSURE_FRAMES = 5;
/** A joint jumps where it moves by more than this share of the person's size against the others, between two frames. */
const JUMP = 0.35;
/** A fast hand moves by so much of the person's size a frame: with `--every`, two poses lie several frames apart. */
const SWING = 0.1;
/** Scores below which nobody would draw a joint: that it jumps does not matter. */
const DRAWN = 0.2;
/** A track that is missing for fewer frames has no gap; one that is there for fewer is brief. */
const GAP_FRAMES = 3;
const BRIEF_FRAMES = 5;
/** More frames than these, beside those that every step leaves out, are not left out by chance: another part of the video begins (`--from`). */
const PART_FRAMES = 4;
/** A spell goes on after so many frames without it. */
const TOLERANCE = 2;
/** Whoever would touch the picture's edge when moved on by so many frames, or enlarged by such a share, comes or goes there. */
const STEPS_TO_EDGE = 3;
const REACH_TO_EDGE = 0.1;

/** A frame's people; poses in pixels, K × (x, y, score), NaN where a joint is absent. */
export interface CheckedFrame {
  /** Its place in the video. */
  index: number;
  people: readonly LabelledPose[];
}

/**
 * Looks through the poses of one video for what a person should look at: skeletons that two people wear, tracks that begin or
 * end in the middle of the picture or have gaps, joints that jump, low scores. Nothing is compared with labels.
 */
export function checkPoses(poses: VideoPoses<FrameList>): Quality {
  const check = new QualityCheck(poses.joints, poses);
  for (const frame of poses.frames) check.next(checkedFrame(frame));
  return check.end();
}

/** An estimated frame as the check takes it. */
export function checkedFrame({ index, people }: { index: number; people: readonly PersonPose[] }): CheckedFrame {
  return { index, people: people.map(labelledPose) };
}

/** An estimated pose in the form of those from files. */
export function labelledPose({ joints, box, score, trackId }: PersonPose): LabelledPose {
  const flat = joints.flatMap((joint) => (joint ? [joint.x, joint.y, joint.score] : ABSENT));
  return { joints: Float64Array.from(flat), trackId, headBox: null, box, area: null, crowd: false, score };
}

interface TrackState {
  pose: LabelledPose;
  box: Box;
  /** Places among the frames looked at. */
  first: number;
  last: number;
  /** Whether it began in the middle of the picture, in the middle of the part. */
  began: boolean;
  /** Centre's pixels a frame, of the last step; 0 after a single frame. */
  velocity: { x: number; y: number };
}

/** Looks through the results of one video. */
export class QualityCheck {
  private readonly limbs: number[];
  private readonly tracks = new Map<number, TrackState>();
  private readonly indices: number[] = []; // of the frames looked at
  /** Place of the first frame of the part of the video. */
  private part = 0;
  /** From one frame looked at to the next, the least so far. */
  private step = Infinity;
  private readonly problems: Problem[] = [];
  private readonly counts = Object.fromEntries(PROBLEM_KINDS.map((kind) => [kind, { problems: 0, frames: 0 }])) as Quality['counts']; // prettier-ignore
  private poses = 0;
  private doubledPoses = 0;

  private readonly doubled = new Spells<number[]>(TOLERANCE, ({ first, last, count, what }) => this.add('doubled', first, last, count, what)); // prettier-ignore
  private readonly unsure = new Spells<number[]>(TOLERANCE, ({ first, last, count, what }) => {
    if (count >= UNSURE_FRAMES) this.add('unsure', first, last, count, what);
  });
  private readonly jumps = new Spells<{ tracks: number[]; joints: string[] }>(TOLERANCE, ({ first, last, count, what }) => this.add('jump', first, last, count, what.tracks, what.joints)); // prettier-ignore

  /**
   * @param joints the K names
   * @param size of the picture in pixels; without it, nothing is said of tracks that begin and end
   */
  constructor(
    private readonly joints: readonly string[],
    private readonly size: { width: number; height: number } | null,
  ) {
    this.limbs = LIMB_JOINTS.map((name) => joints.indexOf(name)).filter((joint) => joint >= 0);
  }

  /** The next frame, in order of time. */
  next({ index, people }: CheckedFrame): void {
    const step = index - (this.indices.at(-1) ?? index);
    if (step > 0) this.step = Math.min(this.step, step);
    if (step > this.step + PART_FRAMES) this.beginPart();
    const frame = this.indices.push(index) - 1;
    this.poses += people.length;
    this.noteDoubled(frame, people);
    for (const pose of people) {
      if (this.isUnsure(pose)) this.unsure.note(String(pose.trackId), frame, tracksOf(pose));
      if (pose.trackId !== null) this.follow(frame, pose, pose.trackId);
    }
    for (const spells of [this.doubled, this.unsure, this.jumps]) spells.passed(frame);
  }

  /** What was found, once all frames were taken. */
  end(): Quality {
    this.endPart();
    const problems = this.problems.sort(inOrderOfTime).slice(0, MAX_PROBLEMS);
    const { poses, counts, doubledPoses } = this;
    return { frames: this.indices.length, poses, counts, doubledPoses, problems };
  }

  /** What lies between two parts of a video was not looked at: nobody is known to end before it, or to begin behind. */
  private beginPart(): void {
    this.endPart();
    this.part = this.indices.length;
  }

  private endPart(): void {
    for (const spells of [this.doubled, this.unsure, this.jumps]) spells.passed();
    for (const [id, track] of this.tracks) this.close(id, track);
    this.tracks.clear();
  }

  private add(
    kind: ProblemKind,
    first: number,
    last: number,
    frames: number,
    tracks: number[],
    joints?: string[],
  ): void {
    const count = this.counts[kind];
    count.problems++;
    count.frames += frames;
    // What comes first stays: later ones are counted only. Tracks are closed last, so that some room is theirs.
    if (this.problems.length >= 2 * MAX_PROBLEMS) return;
    const [from, to] = [this.indices[first], this.indices[last]];
    this.problems.push({ kind, from, to, tracks, ...(joints && { joints }) });
  }

  private noteDoubled(frame: number, people: readonly LabelledPose[]): void {
    const pairs = doubledPairs(people, this.joints);
    this.doubledPoses += new Set(pairs.flatMap(({ first, second }) => [first, second])).size;
    for (const { first, second } of pairs) {
      const tracks = [...tracksOf(people[first]), ...tracksOf(people[second])].sort((a, b) => a - b);
      this.doubled.note(tracks.join(), frame, tracks);
    }
  }

  /** Visibility flags of annotations are 1 and 2: never low. */
  private isUnsure({ joints, boxScore = 1 }: LabelledPose): boolean {
    const scores = this.limbs.filter((joint) => !Number.isNaN(joints[3 * joint])).map((joint) => joints[3 * joint + 2]);
    return scores.length > 0 && scores.reduce((a, b) => a + b) / scores.length < UNSURE * boxScore;
  }

  private follow(frame: number, pose: LabelledPose, id: number): void {
    const box = pose.box ?? extentOf(pose.joints);
    if (!box) return;
    const track = this.tracks.get(id);
    if (!track) {
      const began = frame > this.part;
      this.tracks.set(id, { pose, box, first: frame, last: frame, began, velocity: { x: 0, y: 0 } });
      return;
    }
    if (track.last === frame) return; // a number twice in a frame: the first one is followed
    const missing = frame - track.last - 1;
    if (missing >= GAP_FRAMES && !this.isAtEdge(track.box, track.velocity)) {
      this.add('gap', track.last + 1, frame - 1, missing, [id]);
    }
    const velocity = velocityOf(track.box, box, frame - track.last);
    if (track.first === track.last && track.began) {
      track.began = !this.isAtEdge(track.box, { x: -velocity.x, y: -velocity.y }); // where it came from
    }
    const jumping =
      missing === 0 ? this.jumpingJoints(track.pose, pose, this.reachOf(frame) * Math.max(box.width, box.height)) : [];
    if (jumping.length > 0) {
      const joined = (before: { joints: string[] }): string[] => [...new Set([...before.joints, ...jumping])];
      this.jumps.note(String(id), frame, { tracks: [id], joints: jumping }, (before) => ({ tracks: [id], joints: joined(before) })); // prettier-ignore
    }
    Object.assign(track, { pose, box, last: frame, velocity });
  }

  /** How far a joint may come from the frame looked at before, in shares of the person's size. */
  private reachOf(frame: number): number {
    return JUMP + SWING * (this.indices[frame] - this.indices[frame - 1] - 1);
  }

  /** Names of the joints of arms and legs that move farther than `reach` pixels against the middle movement of all of them. */
  private jumpingJoints(before: LabelledPose, now: LabelledPose, reach: number): string[] {
    const sure = (pose: LabelledPose, joint: number): boolean =>
      pose.joints[3 * joint + 2] >= DRAWN * (pose.boxScore ?? 1);
    const both = this.limbs.filter((joint) => sure(before, joint) && sure(now, joint));
    const moves = both.map((joint) => ({
      joint,
      x: now.joints[3 * joint] - before.joints[3 * joint],
      y: now.joints[3 * joint + 1] - before.joints[3 * joint + 1],
    }));
    const there = moves.filter(({ x, y }) => !Number.isNaN(x + y));
    const [x, y] = [middle(there.map((move) => move.x)), middle(there.map((move) => move.y))];
    const far = there.filter((move) => Math.hypot(move.x - x, move.y - y) > reach);
    return far.map(({ joint }) => this.joints[joint]);
  }

  /** A track that does not go on. */
  private close(id: number, { first, last, began, box, velocity }: TrackState): void {
    if (!this.size) return;
    const begins = began && !(first === last && this.isAtEdge(box, velocity));
    const ends = last < this.indices.length - 1 && !this.isAtEdge(box, velocity);
    if (begins && ends && last - first + 1 < BRIEF_FRAMES)
      return this.add('brief', first, last, last - first + 1, [id]);
    if (begins) this.add('begins', first, first, 1, [id]);
    if (ends) this.add('ends', last, last, 1, [id]);
  }

  private isAtEdge(box: Box, velocity: { x: number; y: number }): boolean {
    if (!this.size) return false;
    const { width, height } = this.size;
    const reach = REACH_TO_EDGE * Math.max(box.width, box.height);
    const [x, y] = [STEPS_TO_EDGE * velocity.x, STEPS_TO_EDGE * velocity.y];
    const left = box.x - reach + Math.min(0, x);
    const top = box.y - reach + Math.min(0, y);
    const right = box.x + box.width + reach + Math.max(0, x);
    const bottom = box.y + box.height + reach + Math.max(0, y);
    return left <= 0 || top <= 0 || right >= width || bottom >= height;
  }
}

function inOrderOfTime(a: Problem, b: Problem): number {
  const kinds = PROBLEM_KINDS.indexOf(a.kind) - PROBLEM_KINDS.indexOf(b.kind);
  return a.from - b.from || a.to - b.to || kinds || (a.tracks[0] ?? 0) - (b.tracks[0] ?? 0);
}

function tracksOf({ trackId }: LabelledPose): number[] {
  return trackId === null ? [] : [trackId];
}

function velocityOf(before: Box, now: Box, steps: number): { x: number; y: number } {
  const moved = (a: number, aSize: number, b: number, bSize: number): number => (b + bSize / 2 - a - aSize / 2) / steps;
  return { x: moved(before.x, before.width, now.x, now.width), y: moved(before.y, before.height, now.y, now.height) };
}

function middle(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
