import type { DetectorConfig } from '../../bundle/config.js';
import type { DetectorAdapter } from './adapter.js';
import { singleOutput } from './single-output.js';

/**
 * Detectors that end in boxes, duplicates removed in the graph: [n, 6] or [1, n, 6] with opposite corners x, y, x, y in input
 * pixels, score, class. Rows of score 0 fill up a list of fixed length. Source: Ultralytics, export with nms=True; YOLOv10.
 */
export function boxes(config: Extract<DetectorConfig, { kind: 'boxes' }>): DetectorAdapter {
  const { person } = config;
  const rows = [
    { name: 'boxes', size: null },
    { name: '6', size: 6 },
  ];
  return singleOutput(
    config,
    (axes) => (axes === 3 ? [{ name: '1', size: 1 }, ...rows] : rows),
    function* ({ data }, threshold) {
      for (let at = 0; at < data.length; at += 6) {
        const [x0, y0, x1, y1, score, object] = data.subarray(at, at + 6);
        if (!(score >= threshold && object === person)) continue;
        yield { x: (x0 + x1) / 2, y: (y0 + y1) / 2, width: x1 - x0, height: y1 - y0, score };
      }
    },
    { countsVary: true },
  );
}
