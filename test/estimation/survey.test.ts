import { liveSpansOf, Surveyor, surveyVideo, type SurveyOptions } from '../../src/estimation/survey.js';
import type { Frame } from '../../src/media/frame.js';
import type { FrameSource } from '../../src/media/frames.js';
import type { Box, Detection } from '../../src/types.js';
import { HEIGHT, view, WIDTH } from '../media/wall.js';

const FPS = 10;
const FRAMES = 50;

/** Pixels a frame by which the camera turns to the right. */
const PAN = 2;
const poster: Box = { x: 130, y: 40, width: 20, height: 40 };

const placed = (frame: number): Detection => ({ box: { ...poster, x: poster.x - PAN * frame }, score: 0.7 });

function frame(index: number): Frame {
  const image = view({ x: -PAN * index });
  return { ...image, index, name: String(index), problem: '', timeSeconds: index / FPS };
}

async function* frames(): AsyncGenerator<Frame, void, undefined> {
  for (let index = 0; index < FRAMES; index++) yield frame(index);
}

const options: SurveyOptions = {
  people: { everyone: async ({ index }) => [placed(index)] },
  detectEvery: 2,
  cut: async () => {
    throw new Error('nobody asked for a candidate');
  },
  release: () => {},
  aspect: 1,
  startScore: 0.25,
  fillGaps: true,
  m: 0,
  seed: 0,
};

const source: FrameSource = {
  width: WIDTH,
  height: HEIGHT,
  fps: FPS,
  frameCount: FRAMES,
  frames,
  warnings: [],
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

const withPose = (score: number): SurveyOptions => ({ ...options, poseScore: async () => score });

test('a poster that the camera passes has not moved, and is nobody without a pose', async () => {
  expect((await surveyVideo(source, withPose(0.2))).trackedBoxes.count).toBe(0);
  expect((await surveyVideo(source, withPose(0.8))).trackedBoxes.count).toBe(FRAMES);
});

test('nor is it in a stream, once it was looked at twice', async () => {
  const surveyor = new Surveyor(withPose(0.2), FPS, 1);
  const shown: number[] = [];
  for await (const span of liveSpansOf(frames(), 1, FPS)) {
    await surveyor.next(span, await surveyor.detect(span));
    const [{ index }] = span.frames;
    if (surveyor.at(index).length > 0) shown.push(index);
    surveyor.forget(index);
  }
  expect(Math.max(...shown)).toBeLessThan(10);
});
