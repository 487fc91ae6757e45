import { headShape, loadBundle, DEFAULT_BUNDLE } from '../bundle/bundle.js';
import { CONDITION_JOINTS } from '../joints.js';
import type { ExpectedJoints, HeadShape } from '../native/contract.js';

/** The heads that are measured and verified. */
export interface HeadCase {
  name: 'paper' | 'default' | 'counterpart';
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
  const shape = headShape(config);
  const { conditions } = shape;
  return [
    { name: 'paper', title: "the paper's head", shape: PAPER_HEAD },
    { name: 'default', title: `the head of ${config.name}`, shape },
    {
      name: 'counterpart',
      title: `the same ${conditions ? 'without' : 'with'} conditions`,
      shape: { ...shape, conditions: !conditions },
    },
  ];
}

/** Maps that the head gathers: V_t, 2k locals, n globals. */
export const gathered = (shape: HeadShape): number => 1 + 2 * shape.k + shape.n;

/**
 * Where joints might be expected about some keys, for a head with conditions: two people beside the own one.
 * @returns undefined for heads without
 */
export function someExpected({ conditions, k, width, height }: HeadShape, keys = 1): ExpectedJoints | undefined {
  if (!conditions) return undefined;
  const people = 3;
  const places = keys * (1 + 2 * k) * people * CONDITION_JOINTS.length;
  const points = Float32Array.from({ length: 2 * places }, (_, i) => (i * 7.3) % (i % 2 === 0 ? width : height));
  return { people, points };
}

export function describe(shape: HeadShape): string {
  const { channels, height, width, blockWidth, joints, kernel } = shape;
  const enhancement = shape.enhancement ? '' : ', no enhancement';
  const conditions = shape.conditions ? ', conditions' : '';
  return `${gathered(shape)} maps of ${channels}×${height}×${width}, blocks of ${blockWidth}, ${joints} joints, ${kernel}×${kernel}${enhancement}${conditions}`;
}
