import { analyseVideo, type Analysis } from '../../src/analysis/analyse.js';
import { bodyAt, STANDING, videoOf, type BodyAngles } from './movement.js';

const FRAMES = 60;

/** Every joint through its own range, all of them differently. */
function moving(t: number): BodyAngles {
  const swing = (low: number, high: number, turns: number): number =>
    low + ((high - low) * (1 - Math.cos((2 * Math.PI * turns * t) / FRAMES))) / 2;
  return {
    trunk: swing(90, 40, 1),
    hip: swing(-20, 110, 1),
    knee: swing(-5, 140, 2),
    ankle: swing(-40, 30, 3),
    shoulder: swing(-50, 150, 2),
    elbow: swing(0, 145, 1),
    neck: swing(-30, 40, 2),
  };
}

function degreesOf(analysis: Analysis, name: string): number[] {
  return [...analysis.people[0].angles.find((angle) => angle.name === name)!.degrees];
}

function expectAngles(found: number[], wanted: number[]): void {
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, t) => expect(Math.abs(value - wanted[t])).toBeLessThan(1e-6));
}

const times = Array.from({ length: FRAMES }, (_, t) => t);
const bodies = times.map((t) => bodyAt([400, 400], moving(t)));

test.each([false, true])('joint angles are those that the body was built with (mirrored: %s)', (mirror) => {
  const analysis = analyseVideo(videoOf(bodies, 50, mirror));
  expect(analysis.people[0].facing).toBe(mirror ? -1 : 1); // by knees and elbows
  for (const joint of ['hip', 'knee', 'ankle', 'shoulder', 'elbow'] as const) {
    for (const side of ['left', 'right']) expectAngles(degreesOf(analysis, `${side}_${joint}`), times.map((t) => moving(t)[joint])); // prettier-ignore
  }
  expectAngles(degreesOf(analysis, 'neck'), times.map((t) => moving(t).neck)); // prettier-ignore
});

test('segment angles stand against the horizontal, 90° upright', () => {
  const analysis = analyseVideo(videoOf(bodies));
  expectAngles(degreesOf(analysis, 'trunk'), times.map((t) => moving(t).trunk)); // prettier-ignore
  expectAngles(degreesOf(analysis, 'left_thigh'), times.map((t) => moving(t).trunk + moving(t).hip)); // prettier-ignore
  const mirrored = analyseVideo(videoOf(bodies, 50, true));
  expectAngles(degreesOf(mirrored, 'trunk'), times.map((t) => 180 - moving(t).trunk)); // prettier-ignore
});

test('a somersault and an arm that circles do not wrap', () => {
  const turning = times.map((t) => bodyAt([400, 400], { ...STANDING, knee: 20, trunk: 90 - 12 * t, shoulder: 12 * t }));
  const analysis = analyseVideo(videoOf(turning));
  const trunk = degreesOf(analysis, 'trunk');
  const shoulder = degreesOf(analysis, 'left_shoulder');
  for (let t = 1; t < FRAMES; t++) {
    expect(trunk[t] - trunk[t - 1]).toBeCloseTo(-12, 6);
    expect(shoulder[t] - shoulder[t - 1]).toBeCloseTo(12, 6);
  }
  expect(Math.abs(analysis.people[0].angles.find(({ name }) => name === 'trunk')!.speed[30])).toBeCloseTo(600, 6); // 12° × 50
});

test('a joint that seems to bend beyond its range, seen askance, goes on without a jump', () => {
  const round = times.map((t) => bodyAt([400, 400], { ...STANDING, knee: 20, elbow: 5 * t }));
  const elbow = degreesOf(analyseVideo(videoOf(round), { facing: 'right' }), 'left_elbow');
  expectAngles(elbow, times.map((t) => 5 * t)); // prettier-ignore
});

test('seen from the front, angles have no sign, and it is said', () => {
  const standing = times.map(() => bodyAt([400, 400], STANDING));
  const analysis = analyseVideo(videoOf(standing));
  expect(analysis.people[0].facing).toBeNull();
  expect(analysis.warnings).toEqual([expect.stringContaining('--facing')]);
  const bent = times.map(() => bodyAt([400, 400], { ...STANDING, knee: 30, ankle: -20 }));
  const front = analyseVideo(videoOf(bent, 50, true), { facing: 'front' });
  expectAngles(degreesOf(front, 'left_knee'), times.map(() => 30)); // prettier-ignore
  expectAngles(degreesOf(front, 'left_ankle'), times.map(() => -20)); // prettier-ignore
  expect(front.warnings).toEqual([]);
});

test('a joint that is missing leaves a gap in its angles alone', () => {
  const holed = times.map((t) => new Map([...bodyAt([400, 400], moving(t))].filter(([name]) => t !== 20 || name !== 'left_ankle'))); // prettier-ignore
  const analysis = analyseVideo(videoOf(holed));
  const knee = degreesOf(analysis, 'left_knee');
  expect(knee.map((value, t) => (Number.isNaN(value) ? t : -1)).filter((t) => t >= 0)).toEqual([20]);
  expect(degreesOf(analysis, 'right_knee').some(Number.isNaN)).toBe(false);
});
