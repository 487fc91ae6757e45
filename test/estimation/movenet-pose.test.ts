import type { OwnPoseConfig } from '../../src/bundle/config.js';
import { decodeOwnPose } from '../../src/estimation/own-pose.js';
import type { WindowPose } from '../../src/estimation/one-joint-one-person.js';
import { addon } from '../../src/native/binding.js';
import type { PersonWindow } from '../../src/types.js';

const h = 64;
const w = 48;
const plane = h * w;
const WINDOW = { centreX: 500, centreY: 300, width: 96, height: 128 }; // 2 pixels a cell
const SOMEBODY = { window: WINDOW };
const outputs = { heatmap: 'heatmap', offset: 'offset', regress: 'regress', center: 'center' };
const CONFIG = { kind: 'movenet', joints: [], outputs } as OwnPoseConfig;

/** MoveNet's maps, [channels, h, w] each; pairs of channels are y, x. */
type Maps = Record<keyof typeof outputs, Float32Array>;

function maps(): Maps {
  return {
    heatmap: new Float32Array(17 * plane),
    offset: new Float32Array(34 * plane),
    regress: new Float32Array(34 * plane),
    center: new Float32Array(plane).fill(-6),
  };
}

function poseOf(some: Maps, person: PersonWindow, company = false): WindowPose {
  const outputs = Object.fromEntries(
    Object.entries(some).map(([name, data]) => [name, { dims: [1, data.length / plane, h, w], data }]),
  );
  return decodeOwnPose(addon(), CONFIG, outputs, person, company);
}

test('chooses the person in the middle and that person’s joint, though the neighbour’s are stronger', () => {
  const m = maps();
  const mine = 32 * w + 24;
  m.center[mine] = 1;
  m.center[30 * w + 44] = 3; // a neighbour near the edge
  m.regress[mine] = -20; // nose expected 20 cells above, 2 to the left
  m.regress[plane + mine] = -2;
  m.heatmap[12 * w + 21] = 0.6; // my nose, near that
  m.heatmap[12 * w + 42] = 0.9; // the neighbour's
  m.offset[12 * w + 21] = 0.25;
  m.offset[plane + 12 * w + 21] = -0.5;
  const { joints, peaks, expected } = poseOf(m, SOMEBODY, true);
  const nose = { x: 500 + (21 - 0.5 - 24) * 2, y: 300 + (12.25 - 32) * 2, score: expect.closeTo(0.6, 6) };
  expect(joints[0]).toEqual(nose);
  expect(peaks![0]).toEqual([{ x: 500 + (42 - 24) * 2, y: 300 + (12 - 32) * 2, score: expect.closeTo(0.9, 6) }, nose]);
  expect(expected![0]).toEqual({ x: 500 - 2 * 2, y: 300 - 20 * 2 });
});

test('a coarse pose says who is meant: not the person in the middle, but the one whose joints lie near it', () => {
  const m = maps();
  m.center[32 * w + 24] = 1; // somebody else stands in the middle, whose nose is expected at the middle
  m.heatmap[30 * w + 24] = 0.9;
  m.heatmap[12 * w + 40] = 0.3;
  const coarsePose = new Float32Array(34).fill(300);
  coarsePose.set([500 + (38 - 24) * 2, 300 + (13 - 32) * 2]); // the nose, √5 cells off
  const nose = poseOf(m, { window: WINDOW, coarsePose }).joints[0];
  expect(nose).toEqual({ x: 500 + (40 - 24) * 2, y: 300 + (12 - 32) * 2, score: expect.closeTo(0.3, 6) });
  expect(poseOf(m, SOMEBODY).joints[0].score).toBeCloseTo(0.9, 6);
});

test('of a joint that the coarse pose does not know, the person in the middle tells', () => {
  const m = maps();
  m.center[32 * w + 24] = 1;
  m.heatmap[plane + 30 * w + 24] = 0.5; // the left eye
  m.heatmap[plane + 3 * w + 3] = 0.6;
  const coarsePose = new Float32Array(34).fill(300).fill(NaN, 2, 4);
  expect(poseOf(m, { window: WINDOW, coarsePose }).joints[1].score).toBeCloseTo(0.5, 6);
});

test('empty maps give finite places with score 0', () => {
  for (const joint of poseOf(maps(), SOMEBODY).joints) {
    expect(Number.isFinite(joint.x) && Number.isFinite(joint.y)).toBe(true);
    expect(joint.score).toBe(0);
  }
});
