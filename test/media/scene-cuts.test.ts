import path from 'node:path';
import { openFrames } from '../../src/media/frames.js';
import { SceneCuts } from '../../src/media/scene-cuts.js';
import type { Image } from '../../src/types.js';
import { ROOT } from '../shared-data.js';

/** A picture of blobs, by its seed and how far it is moved. */
function picture(seed: number, moved = 0, gain = 1, offset = 0): Image {
  const [width, height] = [160, 120];
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = Math.sin((x + moved) / (7 + seed)) * Math.cos(y / (5 + 2 * seed)) * 90 + 128;
      data.fill(Math.max(0, Math.min(255, gain * value + offset)), 3 * (y * width + x), 3 * (y * width + x) + 3);
    }
  }
  return { width, height, data };
}

const cutsOf = (images: Image[]): boolean[] => {
  const cuts = new SceneCuts();
  return images.map((image) => cuts.next(image));
};

test('the first frame of another picture begins a scene', () => {
  expect(cutsOf([picture(1), picture(1, 1), picture(4), picture(4, 1)])).toEqual([true, false, true, false]);
});

test('light, flashes and frames of one colour are no cuts', () => {
  const images = [picture(2), picture(2, 0, 0.3), picture(2, 1, 0.9, 100), picture(2, 1)];
  expect(cutsOf(images)).toEqual([true, false, false, false]);
  const black = { width: 8, height: 8, data: new Uint8Array(192) };
  expect(cutsOf([black, black])).toEqual([true, false]);
});

test.each([
  ['its pixels', false],
  ['small grey copies', true],
])('a video of one scene is one by %s', async (_, lazily) => {
  const video = { kind: 'video', path: path.join(ROOT, 'samples/walking.mp4'), name: 'walking' } as const;
  await using source = await openFrames(video, { keepBytes: 0 });
  const cuts = new SceneCuts();
  let count = 0;
  for await (const frame of source.frames({}, lazily)) {
    if (cuts.next(frame as Image)) count++;
    frame.release?.();
  }
  expect(count).toBe(1);
});
