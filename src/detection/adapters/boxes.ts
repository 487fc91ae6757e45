import type { DetectorConfig } from '../../bundle/config.js';
import { byScore, checkShape, detectionOf, fitInto, type DetectorAdapter } from './adapter.js';

/**
 * Detectors that end in boxes, duplicates removed in the graph: [n, 6] or [1, n, 6] with opposite corners x, y, x, y in input
 * pixels, score, class. Rows of score 0 fill up a list of fixed length. Source: Ultralytics, export with nms=True; YOLOv10.
 */
export function boxes(config: Extract<DetectorConfig, { kind: 'boxes' }>): DetectorAdapter {
  const { input, output, person } = config;
  return {
    outputs: [output],
    pad: input.pad,
    channels: input.channels,
    countsVary: true,
    fit: (frame) => fitInto(input, frame),
    decode(tensors, threshold, toImage) {
      const rows = [
        { name: 'boxes', size: null },
        { name: '6', size: 6 },
      ];
      const { data, dims } = tensors[output];
      checkShape(config, tensors[output], dims.length === 3 ? [{ name: '1', size: 1 }, ...rows] : rows);
      const found = [];
      for (let at = 0; at < data.length; at += 6) {
        const [x0, y0, x1, y1, score, object] = data.subarray(at, at + 6);
        if (score >= threshold && object === person) found.push(detectionOf([x0, y0, x1, y1], score, toImage));
      }
      return byScore(found);
    },
  };
}
