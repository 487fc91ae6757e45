import type { Box } from '../types.js';

/** Area that two boxes have in common. */
export function sharedArea(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

/** Intersection over union of two boxes, 0–1. */
export function iou(a: Box, b: Box): number {
  const shared = sharedArea(a, b);
  if (shared === 0) return 0;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

export function areaOf({ width, height }: Box): number {
  return width * height;
}

/** The height of someone who stands, and of someone who lies. */
export function longerSide({ width, height }: Box): number {
  return Math.max(width, height);
}

export function centreOf({ x, y, width, height }: Box): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}

/** From centre to centre. */
export function distanceBetween(a: Box, b: Box): number {
  const [from, to] = [centreOf(a), centreOf(b)];
  return Math.hypot(to.x - from.x, to.y - from.y);
}
