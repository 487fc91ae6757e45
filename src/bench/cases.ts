import { headShape, loadBundle, DEFAULT_BUNDLE } from '../bundle/bundle.js';
import type { HeadShape } from '../native/contract.js';

/** The heads that are measured and verified. */
export interface HeadCase {
  name: 'paper' | 'default';
  title: string;
  shape: HeadShape;
}

/** The paper's head: HRNet-W48 at 384×288, k = 4, n = 6. */
export const PAPER_HEAD: HeadShape = {
  channels: 48,
  height: 96,
  width: 72,
  blockWidth: 48,
  joints: 15,
  k: 4,
  n: 6,
  enhancement: true,
  enhancementBlocks: 1,
  kernel: 3,
  conditions: false,
  featureMean: new Float32Array(48),
  featureStd: new Float32Array(48).fill(1),
};

export async function headCases(): Promise<HeadCase[]> {
  const { config } = await loadBundle(DEFAULT_BUNDLE);
  return [
    { name: 'paper', title: "the paper's head", shape: PAPER_HEAD },
    { name: 'default', title: `the head of ${config.name}`, shape: headShape(config) },
  ];
}

/** Maps that the head gathers: V_t, 2k locals, n globals. */
export const gathered = (shape: HeadShape): number => 1 + 2 * shape.k + shape.n;

export function describe(shape: HeadShape): string {
  const { channels, height, width, blockWidth, joints, kernel } = shape;
  const enhancement = shape.enhancement ? '' : ', no enhancement';
  return `${gathered(shape)} maps of ${channels}×${height}×${width}, blocks of ${blockWidth}, ${joints} joints, ${kernel}×${kernel}${enhancement}`;
}
