import { GlposeError } from '../errors.js';
import type { OnnxModel, OnnxNode } from '../onnx/onnx-model.js';

/** Operators that hand a tensor on, as far as the topology is concerned. */
const TRANSPARENT = new Set(['Identity', 'Cast', 'Dropout', 'QuantizeLinear', 'DequantizeLinear']);
const UPSAMPLING = new Set(['Resize', 'Upsample', 'ConvTranspose']);
const ADDITION = new Set(['Add', 'Sum']);

/** Tensors visited below one ReLU: four terms, the sums that join them, and casts or quantisation around each. */
const SUM_LIMIT = 64;

/** Fuse layers that give branch 0, by stage, in every HRNet for poses. */
const MODULES = { 2: 1, 3: 4, 4: 3 } as const;

/**
 * Finds V = φ(F) of Eq. 1 in an HRNet: the output of stage 3, branch 0, behind the fuse layer's ReLU. Names differ from
 * exporter to exporter, so the topology decides. A fuse layer of branch 0 is a ReLU of a sum whose terms are the
 * branch itself, a ReLU's output, and the up-sampled other branches: one of them in stage 2, two in stage 3, three in
 * stage 4. Stage 3's output is that of its last module.
 * @returns the tensor's name
 * @throws MODEL where the graph does not have the modules of an HRNet
 */
export function findStage3Branch0({ file, nodes, initializers }: OnnxModel): string {
  const maker = new Map<string, OnnxNode>();
  const constants = new Set(initializers.map(({ name }) => name));
  for (const node of nodes) {
    for (const name of node.outputs) {
      maker.set(name, node);
      if (node.op === 'Constant') constants.add(name);
    }
  }
  /**
   * Operators whose outputs are summed up in `tensor`, constants left out; undefined for sums too large to be a fuse
   * layer's, which a graph made to waste time could hold.
   */
  const terms = (tensor: string): string[] | undefined => {
    const found: string[] = [];
    const queue = [tensor];
    for (let steps = 0; queue.length > 0; steps++) {
      if (steps === SUM_LIMIT || queue.length > SUM_LIMIT) return undefined;
      const name = queue.pop()!;
      if (constants.has(name)) continue;
      const node = maker.get(name);
      if (!node) found.push('input');
      else if (ADDITION.has(node.op)) for (const term of node.inputs) queue.push(term);
      else if (TRANSPARENT.has(node.op)) queue.push(node.inputs[0]);
      else found.push(node.op);
    }
    return found;
  };

  const fuses: Record<number, string[]> = { 2: [], 3: [], 4: [] };
  for (const node of nodes) {
    if (node.op !== 'Relu' || node.inputs.length !== 1) continue;
    const summed = terms(node.inputs[0]);
    if (!summed) continue;
    const upsampled = summed.filter((op) => UPSAMPLING.has(op)).length;
    const branches = summed.filter((op) => op === 'Relu').length;
    if (branches === 1 && summed.length === 1 + upsampled) fuses[1 + upsampled]?.push(node.outputs[0]);
  }
  const found = Object.entries(MODULES).map(([stage, count]) => [fuses[Number(stage)].length, count]);
  if (found.some(([have, want]) => have !== want)) {
    throw new GlposeError(
      'MODEL',
      `${file}: not the graph of an HRNet: stages 2, 3 and 4 have ${found.map(([have]) => have).join(', ')} fuse ` +
        `layers into branch 0, an HRNet has ${found.map(([, want]) => want).join(', ')}`,
      'If it is one, name the tensor of stage 3, branch 0, with --tensor.',
    );
  }
  return fuses[3].at(-1)!;
}
