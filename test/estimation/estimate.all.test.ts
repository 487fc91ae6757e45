/*
 * Poses do not depend on how many threads there are, nor on which stage is slow when.
 */
import path from 'node:path';
import { DEFAULT_BUNDLE } from '../../src/bundle/bundle.js';
import { estimateVideo } from '../../src/estimation/estimate.js';
import { openFrames, type FrameSource } from '../../src/media/frames.js';
import { mulberry32 } from '../../src/estimation/candidates.js';
import { Model, type ModelOptions } from '../../src/estimation/model.js';
import type { FramePoses } from '../../src/types.js';
import { ROOT } from '../shared-data.js';

const FRAMES = 7;
const WALKING = { kind: 'video', name: 'walking', path: path.join(ROOT, 'samples', 'walking.mp4') } as const;

/** Holds up every stage by a different time at every call. */
function disturb({ net, detector }: Model): void {
  const random = mulberry32(3);
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30 * random()));
  const { extract } = net;
  net.extract = (image, windows, use, signal) =>
    pause().then(() =>
      extract.call(net, image, windows, (outputs, i) => pause().then(() => use(outputs, i)), signal),
    ) as never;
  const detect = detector!.detectIn.bind(detector);
  detector!.detectIn = (...looks) => pause().then(() => detect(...looks).then((found) => pause().then(() => found)));
}

async function poses(options: ModelOptions, disturbed = false): Promise<FramePoses[]> {
  await using model = await Model.load(DEFAULT_BUNDLE, { method: 'glpose', device: 'cpu', ...options });
  await using source = await openFrames(WALKING);
  if (disturbed) disturb(model);
  async function* frames(): AsyncGenerator<FrameSource extends { frames(): AsyncIterable<infer F> } ? F : never> {
    let left = FRAMES;
    for await (const frame of source.frames()) {
      yield frame;
      if (--left === 0) return;
    }
  }
  const found: FramePoses[] = [];
  const only = (frame: number): boolean => options.reuse === 'warp' || frame % 4 === 2;
  for await (const frame of estimateVideo({ ...source, frames }, model, { only })) found.push(frame);
  return found;
}

test.each(['warp', 'exact'] as const)(
  'with %s, poses are the same to the last bit with one thread and with several, whatever the timing',
  async (reuse) => {
    const alone = await poses({ reuse, threads: 1 });
    expect(alone.flatMap(({ people }) => people).length).toBeGreaterThan(10);
    expect(await poses({ reuse, threads: 3 })).toEqual(alone);
    expect(await poses({ reuse, threads: 2 }, true)).toEqual(alone);
  },
  120_000,
);
