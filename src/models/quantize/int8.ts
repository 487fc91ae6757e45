/*
 * Static int8 quantisation as QuantizeLinear/DequantizeLinear pairs (QDQ), which ONNX Runtime fuses into integer operators.
 *
 *   weights      int8, symmetric, a scale per output channel, 7 of the 8 bits
 *   activations  uint8, a scale and a zero point per tensor
 *   biases       int32, of scale (activation's · weight's), exactly
 *
 * A ReLU (or a Clip from 0) behind a convolution or a sum costs nothing: its result's zero point is 0, and the integer operator
 * saturates there. A Resize that repeats values gives its result the scale of what it reads, and runs on the integers.
 *
 * The ends of the network stay in float32: what reads the image, whose error every layer would inherit; what makes an output,
 * whose rounding nothing evens out; and heads behind a feature map. They are a small part of the work.
 */
import type { ActivationStatistics } from './activation-statistics.js';
import { newNode, textAttribute, type FloatTensor, type GraphNode, type OnnxGraph } from '../../onnx/graph.js';

/**
 * Weights are levels of ±63: x86 processors without VNNI add two products of a uint8 and an int8 in 16 bits, which saturate from
 * ±65 on. With all 8 bits a network would give other poses there than where its accuracy was measured.
 */
const LARGEST_WEIGHT = 63;

/** What becomes of a graph. */
export interface Int8Plan {
  /** Operators that will run on integers. */
  operators: Set<GraphNode>;
  /** The result of each of them, behind its activation function. */
  resultOf: Map<GraphNode, string>;
  /** Every tensor that is to be quantised, with the largest value that its Clip lets through. */
  tensors: Map<string, { most: number }>;
  /** Tensors that take the scale of another one. */
  scaleOf: Map<string, string>;
}

/** Decides which operators become integer ones. The graph must have been simplified. */
export function planInt8(graph: OnnxGraph): Int8Plan {
  const readers = graph.consumers();
  const outputs = new Set(graph.outputs);
  const plan: Int8Plan = { operators: new Set(), resultOf: new Map(), tensors: new Map(), scaleOf: new Map() };
  const candidates = new Set(graph.nodes.filter((node) => canBeInt8(graph, node)));
  const clipOf = new Map<string, number>();
  for (const node of candidates) {
    const { result, most } = behindActivation(graph, node, readers, outputs);
    plan.resultOf.set(node, result);
    clipOf.set(result, most);
  }
  const inFloat = endsOf(graph, candidates);
  for (const node of candidates) {
    const result = plan.resultOf.get(node)!;
    if (inFloat.has(node) || inFloat.has(result)) continue;
    plan.operators.add(node);
    for (const name of [...activationInputs(node), result]) {
      plan.tensors.set(name, { most: clipOf.get(name) ?? Infinity });
    }
    if (node.op === 'Resize') plan.scaleOf.set(result, node.inputs[0]);
  }
  return plan;
}

/**
 * The ends of a network, which stay in float32: the candidates that read its input, the tensors that become an output with no
 * candidate in between, and the candidates behind an output, such as the heads behind a feature map.
 */
function endsOf(graph: OnnxGraph, candidates: ReadonlySet<GraphNode>): Set<GraphNode | string> {
  const ends = new Set<GraphNode | string>(graph.outputs);
  for (const node of [...graph.nodes].reverse()) {
    if (!candidates.has(node) && node.outputs.some((name) => ends.has(name)))
      node.inputs.forEach((name) => ends.add(name));
  }
  const behindOutput = new Set(graph.outputs);
  for (const node of graph.nodes) {
    const behind = node.inputs.some((name) => behindOutput.has(name));
    if (behind) node.outputs.forEach((name) => behindOutput.add(name));
    if (behind || node.inputs.some((name) => graph.inputs.includes(name))) ends.add(node);
  }
  return ends;
}

/**
 * Rewrites the graph with its integer operators.
 * @param statistics of every tensor of the plan
 */
export function toInt8(graph: OnnxGraph, plan: Int8Plan, statistics: ReadonlyMap<string, ActivationStatistics>): void {
  new Int8Writer(graph, plan, statistics).write();
}

/** Convolutions with constant weights, sums of two tensors, and resizing that repeats values. */
function canBeInt8(graph: OnnxGraph, node: GraphNode): boolean {
  const { op, domain, inputs } = node;
  if (domain !== '' || inputs.length === 0 || graph.isConstant(inputs[0])) return false;
  if (op === 'Conv')
    return graph.float(inputs[1])?.dims.length === 4 && (!inputs[2] || graph.float(inputs[2]) !== undefined);
  if (op === 'Add') return !graph.isConstant(inputs[1]);
  return op === 'Resize' && (textAttribute(node, 'mode') ?? 'nearest') === 'nearest';
}

function activationInputs({ op, inputs }: GraphNode): string[] {
  return op === 'Add' ? inputs : inputs.slice(0, 1);
}

/** The tensor that an integer operator can give directly: its own output, or that of the ReLU or Clip which alone reads it. */
function behindActivation(
  graph: OnnxGraph,
  { op, outputs: [output] }: GraphNode,
  readers: ReadonlyMap<string, GraphNode[]>,
  outputs: ReadonlySet<string>,
): { result: string; most: number } {
  const own = { result: output, most: Infinity };
  const [next, ...others] = readers.get(output) ?? [];
  if (op === 'Resize' || !next || others.length > 0 || outputs.has(output)) return own;
  if (next.op === 'Relu') return { result: next.outputs[0], most: Infinity };
  if (next.op !== 'Clip') return own;
  const [low, high] = [1, 2].map((at) => (next.inputs[at] ? graph.float(next.inputs[at])?.data[0] : undefined));
  const clipsFromZero = low === 0 && (high !== undefined || !next.inputs[2]);
  return clipsFromZero ? { result: next.outputs[0], most: high ?? Infinity } : own;
}

/** A tensor's quantisation: value = scale · (level − zero), level 0–255. */
interface Levels {
  scale: number;
  zero: number;
}

class Int8Writer {
  private readonly levels = new Map<string, Levels>();

  constructor(
    private readonly graph: OnnxGraph,
    private readonly plan: Int8Plan,
    private readonly statistics: ReadonlyMap<string, ActivationStatistics>,
  ) {}

  write(): void {
    const { graph, plan } = this;
    for (const [name, { most }] of plan.tensors) {
      let source = name;
      while (plan.scaleOf.has(source)) source = plan.scaleOf.get(source)!;
      const { most: limit } = plan.tensors.get(source) ?? { most };
      this.levels.set(name, levelsOf(this.statistics.get(source)!, limit));
    }
    const madeOfIntegers = new Set([...plan.operators].map((node) => plan.resultOf.get(node)!));
    const nodes: GraphNode[] = [];
    for (const name of graph.inputs) if (plan.tensors.has(name)) nodes.push(...this.pair(name));
    for (const node of graph.nodes) {
      const integer = plan.operators.has(node);
      if (integer && node.op === 'Conv') nodes.push(...this.quantiseWeights(node));
      node.inputs = node.inputs.map((name) =>
        plan.tensors.has(name) && (integer || madeOfIntegers.has(name)) ? restored(name) : name,
      );
      nodes.push(node);
      for (const name of node.outputs) if (plan.tensors.has(name)) nodes.push(...this.pair(name));
    }
    graph.nodes = nodes;
  }

  /** Quantises a tensor and restores it. */
  private pair(name: string): GraphNode[] {
    const { scale, zero } = this.levels.get(name)!;
    const scaleName = this.graph.setConstant(`${name}.uint8.scale`, [], Float32Array.of(scale));
    const zeroName = this.graph.setConstant(`${name}.uint8.zero`, [], Uint8Array.of(zero));
    return [
      newNode('QuantizeLinear', [name, scaleName, zeroName], `${name}.uint8`),
      newNode('DequantizeLinear', [`${name}.uint8`, scaleName, zeroName], restored(name)),
    ];
  }

  /** Replaces a convolution's weights and bias by integers. @returns the operators that restore them */
  private quantiseWeights(conv: GraphNode): GraphNode[] {
    const { graph } = this;
    const weight = graph.float(conv.inputs[1])!;
    const bias = conv.inputs[2] ? graph.float(conv.inputs[2])! : undefined;
    const [outputs] = weight.dims;
    const filter = weight.data.length / outputs;
    const input = conv.inputs[0];
    const { scale: inputScale } = this.levels.get(input)!;
    const scales = weightScales(weight, bias, inputScale);
    const levels = Int8Array.from(weight.data, (value, i) => nearestEven(value / scales[Math.floor(i / filter)]));
    const corrected = correctedBias(weight, levels, scales, bias, this.statistics.get(input)?.means ?? []);

    const name = `${conv.outputs[0]}.int8`;
    const restore = (
      part: string,
      dims: readonly number[],
      values: Int8Array | Int32Array,
      scale: Float32Array,
    ): GraphNode => {
      const zeros = values instanceof Int8Array ? new Int8Array(outputs) : new Int32Array(outputs);
      return newNode(
        'DequantizeLinear',
        [
          graph.setConstant(`${name}.${part}.levels`, dims, values),
          graph.setConstant(`${name}.${part}.scale`, [outputs], scale),
          graph.setConstant(`${name}.${part}.zero`, [outputs], zeros),
        ],
        `${name}.${part}`,
        { axis: 0 },
      );
    };
    const biasScales = scales.map((scale) => scale * inputScale); // in float32, as ONNX Runtime computes it
    const biasLevels = Int32Array.from(corrected, (value, o) => Math.round(value / biasScales[o]));
    conv.inputs = [input, `${name}.weight`, `${name}.bias`];
    return [restore('weight', weight.dims, levels, scales), restore('bias', [outputs], biasLevels, biasScales)];
  }
}

/** The float32 name of a tensor behind its quantisation. */
function restored(name: string): string {
  return `${name}.uint8.restored`;
}

function levelsOf(statistics: ActivationStatistics, most: number): Levels {
  const { low, high } = statistics.bestRange();
  // A Clip is dropped only where the largest level lies within it, in float32.
  const top = Math.min(high, most * (1 - 2 ** -20));
  const scale = Math.fround((top - low) / 255 || 1);
  return { scale, zero: Math.min(255, Math.max(0, Math.round(-low / scale))) };
}

/** A scale for each output channel: its largest weight is the largest level, and its bias fits 31 bits. */
function weightScales({ dims, data }: FloatTensor, bias: FloatTensor | undefined, inputScale: number): Float32Array {
  const filter = data.length / dims[0];
  return Float32Array.from({ length: dims[0] }, (_, o) => {
    let largest = 0;
    for (let i = o * filter; i < (o + 1) * filter; i++) largest = Math.max(largest, Math.abs(data[i]));
    const forBias = Math.abs(bias?.data[o] ?? 0) / inputScale / 2 ** 30;
    return Math.max(largest / LARGEST_WEIGHT, forBias) || 1;
  });
}

/**
 * The bias, plus what rounding the weights takes from each output on average (Nagel et al., ICCV 2019, Sec. 4.2).
 * @param means of the input's channels
 */
function correctedBias(
  { dims, data }: FloatTensor,
  levels: Int8Array,
  scales: Float32Array,
  bias: FloatTensor | undefined,
  means: readonly number[],
): number[] {
  const [outputs, perGroup, rows, columns] = dims;
  const groupOutputs = (outputs * perGroup) / means.length; // groups = input channels / channels per group
  return Array.from({ length: outputs }, (_, o) => {
    let shift = 0;
    const group = Math.floor(o / groupOutputs);
    for (let c = 0; c < perGroup; c++) {
      let lost = 0;
      const start = (o * perGroup + c) * rows * columns;
      for (let i = start; i < start + rows * columns; i++) lost += data[i] - levels[i] * scales[o];
      shift += lost * (means[group * perGroup + c] ?? 0);
    }
    return (bias?.data[o] ?? 0) + shift;
  });
}

function nearestEven(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(nearest - value) === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}
