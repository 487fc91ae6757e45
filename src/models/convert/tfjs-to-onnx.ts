import { GlposeError } from '../../errors.js';
import { OnnxBuilder } from '../../onnx/onnx-builder.js';
import {
  integersAttribute,
  textAttribute,
  textsAttribute,
  type TfjsModel,
  type TfjsNode,
  type TfjsWeight,
} from './tfjs.js';

/** Operators in a row, from the image to an output; MoveNet has about 150. */
const DEEPEST = 1000;

/** What to take out of a TFJS graph. */
export interface Subgraph {
  graphName: string;
  /** The tensor that becomes the input: the image as the first convolution reads it. */
  from: string;
  /** The input's name in the ONNX file; [N, 3, H, W]. */
  input: string;
  /** Height and width that constants of the TFJS graph were made for. */
  nominalSide: number;
  /** Output name in the ONNX file → tensor of the TFJS graph and its channels. */
  outputs: Record<string, { tensor: string; channels: number }>;
  /** Further inputs, for computed outputs: name → shape behind N. */
  inputs?: Record<string, readonly number[]>;
  /** Outputs that are computed from those: nodes of the ONNX graph behind the TFJS graph's. */
  computed?: Record<string, { channels: number; add: (onnx: OnnxBuilder, name: string) => void }>;
  /** Prefixes dropped from tensor names. */
  dropPrefixes: string[];
  /** Source and terms, written into the file. */
  documentation: string;
}

/**
 * Converts the fully convolutional part of a TFJS graph (NHWC) into an ONNX graph (NCHW) with free N, H and W. Weights
 * keep their float16 bits. Operators: convolutions (plain, depthwise, fused with bias and ReLU), addition, sigmoid and
 * bilinear doubling.
 * @throws MODEL at an operator that it does not know
 */
export function convertTfjs(model: TfjsModel, subgraph: Subgraph): Buffer {
  return new Converter(model, subgraph).convert();
}

class Converter {
  private readonly onnx = new OnnxBuilder();
  /** TFJS tensor → ONNX tensor, for those already emitted. */
  private readonly emitted = new Map<string, string>();
  /** TFJS tensors whose inputs are being emitted. */
  private readonly pending = new Set<string>();
  /** Input pixels per cell, by ONNX tensor. */
  private readonly strides = new Map<string, number>();
  /** TFJS tensor → name of the output that it becomes. */
  private readonly targets = new Map<string, string>();
  /** TFJS weight → ONNX tensor; a weight that several operators use is stored once. */
  private readonly stored = new Map<string, string>();
  /** Names of ONNX tensors. */
  private readonly names = new Set<string>();
  /** Shared constants that were emitted. */
  private readonly constants = new Set<string>();

  constructor(
    private readonly model: TfjsModel,
    private readonly subgraph: Subgraph,
  ) {
    for (const [name, { tensor }] of Object.entries(subgraph.outputs)) this.targets.set(tensor, name);
  }

  convert(): Buffer {
    const { input, from, inputs, outputs, computed, graphName, documentation } = this.subgraph;
    this.onnx.input(input, ['N', 3, 'H', 'W']);
    for (const [name, shape] of Object.entries(inputs ?? {})) this.onnx.input(name, ['N', ...shape]);
    this.emitted.set(from, input);
    this.strides.set(input, 1);
    for (const [name, { tensor, channels }] of Object.entries(outputs)) {
      this.emit(tensor);
      this.onnx.output(name, ['N', channels, 'h', 'w']);
    }
    for (const [name, { channels, add }] of Object.entries(computed ?? {})) {
      add(this.onnx, name);
      this.onnx.output(name, ['N', channels, 'h', 'w']);
    }
    return this.onnx.build(graphName, documentation);
  }

  /** Emits the node that makes a tensor, after those that it needs. @returns its ONNX name */
  private emit(tensor: string): string {
    const done = this.emitted.get(tensor);
    if (done !== undefined) return done;
    const node = this.model.nodes.get(tensor);
    if (!node) throw this.error(`tensor ${tensor} is missing`);
    if (this.pending.has(tensor)) throw this.error(`tensor ${tensor} depends on itself`);
    if (this.pending.size >= DEEPEST) throw this.error(`tensor ${tensor} is behind more than ${DEEPEST} operators`);
    this.pending.add(tensor);
    const short = this.targets.get(tensor) ?? this.shortName(tensor);
    if (this.names.has(short)) throw this.error(`two tensors would be called ${short}`);
    this.names.add(short);
    const name = this.emitNode(node, short);
    this.pending.delete(tensor);
    this.emitted.set(tensor, name);
    return name;
  }

  private emitNode(node: TfjsNode, name: string): string {
    switch (node.op) {
      case 'Conv2D':
      case '_FusedConv2D':
        return this.convolution(node, name, false);
      case 'DepthwiseConv2dNative':
      case 'FusedDepthwiseConv2dNative':
        return this.convolution(node, name, true);
      case 'AddV2':
        return this.sameStride(this.onnx.node('Add', [this.emit(node.input[0]), this.emit(node.input[1])], name), node);
      case 'Sigmoid':
        return this.sameStride(this.onnx.node('Sigmoid', [this.emit(node.input[0])], name), node);
      case 'ResizeBilinear':
        return this.doubling(node, name);
      default:
        throw this.error(`operator ${node.op} of ${node.name} is not known`);
    }
  }

  /** A convolution with its fused bias and activation. Kernels: HWIO → OIHW; depthwise HWC1 → C1HW. */
  private convolution(node: TfjsNode, name: string, depthwise: boolean): string {
    const x = this.emit(node.input[0]);
    const kernel = this.weight(node.input[1]);
    if (kernel.shape.length !== 4 || kernel.data.length === 0)
      throw this.error(`${node.name} has no kernel of four axes`);
    const [height, width, inner, outer] = kernel.shape;
    if (depthwise && outer !== 1) throw this.error(`${node.name} multiplies channels`);
    const dims = depthwise ? [inner, 1, height, width] : [outer, inner, height, width];
    const inputs = [
      x,
      this.once(`${node.input[1]} ${String(depthwise)}`, () =>
        this.onnx.float16(`${name}.weight`, dims, transpose(kernel, depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1])),
      ),
    ];

    const [bias, activation, ...more] = textsAttribute(node, 'fused_ops');
    if ((bias ?? 'BiasAdd') !== 'BiasAdd' || more.length > 0) throw this.error(`${node.name} fuses more than a bias`);
    if (bias) {
      const vector = this.weight(node.input[2]);
      inputs.push(this.once(node.input[2], () => this.onnx.float16(`${name}.bias`, vector.shape, vector.data)));
    }

    const stride = integersAttribute(node, 'strides')[1];
    if (stride !== 1 && stride !== 2) throw this.error(`${node.name} has a stride of ${stride}`);
    const padding = textAttribute(node, 'padding');
    if (padding !== 'SAME' && !(padding === 'VALID' && height === 1 && width === 1)) {
      throw this.error(`padding ${padding} of ${node.name} changes the map's size`);
    }
    const dilations = integersAttribute(node, 'dilations');
    if (dilations.some((dilation) => dilation !== 1)) throw this.error(`${node.name} is dilated`);
    const output = activation ? `${name}.linear` : name;
    this.onnx.node('Conv', inputs, output, {
      kernel_shape: [height, width],
      strides: [stride, stride],
      group: depthwise ? inner : 1,
      auto_pad: 'SAME_UPPER', // TensorFlow's SAME, whatever the input's size
    });
    this.strides.set(name, this.strideOf(x) * stride);
    if (!activation) return name;
    if (activation === 'Relu') return this.onnx.node('Relu', [output], name);
    if (activation === 'Relu6') return this.onnx.node('Clip', [output, this.scalar(0), this.scalar(6)], name);
    throw this.error(`activation ${activation} of ${node.name} is not known`);
  }

  /** Bilinear resizing to twice the size; the target size, a constant or computed, is checked to be that. */
  private doubling(node: TfjsNode, name: string): string {
    if (node.attr.align_corners?.b || !node.attr.half_pixel_centers?.b) {
      throw this.error(`${node.name} does not sample at pixel centres`);
    }
    const x = this.emit(node.input[0]);
    const stride = this.strideOf(x) / 2;
    const size = this.model.weights.get(node.input[1]);
    const factor = this.model.nodes.get(node.input[1])?.input.map((term) => this.model.weights.get(term)?.data);
    const doubles = size
      ? size.data.every((side) => side * stride === this.subgraph.nominalSide)
      : factor?.some((values) => values?.length === 2 && values.every((value) => value === 2));
    if (!doubles) throw this.error(`${node.name} does not double its map`);
    const scales = this.constant('doubling', [4], [1, 1, 2, 2]);
    this.strides.set(name, stride);
    return this.onnx.node('Resize', [x, '', scales], name, {
      mode: 'linear',
      coordinate_transformation_mode: 'half_pixel',
    });
  }

  /** The ONNX tensor of a weight, made at its first use. */
  private once(weight: string, make: () => string): string {
    const name = this.stored.get(weight) ?? make();
    this.stored.set(weight, name);
    return name;
  }

  private constant(name: string, dims: number[], values: number[]): string {
    if (!this.constants.has(name)) this.onnx.float32(name, dims, values);
    this.constants.add(name);
    return name;
  }

  private scalar(value: number): string {
    return this.constant(`scalar.${value}`, [], [value]);
  }

  private sameStride(name: string, node: TfjsNode): string {
    this.strides.set(name, this.strideOf(this.emit(node.input[0])));
    return name;
  }

  private strideOf(name: string): number {
    return this.strides.get(name)!;
  }

  private weight(name: string): TfjsWeight & { type: 'float16' } {
    const weight = this.model.weights.get(name);
    if (weight?.type !== 'float16') throw this.error(`weight ${name} is not stored as float16`);
    return weight;
  }

  private shortName(tensor: string): string {
    return this.subgraph.dropPrefixes.reduce(
      (name, prefix) => (name.startsWith(prefix) ? name.slice(prefix.length) : name),
      tensor,
    );
  }

  private error(problem: string): GlposeError {
    return new GlposeError(
      'MODEL',
      `${this.model.file}: ${problem}`,
      'The converter knows MoveNet of human-models 3.0.4.',
    );
  }
}

/** Permutes the axes of a 4-D tensor: axis i of the result is axis `order[i]` of the source. */
function transpose({ shape, data }: TfjsWeight & { type: 'float16' }, order: number[]): Uint16Array {
  const step = [shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3], 1];
  const [a, b, c, d] = order;
  const result = new Uint16Array(data.length);
  let at = 0;
  for (let i = 0; i < shape[a]; i++)
    for (let j = 0; j < shape[b]; j++)
      for (let k = 0; k < shape[c]; k++)
        for (let l = 0; l < shape[d]; l++) result[at++] = data[i * step[a] + j * step[b] + k * step[c] + l * step[d]];
  return result;
}
