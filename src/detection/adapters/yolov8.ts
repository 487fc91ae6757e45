import type { DetectorConfig } from '../../bundle/config.js';
import type { DetectorAdapter } from './adapter.js';
import { singleOutput } from './single-output.js';

/**
 * YOLOv8, YOLO11 and others of their layout, without NMS in the graph: one column a cell, [1, 4 + classes, cells] with centre
 * x, y, width and height in input pixels, then the classes' scores, 0–1. Source: Ultralytics, ONNX export.
 */
export function yolov8(config: Extract<DetectorConfig, { kind: 'yolov8' }>): DetectorAdapter {
  const { classes, person, nms } = config;
  const shape = [
    { name: '1', size: 1 },
    { name: '4 + classes', size: 4 + classes },
    { name: 'cells', size: null },
  ];
  return singleOutput(
    config,
    () => shape,
    function* ({ data, dims }, threshold) {
      const cells = dims[2];
      for (let cell = 0; cell < cells; cell++) {
        const score = data[(4 + person) * cells + cell];
        if (!(score >= threshold)) continue;
        const [x, y, width, height] = [0, 1, 2, 3].map((row) => data[row * cells + cell]);
        yield { x, y, width, height, score };
      }
    },
    { nms },
  );
}
