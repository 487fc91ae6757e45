import type { DetectorConfig } from '../../bundle/config.js';
import { suppress } from '../suppress.js';
import { byScore, checkShape, detectionOf, fitInto, type DetectorAdapter } from './adapter.js';

/**
 * YOLOv8, YOLO11 and others of their layout, without NMS in the graph: one column a cell, [1, 4 + classes, cells] with centre
 * x, y, width and height in input pixels, then the classes' scores, 0–1. Source: Ultralytics, ONNX export.
 */
export function yolov8(config: Extract<DetectorConfig, { kind: 'yolov8' }>): DetectorAdapter {
  const { input, output, classes, person, nms } = config;
  return {
    outputs: [output],
    pad: input.pad,
    channels: input.channels,
    fit: (frame) => fitInto(input, frame),
    decode(tensors, threshold, toImage) {
      checkShape(config, tensors[output], [
        { name: '1', size: 1 },
        { name: '4 + classes', size: 4 + classes },
        { name: 'cells', size: null },
      ]);
      const { data, dims } = tensors[output];
      const cells = dims[2];
      const found = [];
      for (let cell = 0; cell < cells; cell++) {
        const score = data[(4 + person) * cells + cell];
        if (!(score >= threshold)) continue;
        const [x, y, width, height] = [0, 1, 2, 3].map((row) => data[row * cells + cell]);
        const corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2] as const;
        found.push(detectionOf(corners, score, toImage));
      }
      return suppress(byScore(found), nms);
    },
  };
}
