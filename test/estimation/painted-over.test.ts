import { paintOver, withThoseInFront } from '../../src/estimation/painted-over.js';
import { inMirror, mirrorRows } from '../../src/estimation/mirror.js';
import type { ScenePerson } from '../../src/estimation/estimator.js';
import { COCO_JOINTS } from '../../src/joints.js';
import type { PersonWindow, Window } from '../../src/types.js';

/** Who stands upright about x, a trunk 60 pixels long: shoulders at 80, hips at 140. */
function standing(x: number): Float32Array {
  const places: Record<string, [number, number]> = {
    nose: [0, 55], shoulder: [15, 80], elbow: [20, 110], wrist: [20, 140], hip: [10, 140], knee: [10, 185], ankle: [10, 230],
  }; // prettier-ignore
  return Float32Array.from(
    COCO_JOINTS.flatMap((name) => {
      const [away, y] = places[name.replace(/^(left|right)_/, '')] ?? [4, 50];
      return [x + (name.startsWith('left_') ? away : -away), y];
    }),
  );
}

function person(x: number, score: number, coarsePose: Float32Array | undefined = standing(x)): ScenePerson {
  const box = { x: x - 30, y: 40, width: 60, height: 200 };
  return { trackId: x, box, score, window: { centreX: x, centreY: 140, width: 192, height: 256 }, coarsePose };
}

const namesOfThoseInFront = (people: ScenePerson[]): (number[] | undefined)[] =>
  withThoseInFront(people).map(({ inFront }) =>
    inFront?.map((pose) => people.find(({ coarsePose }) => coarsePose === pose)!.trackId),
  );

test('in front of a person is who overlaps with them and is seen more surely', () => {
  const people = [person(100, 0.9), person(130, 0.6), person(160, 0.7), person(400, 1)];
  expect(namesOfThoseInFront(people)).toEqual([undefined, [100, 160], undefined, undefined]);
});

test('two who are as sure, and people without a coarse pose, are in nobody’s way', () => {
  expect(namesOfThoseInFront([person(100, 0.8), person(130, 0.8)])).toEqual([undefined, undefined]);
  const nobody = { ...person(100, 0.9), coarsePose: undefined };
  expect(namesOfThoseInFront([nobody, person(130, 0.8)])).toEqual([undefined, undefined]);
  expect(namesOfThoseInFront([person(100, 0.9), { ...person(130, 0.8), coarsePose: undefined }])).toEqual([undefined, undefined]); // prettier-ignore
});

const [WIDTH, HEIGHT] = [192, 256];
const GREY = 0.25;
const [LEFT, RIGHT] = [1, 2];

/** A crop of one image pixel a pixel: grey, with a stripe of a value about each of some places. */
function crop(window: Window, people: readonly [x: number, value: number][]): Float32Array {
  const left = window.centreX - window.width / 2;
  return Float32Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => {
    const x = left + (i % WIDTH);
    return people.find(([at]) => Math.abs(x - at) < 8)?.[1] ?? GREY;
  });
}

/** The crop's value at a place of the image, of its first plane. */
const at = (data: Float32Array, { centreX, centreY, width, height }: Window, x: number, y: number): number =>
  data[Math.round(y - centreY + height / 2) * WIDTH + Math.round(x - centreX + width / 2)];

test('their bodies are painted in the colour of what is left; the person and what is about stay', () => {
  const [behind] = withThoseInFront([person(100, 0.6), person(140, 0.9)]);
  const { window } = behind;
  const image = (): Float32Array => crop(window, [[100, LEFT], [140, RIGHT]]); // prettier-ignore
  const [before, after] = [image(), image()];
  paintOver(after, WIDTH, behind);
  for (const y of [85, 110, 135, 180, 225]) {
    expect(at(after, window, 140, y)).not.toBe(RIGHT); // trunk and legs
    expect(at(after, window, 100, y)).toBe(LEFT);
  }
  expect(at(after, window, 140, 20)).toBe(RIGHT); // above the head
  expect(at(after, window, 60, 135)).toBe(GREY);
  const isPainted = [...after].map((value, i) => value !== before[i]);
  const colours = new Set(after.filter((_, i) => isPainted[i]));
  expect(colours.size).toBe(1);
  const kept = [...before].filter((_, i) => !isPainted[i]);
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  expect([...colours][0]).toBeCloseTo(mean, 5);
  expect(isPainted.filter(Boolean).length / isPainted.length).toBeLessThan(0.2);
});

test('where the own bones are about as near, nothing is painted', () => {
  const one = withThoseInFront([person(100, 0.6), person(104, 0.9)])[0];
  const data = crop(one.window, [[100, LEFT]]);
  paintOver(data, WIDTH, one);
  for (const y of [85, 110, 135]) expect(at(data, one.window, 100, y)).toBe(LEFT);
});

test('a mirrored crop is painted before it is turned', () => {
  const [behind] = withThoseInFront([person(100, 0.6), person(140, 0.9)]);
  const paint = (who: PersonWindow): Float32Array => {
    const data = crop(behind.window, [[100, LEFT], [140, RIGHT]]); // prettier-ignore
    paintOver(data, WIDTH, who);
    return data;
  };
  const turned = paint(inMirror(behind, WIDTH));
  expect(turned).toEqual(paint(behind));
  mirrorRows(turned, WIDTH);
  expect(turned).not.toEqual(paint(behind));
});

test('joints that nobody knows, and people beyond the crop, change nothing', () => {
  const unknown = new Float32Array(34).fill(NaN);
  const one = { ...person(100, 0.6), inFront: [unknown, standing(2000)] };
  const data = crop(one.window, [[100, LEFT]]);
  paintOver(data, WIDTH, one);
  expect(data).toEqual(crop(one.window, [[100, LEFT]]));
});
