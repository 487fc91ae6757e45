import type { Frame } from './frames.js';

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

/** Slides over a video, 2k+1 frames in memory: yields every frame as key, in order. */
export async function* neighbourhoods(frames: AsyncIterable<Frame>, k: number): AsyncGenerator<Neighbourhood> {
  const ring: Frame[] = []; // frames t−k … t+k as far as they exist
  let key = 0; // place of the next key in the ring
  for await (const frame of frames) {
    ring.push(frame);
    if (ring.length - 1 - key < k) continue; // its future has not arrived yet
    yield { key: ring[key], around: around(ring, key, k) };
    if (key < k) key++;
    else ring.shift();
  }
  while (key < ring.length) {
    yield { key: ring[key], around: around(ring, key, k) };
    if (key < k) key++;
    else ring.shift();
  }
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
