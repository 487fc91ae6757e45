/*
 * A network as the addon runs it (native/network/): maps, and the layers that make them, in order. Maps are numbered; the first
 * ones are inputs. A map of the addon holds N images of [channels, height, width].
 */

export interface MapShape {
  channels: number;
  height: number;
  width: number;
}

/** What a layer ends with. ReLU is a clip at 0, ReLU6 one at 0 and 6. */
export type Activation = { kind: 'linear' } | { kind: 'clip'; low: number; high: number } | { kind: 'sigmoid' };

interface LayerBase {
  /** The operator's output in the file, for reports. */
  name: string;
  /** The map that it makes. */
  out: number;
}

/** A square convolution, zeros around the map: as many below and to the right as its output's size needs. */
export interface ConvLayer extends LayerBase {
  op: 'conv';
  source: number;
  /** A map of the output's shape, added before the activation; null for none. */
  addend: number | null;
  kernel: number;
  stride: number;
  /** Zeros above and to the left. */
  padTop: number;
  padLeft: number;
  /** Every channel by itself. */
  depthwise: boolean;
  /** float32, little-endian, as they lie in the file: [out, in, kernel, kernel], or [out, 1, kernel, kernel] depthwise. */
  weight: Uint8Array;
  bias: Float32Array;
  activation: Activation;
}

/** The sum of maps, each enlarged by a whole factor (every value repeated) to the output's size. */
export interface SumLayer extends LayerBase {
  op: 'sum';
  terms: { map: number; factor: number }[];
  activation: Activation;
}

export interface ProductLayer extends LayerBase {
  op: 'product';
  sources: [number, number];
}

/** Channels of maps one after the other. */
export interface ConcatLayer extends LayerBase {
  op: 'concat';
  sources: number[];
}

/** One axis of a resampling: output i is (1 − weight[i]) · source[first[i]] + weight[i] · source[second[i]]. */
export interface AxisTaps {
  first: Int32Array;
  second: Int32Array;
  weight: Float32Array;
}

/** Bilinear (or any other separable two-tap) resampling. */
export interface ResizeLayer extends LayerBase {
  op: 'resize';
  source: number;
  rows: AxisTaps;
  columns: AxisTaps;
}

/** The largest, or the mean, of a rectangle; what lies outside the map does not count. */
export interface PoolLayer extends LayerBase {
  op: 'pool';
  kind: 'max' | 'average';
  source: number;
  kernelHeight: number;
  kernelWidth: number;
  stride: number;
  padTop: number;
  padLeft: number;
}

/**
 * Heat maps [Q, h, w], each weighted by how near a cell is to where its joint is expected:
 * offset / (distance + offset), as native/kernels/locate/locate.h has it.
 */
export interface LocateLayer extends LayerBase {
  op: 'locate';
  heatmaps: number;
  /** [2Q, h, w]: (y, x) from a person's cell to the joints. */
  regress: number;
  /** [1, h, w]: how sure it is that a cell is a person's, before the sigmoid. */
  center: number;
  /** [3Q, 1, 1]: y, x as shares of the map and whether they are known, joint by joint. */
  expected: number;
  /** In cells. */
  offset: number;
}

/*
 * Read-outs: what they make are numbers, [C, 1, 1], so many for each joint, which come down as they are. No layer reads them.
 */
export const NUMBERS_OF_JOINT = { decode: 3, peaks: 36, pose: 5 } as const;

/** K joints as `Addon.decode` finds them. */
export interface DecodeLayer extends LayerBase {
  op: 'decode';
  heatmaps: number;
  method: 'quarter' | 'dark';
}

/** What heat maps offer for K joints, as `Addon.peaks` gives it. */
export interface PeaksLayer extends LayerBase {
  op: 'peaks';
  heatmaps: number;
  /** [2K, h, w], or null. */
  offsets: number | null;
}

/** MoveNet's own pose of Q joints, as `Addon.pose` gives it. */
export interface PoseLayer extends LayerBase, PoseTrust {
  op: 'pose';
  heatmaps: number;
  offsets: number;
  regress: number;
  center: number;
  expected: number;
}

/** How far places are trusted, in cells: where MoveNet's maps expect a joint, and where the caller does (native/kernels/pose/pose.h). */
export interface PoseTrust {
  offset: number;
  softness: number;
}

export type Layer =
  | ConvLayer
  | SumLayer
  | ProductLayer
  | ConcatLayer
  | ResizeLayer
  | PoolLayer
  | LocateLayer
  | DecodeLayer
  | PeaksLayer
  | PoseLayer;

export interface Network {
  maps: MapShape[];
  /** So many maps, from the first on, are given. */
  inputs: number;
  layers: Layer[];
  /** Maps to give back. */
  outputs: number[];
}
