import type { DetectorConfig } from '../../bundle/config.js';
import type { DetectorAdapter } from './adapter.js';
import { singleOutput } from './single-output.js';

/**
 * YOLOX as its own exporter writes it, not decoded: one row a cell, strides in turn, [1, cells, 5 + classes] with x and y in
 * cells from the cell's corner, the logarithms of width and height in cells, objectness, classes (both 0–1).
 * Source: YOLOX, demo_postprocess.
 */
export function yolox(config: Extract<DetectorConfig, { kind: 'yolox' }>): DetectorAdapter {
  const { input, classes, person, strides, nms } = config;
  const cells = strides.reduce((total, stride) => total + (input.width / stride) * (input.height / stride), 0);
  const columns = 5 + classes;
  const shape = [
    { name: '1', size: 1 },
    { name: 'cells', size: cells },
    { name: '5 + classes', size: columns },
  ];
  return singleOutput(
    config,
    () => shape,
    function* ({ data }, threshold) {
      let at = 0;
      for (const stride of strides) {
        for (let row = 0; row < input.height / stride; row++) {
          for (let column = 0; column < input.width / stride; column++, at += columns) {
            const score = data[at + 4] * data[at + 5 + person];
            if (!(score >= threshold)) continue;
            const [x, y] = [(data[at] + column) * stride, (data[at + 1] + row) * stride];
            const [width, height] = [Math.exp(data[at + 2]) * stride, Math.exp(data[at + 3]) * stride];
            yield { x, y, width, height, score };
          }
        }
      }
    },
    { nms },
  );
}
