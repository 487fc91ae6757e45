import { sliding } from '../concurrency/sliding.js';
import type { Frame } from '../media/frame.js';

/** A frame that could be read. */
export type ReadableFrame = Frame & { data: Uint8Array };

/** Without asking for its pixels. */
export function isReadable(frame: Frame): frame is ReadableFrame {
  return frame.problem === '';
}

/** A key frame with its neighbours. */
export interface Neighbourhood {
  key: Frame;
  /**
   * The images of frames t−k … t+k, 2k+1 of them, the key's in the middle; at the ends of the video, and where a frame is
   * unreadable, the nearest readable one stands in. null where the key itself is unreadable.
   */
  around: ReadableFrame[] | null;
}

/** Slides over a video, 2k+1 frames in memory: gives every frame as key, in order. */
export function neighbourhoods(frames: AsyncIterable<Frame>, k: number): AsyncIterableIterator<Neighbourhood> {
  const slid = sliding(frames, k);
  return {
    async next() {
      const { done, value } = await slid.next();
      if (done) return { done, value };
      const { items, key } = value;
      return { done: false, value: { key: items[key], around: around(items, key, k) } };
    },
    async return() {
      await slid.return!();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function around(ring: readonly Frame[], key: number, k: number): ReadableFrame[] | null {
  if (ring[key].data === null) return null;
  return Array.from({ length: 2 * k + 1 }, (_, i) => {
    const wanted = Math.min(Math.max(key + i - k, 0), ring.length - 1);
    const towardsKey = Math.sign(key - wanted); // the nearest readable frame on the way to the key, which is readable
    let place = wanted;
    while (ring[place].data === null) place += towardsKey;
    return ring[place] as ReadableFrame;
  });
}
