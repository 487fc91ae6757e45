import type { DetectorConfig } from '../../bundle/config.js';
import type { Box, Detection } from '../../types.js';
import { suppress } from '../suppress.js';
import type { DetectorAdapter } from './adapter.js';

/** MoveNet MultiPose: maps of centres, box sizes and coarse poses, for frames of any shape. */
export function moveNetMultiPose(config: Extract<DetectorConfig, { kind: 'movenet-multipose' }>): DetectorAdapter {
  const { input, outputs } = config;
  return {
    outputs: Object.values(outputs),
    pad: 0,
    channels: 'rgb',
    scales: true,
    fit(frame, longerSide = input.longerSide) {
      const scale = longerSide / Math.max(frame.width, frame.height);
      const roundUp = (side: number): number => Math.ceil((side * scale) / input.multiple - 1e-6) * input.multiple;
      return { width: roundUp(frame.width), height: roundUp(frame.height), scale };
    },
    decode(tensors, threshold, toImage) {
      const [, , h, w] = tensors[outputs.center].dims;
      const maps = {
        h,
        w,
        center: tensors[outputs.center].data,
        boxScale: tensors[outputs.boxScale].data,
        boxOffset: tensors[outputs.boxOffset].data,
        regress: tensors[outputs.regress].data,
      };
      return decodeDetections(maps, threshold, toImage);
    },
  };
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
      const corner = toImage(x - width / 2, y - height / 2);
      const opposite = toImage(x + width / 2, y + height / 2);
      const coarsePose = new Float32Array(34);
      for (let joint = 0; joint < 17; joint++) {
        const jointY = (row + maps.regress[2 * joint * plane + cell]) * STRIDE;
        const jointX = (column + maps.regress[(2 * joint + 1) * plane + cell]) * STRIDE;
        const place = toImage(jointX, jointY);
        coarsePose[2 * joint] = place.x;
        coarsePose[2 * joint + 1] = place.y;
      }
      found.push({
        box: boxBetween(corner, opposite),
        score: 1 / (1 + Math.exp(-logit)),
        coarsePose,
      });
    }
  }
  return suppress(
    found.sort((a, b) => b.score - a.score),
    NMS_IOU,
  );
}

/** @param a, b opposite corners */
function boxBetween(a: { x: number; y: number }, b: { x: number; y: number }): Box {
  return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(b.x - a.x), height: Math.abs(b.y - a.y) };
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
