import { GlposeError } from '../errors.js';
import { ProtobufError, readFields, readRepeatedVarint, readText, WireType, type Field } from './protobuf.js';

/*
 * What glpose needs to know of an ONNX file: its graph as names, each with the byte range that it was read from, so
 * that parts can be kept byte for byte. Field numbers are those of onnx.proto.
 */

export interface OnnxNode {
  field: Field;
  op: string;
  inputs: string[];
  outputs: string[];
}

export interface OnnxInitializer {
  field: Field;
  name: string;
}

/** An input, output or annotated tensor of the graph. */
export interface OnnxValue {
  field: Field;
  name: string;
  /** TensorProto.DataType; 1 is float32, 0 where it is not said. */
  elementType: number;
  /** Sizes; undefined where a size is free. Undefined as a whole where the rank is not said. */
  dims?: (number | undefined)[];
}

export interface OnnxModel {
  /** The name that error messages give. */
  file: string;
  bytes: Buffer;
  opset: number;
  producer: string;
  /** Fields of the model around its graph, in the file's order. */
  beside: Field[];
  nodes: OnnxNode[];
  initializers: OnnxInitializer[];
  /** Inputs that are not initializers. */
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  valueInfos: OnnxValue[];
  /** Every field of the graph, in the file's order. */
  graphFields: Field[];
}

export const FLOAT32 = 1;
const DATA_LOCATION_EXTERNAL = 1n;

/** Field numbers of GraphProto. */
export const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13, quantization: 14 } as const;
/** The graph's field number in ModelProto. */
export const MODEL_GRAPH = 7;

/**
 * Reads the structure of an ONNX file; weights stay where they are. The bytes are treated as hostile.
 * @throws MODEL where it is not an ONNX file, is truncated, refers to tensors that nothing makes, or keeps its weights
 * or subgraphs in ways that cannot be cut
 */
export function parseOnnx(bytes: Buffer, file: string): OnnxModel {
  try {
    const model = readModel(bytes, file);
    checkReferences(model);
    return model;
  } catch (thrown) {
    if (!(thrown instanceof ProtobufError)) throw thrown;
    throw unsound(file, thrown.message);
  }
}

/** The error for a file that is damaged, or was made to do damage. */
export function unsound(file: string, problem: string): GlposeError {
  return new GlposeError('MODEL', `${file}: not a sound ONNX file: ${problem}`, 'Export it, or copy it, again.');
}

function readModel(bytes: Buffer, file: string): OnnxModel {
  const graphs: Field[] = [];
  const model: OnnxModel = {
    file,
    bytes,
    opset: 0,
    producer: '',
    beside: [],
    nodes: [],
    initializers: [],
    inputs: [],
    outputs: [],
    valueInfos: [],
    graphFields: [],
  };
  for (const field of readFields(bytes)) {
    if (field.number === MODEL_GRAPH) {
      graphs.push(field);
      continue;
    }
    model.beside.push(field);
    if (field.number === 2) model.producer = readText(bytes, field);
    if (field.number === 8) model.opset = readOpset(bytes, field) ?? model.opset;
  }
  if (graphs.length !== 1 || model.opset === 0) throw unsound(file, 'it has no graph or no operator set');
  for (const field of message(bytes, graphs[0])) {
    model.graphFields.push(field);
    if (field.number === GRAPH.node) model.nodes.push(readNode(bytes, field, file));
    else if (field.number === GRAPH.initializer) model.initializers.push(readInitializer(bytes, field, file));
    else if (field.number === GRAPH.input) model.inputs.push(readValue(bytes, field));
    else if (field.number === GRAPH.output) model.outputs.push(readValue(bytes, field));
    else if (field.number === GRAPH.valueInfo) model.valueInfos.push(readValue(bytes, field));
  }
  // Older exporters list the weights among the inputs as well.
  const weights = new Set(model.initializers.map(({ name }) => name));
  model.inputs = model.inputs.filter(({ name }) => !weights.has(name));
  return model;
}

/** The fields of an embedded message. */
function message(bytes: Buffer, field: Field): Generator<Field> {
  if (field.type !== WireType.bytes) throw new ProtobufError(`field ${field.number} is not a message`);
  return readFields(bytes, field.valueStart, field.end);
}

/** The version of the standard operator set; undefined for another domain's. */
function readOpset(bytes: Buffer, opset: Field): number | undefined {
  let domain = '';
  let version = 0;
  for (const field of message(bytes, opset)) {
    if (field.number === 1) domain = readText(bytes, field);
    if (field.number === 2) version = Number(field.varint);
  }
  return domain === '' || domain === 'ai.onnx' ? version : undefined;
}

function readNode(bytes: Buffer, node: Field, file: string): OnnxNode {
  const result: OnnxNode = { field: node, op: '', inputs: [], outputs: [] };
  for (const field of message(bytes, node)) {
    if (field.number === 1) result.inputs.push(readText(bytes, field));
    else if (field.number === 2) result.outputs.push(readText(bytes, field));
    else if (field.number === 4) result.op = readText(bytes, field);
    else if (field.number === 5) {
      for (const part of message(bytes, field)) {
        if (part.number !== 6 && part.number !== 11) continue; // AttributeProto.g, .graphs
        const remedy = 'Export the network without control flow (If, Loop, Scan).';
        throw new GlposeError('MODEL', `${file}: node ${result.op} holds a subgraph`, remedy);
      }
    }
  }
  return result;
}

function readInitializer(bytes: Buffer, tensor: Field, file: string): OnnxInitializer {
  let name = '';
  for (const field of message(bytes, tensor)) {
    if (field.number === 8) name = readText(bytes, field);
    if (field.number === 14 && field.varint === DATA_LOCATION_EXTERNAL) {
      const remedy = 'Save the model with its weights inside (onnx.save without save_as_external_data).';
      throw new GlposeError('MODEL', `${file}: weights lie in a separate file`, remedy);
    }
  }
  return { field: tensor, name };
}

function readValue(bytes: Buffer, value: Field): OnnxValue {
  const result: OnnxValue = { field: value, name: '', elementType: 0 };
  for (const field of message(bytes, value)) {
    if (field.number === 1) result.name = readText(bytes, field);
    if (field.number !== 2) continue; // TypeProto
    for (const type of message(bytes, field)) {
      if (type.number !== 1) continue; // TypeProto.tensor_type
      for (const part of message(bytes, type)) {
        if (part.number === 1) result.elementType = Number(part.varint);
        if (part.number === 2) result.dims = readShape(bytes, part);
      }
    }
  }
  return result;
}

function readShape(bytes: Buffer, shape: Field): (number | undefined)[] {
  const dims: (number | undefined)[] = [];
  for (const dimension of message(bytes, shape)) {
    if (dimension.number !== 1) continue;
    let size: number | undefined;
    for (const field of message(bytes, dimension)) {
      if (field.number === 1) [size] = [...readRepeatedVarint(bytes, field)].map((value) => Number(value));
    }
    dims.push(size !== undefined && size > 0 && Number.isSafeInteger(size) ? size : undefined);
  }
  return dims;
}

/** Every tensor must be made before it is used, once: this also rules out cycles. */
function checkReferences({ file, nodes, initializers, inputs, outputs }: OnnxModel): void {
  const made = new Set([...initializers, ...inputs].map(({ name }) => name));
  for (const { op, inputs: needed, outputs: results } of nodes) {
    for (const name of needed) {
      if (name !== '' && !made.has(name))
        throw unsound(file, `${op} reads tensor ${name}, which nothing before it makes`);
    }
    for (const name of results) {
      if (name !== '' && made.has(name)) throw unsound(file, `tensor ${name} is made twice`);
      made.add(name);
    }
  }
  for (const { name } of outputs) {
    if (!made.has(name)) throw unsound(file, `nothing makes the output ${name}`);
  }
}
