import type { FramePoses, Joint, PersonPose } from '../types.js';

/**
 * The One-Euro filter (Casiez, Roussel and Vogel, CHI 2012): a low-pass filter whose cut-off rises with speed, so that a
 * joint at rest does not tremble and one that moves fast lags little.
 */
export interface SmoothOptions {
  /** Cut-off at rest, Hz: lower is calmer. */
  minCutoff: number;
  /** Hz by which the cut-off rises per body size (√ of the box's area) a second: higher lags less. */
  beta: number;
}

export const SMOOTH_DEFAULTS: SmoothOptions = { minCutoff: 2, beta: 4 };

/** Frames a second where the source does not say. */
const UNKNOWN_RATE = 25;
/** Cut-off of the speed's own filter, Hz: the paper's. */
const SPEED_CUTOFF = 1;
/** A joint that was away for longer than this, in seconds, starts afresh. */
const LONGEST_GAP = 0.5;

interface State {
  /** Seconds after the first frame. */
  time: number;
  x: number;
  y: number;
  /** Filtered speed, pixels a second. */
  speedX: number;
  speedY: number;
}

/** Smooths every joint of every track over time. Looks back only: the past of a frame, never its future. */
export class PoseSmoother {
  private tracks = new Map<number, (State | undefined)[]>();
  private readonly rate: number;

  /** @param fps frames a second of a source without time stamps, null where unknown (25 is taken) */
  constructor(
    fps: number | null,
    private readonly options: SmoothOptions = SMOOTH_DEFAULTS,
  ) {
    this.rate = fps ?? UNKNOWN_RATE;
  }

  /** The next frame with its joints smoothed; scores and boxes stay as they are. Frames must come in order. */
  next(frame: FramePoses): FramePoses {
    const time = frame.timeSeconds ?? frame.index / this.rate;
    for (const [trackId, joints] of this.tracks) {
      if (joints.every((joint) => !joint || time - joint.time > LONGEST_GAP)) this.tracks.delete(trackId);
    }
    return { ...frame, people: frame.people.map((person) => this.person(time, person)) };
  }

  private person(time: number, person: PersonPose): PersonPose {
    let states = this.tracks.get(person.trackId);
    if (!states) this.tracks.set(person.trackId, (states = []));
    const size = Math.sqrt(person.box.width * person.box.height);
    const joints = person.joints.map((joint, place) => {
      if (!joint || !(joint.score > 0)) return joint;
      const state = this.step(states[place], time, joint, size);
      states[place] = state;
      return { ...joint, x: state.x, y: state.y };
    });
    return { ...person, joints };
  }

  private step(before: State | undefined, time: number, { x, y }: Joint, size: number): State {
    if (!before || time - before.time > LONGEST_GAP) return { time, x, y, speedX: 0, speedY: 0 };
    const seconds = time > before.time ? time - before.time : 1 / this.rate; // damaged files repeat time stamps
    const speedShare = share(SPEED_CUTOFF, seconds);
    const speedX = before.speedX + speedShare * ((x - before.x) / seconds - before.speedX);
    const speedY = before.speedY + speedShare * ((y - before.y) / seconds - before.speedY);
    const { minCutoff, beta } = this.options;
    // one cut-off for both axes: else a slanted motion would bend
    const cutoff = minCutoff + (beta * Math.hypot(speedX, speedY)) / Math.max(1, size);
    const placeShare = share(cutoff, seconds);
    return {
      time,
      x: before.x + placeShare * (x - before.x),
      y: before.y + placeShare * (y - before.y),
      speedX,
      speedY,
    };
  }
}

/** What a low-pass filter of first order takes from a new value that comes `seconds` after the last. */
function share(cutoff: number, seconds: number): number {
  const r = 2 * Math.PI * cutoff * seconds;
  return r / (r + 1);
}
