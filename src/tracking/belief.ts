/*
 * Whether what is followed is a person. Posts, signs and posters look like people to a detector for as long as they are in sight. What
 * goes somewhere is believed, and what has a pose; what never does either is nobody.
 */
import { distanceBetween, longerSide } from '../geometry/boxes.js';
import type { Sight } from './sight.js';

/** Who went so far, in lengths of the box's longer side, is no thing: boxes about things jitter less. */
const FAR = 0.75;
/**
 * Pose scores at which a pose is seen, and at which none is: of people in plain sight 0.6 and more, of a head at the frame's edge or of an arm and a
 * shoulder 0.4 to 0.7, of posts and signs 0.1 to 0.4.
 */
const POSE = 0.45;
const NO_POSE = 0.41;
/** So often no pose was seen, at least so many seconds apart: not shown for now; nobody. Once may be a bad moment. */
const DOUBTS = 2;
const REFUTED = 4;
const DOUBT_SECONDS = 0.4;

/** What is thought of one track. */
export class Belief {
  private believed = false;
  private doubts = 0;
  private asked = -Infinity;

  /** Whether it is settled, one way or the other. */
  get isSettled(): boolean {
    return this.believed || this.isRefuted;
  }

  get isBelieved(): boolean {
    return this.believed;
  }

  /** Whether it was looked for a pose, so far in vain. */
  get isDoubted(): boolean {
    return !this.believed && this.doubts >= DOUBTS;
  }

  get isRefuted(): boolean {
    return !this.believed && this.doubts >= REFUTED;
  }

  /** Takes note of where it is now. */
  seen(first: Sight, last: Sight): void {
    const size = Math.max(longerSide(first.box), longerSide(last.box));
    this.believed ||= distanceBetween(first.box, last.box) >= FAR * size;
  }

  /** Whether it is time to look for a pose. */
  isDue(seconds: number): boolean {
    return !this.isSettled && seconds - this.asked >= DOUBT_SECONDS;
  }

  /** Takes note of how surely a pose was seen. */
  judge(poseScore: number, seconds: number): void {
    this.asked = seconds;
    if (poseScore >= POSE) this.believed = true;
    else if (poseScore < NO_POSE) this.doubts++;
  }
}
