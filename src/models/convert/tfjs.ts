import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { GlposeError, messageOf } from '../../errors.js';

/*
 * A TensorFlow.js graph model: model.json holds the graph as JSON of TensorFlow's NodeDef, and a manifest of weights
 * that lie one after the other in .bin files.
 */

const attributeSchema = z.looseObject({
  /** base64 */
  s: z.string().optional(),
  b: z.boolean().optional(),
  list: z
    .looseObject({ s: z.array(z.string()).optional(), i: z.array(z.union([z.string(), z.number()])).optional() })
    .optional(),
});

const nodeSchema = z.looseObject({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).default([]),
  attr: z.record(z.string(), attributeSchema).default({}),
});

const weightSchema = z.looseObject({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.enum(['float32', 'int32']),
  quantization: z.looseObject({ dtype: z.literal('float16') }).optional(),
});

const modelSchema = z.looseObject({
  format: z.literal('graph-model'),
  modelTopology: z.looseObject({ node: z.array(nodeSchema) }),
  weightsManifest: z.array(z.looseObject({ paths: z.array(z.string()), weights: z.array(weightSchema) })),
});

export type TfjsNode = z.output<typeof nodeSchema>;

/** A constant of the graph. */
export type TfjsWeight =
  | { type: 'float16'; shape: number[]; data: Uint16Array } // bit patterns
  | { type: 'float32'; shape: number[]; data: Float32Array }
  | { type: 'int32'; shape: number[]; data: Int32Array };

export interface TfjsModel {
  file: string;
  nodes: Map<string, TfjsNode>;
  weights: Map<string, TfjsWeight>;
}

/**
 * Reads a graph model and its weights.
 * @param file model.json; the weight files lie beside it
 * @throws MODEL where it is not a graph model or a weight file is too short or too long
 */
export async function readTfjsModel(file: string): Promise<TfjsModel> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (thrown) {
    throw damaged(file, `cannot be read: ${messageOf(thrown)}`);
  }
  const parsed = modelSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw damaged(file, `is not a TFJS graph model: ${issue.path.join('.')}: ${issue.message}`);
  }
  const { modelTopology, weightsManifest } = parsed.data;
  const weights = new Map<string, TfjsWeight>();
  const paths = weightsManifest.flatMap((group) => group.paths);
  if (new Set(paths).size < paths.length) throw damaged(file, 'names a file of weights twice');
  for (const group of weightsManifest) {
    const files = group.paths.map((name) => path.join(path.dirname(file), path.basename(name)));
    const bytes = Buffer.concat(await Promise.all(files.map((weightsFile) => readWeights(weightsFile, file))));
    let offset = 0;
    for (const { name, shape, dtype, quantization } of group.weights) {
      const count = shape.reduce((product, side) => product * side, 1);
      const size = count * (quantization ? 2 : 4);
      if (offset + size > bytes.length) throw damaged(file, `${group.paths.join(', ')} ends within weight ${name}`);
      // Copied, as typed arrays want aligned bytes.
      const data = Uint8Array.prototype.slice.call(bytes, offset, offset + size).buffer;
      if (quantization) weights.set(name, { type: 'float16', shape, data: new Uint16Array(data) });
      else if (dtype === 'int32') weights.set(name, { type: 'int32', shape, data: new Int32Array(data) });
      else weights.set(name, { type: 'float32', shape, data: new Float32Array(data) });
      offset += size;
    }
    if (offset !== bytes.length) throw damaged(file, `${group.paths.join(', ')} has bytes after the last weight`);
  }
  return { file, nodes: new Map(modelTopology.node.map((node) => [node.name, node])), weights };
}

async function readWeights(weightsFile: string, file: string): Promise<Buffer> {
  try {
    return await readFile(weightsFile);
  } catch (thrown) {
    throw damaged(file, `: its weights ${path.basename(weightsFile)} cannot be read: ${messageOf(thrown)}`);
  }
}

function damaged(file: string, problem: string): GlposeError {
  return new GlposeError(
    'MODEL',
    `${file}${problem.startsWith(':') ? '' : ' '}${problem}`,
    'Unpack the model and all of its files again.',
  );
}

/** A string attribute of a node, such as `padding`; TFJS keeps it in base64. */
export function textAttribute(node: TfjsNode, name: string): string | undefined {
  const value = node.attr[name]?.s;
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
}

/** A list of strings, such as `fused_ops`. */
export function textsAttribute(node: TfjsNode, name: string): string[] {
  return (node.attr[name]?.list?.s ?? []).map((value) => Buffer.from(value, 'base64').toString());
}

/** A list of integers, such as `strides`. */
export function integersAttribute(node: TfjsNode, name: string): number[] {
  return (node.attr[name]?.list?.i ?? []).map(Number);
}
