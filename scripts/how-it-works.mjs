/*
 * Draws the pictures of docs/how-it-works.md from the sample, with whatever model ships: `node scripts/how-it-works.mjs`.
 *   frame.jpg       the key frame with everyone's poses, and the window of one person
 *   references.jpg  that window in the 2k + 1 frames around (the key framed), below them the n global people; under each a bar
 *                   as long as its weight
 *   overlooked.jpg  the key window, the mask of Eq. 5 and one joint's heat map over it; only with a trained head
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { drawPoses, estimateVideo, loadModel, openFrames } from '../dist/src/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = path.join(root, 'docs/images');
const KEY_FRAME = 24;
const JOINT = 'right_ankle';
const [WIDTH, HEIGHT, GAP, BAR] = [90, 120, 6, 8];
const BACKGROUND = '#f4f4f4';

const model = await loadModel(undefined, { method: 'glpose', device: 'cpu' });
const video = await openFrames(path.join(root, 'samples/walking.mp4'));
const only = (index) => index === KEY_FRAME;
const pictures = [];
for await (const { data, width, height } of video.frames()) pictures.push({ data, width, height });

let key;
for await (const frame of estimateVideo(video, model, { explain: true, only })) key = frame;
const person = key.people.reduce((a, b) => (b.box.height * b.boxScore > a.box.height * a.boxScore ? b : a));
const { window, references, mask, heatmaps, width: w, height: h } = person.explanation;
await mkdir(out, { recursive: true });

await framePicture();
await referencePicture();
if (model.bundle.config.head?.trained && mask) await overlookedPicture();
await video.close();
await model.dispose();

async function framePicture() {
  const single = await loadModel(undefined, { method: 'single-frame', device: 'cpu' });
  const trained = model.bundle.config.head?.trained;
  let shown = key;
  if (!trained) for await (const frame of estimateVideo(video, single, { only })) shown = frame;
  const canvas = { ...pictures[KEY_FRAME], data: Uint8Array.from(pictures[KEY_FRAME].data) };
  const { joints } = trained ? model.estimator : single.estimator;
  await single.dispose();
  drawPoses(canvas, shown, { joints, minScore: 0.2, labels: true });
  const { centreX, centreY, width, height } = window;
  const square = `<svg width="${canvas.width}" height="${canvas.height}"><rect x="${centreX - width / 2}" y="${centreY - height / 2}"
    width="${width}" height="${height}" fill="none" stroke="white" stroke-width="3"/></svg>`;
  await sharp(canvas.data, raw(canvas))
    .composite([{ input: Buffer.from(square) }])
    .jpeg({ quality: 80 })
    .toFile(path.join(out, 'frame.jpg'));
}

async function referencePicture() {
  const local = references.filter(({ kind }) => kind === 'local');
  local.splice(local.length / 2, 0, { kind: 'key', frame: KEY_FRAME, window, weight: 1 });
  const rows = [local, references.filter(({ kind }) => kind === 'global')].filter((row) => row.length > 0);
  const composite = [];
  for (const [row, some] of rows.entries()) {
    const most = Math.max(...some.map(({ weight }) => weight));
    for (const [column, { kind, frame, window: cut, weight }] of some.entries()) {
      const [left, top] = [GAP + column * (WIDTH + GAP), GAP + row * (HEIGHT + BAR + 3 * GAP)];
      const border = kind === 'key' ? 4 : 0;
      const size = { width: WIDTH - 2 * border, height: HEIGHT - 2 * border };
      const input = await sharp(await crop(pictures[frame], cut))
        .resize({ ...size, fit: 'fill' })
        .extend({ top: border, bottom: border, left: border, right: border, background: '#e4572e' })
        .png()
        .toBuffer();
      composite.push({ input, left, top });
      const width = Math.max(1, Math.round((WIDTH * weight) / most));
      const bar = { create: { width, height: BAR, channels: 3, background: '#2f6fde' } };
      composite.push({ input: bar, left, top: top + HEIGHT + GAP });
    }
  }
  const columns = Math.max(...rows.map((row) => row.length));
  const width = GAP + columns * (WIDTH + GAP);
  const height = rows.length * (HEIGHT + BAR + 3 * GAP);
  await sharp({ create: { width, height, channels: 3, background: BACKGROUND } })
    .composite(composite)
    .jpeg({ quality: 85 })
    .toFile(path.join(out, 'references.jpg'));
}

async function overlookedPicture() {
  const joint = model.estimator.joints.indexOf(JOINT);
  const [width, height] = [2 * WIDTH, 2 * HEIGHT];
  const photo = await sharp(await crop(pictures[KEY_FRAME], window))
    .resize({ width, height, fit: 'fill' })
    .png()
    .toBuffer();
  const over = async (map) => {
    const [low, high] = [Math.min(...map), Math.max(...map)];
    const pixels = Buffer.alloc(4 * map.length);
    map.forEach((value, i) => pixels.set([228, 87, 46, (200 * (value - low)) / (high - low || 1)], 4 * i));
    const input = await sharp(pixels, { raw: { width: w, height: h, channels: 4 } })
      .resize({ width, height })
      .png()
      .toBuffer();
    return sharp(photo).composite([{ input }]).png().toBuffer();
  };
  const parts = [photo, await over(mask), await over(heatmaps.subarray(joint * w * h, (joint + 1) * w * h))];
  await sharp({ create: { width: 3 * width + 4 * GAP, height: height + 2 * GAP, channels: 3, background: BACKGROUND } })
    .composite(parts.map((input, i) => ({ input, left: GAP + i * (width + GAP), top: GAP })))
    .jpeg({ quality: 85 })
    .toFile(path.join(out, 'overlooked.jpg'));
}

/** The part of a picture that a window shows, as PNG; what lies outside is black. */
async function crop(picture, { centreX, centreY, width, height }) {
  const [left, top] = [Math.round(centreX - width / 2), Math.round(centreY - height / 2)];
  const margin = Math.ceil(Math.max(width, height));
  const extended = await sharp(picture.data, raw(picture))
    .extend({ top: margin, bottom: margin, left: margin, right: margin, background: 'black' })
    .png({ compressionLevel: 0 })
    .toBuffer();
  const part = { left: left + margin, top: top + margin, width: Math.round(width), height: Math.round(height) };
  return sharp(extended).extract(part).png().toBuffer();
}

function raw({ width, height }) {
  return { raw: { width, height, channels: 3 } };
}
