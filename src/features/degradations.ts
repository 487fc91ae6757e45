import sharp from 'sharp';
import type { Image } from '../types.js';
import type { Random } from './random.js';
import { SEVERITIES } from './severities.js';
import type { Patch, Place } from './viewpoint.js';

/*
 * What makes real frames unreadable, laid over a run of good ones. A degradation is drawn once for a run, so that its frames
 * fit together: a blur keeps its length, an occluder its place and texture. Images are RGB, 8 bits.
 */

export const DEGRADATIONS = ['motion-blur', 'defocus', 'occlusion', 'darkness', 'compression'] as const;
export type DegradationKind = (typeof DEGRADATIONS)[number];

/** What a degradation is fitted to. */
export interface Subject {
  /** The larger side of the person's box in pixels of the view. */
  size: number;
  /** Where the person's joints are in the key frame, in the view; those that are labelled. */
  joints: readonly Place[];
  /** Direction of the person's movement in the view, radians; null where nobody knows. */
  direction: number | null;
  /** What occluders are cut from. */
  texture: Image;
}

/** Spoils one frame of the run; the patch itself stays as it is. */
export type Degrade = (patch: Patch) => Promise<Patch>;

/** How far beyond its window a frame is read, in pixels, for a person of this size. */
export function reachOf(size: number): number {
  return size * Math.max(SEVERITIES.motionBlur.length[1] / 2, SEVERITIES.defocus.radius[1]);
}

/** Draws a degradation for a run of frames. */
export function drawDegradation(kind: DegradationKind, subject: Subject, random: Random): Degrade {
  const of = (patch: Patch, data: Uint8Array): Patch => ({ ...patch, data });
  const { size } = subject;
  switch (kind) {
    case 'motion-blur': {
      const length = size * random.uniform(...SEVERITIES.motionBlur.length);
      const direction = subject.direction ?? random.uniform(0, Math.PI);
      const factor = Math.max(1, Math.floor(length / FINEST.length));
      return async (patch) =>
        of(patch, await coarsely(patch, factor, (coarse) => motionBlur(coarse, length / factor, direction)));
    }
    case 'defocus': {
      const radius = size * random.uniform(...SEVERITIES.defocus.radius);
      const factor = Math.max(1, Math.floor(radius / FINEST.radius));
      return async (patch) => of(patch, await coarsely(patch, factor, (coarse) => defocus(coarse, radius / factor)));
    }
    case 'occlusion': {
      const [fewest, most] = SEVERITIES.occlusion.occluders;
      const occluders = Array.from({ length: random.integer(fewest, most + 1) }, () => drawOccluder(subject, random));
      return async (patch) => of(patch, occlude(patch, occluders, subject.texture));
    }
    case 'darkness': {
      const gain = random.uniform(...SEVERITIES.darkness.gain);
      const noise = random.uniform(...SEVERITIES.darkness.noise);
      return async (patch) => of(patch, darken(patch, gain, noise, random)); // new noise in every frame
    }
    case 'compression': {
      const quality = Math.round(random.uniform(...SEVERITIES.compression.quality));
      return async (patch) => of(patch, await compress(patch, quality));
    }
  }
}

/** Pixels of a blur below which nobody would see that it was made on a coarser picture. */
const FINEST = { length: 32, radius: 12 } as const;

/** A wide blur on a picture with pixels `factor` times as large: of what it loses the blur leaves nothing, at 1 / factor³ of the cost. */
async function coarsely(image: Image, factor: number, blur: (coarse: Image) => Uint8Array): Promise<Uint8Array> {
  if (factor === 1) return blur(image);
  const { width, height } = image;
  const coarse = await resized(
    image,
    Math.max(1, Math.round(width / factor)),
    Math.max(1, Math.round(height / factor)),
  );
  return (await resized({ ...coarse, data: blur(coarse) }, width, height)).data;
}

async function resized({ width, height, data }: Image, toWidth: number, toHeight: number): Promise<Image> {
  const pixels = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(toWidth, toHeight, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer();
  return { width: toWidth, height: toHeight, data: pixels };
}

/** More samples along the way than this look the same once they are scaled to an extractor's input. */
const MOST_STEPS = 48;

/** The mean over a straight way of `length` pixels; the border goes on outside. */
export function motionBlur({ width, height, data }: Image, length: number, direction: number): Uint8Array {
  const steps = Math.min(Math.max(2, Math.ceil(length) + 1), MOST_STEPS);
  const sums = new Uint16Array(data.length); // 48 · 255 fits
  const columns = new Int32Array(width); // where the bytes of each shifted column begin
  for (let step = 0; step < steps; step++) {
    const along = (step / (steps - 1) - 0.5) * length;
    const dx = Math.round(along * Math.cos(direction));
    const dy = Math.round(along * Math.sin(direction));
    for (let x = 0; x < width; x++) columns[x] = clamp(x + dx, width) * 3;
    let out = 0;
    for (let y = 0; y < height; y++) {
      const row = clamp(y + dy, height) * width * 3;
      for (let x = 0; x < width; x++) {
        const at = row + columns[x];
        sums[out++] += data[at];
        sums[out++] += data[at + 1];
        sums[out++] += data[at + 2];
      }
    }
  }
  return means(sums, steps);
}

/** The mean over a disc: what a lens out of focus does to a point. */
export function defocus({ width, height, data }: Image, radius: number): Uint8Array {
  const rows = Math.floor(radius);
  const line = width * 3;
  const running = new Uint32Array(height * (line + 3)); // sums of each row up to each pixel
  for (let y = 0; y < height; y++) {
    const [from, to] = [y * line, y * (line + 3)];
    for (let i = 0; i < line; i++) running[to + i + 3] = running[to + i] + data[from + i];
  }
  const sums = new Float32Array(data.length);
  let cells = 0;
  for (let dy = -rows; dy <= rows; dy++) {
    const half = Math.floor(Math.sqrt(radius * radius - dy * dy));
    cells += 2 * half + 1;
    for (let y = 0; y < height; y++) {
      const row = clamp(y + dy, height);
      const [from, to] = [row * line, row * (line + 3)];
      const last = from + line - 3;
      let out = y * line;
      for (let x = 0; x < width; x++) {
        const before = Math.max(half - x, 0); // how often the border pixel counts once more
        const behind = Math.max(x + half - width + 1, 0);
        const start = to + Math.max(x - half, 0) * 3;
        const end = to + Math.min(x + half + 1, width) * 3;
        for (let c = 0; c < 3; c++) {
          const inside = running[end + c] - running[start + c];
          sums[out++] += inside + before * data[from + c] + behind * data[last + c];
        }
      }
    }
  }
  return means(sums, cells);
}

function means(sums: Uint16Array | Float32Array, count: number): Uint8Array {
  const result = new Uint8Array(sums.length);
  for (let i = 0; i < result.length; i++) result[i] = Math.round(sums[i] / count);
  return result;
}

interface Occluder {
  /** Middle, in the view. */
  x: number;
  y: number;
  width: number;
  height: number;
  round: boolean;
  /** Where in the texture its middle is cut from. */
  textureX: number;
  textureY: number;
}

function drawOccluder({ size, joints, texture }: Subject, random: Random): Occluder {
  const { width, height } = SEVERITIES.occlusion;
  const joint = joints[random.integer(0, joints.length)];
  return {
    x: joint.x + random.normal(0.05 * size),
    y: joint.y + random.normal(0.05 * size),
    width: size * random.uniform(...width),
    height: size * random.uniform(...height),
    round: random.chance(0.5),
    textureX: random.integer(0, texture.width),
    textureY: random.integer(0, texture.height),
  };
}

/** Lays pieces of the texture over the image; the texture repeats. */
function occlude(patch: Patch, occluders: readonly Occluder[], texture: Image): Uint8Array {
  const data = patch.data.slice();
  for (const { x, y, width, height, round, textureX, textureY } of occluders) {
    const [middleX, middleY] = [x - patch.x, y - patch.y];
    const [top, bottom] = [
      Math.max(0, Math.ceil(middleY - height / 2)),
      Math.min(patch.height - 1, middleY + height / 2),
    ];
    const [left, right] = [Math.max(0, Math.ceil(middleX - width / 2)), Math.min(patch.width - 1, middleX + width / 2)];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const [dx, dy] = [column - middleX, row - middleY];
        if (round && (2 * dx) ** 2 / width ** 2 + (2 * dy) ** 2 / height ** 2 > 1) continue;
        const fromX = modulo(Math.round(textureX + dx), texture.width);
        const fromY = modulo(Math.round(textureY + dy), texture.height);
        const from = (fromY * texture.width + fromX) * 3;
        data.set(texture.data.subarray(from, from + 3), (row * patch.width + column) * 3);
      }
    }
  }
  return data;
}

function darken({ data }: Image, gain: number, noise: number, random: Random): Uint8Array {
  const result = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    result[i] = Math.min(Math.max(Math.round(data[i] * gain + random.normal(noise)), 0), 255);
  }
  return result;
}

async function compress({ width, height, data }: Image, quality: number): Promise<Uint8Array> {
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
  return sharp(jpeg).toColourspace('srgb').raw().toBuffer();
}

function clamp(at: number, size: number): number {
  return at < 0 ? 0 : at >= size ? size - 1 : at;
}

function modulo(value: number, size: number): number {
  return ((value % size) + size) % size;
}
