import { POSETRACK17_JOINTS } from '../../src/joints.js';
import type { Joint, PersonPose } from '../../src/types.js';
import type { Canvas } from '../../src/drawing/canvas.js';
import { colourOfTrack, drawPoses, type OverlayOptions } from '../../src/drawing/overlay.js';

const GREY = 90;

function picture(width = 200, height = 200): Canvas {
  return { width, height, data: new Uint8Array(width * height * 3).fill(GREY) };
}

/** A person with the joints given, the others not there. */
function person(joints: Record<string, Joint>, changes: Partial<PersonPose> = {}): PersonPose {
  const box = { x: 40, y: 20, width: 100, height: 160 };
  const listed = POSETRACK17_JOINTS.map((name) => joints[name] ?? null);
  return { trackId: 0, box, boxScore: 1, score: 1, joints: listed, ...changes };
}

function draw(canvas: Canvas, people: PersonPose[], options: Partial<OverlayOptions> = {}): Canvas {
  drawPoses(
    canvas,
    { index: 0, name: '0', timeSeconds: null, people },
    { joints: POSETRACK17_JOINTS, minScore: 0.2, labels: false, ...options },
  );
  return canvas;
}

function pixel({ width, data }: Canvas, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

const untouched = [GREY, GREY, GREY];
const brightness = (colour: readonly number[]): number => colour[0] + colour[1] + colour[2];

test('a limb is drawn between its joints, in the colour of the track', () => {
  const canvas = draw(picture(), [
    person({ left_hip: { x: 60, y: 100, score: 0.9 }, right_hip: { x: 120, y: 100, score: 0.9 } }),
  ]);
  const [red, green, blue] = pixel(canvas, 90, 100);
  expect(colourOfTrack(0)).toEqual([255, 66, 66]);
  expect(red).toBeGreaterThan(200);
  expect(green).toBeLessThan(100);
  expect(blue).toBeLessThan(100);
  expect(pixel(canvas, 90, 110)).toEqual(untouched);
  expect(pixel(canvas, 40, 100)).toEqual(untouched);
});

test('left is lighter than right', () => {
  const canvas = draw(picture(), [
    person({
      left_knee: { x: 120, y: 100, score: 1 },
      left_ankle: { x: 120, y: 160, score: 1 },
      right_knee: { x: 60, y: 100, score: 1 },
      right_ankle: { x: 60, y: 160, score: 1 },
    }),
  ]);
  expect(brightness(pixel(canvas, 120, 130))).toBeGreaterThan(brightness(pixel(canvas, 60, 130)) + 100);
});

test('joints under the score are not drawn, nor the limbs that end there', () => {
  const joints = { left_hip: { x: 60, y: 100, score: 0.19 }, right_hip: { x: 120, y: 100, score: 0.9 } };
  const canvas = draw(picture(), [person(joints)]);
  expect(pixel(canvas, 60, 100)).toEqual(untouched);
  expect(pixel(canvas, 90, 100)).toEqual(untouched);
  expect(pixel(canvas, 120, 100)).not.toEqual(untouched);
  expect(pixel(draw(picture(), [person(joints)], { minScore: 0.1 }), 60, 100)).not.toEqual(untouched);
});

test('an estimated joint is hollow and its limb fainter', () => {
  const big = { box: { x: 0, y: 0, width: 400, height: 400 } };
  const neck = { x: 100, y: 150, score: 1 };
  const top = { x: 100, y: 50, score: 1 };
  const seen = draw(picture(), [person({ neck, head_top: top }, big)]);
  const estimated = draw(picture(), [person({ neck, head_top: { ...top, estimated: true } }, big)]);
  const strength = (canvas: Canvas, x: number, y: number): number => Math.abs(pixel(canvas, x, y)[0] - GREY);
  expect(strength(estimated, 100, 100)).toBeLessThan(0.6 * strength(seen, 100, 100));
  expect(pixel(draw(picture(), [person({ head_top: { ...top, estimated: true } }, big)]), 100, 50)).toEqual(untouched);
  expect(pixel(draw(picture(), [person({ head_top: top }, big)]), 100, 50)).not.toEqual(untouched);
});

test('lines are wider for larger people', () => {
  const joints = { left_hip: { x: 60, y: 100, score: 1 }, right_hip: { x: 120, y: 100, score: 1 } };
  const widths = [40, 200, 600].map((size) => {
    const canvas = draw(picture(), [person(joints, { box: { x: 0, y: 0, width: size, height: size } })]);
    return Array.from({ length: 200 }, (_, y) => pixel(canvas, 90, y)).filter(([r]) => r !== GREY).length;
  });
  expect(widths[0]).toBeGreaterThanOrEqual(2);
  expect(widths[1]).toBeGreaterThan(widths[0]);
  expect(widths[2]).toBeGreaterThan(widths[1] + 4);
});

test('tracks have their own colours, the same again in every picture', () => {
  const first = Array.from({ length: 12 }, (_, id) => colourOfTrack(id).join());
  expect(new Set(first).size).toBe(12);
  expect(colourOfTrack(25)).toEqual(colourOfTrack(1));
});

test('the number stands over the head, and inside the picture where the head is at its edge', () => {
  const boxes = [
    { x: 40, y: 60, width: 100, height: 100 },
    { x: -50, y: -40, width: 100, height: 200 },
    { x: 150, y: 190, width: 100, height: 100 },
  ];
  for (const box of boxes) {
    const nose = { x: box.x + box.width / 2, y: box.y + 0.6 * box.height, score: 0.9 };
    const [without, canvas] = [false, true].map((labels) =>
      draw(picture(), [person({ nose }, { box, trackId: 1 })], { labels }),
    );
    const touched = Array.from({ length: 200 * 200 }, (_, i) => i).filter((i) => {
      const at = [i % 200, Math.floor(i / 200)] as const;
      return pixel(canvas, ...at).join() !== pixel(without, ...at).join();
    });
    expect(touched.length).toBeGreaterThan(50);
    if (box.y === 60) expect(Math.max(...touched.map((i) => Math.floor(i / 200)))).toBeLessThan(60);
  }
});

test('a person of whom nothing is drawn has no number', () => {
  const box = { x: 40, y: 60, width: 100, height: 100 };
  const faint = [person({ nose: { x: 90, y: 90, score: 0.1 } }, { box })];
  expect(draw(picture(), faint, { labels: true }).data.every((value) => value === GREY)).toBe(true);
  const withBox = draw(picture(), faint, { labels: true, boxes: true }).data;
  expect(withBox).not.toEqual(draw(picture(), faint, { boxes: true }).data);
});

test('people outside the picture and broken coordinates harm nothing', () => {
  const nowhere = { x: NaN, y: 5, score: 1 };
  const canvas = draw(
    picture(),
    [
      person({ nose: nowhere, neck: { x: 50, y: 50, score: NaN } }, { box: { x: NaN, y: 0, width: -5, height: 3 } }),
      person({ nose: { x: 5000, y: -5000, score: 1 } }, { box: { x: 4000, y: -6000, width: 10, height: 10 } }),
    ],
    { labels: false },
  );
  expect(canvas.data.every((value) => value === GREY)).toBe(true);
  expect(() => draw(picture(3, 3), [person({ nose: nowhere }, { trackId: -1 })], { labels: true })).not.toThrow();
});

test('boxes and the width of limbs as asked for', () => {
  const hips = { left_hip: { x: 60, y: 100, score: 0.9 }, right_hip: { x: 120, y: 100, score: 0.9 } };
  const thick = draw(picture(), [person(hips)], { limbWidth: 30 });
  expect(pixel(thick, 90, 112)).not.toEqual(untouched);
  expect(pixel(draw(picture(), [person(hips)], { limbWidth: 2 }), 90, 104)).toEqual(untouched);
  const boxed = draw(picture(), [person({})], { boxes: true });
  for (const [x, y] of [[40, 100], [140, 100], [90, 20], [90, 180]]) expect(pixel(boxed, x, y)).not.toEqual(untouched); // prettier-ignore
  expect(pixel(boxed, 90, 100)).toEqual(untouched);
});
