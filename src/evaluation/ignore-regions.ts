import { ABSENT, type LabelledPose } from '../formats/pose-sequence.js';

/**
 * People without their joints strictly inside any region, and without those who are left with no joint.
 * @param regions polygons, x and y alternating, pixels
 * @returns the people that stay (new where joints were removed), and how many joints were removed
 */
export function withoutIgnored(
  people: readonly LabelledPose[],
  regions: readonly Float64Array[],
): { people: LabelledPose[]; removed: number } {
  let removed = 0;
  const stay: LabelledPose[] = [];
  for (const pose of people) {
    let { joints } = pose;
    let left = 0;
    for (let i = 0; i < joints.length; i += 3) {
      const [x, y] = [joints[i], joints[i + 1]];
      if (Number.isNaN(x)) continue;
      if (!regions.some((region) => isStrictlyInside(x, y, region))) {
        left++;
        continue;
      }
      if (joints === pose.joints) joints = pose.joints.slice();
      joints.set(ABSENT, i);
      removed++;
    }
    if (left > 0) stay.push(joints === pose.joints ? pose : { ...pose, joints });
  }
  return { people: stay, removed };
}

/** Even-odd rule; the boundary is outside. Fewer than three corners enclose nothing. */
export function isStrictlyInside(x: number, y: number, polygon: Float64Array): boolean {
  const n = polygon.length / 2;
  if (n < 3) return false;
  let inside = false;
  for (let i = 0, j = n - 1; i < n; j = i++) {
    const [xi, yi, xj, yj] = [polygon[i * 2], polygon[i * 2 + 1], polygon[j * 2], polygon[j * 2 + 1]];
    const cross = (x - xi) * (yj - yi) - (y - yi) * (xj - xi);
    const between = (a: number, p: number, b: number): boolean => Math.min(a, b) <= p && p <= Math.max(a, b);
    if (cross === 0 && between(xi, x, xj) && between(yi, y, yj)) return false;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
