import path from 'node:path';
import { inOrder } from '../concurrency/in-order.js';
import { fittedName } from '../media/video-names.js';
import { writeAtomically } from '../storage/atomic-write.js';
import type { Canvas } from './canvas.js';

/** A drawn frame; `name` as in Frame. */
export interface Picture extends Canvas {
  name: string;
}

/** Pictures encoded at the same time. */
const IN_FLIGHT = 2;

/**
 * Writes every picture as an image file, whole or not at all, in a folder that is made where it does not exist. Frames of a folder
 * keep their names, those of a video are numbered with six digits.
 * @returns the files' paths. Throws OUTPUT where the disk refuses
 */
export async function writeImages(
  folder: string,
  pictures: AsyncIterable<Picture>,
  form: 'png' | 'jpg',
): Promise<string[]> {
  const { default: sharp } = await import('sharp');
  const taken = new Set<string>();
  const written = inOrder(pictures, IN_FLIGHT, async ({ name, width, height, data }) => {
    const file = path.join(folder, fileName(name, form, taken));
    const image = sharp(data, { raw: { width, height, channels: 3 } });
    const bytes = await (form === 'png' ? image.png({ compressionLevel: 4 }) : image.jpeg({ quality: 90 })).toBuffer();
    await writeAtomically(file, bytes);
    return file;
  });
  const files: string[] = [];
  for await (const file of written) files.push(file);
  return files;
}

/** A name for a frame's file that is not taken yet: a.png and a.jpg may stand in one folder. */
function fileName(name: string, form: string, taken: Set<string>): string {
  const stem = /^\d+$/.test(name) ? name.padStart(6, '0') : path.parse(name).name;
  const chosen = taken.has(stem) ? name : stem;
  taken.add(chosen);
  return `${fittedName(chosen, form.length + 1)}.${form}`;
}
