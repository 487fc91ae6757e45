/*
 * Your own person detector: any function from an image to boxes. This one takes what moved since the last frame, which is no
 * detector at all but shows what is asked of one.
 *
 *   node examples/custom-detector.mjs samples/walking.mp4
 */
import { estimateVideo, loadModel, openFrames } from 'glpose';

const [file = 'samples/walking.mp4'] = process.argv.slice(2);

/** Boxes in image pixels with scores 0–1, of one RGB image. Called frame by frame, in order; two calls may overlap. */
function moved({ width, height, data, index }) {
  const before = moved.before;
  moved.before = { index, data };
  if (before?.index !== index - 1) return [];
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      const at = 3 * (y * width + x);
      if (Math.abs(data[at] - before.data[at]) < 60) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  }
  if (right - left < 10 || bottom - top < 20) return [];
  return [{ box: { x: left, y: top, width: right - left, height: bottom - top }, score: 0.9 }];
}

const model = await loadModel();
const video = await openFrames(file);
try {
  for await (const { index, people } of estimateVideo(video, model, { detect: async (image) => moved(image) })) {
    for (const { trackId, box, score } of people) {
      console.log(
        `frame ${index}, person ${trackId}: ${Math.round(box.width)}×${Math.round(box.height)} pixels, score ${score.toFixed(2)}`,
      );
    }
  }
} finally {
  await video.close();
  await model.dispose();
}
