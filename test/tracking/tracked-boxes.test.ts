import { TrackedBoxes } from '../../src/tracking/tracked-boxes.js';
import type { TrackedBox } from '../../src/tracking/track.js';

const trackedBox = (trackId: number, x: number): TrackedBox => ({
  trackId,
  box: { x, y: x / 3, width: Math.PI, height: 1e-9 },
  score: 0.1 * trackId,
  ...(trackId % 2 === 1 && { coarsePose: Float32Array.from({ length: 34 }, (_, i) => x + i / 7) }),
});

test('gives back what was put in, to the last bit, by track id', () => {
  const trackedBoxes = new TrackedBoxes();
  const all: TrackedBox[][] = [];
  for (let frame = 0; frame < 3000; frame++) {
    all.push(Array.from({ length: frame % 5 }, (_, i) => trackedBox(i, frame + i / 7)));
    if (frame % 7 === 0) for (const one of all[frame]) one.interpolated = true;
    trackedBoxes.push([...all[frame]].reverse());
  }
  expect(trackedBoxes.frames).toBe(3000);
  expect(trackedBoxes.count).toBe(all.flat().length);
  for (const frame of [0, 1, 4, 1234, 2997, 2998, 2999]) expect(trackedBoxes.of(frame)).toEqual(all[frame]);
  expect(trackedBoxes.of(3000)).toEqual([]);
});
