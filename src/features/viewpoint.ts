import type { Window, Image } from '../types.js';

/**
 * A way to look at an image: turned about a pivot and perhaps mirrored, p' = R(rotation) · F · (p − pivot). Lengths stay what
 * they were; windows are upright in the view's coordinates.
 */
export interface View {
  pivotX: number;
  pivotY: number;
  /** Radians, from x to y. */
  rotation: number;
  flip: boolean;
}

export interface Place {
  x: number;
  y: number;
}

/** From image pixels to the view. */
export function toView({ pivotX, pivotY, rotation, flip }: View, { x, y }: Place): Place {
  const [dx, dy] = [(flip ? -1 : 1) * (x - pivotX), y - pivotY];
  const [cos, sin] = [Math.cos(rotation), Math.sin(rotation)];
  return { x: cos * dx - sin * dy, y: sin * dx + cos * dy };
}

/** Part of an image as a view shows it; pixel (0, 0) lies at (x, y) of the view. */
export interface Patch extends Image, Place {}

/** A rectangle of the view, in whole pixels: left and top included, right and bottom not. */
export interface Extent {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The pixels that crops of these windows read, and as many around them as blurs reach. */
export function extentOf(windows: readonly Window[], reach: number): Extent {
  const margin = Math.ceil(reach) + 2; // bilinear sampling reads one pixel on
  return {
    left: Math.floor(Math.min(...windows.map((w) => w.centreX - w.width / 2))) - margin,
    top: Math.floor(Math.min(...windows.map((w) => w.centreY - w.height / 2))) - margin,
    right: Math.ceil(Math.max(...windows.map((w) => w.centreX + w.width / 2))) + margin,
    bottom: Math.ceil(Math.max(...windows.map((w) => w.centreY + w.height / 2))) + margin,
  };
}

/**
 * Renders part of a view. An unturned image is copied, so that its crops are those of the image itself; others are sampled
 * bilinearly. Outside the image all is black, as it is for crops.
 */
export function render(image: Image, view: View, extent: Extent): Patch {
  return view.rotation === 0 && !view.flip && Number.isInteger(view.pivotX) && Number.isInteger(view.pivotY)
    ? copied(image, view, extent)
    : sampled(image, view, extent);
}

function copied({ width, height, data }: Image, { pivotX, pivotY }: View, extent: Extent): Patch {
  // Clipped to the image: blurs then go on with its border, not with black.
  const left = Math.min(Math.max(extent.left + pivotX, 0), width - 1);
  const top = Math.min(Math.max(extent.top + pivotY, 0), height - 1);
  const right = Math.max(Math.min(extent.right + pivotX, width), left + 1);
  const bottom = Math.max(Math.min(extent.bottom + pivotY, height), top + 1);
  const columns = right - left;
  const rows = bottom - top;
  const part = new Uint8Array(columns * rows * 3);
  for (let row = 0; row < rows; row++) {
    const start = ((top + row) * width + left) * 3;
    part.set(data.subarray(start, start + columns * 3), row * columns * 3);
  }
  return { width: columns, height: rows, data: part, x: left - pivotX, y: top - pivotY };
}

function sampled({ width, height, data }: Image, view: View, extent: Extent): Patch {
  const columns = extent.right - extent.left;
  const rows = extent.bottom - extent.top;
  const part = new Uint8Array(columns * rows * 3);
  const sums = new Float64Array(3);
  const [cos, sin, mirror] = [Math.cos(view.rotation), Math.sin(view.rotation), view.flip ? -1 : 1];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [u, v] = [extent.left + column, extent.top + row];
      const x = view.pivotX + mirror * (cos * u + sin * v); // the inverse of toView
      const y = view.pivotY - sin * u + cos * v;
      const [x0, y0] = [Math.floor(x), Math.floor(y)];
      if (x0 < -1 || y0 < -1 || x0 >= width || y0 >= height) continue;
      const [fx, fy] = [x - x0, y - y0];
      const out = (row * columns + column) * 3;
      sums.fill(0.5); // to round once, at the end
      for (let corner = 0; corner < 4; corner++) {
        const [cx, cy] = [x0 + (corner & 1), y0 + (corner >> 1)];
        if (cx < 0 || cy < 0 || cx >= width || cy >= height) continue;
        const weight = (corner & 1 ? fx : 1 - fx) * (corner >> 1 ? fy : 1 - fy);
        const at = (cy * width + cx) * 3;
        for (let channel = 0; channel < 3; channel++) sums[channel] += weight * data[at + channel];
      }
      for (let channel = 0; channel < 3; channel++) part[out + channel] = sums[channel];
    }
  }
  return { width: columns, height: rows, data: part, x: extent.left, y: extent.top };
}
