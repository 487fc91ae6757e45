import type { JointSeries, PersonSeries } from '../postprocessing/pose-series.js';

/** T places in pixels, y downwards; NaN where there is none. */
export interface Path {
  x: Float64Array;
  y: Float64Array;
}

/** The joints of a person by their names, and points between them. */
export type Points = ReadonlyMap<string, Path>;

/** Points that lie between joints, the first of the ways that can be had: the mean of the named joints. */
const BETWEEN: Record<string, readonly (readonly string[])[]> = {
  mid_hips: [['left_hip', 'right_hip']],
  mid_shoulders: [['left_shoulder', 'right_shoulder']],
  neck: [['neck'], ['left_shoulder', 'right_shoulder']],
  head: [['head_top'], ['left_ear', 'right_ear'], ['nose']],
};

/** Every joint of a person, with `mid_hips`, `mid_shoulders`, `neck` and `head` where the layout allows them. */
export function pointsOf(joints: readonly string[], series: Pick<PersonSeries, 'joints'>): Points {
  const given = new Map<string, JointSeries>(
    joints
      .map((name, k): [string, JointSeries] => [name, series.joints[k]])
      .filter(([, { x }]) => !x.every((place) => Number.isNaN(place))),
  );
  const points = new Map<string, Path>(given);
  for (const [name, ways] of Object.entries(BETWEEN)) {
    const way = ways.find((members) => members.every((joint) => given.has(joint)));
    if (way) points.set(name, meanPath(way.map((joint) => given.get(joint)!)));
  }
  return points;
}

function meanPath(paths: readonly Path[]): Path {
  const mean = (axis: 'x' | 'y'): Float64Array =>
    paths[0][axis].map((_, t) => paths.reduce((sum, path) => sum + path[axis][t], 0) / paths.length);
  return { x: mean('x'), y: mean('y') };
}

/** Distance of two points over time, pixels. */
export function lengthOf(points: Points, from: string, to: string): Float64Array | null {
  const [a, b] = [points.get(from), points.get(to)];
  return a && b ? a.x.map((x, t) => Math.hypot(b.x[t] - x, b.y[t] - a.y[t])) : null;
}
