import type { DetectorConfig } from '../../models/config.js';
import { decodeDetections } from '../detect.js';
import type { DetectorAdapter } from './adapter.js';

/** MoveNet MultiPose: maps of centres, box sizes and rough poses, for frames of any shape. */
export function moveNetMultiPose(config: Extract<DetectorConfig, { kind: 'movenet-multipose' }>): DetectorAdapter {
  const { input, outputs } = config;
  return {
    outputs: Object.values(outputs),
    pad: 0,
    channels: 'rgb',
    fit(frame) {
      const scale = input.longerSide / Math.max(frame.width, frame.height);
      const roundUp = (side: number): number => Math.ceil((side * scale) / input.multiple - 1e-6) * input.multiple;
      return { width: roundUp(frame.width), height: roundUp(frame.height), scale };
    },
    decode(tensors, threshold, toImage) {
      const [, , h, w] = tensors[outputs.center].dims;
      const maps = {
        h,
        w,
        center: tensors[outputs.center].data,
        boxScale: tensors[outputs.boxScale].data,
        boxOffset: tensors[outputs.boxOffset].data,
        regress: tensors[outputs.regress].data,
      };
      return decodeDetections(maps, threshold, toImage);
    },
  };
}
