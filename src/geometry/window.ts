import type { Box, PersonWindow, Window } from '../types.js';

/** Of a window, see `Window.turn`. */
export type Turn = NonNullable<Window['turn']>;

/** The paper's "enlarged 25 %", applied once. */
const ENLARGEMENT = 1.25;

/**
 * The window of a person: the box padded to the input's aspect ratio about its centre, then enlarged
 * (the HRNet / PoseTrack code's convention).
 * @param aspect the extractor input's width / height
 * @param turn the window's
 */
export function windowOf(box: Box, aspect: number, turn: Turn = 0): Window {
  const [across, down] = turn % 2 === 0 ? [box.width, box.height] : [box.height, box.width];
  const width = Math.max(across, down * aspect) * ENLARGEMENT;
  return {
    centreX: box.x + box.width / 2,
    centreY: box.y + box.height / 2,
    width,
    height: width / aspect,
    ...(turn !== 0 && { turn }),
  };
}

/** What of the image lies in a window. */
export function extentOf({ centreX, centreY, width, height, turn = 0 }: Window): Box {
  const [across, down] = turn % 2 === 0 ? [width, height] : [height, width];
  return { x: centreX - across / 2, y: centreY - down / 2, width: across, height: down };
}

/** A way in a turned window, along its rows and columns, as one in the image. */
export function turned(turn: Turn = 0, x: number, y: number): { x: number; y: number } {
  if (turn === 0) return { x, y };
  if (turn === 1) return { x: -y, y: x };
  return turn === 2 ? { x: -x, y: -y } : { x: y, y: -x };
}

/** The inverse of `turned`: a way in the image, along the window's rows and columns. */
export function unturned(turn: Turn = 0, x: number, y: number): { x: number; y: number } {
  return turned(((4 - turn) % 4) as Turn, x, y);
}

/** From cells of one window's grid to cells of another's: x' = scale·x + shiftX, y' = scale·y + shiftY. */
export interface CellTransform {
  scale: number;
  shiftX: number;
  shiftY: number;
}

/**
 * Where the cells of `from`'s grid lie on `to`'s. Both grids have the same size; windows of one net have one aspect, so that
 * the map is one scale and a shift. Both windows are turned alike.
 */
export function betweenGrids(from: Window, to: Window, columns: number, rows: number): CellTransform {
  const scale = from.width / to.width;
  const cell = to.width / columns; // image pixels a cell of `to`
  const between = unturned(to.turn, from.centreX - to.centreX, from.centreY - to.centreY);
  return {
    scale,
    shiftX: between.x / cell + (columns / 2) * (1 - scale),
    shiftY: between.y / cell + (rows / 2) * (1 - scale),
  };
}

/**
 * Maps a place on the window's grid back to image pixels: the inverse of the crop's affine map at the grid's size, whose
 * centre (columns / 2) is the window's centre. Serves heat maps and input pixels alike.
 * @param x, y in cells of a grid `columns` wide that covers the window
 */
export function toImage(window: Window, columns: number, x: number, y: number): { x: number; y: number } {
  const scale = window.width / columns; // one scale for both axes: the grid has the window's aspect ratio
  const rows = window.height / scale;
  const way = turned(window.turn, (x - columns / 2) * scale, (y - rows / 2) * scale);
  return { x: window.centreX + way.x, y: window.centreY + way.y };
}

/** Where a place of the image lies in a window: shares of its width and height from the top-left corner, 0–1 inside. */
export function inWindow(window: Window, x: number, y: number): { x: number; y: number } {
  const way = unturned(window.turn, x - window.centreX, y - window.centreY);
  return { x: 0.5 + way.x / window.width, y: 0.5 + way.y / window.height };
}

/** Tells what one net sees of people apart: by their windows, who is meant in them and who is painted over, and whether it sees them mirrored. */
export function idOf({ window, coarsePose, inFront, mirrored }: PersonWindow): string {
  const { centreX, centreY, width, turn = 0 } = window;
  const sum = (pose: Float32Array): number => pose.reduce((total, value) => total + value, 0);
  const who = [coarsePose, ...(inFront ?? [])].map((pose) => (pose ? sum(pose) : '')).join(' without ');
  return `${centreX} ${centreY} ${width} ${turn} ${who}${mirrored ? ' mirrored' : ''}`; // the aspect is the net's: the height follows
}
