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

    let S = this.weighted(key); // Eq. 4
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

  /** concat[V_t, w V_l …, W_g V_g …]: [1, (1 + R)·C, h, w]. */
  private weighted(key: string): string {
    const { onnx } = this;
    const { channels: C, height: h, width: w, k, n } = this.shape;
    const R = 2 * k + n;
    if (R === 0) return key;
    const maps = this.standardised(onnx.input('references', [R, C, h, w]), 'V');
    const perChannel = onnx.node(
      'Reshape',
      [onnx.input('weights', [R, C]), onnx.int64('weights.shape', [R, C, 1, 1])],
      'W',
    );
    const weighted = onnx.node('Mul', [maps, perChannel], 'weighted');
    // Row-major, [R, C, h, w] and [1, R·C, h, w] are the same numbers.
    const joined = onnx.node('Reshape', [weighted, onnx.int64('joined.shape', [1, R * C, h, w])], 'joined');
    return onnx.node('Concat', [key, joined], 'aggregation.input', { axis: 1 });
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
