/*
 * Who is meant (an addition to the paper): a head with conditions reads, beside V_t, where the detector's coarse poses have the
 * joints of the person and of the others about, in the key frame and in the local ones. The addon makes maps of these places.
 */
import { inWindow } from '../geometry/window.js';
import { CONDITION_JOINTS } from '../joints.js';
import type { ExpectedJoints } from '../native/contract.js';
import type { PersonWindow, Window } from '../types.js';
import type { Scene, ScenePerson } from './estimator.js';
import { inMirror } from './mirror.js';

/** The people of one frame, the key's own first: [J, 2] x, y each, in cells of the key's map; empty where there is no coarse pose. */
export type ExpectedPeople = readonly Float32Array[];

/** People that a head is told of in a frame, the key's own included. */
export const PEOPLE_EXPECTED = 9;
/** How far outside the key's window others still count, as a share of its sides: an eighth on either side. */
const MARGIN = 1 / 8;
const NOBODY = new Float32Array(0);

/**
 * Where joints are expected about a key. Of a frame in which the person was not seen, nothing is known of the person.
 * @param around frames −k … k
 * @param columns, rows of the map
 * @returns the key's frame, then −k … −1, 1 … k
 */
export function expectedAbout(
  person: ScenePerson,
  around: readonly Scene[],
  columns: number,
  rows: number,
): ExpectedPeople[] {
  const k = (around.length - 1) / 2;
  const frames = [around[k], ...around.slice(0, k), ...around.slice(k + 1)];
  const { window } = person;
  return frames.map(({ people }) => {
    const own = people.find(({ trackId }) => trackId === person.trackId);
    const others = people.filter((other) => other.trackId !== person.trackId && isAbout(other, window));
    const nearest = others.toSorted((a, b) => distance(a.window, window) - distance(b.window, window));
    const placesOf = ({ coarsePose }: PersonWindow): Float32Array =>
      coarsePose ? placesIn(window, coarsePose, columns, rows) : NOBODY;
    return [own ? placesOf(own) : NOBODY, ...nearest.slice(0, PEOPLE_EXPECTED - 1).map(placesOf)];
  });
}

/** A frame's people as they appear in the mirror of one window. @param columns W */
export function sceneInMirror(scene: Scene, window: Window, columns: number): Scene {
  const turned = (person: ScenePerson): ScenePerson => {
    const { coarsePose } = inMirror({ window, coarsePose: person.coarsePose }, columns);
    return { ...person, coarsePose };
  };
  return { ...scene, people: scene.people.map(turned) };
}

/** The same without the local frames. */
export function withoutLocal(frames: readonly ExpectedPeople[]): ExpectedPeople[] {
  return frames.map((people, frame) => (frame === 0 ? people : []));
}

/** Joins those of several keys: all get room for as many people as the most have. */
export function joinExpected(keys: readonly (readonly ExpectedPeople[])[]): ExpectedJoints {
  const frames = keys.flat();
  const people = Math.max(1, ...frames.map(({ length }) => length));
  const size = CONDITION_JOINTS.length * 2;
  const points = new Float32Array(frames.length * people * size).fill(NaN);
  for (const [frame, some] of frames.entries()) {
    for (const [place, joints] of some.entries()) points.set(joints, (frame * people + place) * size);
  }
  return { people, points };
}

/** Where a coarse pose has the joints that conditions know: [J, 2] x, y in cells of a map of the window. */
export function placesIn(window: Window, coarsePose: Float32Array, columns: number, rows: number): Float32Array {
  const shares = CONDITION_JOINTS.map((q) => inWindow(window, coarsePose[2 * q], coarsePose[2 * q + 1]));
  return Float32Array.from(shares.flatMap(({ x, y }) => [x * columns, y * rows]));
}

/** Whether anything of a person is expected in the window, or not far from it. */
export function isAbout({ coarsePose }: Pick<PersonWindow, 'coarsePose'>, window: Window): boolean {
  if (!coarsePose) return false;
  const isNear = (share: number): boolean => share >= -MARGIN && share <= 1 + MARGIN;
  return CONDITION_JOINTS.some((q) => {
    const { x, y } = inWindow(window, coarsePose[2 * q], coarsePose[2 * q + 1]);
    return isNear(x) && isNear(y);
  });
}

function distance(a: Window, b: Window): number {
  return Math.hypot(a.centreX - b.centreX, a.centreY - b.centreY);
}
