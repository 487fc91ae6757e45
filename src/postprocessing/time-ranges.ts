import { GlposeError } from '../errors.js';

/** A moment of a video: a frame's place, from 0, or seconds after the first frame. */
export type Moment = { frame: number } | { seconds: number };

/** Parts of a video, both ends included. */
export type TimeRange = { from: Moment | null; to: Moment | null };

/**
 * A moment as a user writes it: seconds (`12.5`), a clock (`1:02`, `1:02:03.5`), or a frame (`300f`).
 * @returns null where it is none
 */
export function parseMoment(text: string): Moment | null {
  const trimmed = text.trim();
  const frame = /^(\d+)f$/.exec(trimmed);
  if (frame) return { frame: Number(frame[1]) };
  const clock = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)s?$/.exec(trimmed);
  if (!clock) return null;
  const [, hours = '0', minutes = '0', seconds] = clock;
  if (clock[2] !== undefined && Number(seconds) >= 60) return null;
  if (clock[1] !== undefined && Number(minutes) >= 60) return null;
  return { seconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) };
}

/**
 * The n-th start with the n-th end; where one of the two is a list of one shorter, its last is the end of the video (or its first
 * the beginning).
 * @throws USAGE where they do not pair, or an end lies before its start
 */
export function pairRanges(from: readonly Moment[] = [], to: readonly Moment[] = []): TimeRange[] {
  const count = Math.max(from.length, to.length);
  if (Math.min(from.length, to.length) < count - 1) {
    const problem = `--from has ${from.length} moments and --to ${to.length}`;
    throw new GlposeError('USAGE', problem, 'Give as many ends as starts; the last end may be left out.');
  }
  const starts = from.length < to.length ? [null, ...from] : [...from];
  const ends = to.length < from.length ? [...to, null] : [...to];
  return starts.map((start, i) => {
    const end = ends[i];
    if (start && end && isBehind(start, end)) {
      throw new GlposeError('USAGE', `the part from ${textOf(start)} to ${textOf(end)} ends before it begins`, '');
    }
    return { from: start, to: end };
  });
}

/** Moments with commas between them. Throws an Error that says what was expected. */
export function parseMoments(text: string): Moment[] {
  return text.split(',').map((part) => {
    const moment = parseMoment(part);
    if (moment) return moment;
    throw new Error('Expected seconds, h:mm:ss, or a frame as in 300f; several with commas.');
  });
}

/**
 * Parts of a video as a user writes their starts and ends.
 * @throws USAGE where they do not pair, and as parseMoments
 */
export function parseRanges({ from, to }: { from?: string; to?: string }): TimeRange[] {
  const moments = (text?: string): Moment[] => (text === undefined ? [] : parseMoments(text));
  return pairRanges(moments(from), moments(to));
}

function isBehind(start: Moment, end: Moment): boolean {
  if ('frame' in start && 'frame' in end) return start.frame > end.frame;
  if ('seconds' in start && 'seconds' in end) return start.seconds > end.seconds;
  return false; // a frame and a time: the video tells
}

function textOf(moment: Moment): string {
  return 'frame' in moment ? `frame ${moment.frame}` : `${moment.seconds} s`;
}

/** Half a millisecond: time stamps are rounded. */
const SAME_TIME = 5e-4;

/**
 * Whether a frame lies in one of the ranges; in every video without ranges.
 * @param timeSeconds null where it is not known: then only frames can say
 */
export function isWithin(ranges: readonly TimeRange[], index: number, timeSeconds: number | null): boolean {
  if (ranges.length === 0) return true;
  return ranges.some(({ from, to }) => {
    const after = from === null || ('frame' in from ? index >= from.frame : timeSeconds !== null && timeSeconds >= from.seconds - SAME_TIME); // prettier-ignore
    const before = to === null || ('frame' in to ? index <= to.frame : timeSeconds !== null && timeSeconds <= to.seconds + SAME_TIME); // prettier-ignore
    return after && before;
  });
}

/** Whether every range has ended before a frame: nothing that follows is asked for. */
export function isOver(ranges: readonly TimeRange[], index: number, timeSeconds: number | null): boolean {
  if (ranges.length === 0) return false;
  return ranges.every(({ to }) => {
    if (to === null) return false;
    return 'frame' in to ? index > to.frame : timeSeconds !== null && timeSeconds > to.seconds + SAME_TIME;
  });
}

/**
 * What may be left out before the next frame that lies in a range.
 * @param at the frame that is looked at next; null at the video's start
 * @returns a place and a time before which nothing of any range comes
 */
export function nextStart(
  ranges: readonly TimeRange[],
  at: { index: number; timeSeconds: number | null } | null,
): { frame: number; seconds: number } {
  const open = at ? ranges.filter((range) => !isOver([range], at.index, at.timeSeconds)) : ranges;
  const frames = open.map(({ from }) => (from && 'frame' in from ? from.frame : 0));
  const seconds = open.map(({ from }) => (from && 'seconds' in from ? from.seconds - SAME_TIME : 0));
  return { frame: Math.max(at?.index ?? 0, Math.min(...frames)), seconds: Math.max(0, Math.min(...seconds)) };
}
