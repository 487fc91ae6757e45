import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GlposeError } from '../../src/errors.js';
import { findStage3Branch0 } from '../../src/models/hrnet.js';
import { OnnxBuilder } from '../../src/onnx/onnx-builder.js';
import { cutOnnx, withOutput } from '../../src/models/onnx-cut.js';
import { parseOnnx } from '../../src/onnx/onnx-model.js';
import { bytesField, messageField, readFields, varintField } from '../../src/onnx/protobuf.js';

/** image → double → triple → out, and a side branch that the cut leaves out. */
function chain(): Buffer {
  const onnx = new OnnxBuilder();
  onnx.input('image', [1, 2]);
  onnx.node('Mul', ['image', onnx.float32('two', [], [2])], 'double');
  onnx.node('Mul', ['double', onnx.float32('three', [], [3])], 'triple');
  onnx.node('Add', ['triple', onnx.float32('one', [], [1])], 'out');
  onnx.output('out', [1, 2]);
  return onnx.build('chain', 'a chain');
}

async function run(onnx: Buffer): Promise<Record<string, number[]>> {
  const session = await InferenceSession.create(onnx);
  const results = await session.run({ image: new Tensor('float32', Float32Array.of(1, -2), [1, 2]) });
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...(data as Float32Array)]]));
}

test('a cut graph computes its tensor, and nothing behind it', async () => {
  const cut = cutOnnx(parseOnnx(chain(), 'chain.onnx'), 'triple');
  expect(await run(cut)).toEqual({ triple: [6, -12] });
  const { nodes, initializers } = parseOnnx(cut, 'cut.onnx');
  expect(nodes.map(({ outputs }) => outputs[0])).toEqual(['double', 'triple']);
  expect(initializers.map(({ name }) => name)).toEqual(['two', 'three']);
});

test('a further output leaves the graph as it is', async () => {
  const probe = withOutput(parseOnnx(chain(), 'chain.onnx'), 'double');
  expect(await run(probe)).toEqual({ out: [7, -11], double: [2, -4] });
});

test('fields that this program does not know are kept byte for byte', () => {
  const known = chain();
  const graph = [...readFields(known)].find(({ number }) => number === 7)!;
  const inGraph = bytesField(901, 'of the graph');
  const inModel = Buffer.concat([bytesField(900, 'of the model'), varintField(902, -5), Buffer.of((903 << 3) & 0x7f | 0x80 | 5, 903 >> 4, 1, 2, 3, 4)]); // prettier-ignore
  const bytes = Buffer.concat([
    known.subarray(0, graph.start),
    bytesField(7, known.subarray(graph.valueStart, graph.end), inGraph),
    known.subarray(graph.end),
    inModel,
  ]);
  const cut = cutOnnx(parseOnnx(bytes, 'chain.onnx'), 'double');
  expect(cut.includes(inGraph)).toBe(true);
  expect(cut.includes(inModel)).toBe(true);
  const node = parseOnnx(known, 'chain.onnx').nodes[0].field;
  expect(cut.includes(known.subarray(node.start, node.end))).toBe(true);
});

test('an input cannot be cut at', () => {
  expect(() => cutOnnx(parseOnnx(chain(), 'chain.onnx'), 'image')).toThrow('no tensor image');
});

describe('hostile graphs', () => {
  const graph = (...nodes: Buffer[]): Buffer => {
    const input = bytesField(11, bytesField(1, 'image'));
    return Buffer.concat([messageField(7, [...nodes, input]), bytesField(8, varintField(2, 13))]);
  };
  const node = (op: string, inputs: string[], output: string, ...more: Buffer[]): Buffer =>
    bytesField(1, ...inputs.map((name) => bytesField(1, name)), bytesField(2, output), bytesField(4, op), ...more);

  test.each<[string, Buffer, string]>([
    ['a cycle', graph(node('Relu', ['b'], 'a'), node('Relu', ['a'], 'b')), 'Relu reads tensor b'],
    ['a node that reads itself', graph(node('Relu', ['a'], 'a')), 'Relu reads tensor a'],
    ['a tensor made twice', graph(node('Relu', ['image'], 'a'), node('Relu', ['image'], 'a')), 'a is made twice'],
    ['a node over its input', graph(node('Relu', ['image'], 'image')), 'image is made twice'],
    ['a subgraph', graph(node('If', ['image'], 'a', bytesField(5, bytesField(6, '')))), 'holds a subgraph'],
    ['no graph', bytesField(8, varintField(2, 13)), 'no graph'],
    ['no operator set', bytesField(7, ''), 'no operator set'],
    ['another vendor’s operator set only', Buffer.concat([bytesField(7, ''), bytesField(8, bytesField(1, 'com.x'), varintField(2, 1))]), 'no operator set'],
    ['a node that is a number', Buffer.concat([bytesField(7, varintField(1, 7)), bytesField(8, varintField(2, 13))]), 'not a message'],
    ['a length beyond the file', Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]), 'a field of 4294967295 bytes'],
    ['a length of 2^64 − 1', Buffer.from([0x3a, ...new Array<number>(9).fill(0xff), 0x01]), 'a field of 18446744073709551615 bytes'],
    ['a number without end', Buffer.from([0x08, ...new Array<number>(12).fill(0xff)]), 'longer than 64 bits'],
    ['an unknown wire type', Buffer.from([0x0b]), 'wire type 3'],
    ['field number 0', Buffer.from([0x00, 0x00]), 'field number 0'],
  ])('%s', (_, bytes, problem) => {
    expect(() => parseOnnx(bytes, 'bad.onnx')).toThrow(GlposeError);
    expect(() => parseOnnx(bytes, 'bad.onnx')).toThrow(problem);
    expect(() => parseOnnx(bytes, 'bad.onnx')).toThrow('bad.onnx');
  }); // prettier-ignore

  test('sums that double with every step do not hold the search up', () => {
    const nodes = [node('Add', ['image', 'image'], 's0')];
    for (let i = 1; i < 200; i++)
      nodes.push(node('Add', [`s${i - 1}`, `s${i - 1}`], `s${i}`), node('Relu', [`s${i}`], `r${i}`));
    expect(() => findStage3Branch0(parseOnnx(graph(...nodes), 'sums.onnx'))).toThrow('not the graph of an HRNet');
  });

  test('a chain of 100,000 nodes neither overflows the stack nor takes long', () => {
    const nodes = [node('Identity', ['image'], 'c0')];
    for (let i = 1; i < 100_000; i++) nodes.push(node(i % 2 ? 'Relu' : 'Identity', [`c${i - 1}`], `c${i}`));
    const model = parseOnnx(graph(...nodes), 'chain.onnx');
    expect(() => findStage3Branch0(model)).toThrow('not the graph of an HRNet');
    expect(parseOnnx(cutOnnx(model, 'c99999'), 'cut.onnx').nodes).toHaveLength(100_000);
  });

  test('a flipped byte gives a graph or a GlposeError, nothing else', () => {
    const whole = chain();
    for (let at = 0; at < whole.length; at++) {
      for (const flip of [1, 0x08, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at] ^= flip;
        try {
          const model = parseOnnx(bytes, 'flipped.onnx');
          cutOnnx(model, model.nodes[0].outputs[0]);
          findStage3Branch0(model);
        } catch (thrown) {
          if (!(thrown instanceof GlposeError)) throw thrown;
        }
      }
    }
  });
});
