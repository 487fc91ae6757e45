/*
 * Your own person boxes, from a file that `glpose infer --boxes` also takes (COCO, PoseTrack, MOT) or from memory; the poses go
 * into every format at once.
 *
 *   node examples/custom-boxes.mjs samples/walking.mp4 boxes.txt out
 */
import { estimateVideo, loadModel, openFrames, readBoxes, RESULT_FORMATS, writeResults } from 'glpose';

const [file = 'samples/walking.mp4', boxFile, out = 'out'] = process.argv.slice(2);

/** Somebody who stands still: the same box in every frame. */
const standing = { boxesOf: () => [{ box: { x: 640, y: 300, width: 35, height: 110 }, score: 1, trackId: 0 }] };

const name = 'boxes';
const model = await loadModel();
const video = await openFrames(file);
try {
  const boxes = boxFile ? readBoxes(boxFile).forVideo(name) : standing;
  const frames = [];
  for await (const frame of estimateVideo(video, model, { boxes, every: 8 })) frames.push(frame);
  const { width, height, fps } = video;
  const poses = { name, width, height, fps, joints: model.estimator.joints, frames };
  for (const format of RESULT_FORMATS) console.log(await writeResults(poses, format, out));
} finally {
  await video.close();
  await model.dispose();
}
