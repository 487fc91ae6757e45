import type { Box, PersonWindow, Window } from '../types.js';

/** The paper's "enlarged 25 %", applied once. */
const ENLARGEMENT = 1.25;

/**
 * The window of a person: the box padded to the input's aspect ratio about its centre, then enlarged
 * (the HRNet / PoseTrack code's convention).
 * @param aspect the extractor input's width / height
 */
export function windowOf(box: Box, aspect: number): Window {
  const width = Math.max(box.width, box.height * aspect) * ENLARGEMENT;
  return {
    centreX: box.x + box.width / 2,
    centreY: box.y + box.height / 2,
    width,
    height: width / aspect,
  };
}

/** From cells of one window's grid to cells of another's: x' = scale·x + shiftX, y' = scale·y + shiftY. */
export interface CellTransform {
  scale: number;
  shiftX: number;
  shiftY: number;
}

/**
 * Where the cells of `from`'s grid lie on `to`'s. Both grids have the same size; windows of one net have one aspect, so that
 * the map is one scale and a shift.
 */
export function betweenGrids(from: Window, to: Window, columns: number, rows: number): CellTransform {
  const scale = from.width / to.width;
  const cell = to.width / columns; // image pixels a cell of `to`
  return {
    scale,
    shiftX: (from.centreX - to.centreX) / cell + (columns / 2) * (1 - scale),
    shiftY: (from.centreY - to.centreY) / cell + (rows / 2) * (1 - scale),
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
  return { x: window.centreX + (x - columns / 2) * scale, y: window.centreY + (y - rows / 2) * scale };
}

/** Where a place of the image lies in a window: shares of its width and height from the top-left corner, 0–1 inside. */
export function inWindow(window: Window, x: number, y: number): { x: number; y: number } {
  return { x: 0.5 + (x - window.centreX) / window.width, y: 0.5 + (y - window.centreY) / window.height };
}

/** Tells what one net sees of people apart: by their windows, who is meant in them and who is painted over, and whether it sees them mirrored. */
export function idOf({ window: { centreX, centreY, width }, coarsePose, inFront, mirrored }: PersonWindow): string {
  const sum = (pose: Float32Array): number => pose.reduce((total, value) => total + value, 0);
  const who = [coarsePose, ...(inFront ?? [])].map((pose) => (pose ? sum(pose) : '')).join(' without ');
  return `${centreX} ${centreY} ${width} ${who}${mirrored ? ' mirrored' : ''}`; // the aspect is the net's: the height follows
}
