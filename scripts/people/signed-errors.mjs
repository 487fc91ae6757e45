/* Errors of joints with their sign, in head sizes: along a person's trunk, downwards positive, and across it, away from its middle positive. */
import { movedByOffsets } from '../../dist/src/estimation/joint-offsets.js';
import { withoutSide } from '../../dist/src/joints.js';

/** Head sizes in the larger side of a person's box: in the height of a standing adult. */
const HEADS = 7.5;
/** Of that side: an error beyond it is another matter than where a joint lies. */
const FOUND = 0.1;

const dot = (a, b) => a.x * b.x + a.y * b.y;

/**
 * The trunk's direction, and for a kind of joint that across it, to the person's left. Of which side the left is the hips' labels say for
 * shoulders and the shoulders' for hips, so that a label's own error does not choose its sign.
 * @returns undefined without a labelled trunk
 */
function axesOf({ left_shoulder: a, right_shoulder: b, left_hip: c, right_hip: d }) {
  if (!a || !b || !c || !d) return undefined;
  const [x, y] = [c.x + d.x - a.x - b.x, c.y + d.y - a.y - b.y];
  const length = Math.hypot(x, y);
  if (length === 0) return undefined;
  const along = { x: x / length, y: y / length };
  const normal = { x: -along.y, y: along.x };
  const leftOf = { shoulder: [c, d], hip: [a, b] };
  const across = (kind) => {
    const pairs = leftOf[kind] ? [leftOf[kind]] : Object.values(leftOf);
    const sign = Math.sign(pairs.reduce((sum, [left, right]) => sum + dot(normal, left) - dot(normal, right), 0));
    return { x: sign * normal.x, y: sign * normal.y };
  };
  return { along, across };
}

/**
 * Errors of a pose's found joints.
 * @param pose { size: larger side of the box, labels: { name: { x, y } }, names, joints }
 * @param offsets further ones, see `movedByOffsets`
 * @returns [{ kind, sided, along, across, perDown, perOut }]: what an offset of 1 would add along and across
 */
export function signedErrors({ size, labels, names, joints }, offsets = {}) {
  const axes = axesOf(labels);
  if (!axes || joints.length === 0) return [];
  const movedBy = (some) => movedByOffsets([joints], names, some)[0];
  const all = (offset) => Object.fromEntries(names.map((name) => [withoutSide(name), offset]));
  const [moved, down, out] = [offsets, all({ down: 1, out: 0 }), all({ down: 0, out: 1 })].map(movedBy);
  const from = (to, at) => ({ x: (HEADS * (to.x - at.x)) / size, y: (HEADS * (to.y - at.y)) / size });
  return names.flatMap((name, k) => {
    if (!labels[name] || !moved[k] || moved[k].occluded) return [];
    const error = from(moved[k], labels[name]);
    if (Math.hypot(error.x, error.y) >= FOUND * HEADS) return [];
    const kind = withoutSide(name);
    const left = axes.across(kind);
    const side = name.startsWith('right_') ? -1 : 1;
    return [
      {
        kind,
        sided: kind !== name,
        along: dot(error, axes.along),
        across: side * dot(error, left),
        perDown: dot(from(down[k], joints[k]), axes.along),
        perOut: side * dot(from(out[k], joints[k]), left),
      },
    ];
  });
}
