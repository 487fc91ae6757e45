import { readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { GlposeError } from '../errors.js';
import { checkSize, MAX_PIXELS } from './frame-size.js';

/** Larger files are no frames. */
const MAX_BYTES = 1 << 30;

/**
 * Opens a picture for decoding. Only pictures made of pixels are taken, whatever the file is called: libvips would also run
 * renderers of documents (SVG), which may refer to other files.
 * @returns it and its size upright, in pixels, as its header says
 * @throws INPUT where it is of no such kind or larger than anything filmed; sharp's own errors where it is damaged
 */
export async function openImage(file: string): Promise<{ image: Sharp; width: number; height: number }> {
  // Read by Node, not by sharp: libvips caches files by name and would show the old picture of a replaced file.
  const bytes = await readFile(file);
  const name = path.basename(file);
  if (!isPicture(bytes)) {
    throw new GlposeError('INPUT', `${name} is no JPEG, PNG, WebP, TIFF or AVIF`, 'Convert it to one of them.');
  }
  if (bytes.length > MAX_BYTES) throw new GlposeError('INPUT', `${name} has more than 1 GB`, 'Scale it down first.');
  const { width, height, autoOrient } = await sharp(bytes, { limitInputPixels: false }).metadata(); // the header only
  checkSize(name, width, height);
  return { image: sharp(bytes, { failOn: 'error', limitInputPixels: MAX_PIXELS }), ...autoOrient };
}

/** Whether a file begins as pictures of the known kinds do. */
function isPicture(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 12);
  return (
    start.startsWith('\xff\xd8\xff') || // JPEG
    start.startsWith('\x89PNG\r\n\x1a\n') ||
    (start.startsWith('RIFF') && start.endsWith('WEBP')) ||
    /^(II[*+]\0|MM\0[*+])/.test(start) || // TIFF
    /^....ftyp(avif|avis|mif1|msf1|heic|heix)/s.test(start) // AVIF
  );
}
