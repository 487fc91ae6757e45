/* Boxes, and whose prediction is whose. */

/** Intersection over union of two boxes, 0–1. */
export function iou(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (a.width * a.height + b.width * b.height - width * height);
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
