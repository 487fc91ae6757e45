import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Sharp } from 'sharp';
import { GlposeError } from '../errors.js';
import { checkSize, MAX_PIXELS } from './frame-size.js';

/** Larger files are no frames. */
const MAX_BYTES = 1 << 30;

/** An opened picture. */
export interface OpenedImage {
  image: Sharp;
  /** Upright, in pixels, as the header says. */
  width: number;
  height: number;
  /** How many pictures the file holds: pages of a TIFF, frames of an animation. The first is read. */
  pictures: number;
}

/**
 * Opens a picture for decoding. Only pictures made of pixels are taken, whatever the file is called: libvips would also run
 * renderers of documents (SVG), which may refer to other files.
 * @throws INPUT where it is of no such kind or larger than anything filmed; sharp's own errors where it is damaged
 */
export async function openImage(file: string): Promise<OpenedImage> {
  // Read by Node, not by sharp: libvips caches files by name and would show the old picture of a replaced file.
  const bytes = await readFile(file);
  const name = path.basename(file);
  if (isHeic(bytes)) {
    const remedy = 'Convert it: heif-convert, or ffmpeg -i PICTURE new.png; phones can be set to take JPEGs.';
    throw new GlposeError('INPUT', `${name} is a HEIC picture, which is not read whatever it is called`, remedy);
  }
  if (!isPicture(bytes)) {
    throw new GlposeError('INPUT', `${name} is no JPEG, PNG, WebP, TIFF or AVIF`, 'Convert it to one of them.');
  }
  if (bytes.length > MAX_BYTES) throw new GlposeError('INPUT', `${name} has more than 1 GB`, 'Scale it down first.');
  const { default: sharp } = await import('sharp'); // a tenth of a second: not for who reads no pictures
  const { width, height, autoOrient, pages = 1 } = await sharp(bytes, { limitInputPixels: false }).metadata(); // the header only
  checkSize(name, width, height);
  return {
    image: sharp(bytes, { failOn: 'error', limitInputPixels: MAX_PIXELS }),
    ...autoOrient,
    pictures: Math.max(pages, framesOfPng(bytes)),
  };
}

/** Whether a file begins as pictures of the known kinds do. */
function isPicture(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 12);
  return (
    start.startsWith('\xff\xd8\xff') || // JPEG
    start.startsWith('\x89PNG\r\n\x1a\n') ||
    (start.startsWith('RIFF') && start.endsWith('WEBP')) ||
    /^(II[*+]\0|MM\0[*+])/.test(start) || // TIFF
    brandsOf(bytes).length > 0 // AVIF
  );
}

/** The kinds that a HEIF file says it is of, the main one first; empty for other files. */
function brandsOf(bytes: Buffer): string[] {
  if (bytes.length < 16 || bytes.toString('latin1', 4, 8) !== 'ftyp') return [];
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 256);
  const text = bytes.toString('latin1', 8, 12) + bytes.toString('latin1', 16, end); // between them: a version
  return (text.match(/.{4}/gs) ?? []).filter((brand) => /^(avi[fs]|hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand));
}

/** Whether a picture is coded as H.265: libvips here reads AV1 alone. */
function isHeic(bytes: Buffer): boolean {
  const brands = brandsOf(bytes);
  return brands.some((brand) => /^he/.test(brand)) && !brands.some((brand) => brand.startsWith('avi'));
}

/** How many frames an animated PNG has, of which libvips knows nothing; 0 for every other file. */
function framesOfPng(bytes: Buffer): number {
  if (!bytes.subarray(0, 4).equals(Buffer.from('\x89PNG', 'latin1'))) return 0;
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const kind = bytes.toString('latin1', at + 4, at + 8);
    if (kind === 'acTL') return bytes.readUInt32BE(at + 8);
    if (kind === 'IDAT') return 0; // animation control comes before the picture
  }
  return 0;
}
