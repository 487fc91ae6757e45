import type { DetectorConfig } from '../../bundle/config.js';
import { suppress } from '../suppress.js';
import { byScore, checkShape, detectionOf, fitInto, type DetectorAdapter } from './adapter.js';

/**
 * YOLOX as its own exporter writes it, not decoded: one row a cell, strides in turn, [1, cells, 5 + classes] with x and y in
 * cells from the cell's corner, the logarithms of width and height in cells, objectness, classes (both 0–1).
 * Source: YOLOX, demo_postprocess.
 */
export function yolox(config: Extract<DetectorConfig, { kind: 'yolox' }>): DetectorAdapter {
  const { input, output, classes, person, strides, nms } = config;
  const cells = strides.reduce((total, stride) => total + (input.width / stride) * (input.height / stride), 0);
  const columns = 5 + classes;
  return {
    outputs: [output],
    pad: input.pad,
    channels: input.channels,
    fit: (frame) => fitInto(input, frame),
    decode(tensors, threshold, toImage) {
      checkShape(config, tensors[output], [
        { name: '1', size: 1 },
        { name: 'cells', size: cells },
        { name: '5 + classes', size: columns },
      ]);
      const { data } = tensors[output];
      const found = [];
      let at = 0;
      for (const stride of strides) {
        for (let row = 0; row < input.height / stride; row++) {
          for (let column = 0; column < input.width / stride; column++, at += columns) {
            const score = data[at + 4] * data[at + 5 + person];
            if (!(score >= threshold)) continue;
            const [x, y] = [(data[at] + column) * stride, (data[at + 1] + row) * stride];
            const [width, height] = [Math.exp(data[at + 2]) * stride, Math.exp(data[at + 3]) * stride];
            const corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2] as const;
            found.push(detectionOf(corners, score, toImage));
          }
        }
      }
      return suppress(byScore(found), nms);
    },
  };
}
