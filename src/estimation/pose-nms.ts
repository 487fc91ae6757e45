/*
 * NMS of poses: of poses that are alike, by object keypoint similarity, the best one stays. It serves twice: coarse poses, before
 * anything is estimated (poseNms), and final ones, as COCO's protocol has it (oksNms).
 */
import { SIGMAS } from '../evaluation/oks.js';
import { windowOf } from '../geometry/window.js';
import type { PersonPose } from '../types.js';

/** A place in the image, in pixels. */
interface Place {
  x: number;
  y: number;
}

/** A pose that may be another's double. */
export interface Rated {
  score: number;
  /** By joint; null where it is not known. */
  places: readonly (Place | null)[];
  /** In px²; of two poses, the mean counts. */
  area: number;
}

/**
 * The poses that are doubles of others with a higher score; of equal ones the first stays.
 * @param names of the joints
 * @param most OKS above which two poses show one person; 1: never
 */
export function doubles(poses: readonly Rated[], names: readonly string[], most: number): Set<number> {
  const doubled = new Set<number>();
  const order = poses.map((_, i) => i).sort((a, b) => poses[b].score - poses[a].score || a - b);
  for (const [rank, i] of order.entries()) {
    const better = order.slice(0, rank).filter((j) => !doubled.has(j));
    if (better.some((j) => oks(poses[i], poses[j], names) > most)) doubled.add(i);
  }
  return doubled;
}

/** Object keypoint similarity over the joints that both have, 0–1; 0 where there is none. */
function oks(a: Rated, b: Rated, names: readonly string[]): number {
  const area = (a.area + b.area) / 2;
  let [total, count] = [0, 0];
  for (const [k, name] of names.entries()) {
    const [p, q] = [a.places[k], b.places[k]];
    const sigma = SIGMAS[name];
    if (!p || !q || sigma === undefined) continue;
    const distance2 = (p.x - q.x) ** 2 + (p.y - q.y) ** 2;
    total += Math.exp(-distance2 / (2 * area * (2 * sigma) ** 2));
    count++;
  }
  return count === 0 ? 0 : total / count;
}

/**
 * The people of a frame without doubles of their final poses: NMS as in HRNet's code and mmpose, which take the window for the area.
 * @param names of the joints
 * @param aspect width / height of windows
 * @param most OKS above which two poses show one person; 1: everyone stays
 */
export function withoutDoubles(
  people: readonly PersonPose[],
  names: readonly string[],
  aspect: number,
  most: number,
): PersonPose[] {
  const rated = people.map(({ score, joints, box }): Rated => {
    const { width, height } = windowOf(box, aspect);
    return { score, places: joints, area: width * height };
  });
  const doubled = doubles(rated, names, most);
  return people.filter((_, i) => !doubled.has(i));
}
