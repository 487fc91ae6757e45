import type { Frame } from '../media/frame.js';

/** A frame that could be read. */
export type ReadableFrame = Frame & { data: Uint8Array };

/** A key frame with its neighbours. */
export interface Neighbourhood {
  key: Frame;
  /**
   * The images of frames t−k … t+k, 2k+1 of them, the key's in the middle; at the ends of the video, and where a frame is
   * unreadable, the nearest readable one stands in. null where the key itself is unreadable.
   */
  around: ReadableFrame[] | null;
}

/**
 * Slides over a video, 2k+1 frames in memory: gives every frame as key, in order. No generator: those of V8 may hold on to what
 * they gave long ago.
 */
export function neighbourhoods(frames: AsyncIterable<Frame>, k: number): AsyncIterableIterator<Neighbourhood> {
  const source = frames[Symbol.asyncIterator]();
  const ring: Frame[] = []; // frames t−k … t+k as far as they exist
  let key = 0; // place of the next key in the ring
  let ended = false;
  const over: IteratorReturnResult<undefined> = { done: true, value: undefined };
  return {
    async next() {
      while (!ended && ring.length - 1 - key < k) {
        const { value, done } = await source.next();
        if (done) ended = true;
        else ring.push(value);
      }
      if (key === ring.length) return over;
      const value = { key: ring[key], around: around(ring, key, k) };
      if (key < k) key++;
      else ring.shift();
      return { done: false, value };
    },
    async return() {
      await source.return?.();
      return over;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function around(ring: Frame[], key: number, k: number): ReadableFrame[] | null {
  if (ring[key].data === null) return null;
  return Array.from({ length: 2 * k + 1 }, (_, i) => {
    const wanted = Math.min(Math.max(key + i - k, 0), ring.length - 1);
    const towardsKey = Math.sign(key - wanted); // the nearest readable frame on the way to the key, which is readable
    let place = wanted;
    while (ring[place].data === null) place += towardsKey;
    return ring[place] as ReadableFrame;
  });
}
