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

/** Whether one of two boxes lies at an edge of the picture, and the other one at none of the same. */
export function leftAtEdge(gone: Box, other: Box, size: Size): boolean {
  const [edges, others] = [edgesOf(gone, size), edgesOf(other, size)];
  return edges.includes(true) && !edges.some((at, edge) => at && others[edge]);
}
