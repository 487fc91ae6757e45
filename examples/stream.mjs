/*
 * Poses of a camera or any other stream, as it comes. Raw RGB frames on stdin, one line of JSON a frame on stdout:
 *
 *   ffmpeg -loglevel error -f v4l2 -video_size 640x480 -i /dev/video0 -f rawvideo -pix_fmt rgb24 - |
 *     node examples/stream.mjs 640 480
 *
 * A stream cannot be read twice, so the GLPose method looks back for its references; docs/library.md says what that costs.
 */
import { estimateStream, imageStream, loadModel, PoseSmoother } from 'glpose';

const [width, height] = process.argv.slice(2).map(Number);
if (!(width > 0 && height > 0)) {
  console.error('usage: … | node examples/stream.mjs <width> <height>');
  process.exit(2);
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('interrupted')));

const model = await loadModel();
const smoother = new PoseSmoother(30);
try {
  const images = imageStream(process.stdin, { width, height });
  for await (const frame of estimateStream(images, model, { signal: stop.signal })) {
    const { index, people } = smoother.next(frame);
    const noses = people.map(({ trackId, joints }) => {
      const nose = joints[model.estimator.joints.indexOf('nose')];
      return { person: trackId, x: Math.round(nose.x), y: Math.round(nose.y), score: Number(nose.score.toFixed(2)) };
    });
    console.log(JSON.stringify({ frame: index, noses }));
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await model.dispose();
}
