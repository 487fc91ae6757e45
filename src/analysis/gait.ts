/*
 * When feet touch and leave the ground, from ankles and hips seen from the side (Zeni, Richards and Higginson, Gait & Posture
 * 2008, the coordinate-based way): a foot comes down when its ankle is furthest in front of the hips, and leaves when furthest behind.
 * For walking, on the ground or on a treadmill; in running, the foot leaves a little later than that.
 */
import type { Facing } from './angles.js';
import type { Points } from './points.js';
import { legLength } from './scale.js';

export interface GaitEvent {
  side: 'left' | 'right';
  kind: 'contact' | 'toe-off';
  /** Sample of the person's series. */
  sample: number;
  seconds: number;
}

/** From one foot's contact to the other's. */
export interface Step {
  /** The foot that comes down at its end. */
  side: 'left' | 'right';
  seconds: number;
  /** Distance of both ankles along the picture's horizontal when the foot comes down, pixels. */
  length: number;
  end: GaitEvent;
}

/** From a foot's contact to its leaving the ground. */
export interface Stance {
  side: 'left' | 'right';
  start: GaitEvent;
  end: GaitEvent;
  seconds: number;
  /** Of the stride that begins with it, 0–1; null where the foot does not come down again. */
  share: number | null;
}

export interface Gait {
  events: GaitEvent[];
  steps: Step[];
  stances: Stance[];
  /** Steps a minute; null where there is none. */
  cadence: number | null;
}

/** An ankle that swings less than this share of the leg does not walk. */
const LEAST_SWING = 0.25;
/** Samples that must be there on both sides of an extreme: at an edge, what came before may have been more. */
const BESIDE = 2;
/** Seconds: what lies further apart than this is not one step. */
const LONGEST_STEP = 2;

/**
 * Contacts, steps and stances of a person.
 * @param times T seconds of the samples
 * @returns null where ankles and hips do not show it: not seen, or from the front
 */
export function gaitOf(points: Points, times: Float64Array, facing: Facing): Gait | null {
  const hips = points.get('mid_hips');
  const leg = legLength(points);
  if (facing === null || !hips || Number.isNaN(leg)) return null;
  const events: GaitEvent[] = [];
  for (const side of ['left', 'right'] as const) {
    const ankle = points.get(`${side}_ankle`);
    if (!ankle) return null;
    const ahead = ankle.x.map((x, t) => facing * (x - hips.x[t]));
    for (const { sample, isHighest } of extremes(ahead, LEAST_SWING * leg)) {
      events.push({ side, kind: isHighest ? 'contact' : 'toe-off', sample, seconds: times[sample] });
    }
  }
  if (events.length === 0) return null;
  events.sort((a, b) => a.sample - b.sample);
  const steps = stepsOf(events, points);
  const total = steps.reduce((sum, { seconds }) => sum + seconds, 0);
  return { events, steps, stances: stancesOf(events), cadence: steps.length > 0 ? (60 * steps.length) / total : null };
}

function stepsOf(events: readonly GaitEvent[], points: Points): Step[] {
  const contacts = events.filter(({ kind }) => kind === 'contact');
  const [left, right] = [points.get('left_ankle')!, points.get('right_ankle')!];
  return contacts.slice(1).flatMap((end, i): Step[] => {
    const seconds = end.seconds - contacts[i].seconds;
    if (end.side === contacts[i].side || !(seconds > 0 && seconds <= LONGEST_STEP)) return [];
    return [{ side: end.side, seconds, length: Math.abs(left.x[end.sample] - right.x[end.sample]), end }];
  });
}

function stancesOf(events: readonly GaitEvent[]): Stance[] {
  return (['left', 'right'] as const)
    .flatMap((side) => {
      const own = events.filter((event) => event.side === side);
      return own.flatMap((start, i): Stance[] => {
        const [end, next] = [own[i + 1], own[i + 2]];
        if (start.kind !== 'contact' || end?.kind !== 'toe-off') return [];
        const seconds = end.seconds - start.seconds;
        if (!(seconds > 0 && seconds <= LONGEST_STEP)) return [];
        const stride = next ? next.seconds - start.seconds : NaN;
        return [{ side, start, end, seconds, share: stride <= 2 * LONGEST_STEP ? seconds / stride : null }];
      });
    })
    .sort((a, b) => a.start.sample - b.start.sample);
}

/**
 * The highest and lowest samples in turn, each further from the one before than `least`. Samples at the ends and beside gaps are none.
 */
function extremes(values: Float64Array, least: number): { sample: number; isHighest: boolean }[] {
  const found: { sample: number; isHighest: boolean }[] = [];
  let [low, high] = [-1, -1];
  let rising: boolean | null = null;
  const isInner = (sample: number): boolean =>
    [-BESIDE, -1, 1, BESIDE].every((step) => !Number.isNaN(values[sample + step] ?? NaN));
  for (let t = 0; t < values.length; t++) {
    if (Number.isNaN(values[t])) {
      [low, high, rising] = [-1, -1, null]; // what was under way is not known to be an extreme
      continue;
    }
    if (high < 0 || values[t] > values[high]) high = t;
    if (low < 0 || values[t] < values[low]) low = t;
    if (rising !== false && values[high] - values[t] >= least) {
      if (isInner(high)) found.push({ sample: high, isHighest: true });
      [rising, low] = [false, t];
    } else if (rising !== true && values[t] - values[low] >= least) {
      if (isInner(low)) found.push({ sample: low, isHighest: false });
      [rising, high] = [true, t];
    }
  }
  return found;
}
