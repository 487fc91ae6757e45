import { addWeightedHeatmaps } from '../located-joints.js';
import { OnnxBuilder } from '../onnx-builder.js';
import { OnnxGraph, type GraphNode } from '../graph.js';
import { parseOnnx } from '../onnx-model.js';
import { simplify } from '../simplify.js';

/** The one operator that stands for all that `addWeightedHeatmaps` adds; its inputs are heat maps, regress, center and expected. */
export const WEIGHTED_HEATMAPS = { domain: 'glpose', op: 'WeightedHeatmaps' } as const;

const INPUTS = { heatmap: 'heatmap', regress: 'regress', center: 'center', expected: 'expected' };

/** Operators that are looked for as a whole. */
interface Pattern {
  graph: OnnxGraph;
  makers: Map<string, GraphNode>;
  /** Makes the pattern's result. */
  root: GraphNode;
}

/** Puts one operator in the place of those of `addWeightedHeatmaps`, wherever a graph has exactly them. */
export function foldWeightedHeatmaps(graph: OnnxGraph): void {
  const pattern = weightedHeatmaps();
  const makers = makersOf(graph);
  graph.nodes = graph.nodes.map((node) => {
    const found = match(pattern, graph, makers, node);
    if (!found) return node;
    const inputs = Object.values(INPUTS).map((input) => found.get(input)!);
    return { ...WEIGHTED_HEATMAPS, inputs, outputs: node.outputs, attributes: new Map() };
  });
}

/** What the converter writes, as a graph of its own. */
function weightedHeatmaps(): Pattern {
  const onnx = new OnnxBuilder();
  for (const input of Object.values(INPUTS)) onnx.input(input, []);
  const output = addWeightedHeatmaps(onnx, INPUTS, 'pattern');
  onnx.output(output, []);
  const graph = new OnnxGraph(parseOnnx(onnx.build('pattern', ''), 'the weighted heat maps'));
  simplify(graph);
  const makers = makersOf(graph);
  return { graph, makers, root: makers.get(output)! };
}

const makersOf = ({ nodes }: OnnxGraph): Map<string, GraphNode> =>
  new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));

/**
 * Whether a graph has the pattern's operators, with `last` as the last one. The walk is as long as the pattern, however the graph is made.
 * @returns the graph's tensors by the pattern's; null where it is something else
 */
function match(
  pattern: Pattern,
  graph: OnnxGraph,
  makers: Map<string, GraphNode>,
  last: GraphNode,
): Map<string, string> | null {
  const tensors = new Map<string, string>();
  const sameTensor = (wanted: string, found: string): boolean => {
    const known = tensors.get(wanted);
    if (known !== undefined) return known === found;
    tensors.set(wanted, found);
    const maker = pattern.makers.get(wanted);
    if (maker) return sameNode(maker, makers.get(found));
    const constant = pattern.graph.constantBytes(wanted);
    return constant === undefined || graph.constantBytes(found)?.equals(constant) === true;
  };
  const sameNode = (wanted: GraphNode, found: GraphNode | undefined): boolean =>
    found?.op === wanted.op &&
    found.domain === wanted.domain &&
    found.outputs.length === 1 &&
    found.inputs.length === wanted.inputs.length &&
    sameAttributes(wanted, found) &&
    wanted.inputs.every((input, i) => sameTensor(input, found.inputs[i]));
  return sameNode(pattern.root, last) ? tensors : null;
}

function sameAttributes({ attributes: a }: GraphNode, { attributes: b }: GraphNode): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name)?.equals(value));
}
