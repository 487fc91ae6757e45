import type { DetectorConfig } from '../../bundle/config.js';
import type { DetectorAdapter } from './adapter.js';
import { boxes } from './boxes.js';
import { moveNetMultiPose } from './movenet-multipose.js';
import { rtdetr } from './rtdetr.js';
import { yolov8 } from './yolov8.js';
import { yolox } from './yolox.js';

/** The adapter of a detector's kind. */
export function adapterOf(config: DetectorConfig): DetectorAdapter {
  switch (config.kind) {
    case 'movenet-multipose':
      return moveNetMultiPose(config);
    case 'yolox':
      return yolox(config);
    case 'yolov8':
      return yolov8(config);
    case 'rtdetr':
      return rtdetr(config);
    case 'boxes':
      return boxes(config);
  }
}
