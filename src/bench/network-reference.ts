import type {
  Activation,
  AxisTaps,
  ConvLayer,
  Layer,
  LocateLayer,
  MapShape,
  Network,
  PoolLayer,
  ResizeLayer,
} from '../native/network.js';

/**
 * A network in float64, layer by layer as its definition says: what the addon's results are measured against.
 * Legend: o, i output and input channel   c channel   y, x place
 * @param inputs [channels, height, width] of each input map
 * @returns the output maps, [channels, height, width] each
 */
export function referenceNetwork(
  { maps, inputs: count, layers, outputs }: Network,
  inputs: readonly Float32Array[],
): Float64Array[] {
  const values: Float64Array[] = inputs.slice(0, count).map((input) => Float64Array.from(input));
  const lastUse = new Map<number, number>();
  layers.forEach((layer, i) => sourcesOf(layer).forEach((map) => lastUse.set(map, i)));
  layers.forEach((layer, i) => {
    values[layer.out] = run(layer, maps, values);
    for (const map of sourcesOf(layer)) {
      if (lastUse.get(map) === i && !outputs.includes(map)) values[map] = new Float64Array(0); // large networks would not fit
    }
  });
  return outputs.map((map) => values[map]);
}

/** The maps that a layer reads. */
export function sourcesOf(layer: Layer): number[] {
  switch (layer.op) {
    case 'conv':
      return layer.addend === null ? [layer.source] : [layer.source, layer.addend];
    case 'sum':
      return layer.terms.map(({ map }) => map);
    case 'product':
    case 'concat':
      return layer.sources;
    case 'resize':
    case 'pool':
      return [layer.source];
    case 'locate':
      return [layer.heatmaps, layer.regress, layer.center, layer.expected];
    case 'decode':
      return [layer.heatmaps];
    case 'peaks':
      return layer.offsets === null ? [layer.heatmaps] : [layer.heatmaps, layer.offsets];
    case 'pose':
      return [layer.heatmaps, layer.offsets, layer.regress, layer.center, layer.expected];
  }
}

function run(layer: Layer, maps: MapShape[], values: Float64Array[]): Float64Array {
  const shape = maps[layer.out];
  const { height, width } = shape;
  const out = new Float64Array(shape.channels * height * width);
  switch (layer.op) {
    case 'conv':
      convolve(layer, values[layer.source], maps[layer.source], shape, out);
      if (layer.addend !== null) values[layer.addend].forEach((value, i) => (out[i] += value));
      return activate(layer.activation, out);
    case 'sum':
      for (const { map, factor } of layer.terms) {
        const from = maps[map];
        for (let at = 0; at < out.length; at++) {
          const [c, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
          out[at] += values[map][(c * from.height + Math.floor(y / factor)) * from.width + Math.floor(x / factor)];
        }
      }
      return activate(layer.activation, out);
    case 'product':
      return out.map((_, i) => values[layer.sources[0]][i] * values[layer.sources[1]][i]);
    case 'concat': {
      let at = 0;
      for (const source of layer.sources) {
        out.set(values[source], at);
        at += values[source].length;
      }
      return out;
    }
    case 'resize':
      return resize(layer, values[layer.source], maps[layer.source], out);
    case 'pool':
      return pool(layer, values[layer.source], maps[layer.source], shape, out);
    case 'locate':
      return locate(layer, values, shape, out);
    case 'decode':
    case 'peaks':
    case 'pose':
      throw new Error('read-outs are not compared in float64, where other cells may win');
  }
}

function activate(activation: Activation, values: Float64Array): Float64Array {
  if (activation.kind === 'sigmoid') return values.map((value) => 1 / (1 + Math.exp(-value)));
  if (activation.kind === 'linear') return values;
  const { low, high } = activation;
  return values.map((value) => Math.min(Math.max(value, low), high));
}

function convolve(layer: ConvLayer, source: Float64Array, from: MapShape, to: MapShape, out: Float64Array): void {
  const { kernel, stride, padTop, padLeft, depthwise, bias } = layer;
  const weight = new DataView(layer.weight.buffer, layer.weight.byteOffset, layer.weight.byteLength);
  const perOutput = depthwise ? 1 : from.channels;
  const plane = to.height * to.width;
  for (let o = 0; o < to.channels; o++) {
    const sums = out.subarray(o * plane, (o + 1) * plane).fill(bias[o]);
    for (let i = 0; i < perOutput; i++) {
      const map = source.subarray((depthwise ? o : i) * from.height * from.width);
      for (let ky = 0; ky < kernel; ky++) {
        for (let kx = 0; kx < kernel; kx++) {
          const factor = weight.getFloat32(4 * (((o * perOutput + i) * kernel + ky) * kernel + kx), true);
          const first = Math.max(0, Math.ceil((padLeft - kx) / stride));
          const end = Math.min(to.width, Math.floor((from.width - 1 + padLeft - kx) / stride) + 1);
          for (let y = 0; y < to.height; y++) {
            const row = y * stride + ky - padTop;
            if (row < 0 || row >= from.height) continue;
            let at = row * from.width + first * stride + kx - padLeft;
            for (let x = y * to.width + first; x < y * to.width + end; x++, at += stride) sums[x] += factor * map[at];
          }
        }
      }
    }
  }
}

function resize({ rows, columns }: ResizeLayer, source: Float64Array, from: MapShape, out: Float64Array): Float64Array {
  let at = 0;
  for (let c = 0; c < from.channels; c++) {
    for (let y = 0; y < rows.first.length; y++) {
      const along = (taps: AxisTaps, i: number, value: (place: number) => number): number =>
        (1 - taps.weight[i]) * value(taps.first[i]) + taps.weight[i] * value(taps.second[i]);
      for (let x = 0; x < columns.first.length; x++) {
        out[at++] = along(rows, y, (row) =>
          along(columns, x, (column) => source[(c * from.height + row) * from.width + column]),
        );
      }
    }
  }
  return out;
}

function pool(layer: PoolLayer, source: Float64Array, from: MapShape, to: MapShape, out: Float64Array): Float64Array {
  const { kind, kernelHeight, kernelWidth, stride, padTop, padLeft } = layer;
  let at = 0;
  for (let c = 0; c < to.channels; c++) {
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        const inside: number[] = [];
        for (let row = y * stride - padTop; row < y * stride - padTop + kernelHeight; row++) {
          for (let column = x * stride - padLeft; column < x * stride - padLeft + kernelWidth; column++) {
            if (row < 0 || row >= from.height || column < 0 || column >= from.width) continue;
            inside.push(source[(c * from.height + row) * from.width + column]);
          }
        }
        out[at++] =
          kind === 'max' ? Math.max(...inside) : inside.reduce((sum, value) => sum + value, 0) / inside.length;
      }
    }
  }
  return out;
}

/** native/kernels/locate/locate.h says the same. */
function locate(
  layer: LocateLayer,
  values: Float64Array[],
  { height, width }: MapShape,
  out: Float64Array,
): Float64Array {
  const [heatmaps, regress, center, expected] = sourcesOf(layer).map((map) => values[map]);
  const plane = height * width;
  const soft = (dy: number, dx: number): number => Math.hypot(dy, dx) + layer.offset;
  let person = 0;
  let surest = -Infinity;
  center.forEach((value, cell) => {
    const [y, x] = [Math.floor(cell / width), cell % width];
    const sure = 1 / (1 + Math.exp(-value)) / soft(y - height / 2, x - width / 2);
    if (sure > surest) [person, surest] = [cell, sure];
  });
  return out.map((_, at) => {
    const [q, cell] = [Math.floor(at / plane), at % plane];
    const [y, x, known] = expected.subarray(3 * q, 3 * q + 3);
    const ownY = Math.floor(person / width) + regress[2 * q * plane + person];
    const ownX = (person % width) + regress[(2 * q + 1) * plane + person];
    const dy = Math.floor(cell / width) - (ownY + known * (y * height - ownY));
    const dx = (cell % width) - (ownX + known * (x * width - ownX));
    return (heatmaps[at] * layer.offset) / soft(dy, dx);
  });
}
