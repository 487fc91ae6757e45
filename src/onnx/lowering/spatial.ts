import {
  floatsAttribute,
  intAttribute,
  intsAttribute,
  textAttribute,
  type GraphNode,
  type OnnxGraph,
} from '../graph.js';
import type { AxisTaps } from '../../native/network.js';

/** No map is larger. */
const MOST_SIDE = 1 << 14;

/** How a window of a convolution or pool moves along one axis. */
export interface AxisWindow {
  /** Zeros before the first value. */
  pad: number;
  /** Windows, the output's size. */
  size: number;
}

/** What an operator with a moving window says about it; a text where that is more than the addon knows. */
export type Moving = { kernel: [number, number]; stride: number; rows: AxisWindow; columns: AxisWindow } | string;

/** @param kernel of the weights; null where only the attribute says it @param height, width of the source */
export function movingWindow(node: GraphNode, kernel: [number, number] | null, height: number, width: number): Moving {
  const shape = kernel ?? intsAttribute(node, 'kernel_shape');
  const strides = orOnes(intsAttribute(node, 'strides'));
  const dilations = orOnes(intsAttribute(node, 'dilations'));
  if (shape?.length !== 2 || shape.some((side) => !(side >= 1 && side <= MOST_SIDE))) {
    return 'its kernel is not of two dimensions';
  }
  if (strides.length !== 2 || strides[0] !== strides[1] || !(strides[0] >= 1)) return `strides ${strides.join('×')}`;
  if (dilations.some((step) => step !== 1)) return `dilations ${dilations.join('×')}`;
  if (intAttribute(node, 'ceil_mode')) return 'ceil_mode';
  const [kernelHeight, kernelWidth] = shape;
  const [stride] = strides;
  const rows = axisWindow(node, 0, height, kernelHeight, stride);
  const columns = axisWindow(node, 1, width, kernelWidth, stride);
  if (typeof rows === 'string') return rows;
  if (typeof columns === 'string') return columns;
  return { kernel: [kernelHeight, kernelWidth], stride, rows, columns };
}

function axisWindow(node: GraphNode, axis: 0 | 1, size: number, kernel: number, stride: number): AxisWindow | string {
  const how = textAttribute(node, 'auto_pad') ?? 'NOTSET';
  const pads = intsAttribute(node, 'pads') ?? [0, 0, 0, 0];
  let before = 0;
  let after = 0;
  if (how === 'SAME_UPPER' || how === 'SAME_LOWER') {
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
    before = how === 'SAME_UPPER' ? total >> 1 : (total + 1) >> 1;
    after = total - before;
  } else if (how === 'NOTSET') {
    if (pads.length !== 4) return 'its pads are not of two dimensions';
    before = pads[axis];
    after = pads[axis + 2];
  } else if (how !== 'VALID') return `auto_pad ${how}`;
  if (!(before >= 0 && before < kernel && after >= 0 && after < kernel)) return `pads ${pads.join(', ')}`;
  const count = Math.floor((size + before + after - kernel) / stride) + 1;
  return count >= 1 ? { pad: before, size: count } : 'a kernel larger than its map';
}

const orOnes = (values: number[] | undefined): number[] => values ?? [1, 1];

/** A resampling: by whole factors, values repeated; or by taps. A text where it is neither. */
export type Resampling = { factor: number } | { rows: AxisTaps; columns: AxisTaps } | string;

/** What a Resize or Upsample does to a map of this size. */
export function resampling(graph: OnnxGraph, node: GraphNode, height: number, width: number): Resampling {
  const scales = axisScales(graph, node, [height, width]);
  if (typeof scales === 'string') return scales;
  const upsample = node.op === 'Upsample';
  const mode = textAttribute(node, 'mode') ?? 'nearest';
  const half = node.op === 'Resize' && graph.opset >= 11 ? 'half_pixel' : 'asymmetric';
  const place = textAttribute(node, 'coordinate_transformation_mode') ?? half;
  const round = upsample || graph.opset < 11 ? 'floor' : (textAttribute(node, 'nearest_mode') ?? 'round_prefer_floor');
  if (intsAttribute(node, 'axes') || intAttribute(node, 'antialias')) return 'axes or antialias';

  const sources = [height, width];
  const taps: AxisTaps[] = [];
  for (const axis of [0, 1]) {
    const { scale, size } = scales[axis];
    if (!(size >= 1 && size <= MOST_SIDE)) return `a size of ${size}`;
    const at = sourcePlace(place, scale, size, sources[axis]);
    if (!at) return `coordinate_transformation_mode ${place}`;
    const found = mode === 'nearest' ? nearestTaps(round, at, size, sources[axis]) : mode === 'linear' && linearTaps(at, size, sources[axis]); // prettier-ignore
    if (!found) return `mode ${mode} ${mode === 'nearest' ? round : ''}`.trimEnd();
    taps.push(found);
  }
  const [rows, columns] = taps;
  const factor = rows.first.length / height;
  if (
    mode === 'nearest' &&
    repeats(rows, factor) &&
    repeats(columns, factor) &&
    columns.first.length === factor * width
  )
    return { factor };
  return { rows, columns };
}

interface AxisScale {
  scale: number;
  size: number;
}

function axisScales(graph: OnnxGraph, node: GraphNode, sizes: [number, number]): AxisScale[] | string {
  const [, second, third, fourth] = node.inputs;
  const listed = node.op === 'Upsample' ? floatsAttribute(node, 'scales') : undefined;
  const scaleInput = node.op === 'Resize' && graph.opset >= 11 ? third : second;
  const scales = listed ?? (scaleInput ? Array.from(graph.float(scaleInput)?.data ?? []) : []);
  const wanted = fourth ? graph.integers(fourth) : undefined;
  if (wanted?.length === 4) return sizes.map((size, i) => ({ scale: wanted[i + 2] / size, size: wanted[i + 2] }));
  if (scales.length !== 4) return 'its scales are not constants of four dimensions';
  if (scales[0] !== 1 || scales[1] !== 1) return 'it resamples images or channels';
  return sizes.map((size, i) => ({ scale: scales[i + 2], size: Math.floor(size * scales[i + 2]) }));
}

/** Where in the source an output lies; null for ways that are not known. */
function sourcePlace(mode: string, scale: number, size: number, source: number): ((i: number) => number) | null {
  switch (mode) {
    case 'asymmetric':
      return (i) => i / scale;
    case 'half_pixel':
      return (i) => (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return size > 1 ? (i) => (i + 0.5) / scale - 0.5 : () => 0;
    case 'align_corners':
      return size > 1 ? (i) => (i * (source - 1)) / (size - 1) : () => 0;
    default:
      return null;
  }
}

const ROUNDING: Record<string, (place: number) => number> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (place) => Math.ceil(place - 0.5),
  round_prefer_ceil: (place) => Math.floor(place + 0.5),
};

function nearestTaps(mode: string, at: (i: number) => number, size: number, source: number): AxisTaps | null {
  if (!Object.hasOwn(ROUNDING, mode)) return null;
  const first = Int32Array.from({ length: size }, (_, i) => clamp(ROUNDING[mode](at(i)), source));
  return { first, second: first, weight: new Float32Array(size) };
}

function linearTaps(at: (i: number) => number, size: number, source: number): AxisTaps {
  const places = Array.from({ length: size }, (_, i) => Math.min(Math.max(at(i), 0), source - 1));
  return {
    first: Int32Array.from(places, (place) => Math.floor(place)),
    second: Int32Array.from(places, (place) => clamp(Math.floor(place) + 1, source)),
    weight: Float32Array.from(places, (place) => place - Math.floor(place)),
  };
}

const clamp = (place: number, size: number): number => Math.min(Math.max(place, 0), size - 1);

/** Whether every value of the source is repeated `factor` times. */
function repeats({ first }: AxisTaps, factor: number): boolean {
  return Number.isInteger(factor) && first.every((source, i) => source === Math.floor(i / factor));
}
