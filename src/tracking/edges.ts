import { longerSide } from '../geometry/boxes.js';
import type { Box } from '../types.js';

/** Whoever is so near to the picture's edge, in lengths of the box's longer side, is at it. */
const AT_EDGE = 0.05;

export interface Size {
  width: number;
  height: number;
}

/** At which edges of the picture a box lies, or beyond: left, top, right, bottom. */
function edgesOf(box: Box, { width, height }: Size): readonly boolean[] {
  const near = AT_EDGE * longerSide(box);
  return [box.x <= near, box.y <= near, box.x + box.width >= width - near, box.y + box.height >= height - near];
}

/**
 * Whether somebody who is about to walk out of the picture is not whom a box shows: it lies at no edge that they reach, or, at a side, further in than they
 * were. Who walks out rarely turns at once; at top and bottom are those who are near.
 * @param last where they were seen
 * @param way where they are by now
 */
export function isOut(last: Box, way: Box, other: Box, size: Size): boolean {
  const [edges, others] = [edgesOf(way, size), edgesOf(other, size)];
  const goesOn = [other.x + other.width <= last.x + last.width, true, other.x >= last.x, true];
  const reached = edges[0] || edges[2] ? [0, 2] : [1, 3];
  return edges.includes(true) && !reached.some((edge) => edges[edge] && others[edge] && goesOn[edge]);
}
