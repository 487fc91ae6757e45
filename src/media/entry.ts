/*
 * Where decoding may begin so that everything from a moment on comes out as in a decode of the whole video: the same pictures, numbers
 * and times. No container is trusted to seek: all its packets are read, which is cheap, and counted, and only those before the entry
 * are not decoded. Where packets cannot be counted as pictures, the whole is decoded.
 */
import type { Frame, Start } from './frame.js';
import type { Packet } from './frame-sequence.js';

/** Where decoding begins. */
export interface Entry {
  /** Packets of the video's stream before it, in decoding order. */
  place: number;
  /** Presentation time of its packet, in ticks. */
  keyTime: number;
  /** That of the first picture that is asked for. */
  time: number;
}

/** Containers (FFmpeg's names) and codecs in which every packet is one picture. VP8 and VP9 hide pictures, MPEG's streams have no index. */
const CONTAINERS = ['mov,mp4,m4a,3gp,3g2,mj2', 'matroska,webm'];
const CODECS = ['h264', 'hevc', 'av1', 'mpeg4', 'mjpeg', 'prores'];

/** @param container, codec FFmpeg's names */
export function canBeEntered(container: string, codec: string, { frame, seconds }: Start): boolean {
  return (frame > 0 || seconds > 0) && CONTAINERS.includes(container) && CODECS.includes(codec);
}

/** Finds the entry. To be told the packets of the stream from the start, in decoding order. */
export class EntrySearch {
  private place = 0;
  private sound = true;
  private lastDts = -Infinity;
  private readonly keys: { place: number; time: number }[] = [];
  /** Presentation times of the packets that are shown, ascending. */
  private readonly times: number[] = [];

  /** @param tick seconds in one unit of time stamps */
  constructor(
    private readonly from: Start,
    private readonly tick: number,
  ) {}

  /** @returns whether more packets are needed */
  packet({ pts, dts, key, discarded, damaged }: Packet): boolean {
    const place = this.place++;
    if (pts === null || damaged || (place === 0 && !key) || (dts !== null && dts < this.lastDts)) return this.stop();
    this.lastDts = dts ?? this.lastDts;
    if (key) this.keys.push({ place, time: pts });
    if (pts < this.keys[0].time) return this.stop(); // it refers to what comes before the file
    if (!discarded) {
      const after = this.times.findLastIndex((time) => time <= pts);
      if (this.times[after] === pts) return this.stop();
      this.times.splice(after + 1, 0, pts);
    }
    // Behind two more keys, nothing comes any more that is shown earlier.
    return !key || !this.keys.slice(-2).every(({ time }) => time > (this.asked ?? Infinity));
  }

  /**
   * The key before the nearest one at or before the moment: pictures may refer to the group before their own (open groups, intra
   * refresh). null where that is the start, where the video ends before the moment, or where packets are no pictures.
   */
  get entry(): Entry | null {
    const time = this.asked;
    if (!this.sound || time === undefined) return null;
    const key = this.keys.filter((one) => one.time <= time).at(-2);
    return key && key.place > 0 ? { place: key.place, keyTime: key.time, time } : null;
  }

  /** The time of the first picture that is asked for. */
  private get asked(): number | undefined {
    const { times, tick, from } = this;
    let [low, high] = [from.frame, times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((times[middle] - times[0]) * tick >= from.seconds) high = middle;
      else low = middle + 1;
    }
    return times[low];
  }

  private stop(): false {
    this.sound = false;
    return false;
  }
}

/** What came first behind an entry is not what was expected there. */
export class WrongEntry extends Error {}

/**
 * The frames from an entry; from the start where there is none, or where it proves wrong.
 * @param decode throws WrongEntry before its first frame where that is not the entry's
 */
export async function* enterAt(
  entry: Entry | null,
  decode: (entry: Entry | null) => AsyncGenerator<Frame, void, undefined>,
): AsyncGenerator<Frame, void, undefined> {
  try {
    if (entry) return yield* decode(entry);
  } catch (thrown) {
    if (!(thrown instanceof WrongEntry)) throw thrown;
  }
  yield* decode(null);
}
