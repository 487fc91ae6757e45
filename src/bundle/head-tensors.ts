import { GlposeError } from '../errors.js';
import { CONDITION_JOINTS } from '../joints.js';
import type { HeadShape, Tensor } from '../native/contract.js';

/** The tensors of a GLPose head by name, with their shapes: exactly these must stand in head.safetensors. */
export function headTensorShapes(
  head: Pick<
    HeadShape,
    'channels' | 'blockWidth' | 'joints' | 'k' | 'n' | 'enhancement' | 'enhancementBlocks' | 'kernel' | 'conditions'
  >,
): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  const batchNorm = (prefix: string, channels: number): void => {
    for (const part of ['weight', 'bias', 'running_mean', 'running_var']) shapes.set(`${prefix}.${part}`, [channels]);
  };
  const basicBlock = (prefix: string, from: number, to: number, projected = from !== to): void => {
    shapes.set(`${prefix}.conv1.weight`, [to, from, 3, 3]);
    batchNorm(`${prefix}.bn1`, to);
    shapes.set(`${prefix}.conv2.weight`, [to, to, 3, 3]);
    batchNorm(`${prefix}.bn2`, to);
    if (!projected) return; // the shortcut is the identity
    shapes.set(`${prefix}.shortcut.conv.weight`, [to, from, 1, 1]);
    batchNorm(`${prefix}.shortcut.bn`, to);
  };
  const { channels: C, blockWidth: width } = head;
  const conditions = head.conditions ? conditionChannels(head.k) : 0;
  basicBlock('aggregation.0', (1 + 2 * head.k + head.n) * C + conditions, width, true); // Eq. 4
  basicBlock('aggregation.1', width, width);
  basicBlock('aggregation.2', width, width);
  if (head.enhancement) {
    basicBlock('psi', C, width); // Eq. 5
    for (let i = 0; i < head.enhancementBlocks; i++) {
      basicBlock(`enhancement.${i}`, i === 0 ? width + C : width, width);
    }
  }
  shapes.set('head.weight', [head.joints, width, head.kernel, head.kernel]);
  shapes.set('head.bias', [head.joints]);
  return shapes;
}

/**
 * Channels of the conditions: in the key one for each joint, of the own person, then of the others; in each of the 2k local frames
 * one of the own person, one of the others.
 */
export function conditionChannels(k: number): number {
  return 2 * CONDITION_JOINTS.length + 4 * k;
}

/**
 * Checks that a file's tensors are those of the head: none missing, none too many, right shapes, finite values.
 * @throws MODEL naming the first tensor that does not fit
 */
export function checkHeadTensors(
  tensors: ReadonlyMap<string, Tensor>,
  head: Parameters<typeof headTensorShapes>[0],
  file: string,
): void {
  const fail: (problem: string) => never = (problem) => {
    throw new GlposeError(
      'MODEL',
      `${file}: ${problem}`,
      'The head and config.json must come from the same training run.',
    );
  };
  const expected = headTensorShapes(head);
  for (const [name, shape] of expected) {
    const tensor = tensors.get(name) ?? fail(`tensor ${name} [${shape.join(', ')}] is missing`);
    if (tensor.shape.join() !== shape.join()) {
      fail(`tensor ${name} is [${tensor.shape.join(', ')}]; config.json asks for [${shape.join(', ')}]`);
    }
    if (!tensor.data.every(Number.isFinite)) fail(`tensor ${name} holds values that are not finite`);
    if (name.endsWith('running_var') && tensor.data.some((variance) => variance < 0)) {
      fail(`tensor ${name} holds a negative variance`);
    }
  }
  for (const name of tensors.keys()) if (!expected.has(name)) fail(`tensor ${name} is not part of this head`);
}
