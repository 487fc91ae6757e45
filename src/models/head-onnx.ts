import { PEOPLE_EXPECTED } from '../estimation/conditions.js';
import { CONDITION_JOINTS } from '../joints.js';
import type { HeadShape, Tensor } from '../native/contract.js';
import { OnnxBuilder } from '../onnx/onnx-builder.js';

/** BatchNorm's ε, as PyTorch's. */
const EPSILON = 1e-5;

/**
 * The GLPose head as an ONNX graph (opset 13, float32), BatchNorm folded into the convolutions. R = 2k + n references.
 *
 * Inputs: `key` [1, C, h, w], the extractor's map of the key frame; `references` [R, C, h, w], those of the local frames
 * −k … −1, 1 … k, then of the global people by rank; `weights` [R, C], W_l and W_g. The maps are as the extractor gives
 * them: the graph standardises them. Outputs: `heatmaps` [1, K, h, w] and, with enhancement, `mask` [1, width, h, w].
 * With R = 0 there are no `references` and `weights`.
 *
 * With conditions there is an input `expected` [1 + 2k, 9, J, 2]: where the joints of the person, then of up to eight others, are
 * expected, as in `ExpectedJoints`, NaN where nobody knows. The graph makes the maps of them.
 */
export function headOnnx(shape: HeadShape, tensors: Record<string, Tensor>, documentation: string): Buffer {
  return new HeadWriter(shape, tensors).write(documentation);
}

class HeadWriter {
  private readonly onnx = new OnnxBuilder(13);

  constructor(
    private readonly shape: HeadShape,
    private readonly tensors: Record<string, Tensor>,
  ) {}

  write(documentation: string): Buffer {
    const { onnx } = this;
    const { channels: C, height: h, width: w, blockWidth, joints: K, enhancement, kernel } = this.shape;
    onnx.float32('mean', [1, C, 1, 1], this.shape.featureMean);
    onnx.float32('deviation', [1, C, 1, 1], this.shape.featureStd);
    const key = this.standardised(onnx.input('key', [1, C, h, w]), 'V_t');

    let S = this.gathered(key); // Eq. 4
    for (let i = 0; i < 3; i++) S = this.basicBlock(`aggregation.${i}`, S);

    let F = S;
    if (enhancement) {
      const psi = this.basicBlock('psi', key, { lastRelu: false }); // Eq. 5
      const sigmoid = onnx.node('Sigmoid', [psi], 'psi.sigmoid');
      const mask = onnx.node('Sub', [onnx.float32('one', [], [1]), sigmoid], 'mask');
      const masked = onnx.node('Mul', [mask, S], 'masked');
      F = onnx.node('Concat', [masked, key], 'enhancement.input', { axis: 1 });
      for (let i = 0; i < this.shape.enhancementBlocks; i++) F = this.basicBlock(`enhancement.${i}`, F);
    }
    const weight = onnx.float32('head.weight', [K, blockWidth, kernel, kernel], this.tensors['head.weight'].data);
    const bias = onnx.float32('head.bias', [K], this.tensors['head.bias'].data);
    this.conv([F, weight, bias], 'heatmaps', kernel);
    onnx.output('heatmaps', [1, K, h, w]);
    if (enhancement) onnx.output('mask', [1, blockWidth, h, w]);
    return onnx.build('glpose-head', documentation);
  }

  /** V = (F − mean) / std per channel. */
  private standardised(features: string, name: string): string {
    const centred = this.onnx.node('Sub', [features, 'mean'], `${name}.centred`);
    return this.onnx.node('Div', [centred, 'deviation'], name);
  }

  /** concat[V_t, w V_l …, W_g V_g …], then the conditions: what the first block reads. */
  private gathered(key: string): string {
    const maps = [key, ...this.weighted(), ...(this.shape.conditions ? this.conditions() : [])];
    return maps.length > 1 ? this.onnx.node('Concat', maps, 'aggregation.input', { axis: 1 }) : key;
  }

  /** w V_l …, W_g V_g …: [1, R·C, h, w]; nothing where R = 0. */
  private weighted(): string[] {
    const { onnx } = this;
    const { channels: C, height: h, width: w, k, n } = this.shape;
    const R = 2 * k + n;
    if (R === 0) return [];
    const maps = this.standardised(onnx.input('references', [R, C, h, w]), 'V');
    const perChannel = onnx.node(
      'Reshape',
      [onnx.input('weights', [R, C]), onnx.int64('weights.shape', [R, C, 1, 1])],
      'W',
    );
    const weighted = onnx.node('Mul', [maps, perChannel], 'weighted');
    // Row-major, [R, C, h, w] and [1, R·C, h, w] are the same numbers.
    return [onnx.node('Reshape', [weighted, onnx.int64('joined.shape', [1, R * C, h, w])], 'joined')];
  }

  /** Who is meant, as native/kernels/conditions/conditions.h has it: maps of the key [1, 2J, h, w], of the local frames [1, 4k, h, w]. */
  private conditions(): string[] {
    const { onnx } = this;
    const { height: h, width: w, k } = this.shape;
    const [frames, O, J] = [1 + 2 * k, PEOPLE_EXPECTED, CONDITION_JOINTS.length];
    const expected = onnx.input('expected', [frames, O, J, 2]);
    const unknown = onnx.node('IsNaN', [expected], 'expected.unknown');
    const known = onnx.node('Where', [unknown, onnx.float32('far', [], [1e9]), expected], 'expected.known');
    const points = onnx.node('Reshape', [known, onnx.int64('points.shape', [frames, O, J, 2, 1])], 'points');
    const sharpness = onnx.float32('sharpness', [], [-128 / h ** 2]); // −1 / 2σ², σ = h / 16

    /** exp(−Δ² / 2σ²) of one axis: [frames, O, J, 1, w] or [frames, O, J, h, 1]. */
    const along = (axis: 'x' | 'y'): string => {
      const [index, dims] = axis === 'x' ? [0, [1, w]] : [1, [h, 1]];
      const cells = onnx.float32(
        `${axis}.cells`,
        dims,
        Array.from({ length: dims[0] * dims[1] }, (_, cell) => cell),
      );
      const places = onnx.node('Gather', [points, onnx.int64(`${axis}.index`, [index])], `${axis}.places`, { axis: 3 });
      const away = onnx.node('Sub', [cells, places], `${axis}.away`);
      const square = onnx.node('Mul', [away, away], `${axis}.square`);
      return onnx.node('Exp', [onnx.node('Mul', [square, sharpness], `${axis}.exponent`)], `${axis}.bump`);
    };
    const bumps = [along('y'), along('x')];

    /** The highest Gaussians of the key's or the local frames, of the own person or the others. */
    const highest = (where: 'key' | 'local', who: 'own' | 'others'): string => {
      const name = `${where}.${who}`;
      const [firstFrame, endFrame] = where === 'key' ? [0, 1] : [1, frames];
      const [firstPerson, endPerson] = who === 'own' ? [0, 1] : [1, O];
      const range = [
        onnx.int64(`${name}.first`, [firstFrame, firstPerson]),
        onnx.int64(`${name}.end`, [endFrame, endPerson]),
      ];
      const parts = bumps.map((bump) => onnx.node('Slice', [bump, ...range], `${name}.${bump}`));
      const all = onnx.node('Mul', parts, `${name}.bumps`);
      return onnx.node('ReduceMax', [all], name, { axes: where === 'key' ? [1] : [1, 2], keepdims: 1 });
    };
    /** Own and others by turns: of the key a joint each, [1, 2, J, h, w]; of the local frames [2k, 2, 1, h, w]. */
    const maps = (where: 'key' | 'local', channels: number): string => {
      const people = onnx.node('Concat', [highest(where, 'own'), highest(where, 'others')], `${where}.people`, {
        axis: 1,
      });
      const shape = onnx.int64(`${where}.conditions.shape`, [1, channels, h, w]);
      return onnx.node('Reshape', [people, shape], `${where}.conditions`);
    };
    return [maps('key', 2 * J), ...(k > 0 ? [maps('local', 4 * k)] : [])];
  }

  /** conv3×3-BN-ReLU-conv3×3-BN + shortcut, ReLU. */
  private basicBlock(name: string, x: string, { lastRelu = true } = {}): string {
    const { onnx } = this;
    const inner = this.conv([x, ...this.folded(`${name}.conv1`, `${name}.bn1`)], `${name}.conv1`, 3);
    const relu = onnx.node('Relu', [inner], `${name}.relu1`);
    const outer = this.conv([relu, ...this.folded(`${name}.conv2`, `${name}.bn2`)], `${name}.conv2`, 3);
    const projection = `${name}.shortcut.conv`;
    const shortcut = this.tensors[`${projection}.weight`]
      ? this.conv([x, ...this.folded(projection, `${name}.shortcut.bn`)], projection, 1)
      : x;
    const sum = onnx.node('Add', [outer, shortcut], `${name}.sum`);
    return lastRelu ? onnx.node('Relu', [sum], name) : sum;
  }

  /** A stride-1 convolution that keeps the map's size. */
  private conv(inputs: string[], output: string, kernel: number): string {
    const pads = new Array<number>(4).fill((kernel - 1) / 2);
    return this.onnx.node('Conv', inputs, output, { kernel_shape: [kernel, kernel], pads });
  }

  /** A convolution's weight and bias with the BatchNorm behind it folded in. @returns their names */
  private folded(conv: string, bn: string): [weight: string, bias: string] {
    const { shape, data } = this.tensors[`${conv}.weight`];
    const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
      (part) => this.tensors[`${bn}.${part}`].data,
    );
    const scale = Array.from(gamma, (value, o) => value / Math.sqrt(variance[o] + EPSILON));
    const filter = data.length / shape[0];
    const weight = data.map((value, i) => value * scale[Math.floor(i / filter)]);
    const bias = beta.map((value, o) => value - mean[o] * scale[o]);
    return [this.onnx.float32(`${conv}.weight`, shape, weight), this.onnx.float32(`${conv}.bias`, [shape[0]], bias)];
  }
}
