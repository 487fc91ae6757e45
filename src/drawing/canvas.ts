/** A colour as red, green and blue, 0–255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Pixels that are drawn on in place: RGB, 8 bits, [height, width, 3]. */
export interface Canvas {
  width: number;
  height: number;
  data: Uint8Array;
}

/** How a shape is laid over the picture. */
export interface Paint {
  colour: Colour;
  /** 1 covers, 0 leaves the picture. */
  opacity: number;
}

/*
 * Every shape is drawn by its distance: a pixel is covered by radius + ½ − (its centre's distance to the shape's
 * skeleton), between 0 and 1, which is anti-aliasing to within a few per cent and costs one pass over the shape's
 * bounding box. Pixel (x, y) has its centre at (x, y), as joints are given. Nothing is drawn outside the picture; shapes with
 * non-finite coordinates are left out.
 */

/** A line with round ends from (x0, y0) to (x1, y1). `radius` is half its width, in pixels. */
export function drawLine(
  canvas: Canvas,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  radius: number,
  paint: Paint,
): void {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const lengthSquared = dx * dx + dy * dy;
  const box = [Math.min(x0, x1), Math.min(y0, y1), Math.abs(dx), Math.abs(dy)] as const;
  // In a row, only the pixels this far from the line can be covered: a long slanted line has a large box, but little area.
  const reach = ((radius + 1) * Math.sqrt(lengthSquared)) / Math.abs(dy);
  const row = (y: number): [number, number] => {
    const middle = x0 + ((y - y0) * dx) / dy;
    return dy === 0 ? [-Infinity, Infinity] : [middle - reach, middle + reach];
  };
  const coverage = (x: number, y: number): number => {
    // The point of the line nearest to the pixel, at `along` of its length.
    const along = lengthSquared > 0 ? clamp(((x - x0) * dx + (y - y0) * dy) / lengthSquared) : 0;
    return radius + 0.5 - distance(x - x0 - along * dx, y - y0 - along * dy);
  };
  cover(canvas, box, radius, paint, coverage, row);
}

/** A filled circle. */
export function drawDisc(canvas: Canvas, [cx, cy]: readonly [number, number], radius: number, paint: Paint): void {
  cover(canvas, [cx, cy, 0, 0], radius, paint, (x, y) => radius + 0.5 - distance(x - cx, y - cy));
}

/** A circle's outline of the given width, inside `radius`. */
export function drawRing(
  canvas: Canvas,
  [cx, cy]: readonly [number, number],
  radius: number,
  width: number,
  paint: Paint,
): void {
  cover(canvas, [cx, cy, 0, 0], radius, paint, (x, y) => {
    return width / 2 + 0.5 - Math.abs(distance(x - cx, y - cy) - (radius - width / 2));
  });
}

/** A filled rectangle of whole pixels. */
export function drawRectangle(
  canvas: Canvas,
  [x, y]: readonly [number, number],
  width: number,
  height: number,
  paint: Paint,
): void {
  cover(canvas, [x, y, width - 1, height - 1], -0.5, paint, () => 1);
}

/** Digits as 3×5 dots, a row in three bits, the top row first: labels need no font, which a server may not have. */
const DIGITS = [
  [7, 5, 5, 5, 7],
  [2, 6, 2, 2, 7],
  [7, 1, 7, 4, 7],
  [7, 1, 7, 1, 7],
  [5, 5, 7, 1, 1],
  [7, 4, 7, 1, 7],
  [7, 4, 7, 5, 7],
  [7, 1, 1, 1, 1],
  [7, 5, 7, 5, 7],
  [7, 5, 7, 1, 7],
];

/** Size of a number written with `scale` pixels a dot, without a margin. */
export function sizeOfNumber(value: number, scale: number): { width: number; height: number } {
  return { width: (4 * String(value).length - 1) * scale, height: 5 * scale };
}

/** Writes a number of decimal digits, its top-left corner at (x, y), with `scale` pixels a dot. */
export function drawNumber(
  canvas: Canvas,
  value: number,
  [x, y]: readonly [number, number],
  scale: number,
  paint: Paint,
): void {
  for (const [place, digit] of [...String(value)].entries()) {
    for (const [row, bits] of (DIGITS[Number(digit)] ?? []).entries()) {
      for (let column = 0; column < 3; column++) {
        if ((bits & (4 >> column)) === 0) continue;
        drawRectangle(canvas, [x + (4 * place + column) * scale, y + row * scale], scale, scale, paint);
      }
    }
  }
}

/** Mixes the paint into every pixel that `coverage` (clamped to 0–1) covers, looking at a box grown by radius + ½, and in it at `row(y)`. */
function cover(
  { width, height, data }: Canvas,
  [left, top, boxWidth, boxHeight]: readonly [number, number, number, number],
  radius: number,
  { colour, opacity }: Paint,
  coverage: (x: number, y: number) => number,
  row: (y: number) => [from: number, to: number] = () => [-Infinity, Infinity],
): void {
  if (!Number.isFinite(left + top + boxWidth + boxHeight + radius)) return;
  const x0 = Math.max(0, Math.ceil(left - radius - 0.5));
  const y0 = Math.max(0, Math.ceil(top - radius - 0.5));
  const x1 = Math.min(width - 1, Math.floor(left + boxWidth + radius + 0.5));
  const y1 = Math.min(height - 1, Math.floor(top + boxHeight + radius + 0.5));
  for (let y = y0; y <= y1; y++) {
    const [from, to] = row(y);
    const end = Math.min(x1, Math.floor(to));
    for (let x = Math.max(x0, Math.ceil(from)); x <= end; x++) {
      const at = 3 * (y * width + x);
      const alpha = opacity * clamp(coverage(x, y));
      if (alpha === 0) continue;
      for (let c = 0; c < 3; c++) data[at + c] = Math.round(data[at + c] + alpha * (colour[c] - data[at + c]));
    }
  }
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** Math.hypot guards against overflow, which pixels do not need, and takes many times as long. */
function distance(dx: number, dy: number): number {
  return Math.sqrt(dx * dx + dy * dy);
}
