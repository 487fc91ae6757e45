import { GlposeError } from '../errors.js';
import { FLOAT32, GRAPH, MODEL_GRAPH, type OnnxModel } from '../onnx/onnx-model.js';
import { bytesField, messageField, varintField, type Field } from '../onnx/protobuf.js';

/**
 * Cuts a graph so that it ends at one tensor: what that tensor does not need is left out, everything else is kept byte
 * for byte, fields that this program does not know included.
 * @returns the ONNX file's bytes; its one output is `tensor`
 * @throws MODEL where the graph makes no such tensor
 */
export function cutOnnx(model: OnnxModel, tensor: string): Buffer {
  const maker = new Map(model.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  if (!maker.has(tensor)) throw noSuchTensor(model, tensor);

  const needed = new Set([tensor]);
  const kept = new Set<Field>();
  const queue = [tensor];
  while (queue.length > 0) {
    const node = maker.get(queue.pop()!);
    if (!node || kept.has(node.field)) continue;
    kept.add(node.field);
    for (const name of node.inputs) {
      if (name === '' || needed.has(name)) continue;
      needed.add(name);
      queue.push(name);
    }
  }
  for (const values of [model.initializers, model.inputs, model.valueInfos]) {
    for (const { name, field } of values) if (needed.has(name) && name !== tensor) kept.add(field);
  }
  const named: Set<number> = new Set(Object.values(GRAPH)); // the rest of the graph's fields stay
  const fields = model.graphFields.filter((field) => kept.has(field) || !named.has(field.number));
  return assemble(model, fields, outputField(model, tensor));
}

/**
 * The whole graph with one more output, to see what the uncut network computes for a tensor.
 * @throws MODEL where the graph makes no such tensor
 */
export function withOutput(model: OnnxModel, tensor: string): Buffer {
  if (!model.nodes.some(({ outputs }) => outputs.includes(tensor))) throw noSuchTensor(model, tensor);
  const described = new Set(model.valueInfos.filter(({ name }) => name === tensor).map(({ field }) => field));
  const fields = model.graphFields.filter((field) => !described.has(field));
  return assemble(model, fields, outputField(model, tensor));
}

function noSuchTensor(model: OnnxModel, tensor: string): GlposeError {
  const remedy = 'A viewer such as Netron shows the names; give the output of the last ReLU of stage 3, branch 0.';
  return new GlposeError('MODEL', `${model.file}: the graph has no tensor ${tensor}`, remedy);
}

/** The tensor as a GraphProto.output: as the file describes it, or as a float32 tensor of unknown rank. */
function outputField(model: OnnxModel, tensor: string): Buffer {
  const described = [...model.outputs, ...model.valueInfos].find(({ name }) => name === tensor)?.field;
  if (described) return bytesField(GRAPH.output, model.bytes.subarray(described.valueStart, described.end));
  const type = bytesField(1, varintField(1, FLOAT32));
  return bytesField(GRAPH.output, bytesField(1, tensor), bytesField(2, type));
}

function assemble({ bytes, beside }: OnnxModel, graphFields: Field[], output: Buffer): Buffer {
  const raw = (field: Field): Buffer => bytes.subarray(field.start, field.end);
  return Buffer.concat([...beside.map(raw), messageField(MODEL_GRAPH, [...graphFields.map(raw), output])]);
}
