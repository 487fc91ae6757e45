import type { Frame } from '../../src/media/frame.js';
import { neighbourhoods } from '../../src/estimation/neighbourhood.js';

/** Frames whose pixels are their index; those in `damaged` are unreadable. */
async function* video(count: number, damaged: number[] = []): AsyncGenerator<Frame> {
  for (let index = 0; index < count; index++) {
    const data = damaged.includes(index) ? null : Uint8Array.of(index, index, index);
    yield { index, name: String(index), width: 1, height: 1, data, timeSeconds: null } as Frame;
  }
}

async function indicesAround(count: number, k: number, damaged?: number[]): Promise<(number[] | null)[]> {
  const result: (number[] | null)[] = [];
  for await (const { key, around } of neighbourhoods(video(count, damaged), k)) {
    expect(key.index).toBe(result.length);
    result.push(around && around.map((image) => image.data[0]));
  }
  return result;
}

test('every frame is key once; the nearest frame stands in at the ends', async () => {
  expect(await indicesAround(5, 2)).toEqual([
    [0, 0, 0, 1, 2],
    [0, 0, 1, 2, 3],
    [0, 1, 2, 3, 4],
    [1, 2, 3, 4, 4],
    [2, 3, 4, 4, 4],
  ]);
});

test('videos shorter than the window, of one frame, of none, and k = 0', async () => {
  expect(await indicesAround(2, 4)).toEqual([
    [0, 0, 0, 0, 0, 1, 1, 1, 1],
    [0, 0, 0, 0, 1, 1, 1, 1, 1],
  ]);
  expect(await indicesAround(1, 1)).toEqual([[0, 0, 0]]);
  expect(await indicesAround(0, 3)).toEqual([]);
  expect(await indicesAround(3, 0)).toEqual([[0], [1], [2]]);
});

test('an unreadable neighbour is replaced by the next on the way to the key; an unreadable key has none', async () => {
  expect(await indicesAround(5, 2, [1, 4])).toEqual([[0, 0, 0, 0, 2], null, [0, 2, 2, 3, 3], [2, 2, 3, 3, 3], null]);
});
