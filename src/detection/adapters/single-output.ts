import type { DetectorConfig } from '../../bundle/config.js';
import type { TensorData } from '../../onnx/runtime.js';
import type { Detection } from '../../types.js';
import { suppress } from '../suppress.js';
import { byScore, checkShape, detectionOf, fitInto, type DetectorAdapter, type ToImage } from './adapter.js';

/** A person in input pixels: centre, size, and score, 0–1. */
export interface Candidate {
  x: number;
  y: number;
  width: number;
  height: number;
  score: number;
}

type SingleOutputConfig = Exclude<DetectorConfig, { kind: 'movenet-multipose' }>;

/**
 * A detector with one output and an input of fixed size: what all kinds but MoveNet share.
 * @param shape of the output, by its number of axes; `null` stands for any number
 * @param candidates everyone in the output whose score is at least the threshold
 * @param nms IoU from which two boxes show one person; undefined where the graph has left such out
 */
export function singleOutput(
  config: SingleOutputConfig,
  shape: (axes: number) => readonly { name: string; size: number | null }[],
  candidates: (output: TensorData, threshold: number) => Iterable<Candidate>,
  { nms, countsVary }: { nms?: number; countsVary?: boolean } = {},
): DetectorAdapter {
  const { input, output } = config;
  return {
    outputs: [output],
    pad: input.pad,
    channels: input.channels,
    countsVary,
    fit: (frame) => fitInto(input, frame),
    decode(tensors: Record<string, TensorData>, threshold: number, toImage: ToImage): Detection[] {
      const tensor = tensors[output];
      checkShape(config, tensor, shape(tensor.dims.length));
      const found = [];
      for (const { x, y, width, height, score } of candidates(tensor, threshold)) {
        found.push(detectionOf([x - width / 2, y - height / 2, x + width / 2, y + height / 2], score, toImage));
      }
      return nms === undefined ? byScore(found) : suppress(byScore(found), nms);
    },
  };
}
