import { GlposeError } from '../../errors.js';
import { COCO_JOINTS } from '../../joints.js';
import type { Activation, ConvLayer, Layer, MapShape, Network } from '../../native/network.js';
import { floatAttribute, intAttribute, type GraphNode, type OnnxGraph } from '../graph.js';
import { DISTANCE_OFFSET } from '../located-joints.js';
import { simplify } from '../simplify.js';
import { foldWeightedHeatmaps, WEIGHTED_HEATMAPS } from './weighted-heatmaps.js';
import { movingWindow, resampling } from './spatial.js';

/** The operator that keeps a graph from running on the addon's own kernels. */
export interface MissingOperator {
  op: string;
  /** The tensor that it makes. */
  tensor: string;
  /** What about it is not known; empty where the operator as such is not. */
  why: string;
}

export type Lowered = { network: Network; missing: null } | { network: null; missing: MissingOperator };

/** One line for reports: `ArgMax joints.person`, `Conv stem (dilations 2×2)`. */
export function describeMissing({ op, tensor, why }: MissingOperator): string {
  return `${op} ${tensor}${why === '' ? '' : ` (${why})`}`;
}

/** Values of one map, and channels, that the addon takes. */
const MOST_VALUES = 2 ** 26;
const MOST_CHANNELS = 2 ** 13;
const LARGEST_KERNEL = 7;
/** One person's, in `expectedJoints`: y, x, known. */
const EXPECTED_VALUES = 3 * COCO_JOINTS.length;
const LINEAR: Activation = { kind: 'linear' };

/**
 * Brings a graph into the form that the addon runs: a list of layers with their weights. Constants and BatchNorm are folded;
 * additions, activations and enlargements go into the layers that they follow or precede.
 * @param graph is simplified in place
 * @param input shape of the image, and the inputs' names
 * @param outputs tensors to give back; what they do not need is left out. Default: the graph's outputs
 * @returns the layers; or, where the graph needs something else, the first such operator
 * @throws MODEL where the graph contradicts itself
 */
export function lower(graph: OnnxGraph, input: ImageInput, outputs: readonly string[] = graph.outputs): Lowered {
  simplify(graph);
  foldWeightedHeatmaps(graph);
  try {
    return { network: new Lowering(graph, input, outputs).run(), missing: null };
  } catch (thrown) {
    if (!(thrown instanceof NotKnown)) throw thrown;
    return { network: null, missing: thrown.operator };
  }
}

/** The input that becomes map 0, and what goes with it. */
export interface ImageInput extends MapShape {
  /** Default: the graph's first input. */
  name?: string;
  /** The input [N, 17, 3] that says where joints are expected, as in a bundle's configuration: map 1, of 51 channels. */
  expectedJoints?: string;
}

/** Thrown at the first operator that has no layer. */
class NotKnown extends Error {
  constructor(readonly operator: MissingOperator) {
    super('an operator is not known');
  }
}

/**
 * A tensor on its way into a layer. A convolution or a sum that one operator alone reads waits for it: an addition or an
 * activation becomes part of the layer.
 */
type Value =
  | { kind: 'map'; shape: MapShape; map: number; factor: number }
  | { kind: 'conv'; shape: MapShape; layer: Omit<ConvLayer, 'out' | 'activation' | 'weight'>; weight: Weight }
  | { kind: 'sum'; shape: MapShape; name: string; terms: Exclude<Value, { kind: 'sum' }>[] };

/** Weights of a convolution, whose bytes are not made before the addon asks for them. */
type Weight = NonNullable<ReturnType<OnnxGraph['floatBytes']>>;

class Lowering {
  private readonly maps: MapShape[];
  private readonly inputs: number;
  private readonly layers: Layer[] = [];
  private readonly values = new Map<string, Value>();
  private readonly expectedJoints: string | undefined;
  private readonly needed: GraphNode[];
  /** How often each tensor is read, as an output too. */
  private readonly uses = new Map<string, number>();

  constructor(
    private readonly graph: OnnxGraph,
    { name: image, expectedJoints, ...shape }: ImageInput,
    private readonly outputs: readonly string[],
  ) {
    this.expectedJoints = expectedJoints;
    this.maps = expectedJoints === undefined ? [shape] : [shape, { channels: EXPECTED_VALUES, height: 1, width: 1 }];
    this.inputs = this.maps.length;
    this.values.set(image ?? graph.inputs[0], { kind: 'map', shape, map: 0, factor: 1 });

    for (const name of outputs) this.uses.set(name, 1);
    this.needed = [...graph.nodes].reverse().filter((node) => node.outputs.some((name) => this.uses.has(name))
      && (node.inputs.forEach((name) => this.uses.set(name, (this.uses.get(name) ?? 0) + 1)), true)).reverse(); // prettier-ignore
  }

  run(): Network {
    for (const node of this.needed) {
      const value = this.lower(node);
      const [name] = node.outputs;
      this.values.set(name, this.uses.get(name) === 1 ? value : this.asMap(this.settle(value), value.shape));
    }
    const outputs = this.outputs.map((name) => {
      const value = this.values.get(name);
      if (!value) throw new NotKnown({ op: 'Output', tensor: name, why: 'no operator makes it' });
      return this.settle(value);
    });
    return { maps: this.maps, inputs: this.inputs, layers: this.layers, outputs };
  }

  private lower(node: GraphNode): Value {
    const { op, outputs } = node;
    if (op === WEIGHTED_HEATMAPS.op && node.domain === WEIGHTED_HEATMAPS.domain) return this.weightedHeatmaps(node);
    if (node.domain !== '') this.notKnown(node, `domain ${node.domain}`);
    if (outputs.slice(1).some((name) => this.uses.has(name))) this.notKnown(node, 'more than one output');
    switch (op) {
      case 'Conv':
        return this.conv(node);
      case 'Add':
      case 'Sum':
        return this.sum(node);
      case 'Relu':
        return this.activated(node, { kind: 'clip', low: 0, high: Infinity });
      case 'Clip':
        return this.activated(node, this.clip(node));
      case 'Sigmoid':
        return this.activated(node, { kind: 'sigmoid' });
      case 'Mul':
        return this.product(node);
      case 'Concat':
        return this.concat(node);
      case 'Resize':
      case 'Upsample':
        return this.resize(node);
      case 'MaxPool':
      case 'AveragePool':
      case 'GlobalAveragePool':
        return this.pool(node);
      default:
        return this.notKnown(node);
    }
  }

  private conv(node: GraphNode): Value {
    const source = this.input(node, 0);
    const [, weightName, biasName] = node.inputs;
    const weight = this.graph.floatBytes(weightName);
    const bias = biasName ? this.graph.float(biasName)?.data : undefined;
    if (!weight || (biasName && !bias)) return this.notKnown(node, 'its weights are not constants');
    if (weight.dims.length !== 4) return this.notKnown(node, `weights of ${weight.dims.length} dimensions`);
    const [channels, perGroup, kernelHeight, kernelWidth] = weight.dims;
    const group = intAttribute(node, 'group') ?? 1;
    const { shape } = source;
    if (perGroup * group !== shape.channels || channels < 1 || (bias && bias.length !== channels)) {
      this.contradiction(
        node,
        `weights [${weight.dims.join(', ')}] in ${group} groups for a map of ${shape.channels} channels`,
      );
    }
    const depthwise = group > 1 && perGroup === 1 && channels === group;
    if (group !== 1 && !depthwise) return this.notKnown(node, `${group} groups`);
    const moving = movingWindow(node, [kernelHeight, kernelWidth], shape.height, shape.width);
    if (typeof moving === 'string') return this.notKnown(node, moving);
    const { stride, rows, columns } = moving;
    if (kernelHeight !== kernelWidth || kernelHeight > LARGEST_KERNEL) {
      return this.notKnown(node, `a kernel of ${kernelHeight}×${kernelWidth}`);
    }
    if (stride > 2) return this.notKnown(node, `strides ${stride}×${stride}`);
    return {
      kind: 'conv',
      shape: this.shape(node, channels, rows.size, columns.size),
      layer: {
        op: 'conv',
        name: node.outputs[0],
        source: this.settle(source),
        addend: null,
        kernel: kernelHeight,
        stride,
        padTop: rows.pad,
        padLeft: columns.pad,
        depthwise,
        bias: bias ?? new Float32Array(channels),
      },
      weight,
    };
  }

  private sum(node: GraphNode): Value {
    const values = node.inputs.map((_, i) => this.input(node, i));
    const [{ shape }] = values;
    if (values.some((value) => !sameShape(value.shape, shape))) return this.notKnown(node, 'maps of different shapes');
    // A sum that nothing else reads grows.
    const longest = values.reduce((a, b) => (termCount(b) > termCount(a) ? b : a));
    const terms = longest.kind === 'sum' ? longest.terms : [longest];
    for (const value of values) {
      if (value === longest) continue;
      for (const term of value.kind === 'sum' ? value.terms : [value]) terms.push(term);
    }
    if (values.filter((value) => value === longest).length > 1) return this.notKnown(node, 'a map added to itself');
    return { kind: 'sum', shape, name: node.outputs[0], terms };
  }

  private activated(node: GraphNode, activation: Activation): Value {
    const value = this.input(node, 0);
    return this.asMap(this.settle(value, activation, node.outputs[0]), value.shape);
  }

  private clip(node: GraphNode): Activation {
    const bound = (name: 'min' | 'max', index: number, none: number): number => {
      const input = node.inputs[index];
      if (!input) return floatAttribute(node, name) ?? none;
      const constant = this.graph.float(input);
      if (constant?.data.length !== 1) return this.notKnown(node, 'its bounds are not constants');
      return constant.data[0];
    };
    const [low, high] = [bound('min', 1, -Infinity), bound('max', 2, Infinity)];
    if (!(low <= high)) return this.notKnown(node, `bounds ${low} and ${high}`);
    return { kind: 'clip', low, high };
  }

  private product(node: GraphNode): Value {
    const [a, b] = [this.input(node, 0), this.input(node, 1)];
    if (!sameShape(a.shape, b.shape)) return this.notKnown(node, 'maps of different shapes');
    const sources: [number, number] = [this.settle(a), this.settle(b)];
    return this.emit(a.shape, (out) => ({ op: 'product', name: node.outputs[0], sources, out }));
  }

  private concat(node: GraphNode): Value {
    const values = node.inputs.map((_, i) => this.input(node, i));
    if (values.length === 0) return this.notKnown(node, 'of nothing');
    const [{ shape }] = values;
    if (![1, -3].includes(intAttribute(node, 'axis') ?? 0)) return this.notKnown(node, 'not of channels');
    if (values.some(({ shape: { height, width } }) => height !== shape.height || width !== shape.width)) {
      this.contradiction(node, 'it joins maps of different sizes');
    }
    const channels = values.reduce((total, value) => total + value.shape.channels, 0);
    const sources = values.map((value) => this.settle(value));
    const joined = this.shape(node, channels, shape.height, shape.width);
    return this.emit(joined, (out) => ({ op: 'concat', name: node.outputs[0], sources, out }));
  }

  private resize(node: GraphNode): Value {
    const value = this.input(node, 0);
    const { channels, height, width } = value.shape;
    const resampled = resampling(this.graph, node, height, width);
    if (typeof resampled === 'string') return this.notKnown(node, resampled);
    const source = this.settle(value);
    if ('factor' in resampled) {
      const { factor } = resampled;
      return { kind: 'map', shape: this.shape(node, channels, factor * height, factor * width), map: source, factor };
    }
    const { rows, columns } = resampled;
    const shape = this.shape(node, channels, rows.first.length, columns.first.length);
    return this.emit(shape, (out) => ({ op: 'resize', name: node.outputs[0], source, rows, columns, out }));
  }

  private pool(node: GraphNode): Value {
    const value = this.input(node, 0);
    const { channels, height, width } = value.shape;
    const whole = node.op === 'GlobalAveragePool';
    const moving = whole ? wholeMap(height, width) : movingWindow(node, null, height, width);
    if (typeof moving === 'string') return this.notKnown(node, moving);
    if (intAttribute(node, 'count_include_pad')) return this.notKnown(node, 'count_include_pad');
    const source = this.settle(value);
    const { kernel, stride, rows, columns } = moving;
    return this.emit(this.shape(node, channels, rows.size, columns.size), (out) => ({
      op: 'pool',
      name: node.outputs[0],
      kind: node.op === 'MaxPool' ? 'max' : 'average',
      source,
      kernelHeight: kernel[0],
      kernelWidth: kernel[1],
      stride,
      padTop: rows.pad,
      padLeft: columns.pad,
      out,
    }));
  }

  private weightedHeatmaps(node: GraphNode): Value {
    const values = [0, 1, 2].map((i) => this.input(node, i));
    if (node.inputs[3] !== this.expectedJoints) return this.notKnown(node, 'nobody says where joints are expected');
    const { height, width } = values[0].shape;
    [COCO_JOINTS.length, 2 * COCO_JOINTS.length, 1].forEach((channels, i) => {
      if (sameShape(values[i].shape, { channels, height, width })) return;
      this.contradiction(node, `${node.inputs[i]} is not of ${channels}×${height}×${width}`);
    });
    const [heatmaps, regress, center] = values.map((value) => this.settle(value));
    const layer = { op: 'locate' as const, name: node.outputs[0], heatmaps, regress, center, expected: 1 };
    return this.emit(values[0].shape, (out) => ({ ...layer, offset: DISTANCE_OFFSET, out }));
  }

  /** The map of an operator's input. */
  private input(node: GraphNode, index: number): Value {
    const name = node.inputs[index];
    const value = name ? this.values.get(name) : undefined;
    return value ?? this.notKnown(node, this.graph.isConstant(name) ? 'with a constant' : 'an input that is no map');
  }

  private shape(node: GraphNode, channels: number, height: number, width: number): MapShape {
    if (channels > MOST_CHANNELS || channels * height * width > MOST_VALUES) {
      this.notKnown(node, `a map of ${channels}×${height}×${width}`);
    }
    return { channels, height, width };
  }

  private asMap(map: number, shape: MapShape): Value {
    return { kind: 'map', shape, map, factor: 1 };
  }

  private emit(shape: MapShape, layer: (out: number) => Layer): Value {
    this.maps.push(shape);
    this.layers.push(layer(this.maps.length - 1));
    return this.asMap(this.maps.length - 1, shape);
  }

  /** Makes a value a map, with what follows in the same layer. */
  private settle(value: Value, activation: Activation = LINEAR, name?: string): number {
    if (value.kind === 'map' && value.factor === 1 && activation.kind === 'linear') return value.map;
    if (value.kind === 'conv') return this.emitConv(value, null, activation);
    const terms = value.kind === 'sum' ? value.terms : [value];
    const convs = terms.filter((term) => term.kind === 'conv');
    const maps = terms.filter((term) => term.kind === 'map');
    const called = name ?? (value.kind === 'sum' ? value.name : `${value.map}`);

    // Maps first; then each convolution adds to what is there already.
    let sum: number | null = null;
    if (maps.length === 1 && maps[0].factor === 1 && convs.length > 0) sum = maps[0].map;
    else if (maps.length > 0) {
      const last = convs.length === 0;
      const layer = { op: 'sum' as const, name: called, terms: maps.map(({ map, factor }) => ({ map, factor })) };
      sum = mapOf(this.emit(value.shape, (out) => ({ ...layer, activation: last ? activation : LINEAR, out })));
    }
    convs.forEach((conv, i) => {
      sum = this.emitConv(conv, sum, i === convs.length - 1 ? activation : LINEAR);
    });
    return sum!;
  }

  private emitConv(
    { shape, layer, weight }: Extract<Value, { kind: 'conv' }>,
    addend: number | null,
    activation: Activation,
  ): number {
    const emitted = this.emit(shape, (out) => ({
      ...layer,
      addend,
      activation,
      out,
      get weight() {
        return weight.bytes;
      },
    }));
    return mapOf(emitted);
  }

  private notKnown({ op, outputs }: GraphNode, why = ''): never {
    throw new NotKnown({ op, tensor: outputs[0], why });
  }

  private contradiction({ op, outputs }: GraphNode, what: string): never {
    const problem = `${this.graph.file}: ${op} ${outputs[0]}: ${what}`;
    throw new GlposeError('MODEL', problem, 'Export the network, or copy the file, again.');
  }
}

const mapOf = (value: Value): number => (value as Extract<Value, { kind: 'map' }>).map;

const termCount = (value: Value): number => (value.kind === 'sum' ? value.terms.length : 1);

const sameShape = (a: MapShape, b: MapShape): boolean =>
  a.channels === b.channels && a.height === b.height && a.width === b.width;

function wholeMap(height: number, width: number): Exclude<ReturnType<typeof movingWindow>, string> {
  const one = { pad: 0, size: 1 };
  return { kernel: [height, width], stride: 1, rows: one, columns: one };
}
