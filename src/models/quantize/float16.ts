import { LARGEST_FLOAT16, toFloat16 } from '../../bundle/float16.js';
import { FLOAT32 } from '../../onnx/onnx-model.js';
import { newNode, type GraphNode, type OnnxGraph } from '../../onnx/graph.js';

/** Operators whose second input is a weight. */
const WEIGHTED = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/**
 * Stores a graph's weights as float16, each with a Cast before its operator, which ONNX Runtime carries out once, when it loads:
 * the file is half as large, and runs as before. Biases stay as they are, and so do weights that float16 cannot hold.
 */
export function storeAsFloat16(graph: OnnxGraph): void {
  const casts = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    const [, weight] = node.inputs;
    if (!WEIGHTED.has(node.op) || node.domain !== '' || !weight) continue;
    const tensor = graph.float(weight);
    if (!tensor || tensor.data.some((value) => Math.abs(value) > LARGEST_FLOAT16)) continue;
    const half = `${weight}.half`;
    if (!casts.has(weight)) {
      graph.setConstant(half, tensor.dims, Uint16Array.from(tensor.data, toFloat16));
      casts.set(weight, newNode('Cast', [half], `${weight}.restored`, { to: FLOAT32 }));
    }
    node.inputs[1] = `${weight}.restored`;
  }
  graph.nodes = [...casts.values(), ...graph.nodes];
}
