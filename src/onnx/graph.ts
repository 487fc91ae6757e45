import { GlposeError } from '../errors.js';
import { fromFloat16 } from '../bundle/float16.js';
import { DATA_TYPE, encodeAttribute, encodeNode, encodeTensor, type Attribute } from './onnx-builder.js';
import { FLOAT32, GRAPH, MODEL_GRAPH, unsound, type OnnxModel, type OnnxNode } from './onnx-model.js';
import {
  bytesField,
  messageField,
  ProtobufError,
  readFields,
  readRepeatedVarint,
  readText,
  varintField,
} from './protobuf.js';
import { WireType, type Field } from './protobuf.js';

/** An operator that can be changed. */
export interface GraphNode {
  op: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  /** AttributeProto messages by name. */
  attributes: Map<string, Buffer>;
}

/** A constant of the graph: weights and the like. */
export interface FloatTensor {
  dims: number[];
  /** Decoded when it is first asked for: of millions of weights, often only the shapes are looked at. */
  readonly data: Float32Array;
}

/** Types of constants that can be added, by the arrays that hold them. */
type Values = Float32Array | Uint16Array | Uint8Array | Int8Array | Int32Array;

/** The first version of the file format in which constants need not be inputs, and every operator set here is known. */
const IR_VERSION = 8;

/** Bytes that constants may grow by: an int8 network keeps its float32 weights until it is written, shared ones once for each use. */
const MOST_ADDED = 64 * 2 ** 20;
const MOST_GROWTH = 8;

/**
 * An ONNX graph that can be changed: its operators as objects, its constants decoded when they are asked for. What the file says
 * about tensors between operators (shapes, quantisation) is dropped, as it may no longer hold.
 */
export class OnnxGraph {
  nodes: GraphNode[];
  opset: number;
  readonly file: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What gives the TensorProto message of a constant, by name. */
  private readonly constants = new Map<string, () => Buffer>();
  /** Decoded constants; undefined for those that are not floats. */
  private readonly decoded = new Map<string, FloatTensor | undefined>();
  /** Bytes of constants that were added. */
  private added = 0;

  /** @throws MODEL where an operator's attributes are damaged */
  constructor(private readonly model: OnnxModel) {
    const { bytes } = model;
    this.file = model.file;
    this.opset = model.opset;
    try {
      this.nodes = model.nodes.map((node) => changeable(bytes, node));
    } catch (thrown) {
      if (!(thrown instanceof ProtobufError)) throw thrown;
      throw unsound(model.file, thrown.message);
    }
    for (const { name, field } of model.initializers) {
      this.constants.set(name, () => bytes.subarray(field.valueStart, field.end));
    }
    this.inputs = model.inputs.map(({ name }) => name);
    this.outputs = model.outputs.map(({ name }) => name);
  }

  isConstant(name: string): boolean {
    return this.constants.has(name);
  }

  /**
   * A constant of type float32 or float16; undefined where the tensor is none.
   * @throws MODEL where the file's values do not fill its shape
   */
  float(name: string): FloatTensor | undefined {
    if (this.decoded.has(name)) return this.decoded.get(name);
    const tensor = this.read(name, decodeFloats);
    if (this.constants.has(name)) this.decoded.set(name, tensor);
    return tensor;
  }

  /**
   * A constant of type float32 or float16 as the bytes of its float32 values, little-endian: where they lie in the file, if they do
   * so, else decoded when they are asked for. Undefined where the tensor is none.
   * @throws MODEL as `float`
   */
  floatBytes(name: string): { dims: number[]; readonly bytes: Uint8Array } | undefined {
    const inPlace = this.decoded.has(name) ? undefined : this.read(name, rawFloats);
    if (inPlace) return inPlace;
    const tensor = this.float(name);
    if (!tensor) return undefined;
    return {
      dims: tensor.dims,
      get bytes() {
        return bytesOf(tensor.data);
      },
    };
  }

  /** A constant of type int64 or int32 with few values; undefined where the tensor is none. */
  integers(name: string): number[] | undefined {
    return this.read(name, decodeIntegers);
  }

  /** All of a constant but its name, as a TensorProto: equal for equal constants of one writer. Undefined where the tensor is none. */
  constantBytes(name: string): Buffer | undefined {
    return this.read(name, (tensor) => Buffer.concat(unnamed(tensor)));
  }

  /** @throws MODEL where the constant is damaged */
  private read<T>(name: string, decode: (tensor: Buffer) => T | undefined): T | undefined {
    const tensor = this.constants.get(name);
    if (!tensor) return undefined;
    try {
      return decode(tensor());
    } catch (thrown) {
      if (!(thrown instanceof ProtobufError)) throw thrown;
      const problem = `${this.file}: constant ${name}: ${thrown.message}`;
      throw new GlposeError('MODEL', problem, 'Export the network, or copy the file, again.');
    }
  }

  /**
   * Adds a constant, or replaces it. A Uint16Array holds binary16 bit patterns.
   * @returns its name
   * @throws MODEL where a few weights are used so often that each use's own copy would fill the memory
   */
  setConstant(name: string, dims: readonly number[], values: Values): string {
    if (values instanceof Float32Array) return this.setFloats(name, { dims: [...dims], data: values });
    const type =
      values instanceof Uint16Array
        ? 'float16'
        : values instanceof Uint8Array
          ? 'uint8'
          : values instanceof Int8Array
            ? 'int8'
            : 'int32';
    const bytes = bytesOf(values);
    this.add(bytes.length);
    this.constants.set(name, () => encodeTensor(name, type, dims, bytes));
    this.decoded.delete(name);
    return name;
  }

  /** The same for a tensor whose values need not be decoded yet. */
  setFloats(name: string, tensor: FloatTensor): string {
    const { dims } = tensor;
    this.add(4 * dims.reduce((product, dim) => product * dim, 1));
    this.constants.set(name, () => encodeTensor(name, 'float32', dims, bytesOf(tensor.data)));
    this.decoded.set(name, tensor);
    return name;
  }

  /** @throws MODEL where constants grow by too much */
  private add(bytes: number): void {
    this.added += bytes;
    const { length } = this.model.bytes;
    if (this.added <= Math.max(MOST_ADDED, MOST_GROWTH * length)) return;
    const problem = `${this.file}: its weights are used so often that they would grow from ${length} bytes beyond ${this.added}`;
    throw new GlposeError('MODEL', problem, 'Export the network without sharing weights between its layers.');
  }

  /** Makes a constant out of a TensorProto under another name. */
  adoptConstant(name: string, tensor: Buffer): void {
    const named = Buffer.concat([...unnamed(tensor), bytesField(8, name)]);
    this.constants.set(name, () => named);
    this.decoded.delete(name);
  }

  /** The operators that read each tensor, in order. */
  consumers(): Map<string, GraphNode[]> {
    const readers = new Map<string, GraphNode[]>();
    for (const node of this.nodes) {
      for (const name of new Set(node.inputs)) {
        const known = readers.get(name);
        if (known) known.push(node);
        else readers.set(name, [node]);
      }
    }
    return readers;
  }

  /** Removes operators whose results nothing needs. */
  prune(): void {
    const needed = new Set(this.outputs);
    const kept: GraphNode[] = [];
    for (const node of [...this.nodes].reverse()) {
      if (!node.outputs.some((name) => needed.has(name))) continue;
      node.inputs.forEach((name) => needed.add(name));
      kept.push(node);
    }
    this.nodes = kept.reverse();
  }

  /** The ONNX file; constants that nothing reads are left out. @param extraOutputs tensors to give as well */
  write(extraOutputs: readonly string[] = []): Buffer {
    const { bytes, beside, graphFields, inputs, outputs } = this.model;
    const raw = (field: Field): Buffer => bytes.subarray(field.start, field.end);
    const written: Set<number> = new Set(Object.values(GRAPH));
    const read = new Set(this.nodes.flatMap((node) => node.inputs));
    const graph = [
      ...this.nodes.map((node) =>
        bytesField(GRAPH.node, encodeNode({ ...node, attributes: [...node.attributes.values()] })),
      ),
      ...graphFields.filter((field) => !written.has(field.number)).map(raw),
      ...[...this.constants]
        .filter(([name]) => read.has(name))
        .map(([, tensor]) => bytesField(GRAPH.initializer, tensor())),
      ...[...inputs, ...outputs].map(({ field }) => raw(field)),
      ...extraOutputs.filter((name) => !this.outputs.includes(name)).map(floatOutput),
    ];
    const around = beside.map((field) => {
      if (field.number === 1) return varintField(1, field.varint > BigInt(IR_VERSION) ? field.varint : IR_VERSION);
      return field.number === 8 ? this.opsetField(field) : raw(field);
    });
    return Buffer.concat([...around, messageField(MODEL_GRAPH, graph)]);
  }

  /** An OperatorSetId, at this graph's version where it is the standard's. */
  private opsetField(field: Field): Buffer {
    const { bytes } = this.model;
    const parts = [...readFields(bytes, field.valueStart, field.end)];
    const domain = parts.find(({ number }) => number === 1);
    const standard = !domain || ['', 'ai.onnx'].includes(readText(bytes, domain));
    return standard ? bytesField(8, varintField(2, this.opset)) : bytes.subarray(field.start, field.end);
  }
}

/** An operator as it can be changed. Its attributes are looked through: whoever asks for one later finds it as it should be. */
function changeable(bytes: Buffer, { op, inputs, outputs, field }: OnnxNode): GraphNode {
  const node: GraphNode = { op, domain: '', inputs: [...inputs], outputs: [...outputs], attributes: new Map() };
  for (const part of readFields(bytes, field.valueStart, field.end)) {
    const payload = bytes.subarray(part.valueStart, part.end);
    if (part.number === 5) node.attributes.set(attributeName(payload), payload);
    if (part.number === 7) node.domain = readText(bytes, part);
  }
  if (node.domain === 'ai.onnx') node.domain = '';
  const fewest = FEWEST_INPUTS[op] ?? 0;
  if (node.domain === '' && inputs.length < fewest) throw new ProtobufError(`${op} has ${inputs.length} inputs`);
  if (outputs.length === 0) throw new ProtobufError(`${op} has no output`);
  return node;
}

/** Inputs that operators which are rewritten have at least. */
const FEWEST_INPUTS: Partial<Record<string, number>> = {
  Add: 2,
  BatchNormalization: 5,
  Cast: 1,
  Clip: 1,
  Conv: 2,
  Dropout: 1,
  Identity: 1,
  Relu: 1,
  Resize: 2,
  Upsample: 2,
};

/** A new operator with one output. */
export function newNode(
  op: string,
  inputs: string[],
  output: string,
  attributes: Record<string, Attribute> = {},
): GraphNode {
  const encoded = Object.entries(attributes).map(([name, value]) => [name, encodeAttribute(name, value)] as const);
  return { op, domain: '', inputs, outputs: [output], attributes: new Map(encoded) };
}

/** An integer attribute. */
export function intAttribute(node: GraphNode, name: string): number | undefined {
  const field = attributeField(node, name, 3);
  return field && Number(BigInt.asIntN(64, field.varint));
}

/** A float attribute. */
export function floatAttribute(node: GraphNode, name: string): number | undefined {
  const field = attributeField(node, name, 2);
  return field && node.attributes.get(name)!.readFloatLE(field.end - 4);
}

/** A list of integers. */
export function intsAttribute(node: GraphNode, name: string): number[] | undefined {
  const bytes = node.attributes.get(name);
  if (!bytes) return undefined;
  return [...readFields(bytes)]
    .filter(({ number }) => number === 8)
    .flatMap((field) => [...readRepeatedVarint(bytes, field)].map((value) => Number(BigInt.asIntN(64, value))));
}

/** A list of floats. */
export function floatsAttribute(node: GraphNode, name: string): number[] | undefined {
  const bytes = node.attributes.get(name);
  if (!bytes) return undefined;
  return [...readFields(bytes)].filter(({ number }) => number === 7).flatMap((field) => readFloats(bytes, field));
}

/** A text attribute. */
export function textAttribute(node: GraphNode, name: string): string | undefined {
  const field = attributeField(node, name, 4);
  return field && readText(node.attributes.get(name)!, field);
}

/** A tensor attribute, as a TensorProto. */
export function tensorAttribute(node: GraphNode, name: string): Buffer | undefined {
  const field = attributeField(node, name, 5);
  return field && node.attributes.get(name)!.subarray(field.valueStart, field.end);
}

function attributeField(node: GraphNode, name: string, number: number): Field | undefined {
  const bytes = node.attributes.get(name);
  return bytes && [...readFields(bytes)].find((field) => field.number === number);
}

/** Wire types of an AttributeProto's fields that are read: name, f, i, s, t. */
const ATTRIBUTE_FIELDS: Partial<Record<number, WireType>> = {
  1: WireType.bytes,
  2: WireType.fixed32,
  3: WireType.varint,
  4: WireType.bytes,
  5: WireType.bytes,
};
/** Its lists: floats, ints. */
const ATTRIBUTE_LISTS = new Set([7, 8]);

/** The name of an attribute, all of which is checked. */
function attributeName(bytes: Buffer): string {
  let name = '';
  for (const field of readFields(bytes)) {
    const type = ATTRIBUTE_FIELDS[field.number];
    if (type !== undefined && field.type !== type) throw new ProtobufError(`attribute ${name} is not of its type`);
    if (ATTRIBUTE_LISTS.has(field.number)) {
      if (field.number === 7) readFloats(bytes, field);
      else Array.from(readRepeatedVarint(bytes, field)); // throws where it is damaged
    }
    if (field.number === 1) name = readText(bytes, field);
    if (field.number === 5) Array.from(readFields(bytes, field.valueStart, field.end)); // throws where it is damaged
  }
  return name;
}

function unnamed(tensor: Buffer): Buffer[] {
  return [...readFields(tensor)]
    .filter(({ number }) => number !== 8)
    .map(({ start, end }) => tensor.subarray(start, end));
}

/** A graph output of type float32 and unknown shape. */
function floatOutput(name: string): Buffer {
  return bytesField(GRAPH.output, bytesField(1, name), bytesField(2, bytesField(1, varintField(1, FLOAT32))));
}

/** A list of floats, packed or not. */
function readFloats(bytes: Buffer, field: Field): number[] {
  if (field.type !== WireType.fixed32 && field.type !== WireType.bytes)
    throw new ProtobufError(`field ${field.number} is not a list of floats`);
  if ((field.end - field.valueStart) % 4 !== 0) throw new ProtobufError('a list of floats ends within one');
  const values: number[] = [];
  for (let at = field.valueStart; at < field.end; at += 4) values.push(bytes.readFloatLE(at));
  return values;
}

/** The values of a TensorProto of type float32 where they lie; undefined where they lie otherwise. */
function rawFloats(bytes: Buffer): { dims: number[]; bytes: Uint8Array } | undefined {
  const dims: number[] = [];
  let type = 0;
  let raw: Buffer | undefined;
  for (const field of readFields(bytes)) {
    if (field.number === 1) for (const dim of readRepeatedVarint(bytes, field)) dims.push(Number(dim));
    else if (field.number === 2) type = Number(field.varint);
    else if (field.number === 9) raw = bytes.subarray(field.valueStart, field.end);
  }
  const count = dims.reduce((product, dim) => product * dim, 1);
  return type === DATA_TYPE.float32 && raw?.length === 4 * count ? { dims, bytes: raw } : undefined;
}

/** More than any list of sizes, axes or pads has. */
const MOST_INTEGERS = 16;

/** Values of a TensorProto of type int64 or int32; undefined for other types, and for more values than a list of sizes has. */
function decodeIntegers(bytes: Buffer): number[] | undefined {
  let type = 0;
  const values: number[] = [];
  let raw: Buffer = Buffer.alloc(0);
  for (const field of readFields(bytes)) {
    if (field.number === 2) type = Number(field.varint);
    else if (field.number === 9) raw = bytes.subarray(field.valueStart, field.end);
    else if (field.number === 5 || field.number === 7) {
      for (const value of readRepeatedVarint(bytes, field)) {
        if (values.length > MOST_INTEGERS) return undefined;
        values.push(Number(BigInt.asIntN(64, value)));
      }
    }
  }
  const width = type === DATA_TYPE.int64 ? 8 : 4;
  if (type !== DATA_TYPE.int64 && type !== DATA_TYPE.int32) return undefined;
  if (raw.length > MOST_INTEGERS * width || raw.length % width !== 0) return undefined;
  for (let at = 0; at < raw.length; at += width)
    values.push(width === 8 ? Number(raw.readBigInt64LE(at)) : raw.readInt32LE(at));
  return values;
}

/** Values of a TensorProto of type float32 or float16; undefined for other types. */
function decodeFloats(bytes: Buffer): FloatTensor | undefined {
  const dims: number[] = [];
  let type = 0;
  let raw: Buffer | undefined;
  const listed: number[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) for (const dim of readRepeatedVarint(bytes, field)) dims.push(Number(dim));
    else if (field.number === 2) type = Number(field.varint);
    else if (field.number === 9) raw = bytes.subarray(field.valueStart, field.end);
    else if (field.number === 4) for (const value of readFloats(bytes, field)) listed.push(value);
    else if (field.number === 5) {
      for (const bits of readRepeatedVarint(bytes, field)) listed.push(fromFloat16(Number(bits & 0xffffn)));
    }
  }
  if (type !== DATA_TYPE.float32 && type !== DATA_TYPE.float16) return undefined;
  const count = dims.reduce((product, dim) => product * dim, 1);
  const width = type === DATA_TYPE.float32 ? 4 : 2;
  const given = raw && raw.length > 0 ? raw.length / width : listed.length;
  if (given !== count) throw new ProtobufError(`${given} values for the shape [${dims.join(', ')}]`);
  if (!raw || raw.length === 0) return { dims, data: Float32Array.from(listed) };
  const values = new DataView(raw.buffer, raw.byteOffset, raw.length);
  let data: Float32Array | undefined;
  return {
    dims,
    get data() {
      if (data) return data;
      data = new Float32Array(count);
      if (width === 4) for (let i = 0; i < count; i++) data[i] = values.getFloat32(4 * i, true);
      else for (let i = 0; i < count; i++) data[i] = fromFloat16(values.getUint16(2 * i, true));
      return data;
    },
  };
}

/** Typed arrays are little-endian here. */
function bytesOf({ buffer, byteOffset, byteLength }: Values): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
