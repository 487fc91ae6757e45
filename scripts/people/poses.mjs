/* Boxes, and whose prediction is whose. */

import { iou } from '../../dist/src/geometry/boxes.js';

export { iou };

/** The box about joints, x and y alternating; NaN where unknown. */
export function extent(joints) {
  const xs = joints.filter((value, i) => i % 2 === 0 && !Number.isNaN(value));
  const ys = joints.filter((value, i) => i % 2 === 1 && !Number.isNaN(value));
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** By a tenth of its larger side on all sides. */
export function enlarged({ x, y, width, height }) {
  const margin = 0.1 * Math.max(width, height);
  return { x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin };
}

/**
 * Whose prediction is whose: pairs by descending IoU, everyone at most once, from `lowest` on.
 * @returns for each person the prediction, or null
 */
export function byBoxes(people, predictions, lowest = 0.3) {
  const pairs = people
    .flatMap((person, p) => predictions.map((prediction, q) => ({ p, q, overlap: iou(person.box, prediction.box) })))
    .filter(({ overlap }) => overlap >= lowest)
    .sort((a, b) => b.overlap - a.overlap);
  const found = people.map(() => null);
  const taken = new Set();
  for (const { p, q } of pairs) {
    if (found[p] !== null || taken.has(q)) continue;
    found[p] = predictions[q];
    taken.add(q);
  }
  return found;
}
