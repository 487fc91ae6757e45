import type { DetectorConfig } from '../../bundle/config.js';
import type { DetectorAdapter } from './adapter.js';
import { singleOutput } from './single-output.js';

/**
 * RT-DETR and other transformers of its layout: one row a query, [1, queries, 4 + classes] with centre x, y, width and height as
 * shares of the input, then the classes' scores, 0–1. Queries do not repeat each other, so nothing is suppressed.
 * Source: Ultralytics, ONNX export of RT-DETR.
 */
export function rtdetr(config: Extract<DetectorConfig, { kind: 'rtdetr' }>): DetectorAdapter {
  const { input, classes, person } = config;
  const shape = [
    { name: '1', size: 1 },
    { name: 'queries', size: null },
    { name: '4 + classes', size: 4 + classes },
  ];
  return singleOutput(
    config,
    () => shape,
    function* ({ data }, threshold) {
      for (let at = 0; at < data.length; at += 4 + classes) {
        const score = data[at + 4 + person];
        if (!(score >= threshold)) continue;
        const [x, width] = [data[at] * input.width, data[at + 2] * input.width];
        const [y, height] = [data[at + 1] * input.height, data[at + 3] * input.height];
        yield { x, y, width, height, score };
      }
    },
  );
}
