import type { Box } from '../types.js';

/** A person found in one frame, in image pixels. */
export interface Detection {
  box: Box;
  /** 0–1 */
  score: number;
  /** A rough pose, COCO joints in order, x and y alternating (17 × 2); helps the tracker. Absent for foreign boxes. */
  rough?: Float32Array;
}

/**
 * The detector's maps for one image, each [channels, h, w] at stride 4; y comes before x in every pair of channels.
 * Source of layout and decoding: MoveNet MultiPose.
 */
export interface DetectorMaps {
  h: number;
  w: number;
  /** [1, h, w] logits: a person's centre is here. */
  center: Float32Array;
  /** [2, h, w] box size in cells. */
  boxScale: Float32Array;
  /** [2, h, w] box centre minus cell, in cells. */
  boxOffset: Float32Array;
  /** [34, h, w] joint minus cell, in cells. */
  regress: Float32Array;
}

const STRIDE = 4;
/** A centre is the largest in a neighbourhood of 5×5 cells. */
const REACH = 2;
/** Two boxes of which this much is shared show one person. */
const NMS_IOU = 0.65;

/**
 * People from the detector's maps: local maxima of the centre map, their boxes, greedy non-maximum suppression.
 * @param threshold lowest score (σ of the centre logit), 0–1
 * @param toImage detector input pixels → image pixels
 * @returns by descending score
 */
export function decodeDetections(
  maps: DetectorMaps,
  threshold: number,
  toImage: (x: number, y: number) => { x: number; y: number },
): Detection[] {
  const { h, w, center } = maps;
  const plane = h * w;
  const lowest = Math.log(threshold / (1 - threshold));
  const found: Detection[] = [];
  for (let row = 0; row < h; row++) {
    for (let column = 0; column < w; column++) {
      const cell = row * w + column;
      const logit = center[cell];
      if (!(logit >= lowest) || !isLocalMaximum(center, h, w, row, column)) continue;
      const height = maps.boxScale[cell] * STRIDE;
      const width = maps.boxScale[plane + cell] * STRIDE;
      if (!(width > 0 && height > 0)) continue;
      const y = (row + maps.boxOffset[cell]) * STRIDE;
      const x = (column + maps.boxOffset[plane + cell]) * STRIDE;
      const topLeft = toImage(x - width / 2, y - height / 2);
      const bottomRight = toImage(x + width / 2, y + height / 2);
      const rough = new Float32Array(34);
      for (let joint = 0; joint < 17; joint++) {
        const jointY = (row + maps.regress[2 * joint * plane + cell]) * STRIDE;
        const jointX = (column + maps.regress[(2 * joint + 1) * plane + cell]) * STRIDE;
        const place = toImage(jointX, jointY);
        rough[2 * joint] = place.x;
        rough[2 * joint + 1] = place.y;
      }
      found.push({
        box: { ...topLeft, width: bottomRight.x - topLeft.x, height: bottomRight.y - topLeft.y },
        score: 1 / (1 + Math.exp(-logit)),
        rough,
      });
    }
  }
  return suppress(
    found.sort((a, b) => b.score - a.score),
    NMS_IOU,
  );
}

/** Ties go to the first cell in reading order, so that a plateau gives one centre. */
function isLocalMaximum(map: Float32Array, h: number, w: number, row: number, column: number): boolean {
  const value = map[row * w + column];
  for (let y = Math.max(0, row - REACH); y <= Math.min(h - 1, row + REACH); y++) {
    for (let x = Math.max(0, column - REACH); x <= Math.min(w - 1, column + REACH); x++) {
      const other = map[y * w + x];
      if (other > value) return false;
      if (other === value && y * w + x < row * w + column) return false;
    }
  }
  return true;
}

/**
 * Greedy non-maximum suppression.
 * @param detections by descending score
 * @param overlap IoU from which two boxes show one person
 * @returns the kept, in their order
 */
export function suppress(detections: readonly Detection[], overlap: number): Detection[] {
  const kept: Detection[] = [];
  for (const detection of detections) {
    if (kept.every((other) => iou(other.box, detection.box) < overlap)) kept.push(detection);
  }
  return kept;
}

/** Intersection over union of two boxes, 0–1. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}
