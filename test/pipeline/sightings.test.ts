import { Sightings } from '../../src/pipeline/sightings.js';
import type { Sighting } from '../../src/pipeline/track.js';

const sighting = (trackId: number, x: number): Sighting => ({
  trackId,
  box: { x, y: x / 3, width: Math.PI, height: 1e-9 },
  score: 0.1 * trackId,
});

test('gives back what was put in, to the last bit, by track id', () => {
  const sightings = new Sightings(2);
  const all: Sighting[][] = [];
  for (let frame = 0; frame < 3000; frame++) {
    all.push(Array.from({ length: frame % 5 }, (_, i) => sighting(i, frame + i / 7)));
    sightings.push([...all[frame]].reverse());
  }
  expect(sightings.frames).toBe(3000);
  expect(sightings.count).toBe(all.flat().length);
  for (const frame of [0, 1, 4, 1234, 2997, 2998, 2999]) expect(sightings.of(frame)).toEqual(all[frame]);
  expect(sightings.of(3000)).toEqual([]);
});

test('the last frames are filled in, as far back as patience goes', () => {
  const sightings = new Sightings(2);
  for (let frame = 0; frame < 5; frame++) sightings.push([sighting(1, frame)]);
  const late: Sighting = { ...sighting(0, 7), filled: true };
  sightings.fill(2, [late]);
  for (let frame = 5; frame < 9; frame++) sightings.push([]);
  expect(sightings.of(2)).toEqual([late, sighting(1, 2)]);
  expect(sightings.of(3)).toEqual([sighting(1, 3)]);
});
