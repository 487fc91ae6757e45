import { decodeMap, type CodedMaps } from '../map-codes.js';
import type { PageHeader, WindowData } from '../page-data.js';
import { fitted } from './elements.js';
import type { Picture } from './parts.js';

/** A map's values as 0–1, [height, width]. */
export interface Heat {
  values: Float32Array;
  width: number;
  height: number;
}

/**
 * Shows a window of a frame as the network saw it: black outside the image.
 * @returns the context in image pixels, for what lies over it
 */
export function drawWindow(
  canvas: HTMLCanvasElement,
  width: number,
  picture: Picture | null,
  window: WindowData,
  { width: imageWidth, height: imageHeight }: Pick<PageHeader, 'width' | 'height'>,
): CanvasRenderingContext2D {
  const height = (width * window.height) / window.width;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = fitted(canvas, width, height);
  context.fillStyle = '#000';
  context.fillRect(0, 0, width, height);
  const scale = width / window.width;
  context.scale(scale, scale);
  context.translate(window.width / 2, window.height / 2);
  context.rotate(-angleOf(window));
  context.translate(-window.centreX, -window.centreY);
  context.imageSmoothingQuality = 'high';
  if (picture) context.drawImage(picture, -0.5, -0.5, imageWidth, imageHeight); // places are pixel centres
  return context;
}

/** One joint's heat map, its own lowest value 0 and its highest 1. */
export function heatOf(bytes: Uint8Array, maps: CodedMaps, map: number): Heat {
  return { values: decodeMap(bytes, maps, map), width: maps.width, height: maps.height };
}

/** The highest of all joints' heat maps at every place, the highest of all 1. */
export function heatOfAll(bytes: Uint8Array, maps: CodedMaps): Heat {
  const values = new Float32Array(maps.width * maps.height);
  const highest = Math.max(...maps.ranges.map(([, high]) => high), Number.MIN_VALUE);
  maps.ranges.forEach(([low, high], map) => {
    decodeMap(bytes, maps, map).forEach((share, cell) => {
      const value = Math.max(0, low + share * (high - low)) / highest;
      if (value > values[cell]) values[cell] = value;
    });
  });
  return { values, width: maps.width, height: maps.height };
}

/** Lays a map over a window. `context` is in image pixels. Cell (x, y) is centred where the decoder places it. */
export function drawHeat(context: CanvasRenderingContext2D, window: WindowData, heat: Heat, colour: HeatColour): void {
  const { values, width, height } = heat;
  const image = new ImageData(width, height);
  values.forEach((value, cell) => image.data.set(colour(value), 4 * cell));
  const small = new OffscreenCanvas(width, height);
  small.getContext('2d')!.putImageData(image, 0, 0);
  const cell = window.width / width;
  context.save();
  context.translate(window.centreX, window.centreY);
  context.rotate(angleOf(window));
  context.drawImage(small, -(width / 2 + 0.5) * cell, -(height / 2 + 0.5) * cell, width * cell, height * cell);
  context.restore();
}

/** How far a window is turned, clockwise. */
function angleOf({ turn = 0 }: WindowData): number {
  return (turn * Math.PI) / 2;
}

/** Red, green, blue and opacity, 0–255, of a value 0–1. */
export type HeatColour = (value: number) => [number, number, number, number];

/** Nothing, violet, red, yellow. */
export const heatColour: HeatColour = (value) => {
  const stops = [
    [60, 10, 130],
    [200, 30, 90],
    [250, 130, 30],
    [255, 245, 140],
  ];
  const at = Math.min(2.999, Math.max(0, value) * 3);
  const [from, to] = [stops[Math.floor(at)], stops[Math.floor(at) + 1]];
  const [r, g, b] = from.map((part, c) => part + (at % 1) * (to[c] - part));
  return [r, g, b, 230 * Math.min(1, value * 1.6)];
};

/** Where the mask is high, the key frame is distrusted: it shows through less. */
export const maskColour: HeatColour = (value) => [0, 190, 255, 215 * value];
