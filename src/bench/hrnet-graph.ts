import { OnnxBuilder } from '../onnx/onnx-builder.js';

/** How an exporter writes an HRNet down. */
export interface HrnetStyle {
  /** Channels of branch 0: 32 or 48 for the real ones. */
  width: number;
  /** Channels inside layer 1's bottlenecks; 64 in the real ones. */
  stem?: number;
  joints?: number;
  opset?: 11 | 13;
  /** Names of weights and outputs, and the order of a fuse layer's sum. */
  naming?: 'official' | 'mmpose';
  /** BatchNorm inside the convolutions, as exporters fold it, or behind them. */
  batchNorm?: 'folded' | 'unfolded';
  /** Exchange modules of stages 2, 3, 4; [1, 4, 3] in every HRNet for poses. With 0 in stage 4 the heat maps are made from stage 3. */
  modules?: [number, number, number];
  /** Sizes of the input; free where left out. */
  size?: { width: number; height: number };
  /** A declared output that nothing makes. */
  renamedOutput?: string;
}

/**
 * The ONNX graph of an HRNet for poses (Sun et al., CVPR 2019) with arbitrary weights.
 * @returns the file, and the name of stage 3's branch 0
 */
export function hrnetGraph(style: HrnetStyle): { onnx: Buffer; stage3Branch0: string } {
  return new HrnetWriter(style).write();
}

class HrnetWriter {
  private readonly onnx: OnnxBuilder;
  private readonly mmpose: boolean;
  private count = 0;
  private seed = 1;

  constructor(private readonly style: HrnetStyle) {
    this.onnx = new OnnxBuilder(style.opset ?? 13);
    this.mmpose = style.naming === 'mmpose';
  }

  write(): { onnx: Buffer; stage3Branch0: string } {
    const { width, stem = 64, joints = 17, modules = [1, 4, 3], size, renamedOutput } = this.style;
    const channels = [width, 2 * width, 4 * width, 8 * width];
    let x = this.onnx.input('input', ['batch', 3, size?.height ?? 'height', size?.width ?? 'width']);
    x = this.relu(this.conv('conv1', x, 3, stem, 3, 2));
    x = this.relu(this.conv('conv2', x, stem, stem, 3, 2));
    for (let i = 0; i < 4; i++) x = this.bottleneck(`layer1.${i}`, x, i === 0 ? stem : 4 * stem, stem);

    let branches = [
      this.relu(this.conv('transition1.0.0', x, 4 * stem, channels[0], 3)),
      this.relu(this.conv('transition1.1.0.0', x, 4 * stem, channels[1], 3, 2)),
    ];
    let stage3Branch0 = '';
    for (const [i, count] of modules.entries()) {
      const stage = i + 2;
      if (count === 0) break;
      if (stage > 2) {
        const from = channels[stage - 2];
        const lowest = this.conv(
          `transition${stage - 1}.${stage - 1}.0.0`,
          branches.at(-1)!,
          from,
          channels[stage - 1],
          3,
          2,
        );
        branches.push(this.relu(lowest));
      }
      for (let module = 0; module < count; module++) {
        const fused = stage === 4 && module === count - 1 ? 1 : branches.length;
        branches = this.module(`stage${stage}.${module}`, branches, channels, fused);
      }
      if (stage === 3) [stage3Branch0] = branches;
    }
    const head = this.name('final_layer.weight');
    this.onnx.float32(head, [joints, width, 1, 1], this.weights(joints * width, width));
    const output = this.mmpose ? 'output' : this.tensor();
    this.onnx.node('Conv', [branches[0], head], output, { kernel_shape: [1, 1] });
    this.onnx.output(renamedOutput ?? output, ['batch', joints, 'h', 'w']);
    return { onnx: this.onnx.build('torch_jit', ''), stage3Branch0 };
  }

  /** One exchange module: four basic blocks a branch, then the fuse layers of the first `fused` branches. */
  private module(name: string, branches: string[], channels: number[], fused: number): string[] {
    const inputs = branches.map((branch, j) => {
      let x = branch;
      for (let block = 0; block < 4; block++) x = this.basic(`${name}.branches.${j}.${block}`, x, channels[j]);
      return x;
    });
    return Array.from({ length: fused }, (_, i) => {
      const terms = inputs.map((x, j) => this.exchange(`${name}.fuse_layers.${i}.${j}`, x, i, j, channels));
      if (this.mmpose) terms.unshift(this.zero()); // mmpose sums up from 0
      return this.relu(terms.reduce((sum, term) => this.onnx.node('Add', [sum, term], this.tensor())));
    });
  }

  /** Brings branch j to the size and channels of branch i. */
  private exchange(name: string, x: string, i: number, j: number, channels: number[]): string {
    if (j === i) return x;
    if (j > i) {
      const narrowed = this.conv(`${name}.0`, x, channels[j], channels[i], 1);
      const scales = `${name}.scales`;
      this.onnx.float32(scales, [4], [1, 1, 2 ** (j - i), 2 ** (j - i)]);
      // Opset 11 wants a region of interest, even where it is not used.
      const region = this.style.opset === 11 ? this.onnx.float32(`${name}.roi`, [0], []) : '';
      return this.onnx.node('Resize', [narrowed, region, scales], this.tensor(), {
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      });
    }
    for (let step = 0; step < i - j; step++) {
      const last = step === i - j - 1;
      x = this.conv(`${name}.${step}.0`, x, channels[j], last ? channels[i] : channels[j], 3, 2);
      if (!last) x = this.relu(x);
    }
    return x;
  }

  private basic(name: string, x: string, channels: number): string {
    const inner = this.relu(this.conv(`${name}.conv1`, x, channels, channels, 3));
    return this.relu(
      this.onnx.node('Add', [this.conv(`${name}.conv2`, inner, channels, channels, 3), x], this.tensor()),
    );
  }

  private bottleneck(name: string, x: string, from: number, planes: number): string {
    let y = this.relu(this.conv(`${name}.conv1`, x, from, planes, 1));
    y = this.relu(this.conv(`${name}.conv2`, y, planes, planes, 3));
    y = this.conv(`${name}.conv3`, y, planes, 4 * planes, 1);
    const shortcut = from === 4 * planes ? x : this.conv(`${name}.downsample.0`, x, from, 4 * planes, 1);
    return this.relu(this.onnx.node('Add', [y, shortcut], this.tensor()));
  }

  /** A convolution with its BatchNorm. */
  private conv(name: string, x: string, from: number, to: number, kernel: number, stride = 1): string {
    const weight = this.name(`${name}.weight`);
    this.onnx.float32(weight, [to, from, kernel, kernel], this.weights(to * from * kernel ** 2, from * kernel ** 2));
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: new Array<number>(4).fill(kernel >> 1),
    };
    const bias = this.name(`${name}.bias`);
    if (this.style.batchNorm !== 'unfolded') {
      this.onnx.float32(bias, [to], this.weights(to, 100));
      return this.onnx.node('Conv', [x, weight, bias], this.tensor(), attributes);
    }
    const plain = this.onnx.node('Conv', [x, weight], this.tensor(), attributes);
    const statistics = ['weight', 'bias', 'running_mean', 'running_var'].map((part, i) => {
      const values = this.weights(to, 100).map((value) => value + (i === 0 || i === 3 ? 1 : 0));
      return this.onnx.float32(this.name(`${name}.bn.${part}`), [to], values);
    });
    return this.onnx.node('BatchNormalization', [plain, ...statistics], this.tensor(), { epsilon: { float: 1e-5 } });
  }

  private relu(x: string): string {
    return this.onnx.node('Relu', [x], this.tensor());
  }

  private zeroName = '';
  private zero(): string {
    return (this.zeroName ||= this.onnx.float32('zero', [], [0]));
  }

  /** Exporters number the tensors, or path them. */
  private tensor(): string {
    this.count++;
    return this.mmpose ? `/backbone/${this.count}_output_0` : `${600 + this.count}`;
  }

  private name(parameter: string): string {
    return this.mmpose ? `backbone.${parameter}` : parameter;
  }

  /** He-scaled numbers that repeat after a while: enough to tell tensors apart, and fast for 60 million of them. */
  private weights(count: number, fanIn: number): Float32Array {
    const period = Math.min(count, 4099);
    const values = new Float32Array(count);
    const scale = Math.sqrt(2 / fanIn); // so that sums of branches do not grow beyond half precision
    for (let i = 0; i < period; i++) {
      this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
      values[i] = scale * (this.seed / 2 ** 31 - 1);
    }
    for (let filled = period; filled < count; filled *= 2)
      values.copyWithin(filled, 0, Math.min(filled, count - filled));
    return values;
  }
}
