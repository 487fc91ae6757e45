/*
 * What the bundle's own detector sees of a sample's people, as tracks have it: it looks at some of the frames, and in between everyone goes on evenly. A
 * head must learn how far to believe coarse poses from such as it will be given. Made of the labels, however spoiled, they are right where the
 * picture misleads the detector, too, and a head that has learnt from those trusts the joints located about them too much.
 */
import type { PersonDetector } from '../detection/detector.js';
import { assignWorth } from '../geometry/assignment.js';
import { areaOf, iou } from '../geometry/boxes.js';
import { poseSimilarity } from '../geometry/same-person.js';
import { between, shifted, type Sight } from '../tracking/sight.js';
import type { Box } from '../types.js';
import type { CoarsePoses } from './expected.js';
import type { Patch } from './viewpoint.js';

/** A person as detected in every frame; null where they are not. */
export type Sights = (Sight | null)[];

/** Every so many frames the detector looks: a quarter of a second is inference's default, at 25 frames a second rather less. */
const LOOK_EVERY = 4;
/** People are looked at so high, in pixels of the detector's input: amid the heights that scales.ts has them at. */
const HEIGHT = 180;
const INPUT = { multiple: 32, least: 128, most: 768 };
/** Lowest score. */
const THRESHOLD = 0.15;
/** How alike a detection and the labels of the one whom it shows are, at least: the mean of the boxes' overlap and the joints' likeness. */
const SAME = 0.3;

/**
 * @param patches the frames, parts of a view
 * @param people where everyone truly is in each frame, in the view
 * @param size of the people, in pixels
 * @returns for each of the people, in the view
 */
export async function detectedIn(
  detector: PersonDetector,
  patches: readonly Patch[],
  people: readonly CoarsePoses[],
  size: number,
): Promise<Sights[]> {
  const last = patches.length - 1;
  const places = patches.map((_, place) => place).filter((place) => place % LOOK_EVERY === 0 || place === last);
  const looks = await Promise.all(places.map((place) => look(detector, patches[place], place, size)));
  const seen = people.map((): Sights => patches.map(() => null));
  for (const [i, place] of places.entries()) {
    const worth = people.map((poses) => looks[i].map((sight) => likeness(poses[place], sight) - SAME));
    for (const [person, whose] of assignWorth(worth).entries()) seen[person][place] = looks[i][whose] ?? null;
  }
  return seen.map((own) => filledIn(own, places));
}

async function look(detector: PersonDetector, patch: Patch, frame: number, size: number): Promise<Sight[]> {
  const longest = Math.max(patch.width, patch.height);
  const side = Math.round((longest * HEIGHT) / size / INPUT.multiple) * INPUT.multiple;
  const input = Math.min(INPUT.most, Math.max(INPUT.least, side));
  const found = await detector.detect(patch, THRESHOLD, detector.scales ? input : undefined);
  return found.map((detection) => ({ ...shifted(detection, patch.x, patch.y), frame }));
}

/** 0–1 */
function likeness(pose: Float32Array | null, { box, coarsePose }: Sight): number {
  if (!pose || !coarsePose) return 0;
  const known = (_: number, i: number): boolean => !Number.isNaN(pose[i]);
  const [labelled, seen] = [pose.filter(known), coarsePose.filter(known)];
  if (labelled.length === 0) return 0;
  return (iou(extentOf(labelled), box) + poseSimilarity(labelled, seen, areaOf(box))) / 2;
}

function extentOf(pose: Float32Array): Box {
  const [xs, ys] = [0, 1].map((axis) => pose.filter((_, i) => i % 2 === axis));
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Between two looks that saw the person, on a straight line; beside only one, as there. */
function filledIn(seen: Sights, places: readonly number[]): Sights {
  return seen.map((_, place) => {
    const before = seen[places.findLast((at) => at <= place)!];
    const after = seen[places.find((at) => at >= place)!];
    return before && after && before !== after ? between(before, after, place) : (before ?? after);
  });
}
