/*
 * Draws docs/images/degraded.jpg, one example of what docs/accuracy.md counts: `node scripts/accuracy-example.mjs`. The five frames
 * about the sample's middle are blurred as hard as in the tables; the largest person of the middle one, boxes as in the clean clip.
 *   rows     motion blur, defocus
 *   columns  the clean frame, single frame; the degraded frame, single frame; the degraded frame, GLPose
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { defocus, motionBlur } from '../dist/src/features/degradations.js';
import { SEVERITIES } from '../dist/src/features/severities.js';
import { drawPoses, estimateVideo, loadModel, openFrames } from '../dist/src/index.js';
import { windowOf } from '../dist/src/geometry/window.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const KEY_FRAME = 24;
const RUN = 5;
const [WIDTH, HEIGHT, GAP] = [240, 320, 6];
const only = (index) => index === KEY_FRAME;
const middle = ([low, high]) => (low + high) / 2;

const single = await loadModel(undefined, { method: 'single-frame', device: 'cpu' });
const glpose = await loadModel(undefined, { method: 'glpose', device: 'cpu' });
const clean = await openFrames(path.join(root, 'samples/walking.mp4'));

const people = [];
for await (const frame of estimateVideo(clean, single)) people.push(frame.people);
const boxes = {
  boxesOf: ({ index }) => people[index].map(({ box, boxScore, trackId }) => ({ box, score: boxScore, trackId })),
};
const { box, trackId } = people[KEY_FRAME].reduce((a, b) => (b.box.height > a.box.height ? b : a));
const size = Math.max(box.width, box.height);
const degradations = [
  (image) => motionBlur(image, size * middle(SEVERITIES.motionBlur.length), 0),
  (image) => defocus(image, size * middle(SEVERITIES.defocus.radius)),
];

const pictures = [];
for (const degrade of degradations) {
  const degraded = { ...clean, warnings: [], frames: () => degradedFrames(degrade) };
  pictures.push(await picture(clean, single), await picture(degraded, single), await picture(degraded, glpose));
}
const columns = 3;
const rows = pictures.length / columns;
await sharp({ create: { width: columns * (WIDTH + GAP) + GAP, height: rows * (HEIGHT + GAP) + GAP, channels: 3, background: '#f4f4f4' } }) // prettier-ignore
  .composite(
    pictures.map((input, i) => ({
      input,
      left: GAP + (i % columns) * (WIDTH + GAP),
      top: GAP + Math.floor(i / columns) * (HEIGHT + GAP),
    })),
  )
  .jpeg({ quality: 85 })
  .toFile(path.join(root, 'docs/images/degraded.jpg'));
await Promise.all([clean.close(), single.dispose(), glpose.dispose()]);

async function* degradedFrames(degrade) {
  for await (const frame of clean.frames()) {
    const within = Math.abs(frame.index - KEY_FRAME) <= (RUN - 1) / 2;
    yield within ? { ...frame, data: degrade(frame) } : frame;
  }
}

/** The person's window in the key frame with the pose that a model finds, as PNG. */
async function picture(source, model) {
  let image, pose;
  for await (const frame of source.frames()) if (frame.index === KEY_FRAME) image = { ...frame, data: Uint8Array.from(frame.data) }; // prettier-ignore
  for await (const frame of estimateVideo(source, model, { boxes, only })) pose = frame;
  const shown = { ...pose, people: pose.people.filter((person) => person.trackId === trackId) };
  drawPoses(image, shown, { joints: model.estimator.joints, minScore: 0, labels: false });
  const { centreX, centreY, width, height } = windowOf(box, WIDTH / HEIGHT);
  const [left, top] = [Math.max(0, Math.round(centreX - width / 2)), Math.max(0, Math.round(centreY - height / 2))];
  const part = {
    left,
    top,
    width: Math.min(Math.round(width), image.width - left),
    height: Math.min(Math.round(height), image.height - top),
  };
  return sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } })
    .extract(part)
    .resize({ width: WIDTH, height: HEIGHT, fit: 'fill' })
    .png()
    .toBuffer();
}
