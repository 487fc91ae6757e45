import { toFloat16 } from '../bundle/float16.js';
import { bytesField, floatField, varintField } from './protobuf.js';

/** TensorProto.DataType of the types that are written here. */
export const DATA_TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

const IR_VERSION = 8;

/** An operator's attribute: an integer, integers, text or (boxed, as JavaScript has one number type) a float. */
export type Attribute = number | number[] | string | { float: number };

/** A dimension: a fixed size, or the name of one that may vary. */
export type Dimension = number | string;

/**
 * Builds one ONNX graph of float32 tensors, node by node in the order of execution, and writes it. Equal calls give
 * equal bytes. Field numbers are those of onnx.proto.
 */
export class OnnxBuilder {
  private readonly nodes: Buffer[] = [];
  private readonly initializers = new Map<string, Buffer>();
  private readonly inputs: Buffer[] = [];
  private readonly outputs: Buffer[] = [];

  constructor(readonly opset = 13) {}

  /** Adds an operator with one output. @returns the output's name */
  node(op: string, inputs: string[], output: string, attributes: Record<string, Attribute> = {}): string {
    const encoded = Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value));
    this.nodes.push(encodeNode({ op, inputs, outputs: [output], attributes: encoded }));
    return output;
  }

  /** A float32 constant. @returns its name */
  float32(name: string, dims: number[], values: ArrayLike<number>): string {
    const bytes = Buffer.alloc(4 * values.length);
    for (let i = 0; i < values.length; i++) bytes.writeFloatLE(values[i], 4 * i);
    return this.initializer(name, 'float32', dims, bytes);
  }

  /**
   * A float32 tensor that is stored as float16 and cast in the graph; ONNX Runtime folds the cast when it loads.
   * @param values numbers, or the bit patterns of binary16 as a Uint16Array
   */
  float16(name: string, dims: number[], values: ArrayLike<number>): string {
    const bytes = Buffer.alloc(2 * values.length);
    const asBits = values instanceof Uint16Array;
    for (let i = 0; i < values.length; i++) bytes.writeUInt16LE(asBits ? values[i] : toFloat16(values[i]), 2 * i);
    this.initializer(`${name}.half`, 'float16', dims, bytes);
    return this.node('Cast', [`${name}.half`], name, { to: DATA_TYPE.float32 });
  }

  /** An int64 vector. @returns its name */
  int64(name: string, values: number[]): string {
    const bytes = Buffer.alloc(8 * values.length);
    values.forEach((value, i) => bytes.writeBigInt64LE(BigInt(value), 8 * i));
    return this.initializer(name, 'int64', [values.length], bytes);
  }

  /** Declares a float32 input of the graph. @returns its name */
  input(name: string, dims: Dimension[]): string {
    this.inputs.push(valueInfo(name, dims));
    return name;
  }

  /** Declares a tensor to be a float32 output of the graph. */
  output(name: string, dims: Dimension[]): void {
    this.outputs.push(valueInfo(name, dims));
  }

  /** The ONNX file. @param documentation free text that travels in it: source, terms */
  build(graphName: string, documentation: string): Buffer {
    const graph = bytesField(
      7,
      ...this.nodes.map((node) => bytesField(1, node)),
      bytesField(2, graphName),
      ...[...this.initializers.values()].map((tensor) => bytesField(5, tensor)),
      ...this.inputs.map((input) => bytesField(11, input)),
      ...this.outputs.map((output) => bytesField(12, output)),
    );
    const opset = bytesField(8, bytesField(1, ''), varintField(2, this.opset));
    return Buffer.concat([
      varintField(1, IR_VERSION),
      bytesField(2, 'glpose'),
      bytesField(6, documentation),
      graph,
      opset,
    ]);
  }

  private initializer(name: string, type: keyof typeof DATA_TYPE, dims: number[], bytes: Buffer): string {
    if (this.initializers.has(name)) throw new Error(`initializer ${name} is added twice`);
    this.initializers.set(name, encodeTensor(name, type, dims, bytes));
    return name;
  }
}

/** An operator as it is written: its attributes are AttributeProto messages. */
export interface EncodableNode {
  op: string;
  /** Of the operator; left out for the standard's. */
  domain?: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: readonly Uint8Array[];
}

/** A NodeProto; it is named as its first output. */
export function encodeNode({ op, domain, inputs, outputs, attributes }: EncodableNode): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => bytesField(1, name)),
    ...outputs.map((name) => bytesField(2, name)),
    bytesField(3, outputs[0]),
    bytesField(4, op),
    ...attributes.map((attribute) => bytesField(5, attribute)),
    ...(domain ? [bytesField(7, domain)] : []),
  ]);
}

/** A TensorProto. @param bytes the values, little-endian */
export function encodeTensor(
  name: string,
  type: keyof typeof DATA_TYPE,
  dims: readonly number[],
  bytes: Uint8Array,
): Buffer {
  const shape = dims.map((dim) => varintField(1, dim));
  return Buffer.concat([...shape, varintField(2, DATA_TYPE[type]), bytesField(8, name), bytesField(9, bytes)]);
}

/** An AttributeProto. */
export function encodeAttribute(name: string, value: Attribute): Buffer {
  const parts = [bytesField(1, name)];
  if (typeof value === 'string') parts.push(bytesField(4, value), varintField(20, ATTRIBUTE_TYPE.string));
  else if (typeof value === 'number') parts.push(varintField(3, value), varintField(20, ATTRIBUTE_TYPE.int));
  else if (Array.isArray(value)) {
    parts.push(...value.map((item) => varintField(8, item)), varintField(20, ATTRIBUTE_TYPE.ints));
  } else parts.push(floatField(2, value.float), varintField(20, ATTRIBUTE_TYPE.float));
  return Buffer.concat(parts);
}

function valueInfo(name: string, dims: Dimension[]): Buffer {
  const shape = dims.map((dim) => bytesField(1, typeof dim === 'number' ? varintField(1, dim) : bytesField(2, dim)));
  const tensorType = bytesField(1, varintField(1, DATA_TYPE.float32), bytesField(2, ...shape));
  return Buffer.concat([bytesField(1, name), bytesField(2, tensorType)]);
}
