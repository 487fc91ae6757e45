/*
 * Poses out of a stream that can be read only once: a camera, a pipe. What differs from a video (estimate.ts), which is read
 * twice:
 *   local    the key waits for the k frames after it, so poses come k frames late; nothing else is missing.
 *   global   candidates are drawn from what was seen so far instead of the whole video, anew after 1, 2, 4, 8 … frames: the
 *            first people of a stream have few to learn from.
 *   agreement  only of the head and the extractor: the frames around have no say.
 *   tracks   people are followed forward only: someone whom the detector misses is filled in where they are found again within k
 *            frames, newcomers are not followed back to where they came in, and what the detector took for a person once is
 *            shown at once; a thing that stands about, until it was looked at twice.
 */
import type { FramePoses, Image } from '../types.js';
import { ownLook, surveyOptions, toFramePoses, toScene } from './estimate.js';
import { checkModel, checkPeopleOptions, type PeopleOptions } from './estimate-options.js';
import type { Scene } from './estimator.js';
import type { Frame } from '../media/frame.js';
import type { Model } from './model.js';
import { neighbourhoods, type ReadableFrame } from './neighbourhood.js';
import { liveSpansOf, Surveyor } from './survey.js';
import type { TrackedBox } from '../tracking/track.js';
import { Upright } from './upright.js';
import { checkImage } from '../media/image-check.js';

export interface StreamOptions extends PeopleOptions {
  /** Also say what each pose was made from (`PersonPose.explanation`). */
  explain?: boolean;
}

/**
 * Estimates the poses of everyone in a stream of images as they come. Memory does not grow with the stream's length.
 * @param images RGB, 8 bits, [height, width, 3]; must not be changed until k more have been asked for
 * @param model serves one video at a time
 * @yields one entry an image, in order, k images after it came (k = `model.estimator.k`, 0 for single-frame poses)
 * @throws INPUT where an image's size and data do not agree, MODEL where a network fails, USAGE where the model is at work on
 * another video, what `images` throws, and the signal's reason
 */
export async function* estimateStream(
  images: AsyncIterable<Image>,
  model: Model,
  options: StreamOptions = {},
): AsyncGenerator<FramePoses, void, undefined> {
  checkModel(model);
  checkPeopleOptions(options);
  const { estimator, net } = model;
  const { explain, poseNms, oksNms, shareOut, agreement, signal } = options;
  const release = model.take();
  try {
    const survey = surveyOptions(model, options);
    const surveyor = new Surveyor(survey, null, estimator.k + 1);

    async function* surveyed(): AsyncGenerator<Frame, void, undefined> {
      for await (const span of liveSpansOf(frames(), survey.detectEvery ?? 1, null)) {
        await surveyor.next(span, await surveyor.detect(span));
        yield span.frames[0];
      }
    }

    async function* frames(): AsyncGenerator<Frame, void, undefined> {
      let index = 0;
      for await (const image of untilAborted(images, signal)) yield toFrame(image, index++);
    }

    const peopleOf = (frame: Frame): TrackedBox[] => surveyor.at(frame.index).sort((a, b) => a.trackId - b.trackId);
    const upright = new Upright(ownLook(model), net.aspect);
    const sceneOf = (frame: ReadableFrame): Promise<Scene> =>
      upright.of(toScene(frame, peopleOf(frame), net.aspect, shareOut));

    await estimator.begin([], signal);
    let nextDraw = 1;
    for await (const { key, around } of neighbourhoods(surveyed(), estimator.k)) {
      signal?.throwIfAborted();
      if (estimator.m > 0 && key.index === nextDraw) {
        await estimator.begin(surveyor.candidates(), signal);
        nextDraw *= 2;
      }
      const people = peopleOf(key);
      const scenes = await Promise.all(around!.map(sceneOf)); // every frame of a stream is readable
      const poses = await estimator.estimate(scenes, { explain, poseNms, shareOut, agreement });
      yield toFramePoses(key, people, poses, model, oksNms);
      await estimator.passed(key.index + 1);
      surveyor.forget(key.index - estimator.k + 1);
      upright.forgetBefore(key.index - estimator.k + 1);
    }
  } finally {
    release();
  }
}

/** The same images; a signal ends the wait for the next one, too. */
async function* untilAborted(
  images: AsyncIterable<Image>,
  signal?: AbortSignal,
): AsyncGenerator<Image, void, undefined> {
  if (!signal) return yield* images;
  const iterator = images[Symbol.asyncIterator]();
  // No race against one promise of the abortion: it would hold on to every image that won.
  const next = (): Promise<IteratorResult<Image, unknown>> =>
    new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      const settled = (): void => signal.removeEventListener('abort', stop);
      iterator.next().then(resolve, reject).finally(settled);
    });
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await next();
      if (done) return;
      yield value;
    }
  } finally {
    void iterator.return?.().catch(() => {}); // not awaited: it may itself wait for an image that never comes
  }
}

function toFrame(image: Image, index: number): ReadableFrame {
  checkImage(image, `image ${index} of the stream`);
  const { width, height, data } = image;
  return { index, name: String(index), width, height, data, problem: '', timeSeconds: null };
}
