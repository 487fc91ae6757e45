import type { Image } from '../types.js';
import type { Layer, MapShape, PoseTrust } from './network.js';

/*
 * The typed contract of build/Release/glpose.node. Legend, as in the paper:
 *   N maps in a call   B people (key frames) in a batch   C channels   h×w feature-map size   K joints
 *   k local frames a side, L = 2k   n global people   R = L + n references of a key
 *   J joints of `CONDITION_JOINTS`   O people whose joints are expected about a key, its own person included
 * All arrays are row-major and must not be changed until a call's promise has settled. Errors arrive as GlposeError with
 * code MODEL, DEVICE, MEMORY or INTERNAL.
 */

/** What this build and this machine offer. */
export interface NativeInfo {
  /** The widest instruction set in use. */
  isa: 'baseline' | 'avx2' | 'avx512' | 'neon';
  cuda: {
    /** Whether the addon was built with the CUDA kernels. */
    compiled: boolean;
    devices: { index: number; name: string; computeCapability: string; memoryBytes: number }[];
    /** Why there is no device, in words; empty where there is one. */
    problem: string;
  };
}

/** The shape of a GLPose head; the names are those of design and bundle. */
export interface HeadShape {
  /** C, h, w of the extractor's map. */
  channels: number;
  height: number;
  width: number;
  /** Channels inside the blocks; the paper has `blockWidth` = C. */
  blockWidth: number;
  /** K */
  joints: number;
  /** Local frames a side and global people. R = 2k + n. */
  k: number;
  n: number;
  enhancement: boolean;
  /** Basic blocks in A; read only with enhancement. */
  enhancementBlocks: number;
  /** Side of the head's convolution: 1, 3 or 5. */
  kernel: 1 | 3 | 5;
  /** Whether the first block also reads where joints are expected (an addition to the paper). */
  conditions: boolean;
  /** Per-channel standardisation of the extractor's map, V = (F − mean) / std; length C each. */
  featureMean: Float32Array;
  featureStd: Float32Array;
}

export interface Tensor {
  shape: number[];
  data: Float32Array;
}

/** Where the joints of the people about each key are expected: whom a head with conditions shall look for, and whom not. */
export interface ExpectedJoints {
  /** O, the same for all keys of a batch. */
  people: number;
  /**
   * [B, 1 + 2k, O, J, 2]: x, y in cells of the key's map, whose centres are whole numbers; NaN where nobody knows, and for the
   * rest of O. Frames are the key's, then −k … −1, 1 … k; the first person is the key's own. Places may lie outside the map.
   */
  points: Float32Array;
}

/** One batch of people. `handles` come from `ingest`. */
export interface EstimateBatch {
  /** [B] handles of the key frames' maps. */
  keys: Int32Array;
  /** [B, R] handles: 2k local in the order −k … −1, 1 … k, then n global by rank. */
  references: Int32Array;
  /** [B, R, C], or [B, R] where one weight serves all channels of a map. */
  weights: Float32Array;
  /**
   * [B, R, 3], where references are maps of other windows than their key's: scale, shift x, shift y from the key's cells
   * to the reference's, x' = scale·x + shift. They are resampled bilinearly, with zeros outside, before they are joined.
   */
  transforms?: Float32Array;
  /** For heads with conditions, and only for these. */
  expected?: ExpectedJoints;
  decode: 'quarter' | 'dark';
  /** Also return what the heat maps offer, see `Addon.peaks`. */
  peaks?: boolean;
  /** Also return the heat maps and, with enhancement, the masks. */
  maps?: boolean;
  /** Also return how long each convolution took. */
  timings?: boolean;
}

export interface Estimate {
  /** [B, K, 3]: x, y in heat-map cells, score = the heat map's maximum. */
  joints: Float32Array;
  /** [B, K, 12, 3] */
  peaks?: Float32Array;
  /** [B, K, h, w] */
  heatmaps?: Float32Array;
  /** [B, blockWidth, h, w]: M of Eq. 5. */
  masks?: Float32Array;
  /** In the order in which they ran. */
  timings?: ConvTiming[];
}

/** How long one convolution took, all people of a pass together. */
export interface ConvTiming {
  /** The prefix of its tensors. */
  name: string;
  /** Multiplications of its definition; fewer are carried out where a faster algorithm is used. */
  macs: number;
  milliseconds: number;
}

/** The most that a device can do, measured; the CPU with the threads of `setThreads`. */
export interface Ceilings {
  /** Multiply-adds at two operations each: of float32 on the CPU; of halves, summed as floats, on a GPU's tensor cores. */
  gflops: number;
  /** Memory read plus written by a copy beyond the caches. */
  copyGBPerSecond: number;
}

/** A head on one device. Disposing twice is harmless; using it afterwards throws. */
export interface NativeHead {
  /** Where it runs: `cpu` or `cuda:0`. */
  readonly device: string;
  /**
   * Takes N extractor maps [N, C, h, w], standardises them, keeps them on the device; or those that a network has left on this device.
   * @returns a handle for each, and the embeddings [N, C]: global average pools of V
   */
  ingest(features: Float32Array | KeptMaps): Promise<{ handles: Int32Array; embeddings: Float32Array }>;
  /** Frees maps. Unknown handles throw. */
  release(handles: Int32Array): void;
  estimate(batch: EstimateBatch): Promise<Estimate>;
  dispose(): void;
}

/** One window to cut: centre and size in image pixels. */
export interface CropBatch {
  /** RGB, 8 bits, [imageHeight, imageWidth, 3] */
  image: Uint8Array;
  imageWidth: number;
  imageHeight: number;
  /** [N, 4]: centre x, centre y, width, height of each window */
  windows: Float64Array;
  /** Output size. */
  width: number;
  height: number;
  /** Output = (value − mean) / std per RGB channel, of values 0–255; outside the image the value is 0. */
  mean: Float32Array;
  std: Float32Array;
  /** [N, 3, height, width] to fill and to return, instead of a new array. */
  out?: Float32Array;
}

declare const opaque: unique symbol;

/** An image [height, width, 3] for windows of networks on one GPU, or of one on the CPU; on its device once they were cut. To be given up: `Addon.discard`. */
export interface NetworkImage {
  readonly [opaque]: 'image';
}

/** An output of a network that stays on its device, [count, channels, height, width]. To be given up: `Addon.discard`. */
export interface KeptMaps {
  readonly [opaque]: 'maps';
}

/** Windows of images instead of an input of three channels: cut on the network's device, as `crop` does it. */
export interface NetworkWindows {
  /** [count]: of which image each is. */
  images: readonly NetworkImage[];
  /** [count, 4] as in `CropBatch` */
  windows: Float64Array;
  /** [count]: 1 where column i of the crop comes to width − 1 − i. */
  mirrored: Uint8Array;
  mean: Float32Array;
  std: Float32Array;
}

/** A network on one device: native/network/. Disposing twice is harmless; using it afterwards throws. */
export interface NativeNetwork {
  /** Where it runs: `cpu` or `cuda:0`. */
  readonly device: string;
  /** The next layer; its weights are copied. Throws MODEL where it does not fit the layers before it. */
  add(layer: Layer): void;
  /** RGB, 8 bits; the bytes are copied, and go up with the first run. */
  image(image: Image): NetworkImage;
  /**
   * Runs all layers.
   * @param batch.inputs `count` images of every input map, [count, channels, height, width] each, or windows
   * @param batch.into arrays to fill and to return, one for each output, instead of new ones; null of those that are not wanted
   * @param batch.keep the place of an output that stays on the device; its array is null
   * @param batch.timings also return how long each layer took, in the order in which they ran
   * @returns the output maps, [count, channels, height, width] each, and what stays
   */
  run(batch: {
    inputs: (Float32Array | NetworkWindows)[];
    count: number;
    into?: (Float32Array | null)[];
    keep?: number;
    timings?: boolean;
  }): Promise<{ outputs: (Float32Array | null)[]; kept?: KeptMaps; timings: ConvTiming[] }>;
  dispose(): void;
}

export interface Addon {
  info(): NativeInfo;
  /**
   * Cuts windows out of an image by the HRNet convention: output pixel (i, j) samples the image, bilinearly, at
   * (cx + (i − width/2)·s, cy + (j − height/2)·s) with s = window width / width (source pixel centres at integers).
   * @returns [N, 3, height, width]
   */
  crop(batch: CropBatch): Promise<Float32Array>;
  /** Joints [N, K, 3] (x, y in cells, maximum) of heat maps [N, K, h, w]; numerics as `estimate`. */
  decode(
    heatmaps: Float32Array,
    shape: [N: number, K: number, h: number, w: number],
    method: 'quarter' | 'dark',
  ): Float32Array;
  /**
   * The places that heat maps [N, K, h, w] offer for their joints: cells of 0.02 and more that are the highest of the 3×3 around them, by
   * descending height, at most twelve; native/kernels/peaks.
   * @param offsets [N, 2K, h, w] of a joint from a cell, in cells, y and x by turns; else places lie a quarter of a cell to the higher side
   * @returns [N, K, 12, 3]: x, y in cells, height; zeros of what is not
   */
  peaks(
    heatmaps: Float32Array,
    shape: [N: number, K: number, h: number, w: number],
    offsets?: Float32Array,
  ): Float32Array;
  /**
   * The joints of the person who is meant, out of MoveNet's maps: native/kernels/pose.
   * @param heatmaps [Q, h, w], nowhere below 0
   * @param offsets, regress [2Q, h, w]
   * @param center [1, h, w]
   * @param expected [Q, 3]: y, x as shares of the map, and whether they are known, 0 or 1
   * @returns [Q, 5]: x, y in cells, the heat map's value, and where it was expected, x, y
   */
  pose(
    heatmaps: Float32Array,
    offsets: Float32Array,
    regress: Float32Array,
    center: Float32Array,
    expected: Float32Array,
    shape: [Q: number, h: number, w: number],
    offset: PoseTrust['offset'],
    softness: PoseTrust['softness'],
  ): Float32Array;
  /** @param device `cpu` or `cuda:<index>`; throws DEVICE where it is not there, MODEL where tensors do not fit */
  createHead(shape: HeadShape, tensors: Record<string, Tensor>, device: string): NativeHead;
  /** A network without layers. @param outputs maps to give back @param device as in `createHead` */
  createNetwork(maps: readonly MapShape[], inputs: number, outputs: readonly number[], device: string): NativeNetwork;
  /** Gives up what a network holds for JavaScript; runs that use it end well. Twice is harmless. */
  discard(held: NetworkImage | KeptMaps): void;
  /** Takes about a second. @param device as in `createHead`; throws DEVICE where it is not there */
  ceilings(device: string): Promise<Ceilings>;
  /**
   * Ends the process at once. Node's own exit waits for its worker threads to unwind, which those in ONNX Runtime's hands
   * cannot: they abort the process.
   * @param code 0–255
   */
  endProcess(code: number): never;
  /** Sets the size of the CPU thread pool that every call shares. Default: the number of cores. */
  setThreads(count: number): void;
  /**
   * Locks an open file, without waiting, until it is closed or this process ends, however it ends.
   * @param shared whether others may hold it, too, all shared
   * @returns false where somebody else holds it; null where the file system or platform knows no such locks
   */
  lock(fd: number, shared: boolean): boolean | null;
}
