import { GlposeError } from '../../errors.js';
import { floatAttribute, newNode, textAttribute, type GraphNode, type OnnxGraph } from '../../onnx/graph.js';

/** The first operator set in which weights can be quantised channel by channel. */
const PER_CHANNEL_OPSET = 13;
/** Operators that mean the same from opset 9 to 13. */
const UNCHANGED = new Set(
  (
    'Add AveragePool BatchNormalization Cast Clip Concat Constant Conv ConvTranspose Div Exp GlobalAveragePool Identity ' +
    'LeakyRelu MaxPool Mul Relu Reshape Resize Shape Sigmoid Sub Sum Tanh Transpose'
  ).split(' '),
);

/**
 * Brings a graph of an older operator set to 13.
 * @throws MODEL where it has an operator whose meaning changed
 */
export function raiseOpset(graph: OnnxGraph): void {
  if (graph.opset >= PER_CHANNEL_OPSET) return;
  const remedy = `Export the network again with opset ${PER_CHANNEL_OPSET} or newer.`;
  const changed = graph.nodes.find(({ op, domain }) => domain === '' && !UNCHANGED.has(op) && op !== 'Upsample');
  if (changed || graph.opset < 9) {
    const what = changed ? `${changed.op} of opset ${graph.opset}` : `opset ${graph.opset}`;
    throw new GlposeError('MODEL', `${graph.file}: ${what} cannot be quantised`, remedy);
  }
  graph.nodes = graph.nodes.map((node) => {
    if (graph.opset < 11 && (node.op === 'Upsample' || node.op === 'Resize')) return resizeOf11(graph, node);
    if (graph.opset < 11 && node.op === 'Clip') return clipOf11(graph, node);
    return node;
  });
  graph.opset = PER_CHANNEL_OPSET;
}

/** Upsample (9) and Resize (10) read (x, scales) and sample as `asymmetric` does; Resize (11) reads (x, region, scales). */
function resizeOf11(graph: OnnxGraph, node: GraphNode): GraphNode {
  const {
    inputs: [x, scales],
    outputs: [output],
  } = node;
  const mode = textAttribute(node, 'mode') ?? 'nearest';
  const region = graph.setConstant(`${output}.region`, [0], new Float32Array(0));
  return newNode('Resize', [x, region, scales], output, {
    mode,
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/** Clip had its limits as attributes before 11. */
function clipOf11(graph: OnnxGraph, node: GraphNode): GraphNode {
  const limits = ['min', 'max'].map((name) => {
    const value = floatAttribute(node, name);
    return value === undefined ? '' : graph.setConstant(`${node.outputs[0]}.${name}`, [], Float32Array.of(value));
  });
  return newNode('Clip', [node.inputs[0], ...limits], node.outputs[0]);
}
