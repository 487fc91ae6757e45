import type { DetectorConfig } from '../../bundle/config.js';
import { byScore, checkShape, detectionOf, fitInto, type DetectorAdapter } from './adapter.js';

/**
 * RT-DETR and other transformers of its layout: one row a query, [1, queries, 4 + classes] with centre x, y, width and height as
 * shares of the input, then the classes' scores, 0–1. Queries do not repeat each other, so nothing is suppressed.
 * Source: Ultralytics, ONNX export of RT-DETR.
 */
export function rtdetr(config: Extract<DetectorConfig, { kind: 'rtdetr' }>): DetectorAdapter {
  const { input, output, classes, person } = config;
  return {
    outputs: [output],
    pad: input.pad,
    channels: input.channels,
    fit: (frame) => fitInto(input, frame),
    decode(tensors, threshold, toImage) {
      checkShape(config, tensors[output], [
        { name: '1', size: 1 },
        { name: 'queries', size: null },
        { name: '4 + classes', size: 4 + classes },
      ]);
      const { data } = tensors[output];
      const found = [];
      for (let at = 0; at < data.length; at += 4 + classes) {
        const score = data[at + 4 + person];
        if (!(score >= threshold)) continue;
        const [x, y] = [data[at] * input.width, data[at + 1] * input.height];
        const [width, height] = [data[at + 2] * input.width, data[at + 3] * input.height];
        const corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2] as const;
        found.push(detectionOf(corners, score, toImage));
      }
      return byScore(found);
    },
  };
}
