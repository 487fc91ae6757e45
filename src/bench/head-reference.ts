import { CONDITION_JOINTS } from '../joints.js';
import type { ExpectedJoints, HeadShape, Tensor } from '../native/contract.js';

/** BatchNorm's ε, as PyTorch's. */
const EPSILON = 1e-5;

/** Maps of one person: [channels, h, w] in float64. */
type Planes = Float64Array;

/**
 * The GLPose head in float64 and plain loops: what every faster form is measured against. Takes seconds.
 * @param features [1 + R, C, h, w] V_t, then the references, as the extractor gives them
 * @param weights [R, C]
 * @param expected of one key; for heads with conditions
 * @returns heat maps [K, h, w]
 */
export function referenceHead(
  shape: HeadShape,
  tensors: Record<string, Tensor>,
  features: Float32Array,
  weights: Float32Array,
  expected?: ExpectedJoints,
): Planes {
  const { channels: C, height, width, featureMean, featureStd } = shape;
  const pixels = height * width;

  const weighted = new Float64Array(features.length);
  for (let plane = 0; plane < features.length / pixels; plane++) {
    const c = plane % C;
    const weight = plane < C ? 1 : weights[plane - C];
    for (let p = plane * pixels; p < (plane + 1) * pixels; p++) {
      weighted[p] = ((features[p] - featureMean[c]) / featureStd[c]) * weight;
    }
  }
  const key = weighted.slice(0, C * pixels);

  const conv = (x: Planes, name: string): Planes => convolve(x, tensors[`${name}.weight`], height, width);
  const batchNorm = (x: Planes, name: string): Planes => {
    const part = (of: string): Float32Array => tensors[`${name}.${of}`].data;
    return x.map((value, i) => {
      const o = Math.floor(i / pixels);
      const deviation = Math.sqrt(part('running_var')[o] + EPSILON);
      return ((value - part('running_mean')[o]) / deviation) * part('weight')[o] + part('bias')[o];
    });
  };
  const relu = (x: Planes): Planes => x.map((value) => Math.max(0, value));
  const basicBlock = (x: Planes, name: string): Planes => {
    const inner = relu(batchNorm(conv(x, `${name}.conv1`), `${name}.bn1`));
    const outer = batchNorm(conv(inner, `${name}.conv2`), `${name}.bn2`);
    const projected = `${name}.shortcut.conv.weight` in tensors;
    const shortcut = projected ? batchNorm(conv(x, `${name}.shortcut.conv`), `${name}.shortcut.bn`) : x;
    return outer.map((value, i) => value + shortcut[i]);
  };

  let s = expected ? joined(weighted, conditions(shape, expected)) : weighted; // Eq. 4
  for (let i = 0; i < 3; i++) s = relu(basicBlock(s, `aggregation.${i}`));
  let f = s;
  if (shape.enhancement) {
    const psi = basicBlock(key, 'psi'); // Eq. 5
    const masked = psi.map((value, i) => (1 - 1 / (1 + Math.exp(-value))) * s[i]);
    f = joined(masked, key);
    for (let i = 0; i < shape.enhancementBlocks; i++) f = relu(basicBlock(f, `enhancement.${i}`));
  }
  const bias = tensors['head.bias'].data;
  return conv(f, 'head').map((value, i) => value + bias[Math.floor(i / pixels)]);
}

/** [2J + 4k, h, w], as native/kernels/conditions/conditions.h has them. */
function conditions({ k, height, width }: HeadShape, { people, points }: ExpectedJoints): Planes {
  const J = CONDITION_JOINTS.length;
  const planes = new Float64Array((2 * J + 4 * k) * height * width);
  const sigma = height / 16;
  for (let place = 0; place < points.length / 2; place++) {
    const joint = place % J;
    const other = Math.floor(place / J) % people > 0 ? 1 : 0;
    const frame = Math.floor(place / (J * people));
    const channel = frame === 0 ? other * J + joint : 2 * J + 2 * (frame - 1) + other;
    const [px, py] = points.subarray(2 * place, 2 * place + 2);
    if (Number.isNaN(px + py)) continue;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const cell = (channel * height + y) * width + x;
        planes[cell] = Math.max(planes[cell], Math.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * sigma ** 2)));
      }
    }
  }
  return planes;
}

function joined(a: Planes, b: Planes): Planes {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** A stride-1 convolution with a zero border. */
function convolve(x: Planes, weight: Tensor, height: number, width: number): Planes {
  const [outputs, inputs, side] = weight.shape;
  const pad = (side - 1) / 2;
  const pixels = height * width;
  const out = new Float64Array(outputs * pixels);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let ky = 0; ky < side; ky++) {
        for (let kx = 0; kx < side; kx++) {
          const factor = weight.data[((o * inputs + i) * side + ky) * side + kx];
          const first = Math.max(0, pad - kx);
          const last = Math.min(width, width + pad - kx);
          for (let y = Math.max(0, pad - ky); y < Math.min(height, height + pad - ky); y++) {
            const to = o * pixels + y * width;
            const from = i * pixels + (y + ky - pad) * width + kx - pad;
            for (let column = first; column < last; column++) out[to + column] += factor * x[from + column];
          }
        }
      }
    }
  }
  return out;
}

/** Σ (a − b)² / Σ b²: normalised mean squared error of `a` against `b`. */
export function nmse(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let error = 0;
  let power = 0;
  for (let i = 0; i < b.length; i++) {
    error += (a[i] - b[i]) ** 2;
    power += b[i] ** 2;
  }
  return error / power;
}
