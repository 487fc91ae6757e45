/*
 * Numbers for the frames of a video: what the container holds and what the decoder gives of it are brought together, so that a
 * frame that is lost on the way keeps its number, has no picture, and is named.
 */
import { DurationMeter, shortfall, type DeclaredLength } from './decoding.js';
import { FrameClock } from './frame-clock.js';
import type { Frame } from './frame.js';

/** What the container says of one coded picture. Times are in the stream's ticks; null where it has none. */
export interface Packet {
  pts: number | null;
  dts: number | null;
  /** Decoding can begin here. */
  key: boolean;
  /** Decoded for the sake of others and not shown, by the file's edit list. */
  discarded: boolean;
  /** Whether the container's reader has passed over damage about here. */
  damaged: boolean;
}

/** A decoded picture. */
export interface Decoded {
  /** In the stream's ticks; null where it has none. */
  time: number | null;
  /** As coded, in pixels, before it was turned upright and fitted into the video's size. */
  width: number;
  height: number;
  data: Uint8Array;
}

export interface SequenceOptions {
  /** Of all frames, upright. */
  width: number;
  height: number;
  /** As the header says, before turning. */
  codedWidth: number;
  codedHeight: number;
  fps: number | null;
  /** Seconds in one tick. */
  tick: number;
  declared: DeclaredLength;
  /** FFmpeg's name of the container. */
  format: string;
}

const NOTHING = new Uint8Array(0);

/** How far, in frames, a packet may lie from the place of its picture. */
const REORDERING = 16;

/** Intervals between frames by which the rate is known. */
const RECENT = 32;

/** Frames in a row that are put in for a hole in the container: a longer one is more likely a damaged time stamp. */
const MOST_IN_HOLE = 10_000;

/** The frames of one pass through a video, in order. Every packet is told before the frames that were decoded after it. */
export class FrameSequence {
  private index = 0;
  private shown = 0;
  /** By what packets and frames are matched: AVI has no presentation times. */
  private timedBy: 'pts' | 'dts' | null = null;
  /** Packets whose picture has not come, by their time. */
  private readonly waiting: { time: number; place: number }[] = [];
  /** Whether time stamps go forward, as they must for a frame's place to be known. */
  private ordered = true;
  private packets = 0;
  private pictures = 0;
  private lastDts = -Infinity;
  private firstKey: number | null = null;
  /** Time of the last key that was not decoded. */
  private undecodedKey = -Infinity;
  /** Frames whose time no packet has; AVI's last ones. */
  private unmatched = 0;
  /** The last frame's time; null before the first. */
  private last: number | null = null;
  private readonly intervals: number[] = [];
  private readonly holes: number[] = [];
  /** Places, in decoding order, at which lost pictures of an AVI are put in. */
  private readonly later: { time: number; place: number }[] = [];
  private readonly clock: FrameClock;
  private readonly meter = new DurationMeter();

  /** The first packet's time, in presentation order. */
  private begin: number | null = null;
  private lacking = 0;
  private readonly lost: number[] = [];
  private readonly gaps: [from: number, to: number][] = [];
  private resized: { index: number; width: number; height: number } | null = null;

  constructor(private readonly video: SequenceOptions) {
    this.clock = new FrameClock(video.tick, video.fps);
  }

  packet(packet: Packet): void {
    const place = this.pictures;
    const when = packet.dts ?? packet.pts;
    this.packets++;
    if (packet.damaged && when !== null) this.holes.push(when);
    if (packet.dts !== null) {
      if (packet.dts < this.lastDts) this.ordered = false;
      this.lastDts = packet.dts;
    }
    if (packet.discarded) return;
    this.pictures++;
    this.timedBy ??= packet.pts !== null ? 'pts' : packet.dts !== null ? 'dts' : null;
    const time = this.timedBy && packet[this.timedBy];
    if (time === null || !this.ordered) return;
    if (packet.key) this.firstKey ??= time;
    const after = this.waiting.findLastIndex((other) => other.time <= time);
    if (this.waiting[after]?.time === time || (this.last !== null && time <= this.last)) this.ordered = false;
    else this.waiting.splice(after + 1, 0, { time, place });
  }

  /**
   * A packet that is not decoded, since what is asked for comes later. What is shown before the key before it can come no more, and is
   * stepped over, so that packets do not pile up.
   */
  undecoded(packet: Packet): void {
    if (packet.key) {
      this.skip(this.undecodedKey);
      this.undecodedKey = packet.pts!;
    }
    this.packet(packet);
  }

  /** The latest time of a packet so far; what comes with an earlier time is not far. */
  get latest(): number {
    return this.waiting.at(-1)?.time ?? -Infinity;
  }

  /** Steps over what is shown before a time, as if it had been decoded; none of its packets may come later. */
  skip(before: number): void {
    const { codedWidth: width, codedHeight: height } = this.video;
    while (this.waiting.length > 0 && this.waiting[0].time < before) {
      const { time } = this.waiting[0];
      for (const frame of this.frame({ time, width, height, data: NOTHING })) void frame;
    }
  }

  /** @yields the decoded frame, behind those that were lost before it */
  *frame(decoded: Decoded): Generator<Frame, void, undefined> {
    const { time, width, height, data } = decoded;
    if (this.last !== null && time !== null && time <= this.last && this.timedBy === 'pts') this.ordered = false;
    if (this.ordered && time !== null) {
      const earlier = this.take(time);
      if (this.waiting[0]?.time === time) this.waiting.shift();
      else this.unmatched++;
      if (this.last !== null) yield* this.missing(this.filled(this.withRoom(earlier, time), time));
      else if (this.timedBy === 'pts') {
        const begin = Math.min(this.firstKey ?? time, time);
        this.lacking = earlier.filter((packet) => packet.time < begin).length;
        yield* this.missing(earlier.slice(this.lacking));
        this.begin = earlier.at(0)?.time ?? time;
      } // else: AVI's decoding times run ahead of the pictures by as many as there are
      this.last = time;
    } else if (time === null) this.unmatched++;
    while (this.later.length > 0 && this.later[0].place <= this.index) yield this.empty(this.later.shift()!.time);
    if (!this.resized && (width !== this.video.codedWidth || height !== this.video.codedHeight))
      this.resized = { index: this.index, width, height };
    this.shown++;
    yield this.next(time, data, '');
  }

  /** To be called after the last frame. @yields those that were lost after it */
  *end(): Generator<Frame, void, undefined> {
    if (!this.ordered || this.shown === 0) return;
    const rest = this.take(Infinity);
    if (this.timedBy === 'dts') this.later.push(...rest.slice(this.unmatched));
    else yield* this.missing(this.filled(this.withRoom(rest, Infinity), Infinity));
    for (const { time } of this.later) yield this.empty(time);
  }

  /** Whether any frame has a picture. */
  get isEmpty(): boolean {
    return this.shown === 0;
  }

  /** How many frames were lost whose place is known. */
  get lostCount(): number {
    return this.lost.length;
  }

  /**
   * Clauses on everything that was not as it should be.
   * @param failed whether the decoder failed anywhere
   */
  warnings(failed: boolean): string[] {
    const { video, lost, lacking, gaps, resized } = this;
    const warnings: string[] = [];
    if (lacking > 0) {
      const frames = lacking === 1 ? 'its first frame' : `its first ${lacking} frames`;
      warnings.push(
        `it begins in the middle of a group of pictures: ${frames} cannot be decoded; index 0 is frame ${lacking} of the file`,
      );
    }
    if (lost.length > 0) {
      const keep = lost.length === 1 ? 'it keeps its number and has' : 'they keep their numbers and have';
      warnings.push(`${framesText(lost)} cannot be read: ${keep} no people`);
    }
    for (const [from, to] of gaps) {
      warnings.push(`something is missing from ${seconds(from)} to ${seconds(to)} s: how many frames cannot be told`);
    }
    const unplaced = this.ordered ? 0 : this.pictures - this.shown - lost.length - lacking;
    if (failed && unplaced > 0) warnings.push(`frames that cannot be read: ${unplaced}; ${UNPLACED}`);
    const { frames, how } = video.declared;
    if (video.format === 'avi' && this.holes.length > 0 && frames !== null && this.packets < frames)
      warnings.push(`frames missing of ${frames}: ${frames - this.packets}; ${UNPLACED}`);
    if (resized) {
      warnings.push(
        `the picture changes its size: frame ${resized.index} has ${resized.width}×${resized.height} instead of ` +
          `${video.codedWidth}×${video.codedHeight} pixels; such frames are fitted into the first size`,
      );
    }
    const found = how === 'counted' ? this.packets : this.index + lacking;
    const short = shortfall(found, this.declared(), this.meter);
    if (short !== null) warnings.push(short);
    return warnings;
  }

  /** Matroska's duration counts from 0, also where the first frame comes later. */
  private declared(): DeclaredLength {
    const { declared, format, fps, tick } = this.video;
    if (!format.startsWith('matroska') || declared.seconds === null || fps === null || !this.begin) return declared;
    const seconds = Math.max(0, declared.seconds - this.begin * tick);
    return { ...declared, seconds, frames: Math.round(seconds * fps) };
  }

  /** Takes the packets before a time from those that wait. */
  private take(time: number): { time: number; place: number }[] {
    const count = this.waiting.findIndex((packet) => packet.time >= time);
    return this.waiting.splice(0, count < 0 ? this.waiting.length : count);
  }

  /**
   * Of packets without a picture those that leave room for one. Others never have any: the second fields of a frame, pictures
   * that VP8 and VP9 hide for the sake of later ones.
   */
  private withRoom(packets: { time: number; place: number }[], until: number): { time: number; place: number }[] {
    const least = 0.7 * this.shortest;
    let last = this.last!;
    return packets.filter(({ time }) => {
      const room = time - last >= least && until - time >= least;
      if (room) last = time;
      return room;
    });
  }

  /** The same, with the frames that a hole in the container has swallowed before, between and after them. */
  private filled(packets: { time: number; place: number }[], until: number): { time: number; place: number }[] {
    const all: { time: number; place: number }[] = [];
    let last = this.last!;
    const ends = until === Infinity ? packets : [...packets, { time: until, place: -1 }];
    for (const packet of ends) {
      all.push(...this.hole(last, packet.time));
      if (packet.place >= 0) all.push(packet);
      last = packet.time;
    }
    if (packets.length === 0 && until !== Infinity && all.length === 0) this.learn(until - this.last!);
    return all;
  }

  /** What a hole between two neighbouring times has swallowed: nothing where there is no sign of damage. */
  private hole(from: number, to: number): { time: number; place: number }[] {
    const interval = this.usual;
    const longest = Math.max(interval ?? Infinity, ...this.intervals);
    if (interval === null || to - from < 1.5 * longest || this.timedBy !== 'pts') return [];
    const slack = REORDERING * interval;
    if (!this.holes.some((hole) => hole >= from - slack && hole <= to + slack)) return [];
    const count = Math.round((to - from) / interval) - 1;
    const even = Math.abs((to - from) / interval - count - 1) < 0.25;
    const steady = this.intervals.every((other) => Math.abs(other - interval) <= 0.25 * interval);
    if (!even || !steady || count > MOST_IN_HOLE) {
      const start = this.clock.secondsOf(from);
      if (start !== null) this.gaps.push([start, this.clock.secondsOf(to)!]);
      return [];
    }
    const step = (to - from) / (count + 1);
    return Array.from({ length: count }, (_, i) => ({ time: from + step * (i + 1), place: 0 }));
  }

  private learn(interval: number): void {
    if (interval <= 0) return;
    this.intervals.push(interval);
    if (this.intervals.length > RECENT) this.intervals.shift();
  }

  /** The declared interval between frames, in ticks. */
  private get declaredInterval(): number | null {
    return this.video.fps === null ? null : 1 / (this.video.fps * this.video.tick);
  }

  private get shortest(): number {
    return this.intervals.length > 0 ? Math.min(...this.intervals) : (this.declaredInterval ?? 0);
  }

  private get usual(): number | null {
    if (this.intervals.length < 4) return this.declaredInterval;
    return this.intervals.toSorted((a, b) => a - b)[this.intervals.length >> 1];
  }

  private *missing(packets: { time: number; place: number }[]): Generator<Frame, void, undefined> {
    if (this.timedBy === 'dts') this.later.push(...packets);
    else for (const { time } of packets) yield this.empty(time);
  }

  private empty(time: number): Frame {
    this.lost.push(this.index);
    if (this.timedBy === 'pts') this.last = time;
    return this.next(time, null, `frame ${this.index} cannot be read`);
  }

  private next(time: number | null, data: Uint8Array | null, problem: string): Frame {
    const timeSeconds = this.clock.next(time);
    this.meter.frame(timeSeconds);
    const { width, height } = data ? this.video : { width: 0, height: 0 };
    const index = this.index++;
    return { index, name: String(index), width, height, data, problem, timeSeconds };
  }
}

const UNPLACED = 'which ones is not known, and those behind them have too low a number';

/** How many ranges of frames are named. */
const NAMED = 8;

/** "frame 25", "frames 25–36, 40" */
function framesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const texts = ranges.slice(0, NAMED).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  const rest = ranges.length > NAMED ? ' …' : '';
  if (numbers.length === 1) return `frame ${texts[0]}`;
  return `${numbers.length} frames (${texts.join(', ')}${rest})`;
}

function seconds(time: number): string {
  return String(Number(time.toFixed(3)));
}
