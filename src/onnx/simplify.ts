import { floatAttribute, intAttribute, tensorAttribute, type GraphNode, type OnnxGraph } from './graph.js';
import { FLOAT32 } from './onnx-model.js';

/** BatchNormalization's default ε. */
const EPSILON = 1e-5;

/**
 * Brings a graph into its plainest form without changing what it computes: constants are constants (no Constant, no Cast of
 * them), operators that do nothing are gone, BatchNorm is folded into the convolution before it, and nothing is left that no
 * output needs.
 */
export function simplify(graph: OnnxGraph): void {
  removeIdle(graph);
  foldBatchNorm(graph);
  graph.prune();
}

/** Turns Constant operators and Casts of constants to float32 into constants, and takes out what hands its input on. */
function removeIdle(graph: OnnxGraph): void {
  const outputs = new Set(graph.outputs);
  const standsFor = new Map<string, string>();
  const cast = new Map<string, string>(); // a constant → it as float32
  graph.nodes = graph.nodes.filter((node) => {
    node.inputs = node.inputs.map((name) => standsFor.get(name) ?? name);
    const [output] = node.outputs;
    if (node.domain !== '' || outputs.has(output)) return true;
    const value = node.op === 'Constant' ? tensorAttribute(node, 'value') : undefined;
    if (value) {
      graph.adoptConstant(output, value);
      return false;
    }
    const floats = node.op === 'Cast' && intAttribute(node, 'to') === FLOAT32 ? graph.float(node.inputs[0]) : undefined;
    if (floats) {
      const [source] = node.inputs;
      const known = cast.get(source);
      if (known === undefined) cast.set(source, graph.setFloats(output, floats));
      else standsFor.set(output, known);
      return false;
    }
    const handedOn = handsOn(graph, node);
    if (handedOn === undefined) return true;
    standsFor.set(output, handedOn);
    return false;
  });
}

/** The input that an operator gives back unchanged; undefined where it does something. */
function handsOn(graph: OnnxGraph, { op, inputs, outputs }: GraphNode): string | undefined {
  if (op === 'Identity' || (op === 'Dropout' && outputs.length === 1)) return inputs[0];
  if (op !== 'Add') return undefined;
  const zero = inputs.findIndex((name) => {
    const tensor = graph.float(name);
    return tensor && tensor.dims.length <= 1 && tensor.data.length === 1 && tensor.data[0] === 0;
  });
  return zero < 0 ? undefined : inputs[1 - zero];
}

/** y = γ (conv(x) − μ) / √(σ² + ε) + β as one convolution. */
function foldBatchNorm(graph: OnnxGraph): void {
  const readers = graph.consumers();
  const outputs = new Set(graph.outputs);
  const folded = new Set<GraphNode>();
  for (const conv of graph.nodes) {
    const [norm, ...others] = readers.get(conv.outputs[0]) ?? [];
    if (conv.op !== 'Conv' || norm?.op !== 'BatchNormalization' || others.length > 0) continue;
    if (outputs.has(conv.outputs[0]) || norm.inputs[0] !== conv.outputs[0]) continue;
    const weight = graph.float(conv.inputs[1]);
    const bias = conv.inputs[2] ? graph.float(conv.inputs[2]) : undefined;
    const statistics = norm.inputs.slice(1).map((name) => graph.float(name));
    const channels = weight?.dims[0];
    if (!weight || (conv.inputs[2] && !bias) || statistics.length !== 4) continue;
    if (statistics.some((tensor) => tensor?.data.length !== channels)) continue;

    const [gamma, beta, mean, variance] = statistics.map((tensor) => tensor!.data);
    const epsilon = floatAttribute(norm, 'epsilon') ?? EPSILON;
    const scale = Array.from(gamma, (value, o) => value / Math.sqrt(variance[o] + epsilon));
    const filter = weight.data.length / gamma.length;
    const [output] = norm.outputs;
    conv.inputs = [
      conv.inputs[0],
      graph.setConstant(
        `${output}.folded.weight`,
        weight.dims,
        weight.data.map((value, i) => value * scale[Math.floor(i / filter)]),
      ),
      graph.setConstant(
        `${output}.folded.bias`,
        [gamma.length],
        beta.map((value, o) => value + ((bias?.data[o] ?? 0) - mean[o]) * scale[o]),
      ),
    ];
    conv.outputs = [output];
    folded.add(norm);
  }
  graph.nodes = graph.nodes.filter((node) => !folded.has(node));
}
