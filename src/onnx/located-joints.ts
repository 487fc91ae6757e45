import { COCO_JOINTS } from '../joints.js';
import { DATA_TYPE, type Attribute, type OnnxBuilder } from './onnx-builder.js';

/** Softens the inverse-distance weights, in cells; the value is MoveNet's. */
export const DISTANCE_OFFSET = 1.8;

/** Tensors of MoveNet by name; pairs of channels are (y, x) in cells. */
export interface MoveNetTensors {
  /** [N, 17, h, w], 0–1 */
  heatmap: string;
  /** [N, 34, h, w] joint minus the person's cell. */
  regress: string;
  /** [N, 1, h, w] logits */
  center: string;
  /** [N, 17, 3] where the caller expects the joints of the person who is meant: y, x as shares of the map, 1; zeros where it does not know. */
  expected: string;
}

/** The channels: the nose, then for each kind of limb joint the left one minus the right one. */
export const LOCATED_JOINTS: readonly (readonly [plus: string, minus?: string])[] = [
  ['nose'],
  ...['shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle'].map((kind) => [`left_${kind}`, `right_${kind}`] as const),
];

/**
 * Adds what MoveNet's own decoding looks at, which is sharper than the map that its heads read, and is about one person: heat
 * maps × 1.8 / (distance to where the joint is expected + 1.8). Where that is says the caller; of a joint that it does not know,
 * the person's cell does, the one that maximises σ(center) / (distance to the middle + 1.8), as in src/estimation/movenet-pose.ts.
 * Left and right share a channel with opposite signs, so that all fit into what the kernels pad a map of 24 channels to (32).
 * @returns the tensor [N, 7, h, w] called `output`
 */
export function addLocatedJoints(onnx: OnnxBuilder, tensors: MoveNetTensors, output: string): string {
  const located = addWeightedHeatmaps(onnx, tensors, output);
  const signs = LOCATED_JOINTS.flatMap(([plus, minus]) =>
    COCO_JOINTS.map((joint) => (joint === plus ? 1 : joint === minus ? -1 : 0)),
  );
  const matrix = onnx.float32(`${output}.signs`, [LOCATED_JOINTS.length, COCO_JOINTS.length, 1, 1], signs);
  return onnx.node('Conv', [located, matrix], output, { kernel_shape: [1, 1] });
}

/**
 * Adds the heat maps, each weighted by how near a cell is to where its joint is expected. Where glpose's own kernels run the graph,
 * they know these operators as one layer (lowering/weighted-heatmaps.ts).
 * @param prefix of the names of all tensors
 * @returns the tensor [N, 17, h, w]
 */
export function addWeightedHeatmaps(onnx: OnnxBuilder, tensors: MoveNetTensors, prefix: string): string {
  const name = (part: string): string => `${prefix}.${part}`;
  const node = (op: string, inputs: string[], part: string, attributes: Record<string, Attribute> = {}): string =>
    onnx.node(op, inputs, name(part), attributes);
  const float = (integers: string, part: string): string => node('Cast', [integers], part, { to: DATA_TYPE.float32 });
  const int64 = (part: string, ...values: number[]): string => onnx.int64(name(part), values);
  const scalar = (part: string, value: number): string => onnx.float32(name(part), [], [value]);
  const offset = scalar('distance_offset', DISTANCE_OFFSET);

  // The grid: rows [1, 1, h, 1] and columns [1, 1, 1, w].
  const shape = node('Shape', [tensors.center], 'shape');
  const side = (axis: number, letter: string): string =>
    node('Squeeze', [node('Gather', [shape, int64(`${letter}.axis`, axis)], `${letter}.vector`)], letter);
  const [h, w] = [side(2, 'h'), side(3, 'w')];
  const zero = node('Squeeze', [int64('zero', 0)], 'range.start');
  const one = node('Squeeze', [int64('one', 1)], 'range.step');
  const places = (size: string, part: string, ...axes: number[]): string => {
    const range = float(node('Range', [zero, size, one], `${part}.range`), `${part}.float`);
    return node('Unsqueeze', [range, int64(`${part}.axes`, ...axes)], part);
  };
  const [y, x] = [places(h, 'y', 0, 1, 3), places(w, 'x', 0, 1, 2)];
  const softDistance = (row: string, column: string, part: string): string => {
    const dy = node('Sub', [y, row], `${part}.dy`);
    const dx = node('Sub', [x, column], `${part}.dx`);
    const squares = [node('Mul', [dy, dy], `${part}.dy2`), node('Mul', [dx, dx], `${part}.dx2`)];
    const distance = node('Sqrt', [node('Add', squares, `${part}.d2`)], `${part}.d`);
    return node('Add', [distance, offset], part);
  };

  // The person's cell [N, 1, 1].
  const half = scalar('half', 0.5);
  const middle = (size: string, part: string): string => node('Mul', [float(size, `${part}.float`), half], part);
  const fromMiddle = softDistance(middle(h, 'middle.y'), middle(w, 'middle.x'), 'from_middle');
  const sure = node('Div', [node('Sigmoid', [tensors.center], 'center'), fromMiddle], 'person.map');
  const flat = node('Reshape', [sure, int64('person.flat.shape', 0, 1, -1)], 'person.flat');
  const person = node('ArgMax', [flat], 'person', { axis: 2, keepdims: 1 });

  // Where it expects its joints [N, 17, 1, 1], unless the caller knows.
  const Q = COCO_JOINTS.length;
  const index = node('Expand', [person, int64('index.shape', 1, 2 * Q, 1)], 'index');
  const vectors = node('Reshape', [tensors.regress, int64('regress.flat.shape', 0, 2 * Q, -1)], 'regress.flat');
  const chosen = node('GatherElements', [vectors, index], 'regress.chosen', { axis: 2 });
  const pairs = node('Reshape', [chosen, int64('regress.pairs.shape', 0, Q, 2, 1)], 'regress.pairs');
  const given = node('Unsqueeze', [tensors.expected, int64('given.axis', 3)], 'given');
  const givenPart = (member: number, part: string): string =>
    node('Gather', [given, int64(`${part}.member`, member)], part, { axis: 2 });
  const known = givenPart(2, 'known');
  const expected = (cell: string, axis: number, size: string, part: string): string => {
    const place = float(node('Unsqueeze', [cell, int64(`${part}.axis`, 3)], `${part}.cell`), `${part}.person`);
    const vector = node('Gather', [pairs, int64(`${part}.pair`, axis)], `${part}.vector`, { axis: 2 });
    const own = node('Add', [place, vector], `${part}.own`);
    const cells = node('Mul', [givenPart(axis, `${part}.share`), float(size, `${part}.size`)], `${part}.given`);
    const correction = node('Sub', [cells, own], `${part}.correction`);
    return node('Add', [own, node('Mul', [known, correction], `${part}.known`)], part);
  };
  const row = expected(node('Div', [person, w], 'person.row'), 0, h, 'row');
  const column = expected(node('Mod', [person, w], 'person.column'), 1, w, 'column');

  const near = node('Div', [offset, softDistance(row, column, 'from_expected')], 'near');
  return node('Mul', [tensors.heatmap, near], 'all');
}
