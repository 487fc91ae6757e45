import type { ScenePerson } from '../../src/estimation/estimator.js';
import { isReadable } from '../../src/estimation/neighbourhood.js';
import { Scenes } from '../../src/estimation/scenes.js';
import type { Frame } from '../../src/media/frame.js';
import type { Box } from '../../src/types.js';

const COUNT = 8;
const ASPECT = 3 / 4;

function person(trackId: number, x: number): ScenePerson {
  const box = { x: x - 5, y: 10, width: 10, height: 20 };
  return { trackId, box, score: 1, window: { centreX: x, centreY: 20, width: 30, height: 40 } };
}

/** Frames whose pixels are the part that was asked for; what is asked of them goes to `asked`. */
async function* video(asked: string[]): AsyncGenerator<Frame> {
  for (let index = 0; index < COUNT; index++) {
    const part = (box: Box): Promise<Uint8Array> => {
      asked.push(`${index}: ${box.x} ${box.y} ${box.width} ${box.height}`);
      return Promise.resolve(Uint8Array.of(index));
    };
    const release = (): void => void asked.push(`${index} released`);
    const about = { index, name: String(index), width: 100, height: 80, problem: '', timeSeconds: null };
    yield {
      ...about,
      get data(): Uint8Array {
        throw new Error('all of a frame was made into pixels');
      },
      part,
      release,
    };
  }
}

test('of a frame, what the windows of keys about it show is made into pixels; nothing where there are none', async () => {
  const asked: string[] = [];
  const people = (frame: number): ScenePerson[] => (frame === 3 ? [person(1, 30)] : frame === 4 ? [person(1, 50)] : []);
  const scenes = new Scenes(video(asked), people, 1, () => true, ASPECT);
  const frames: Frame[] = [];
  for await (const frame of scenes.frames()) frames.push(frame);
  expect(asked).toEqual(['2: 15 0 30 40', '3: 15 0 50 40', '4: 15 0 50 40', '5: 35 0 30 40']);
  expect(frames.map(({ data }) => data!.length)).toEqual([0, 0, 1, 1, 1, 1, 0, 0]);
  expect(frames.every(isReadable)).toBe(true);
});

test('nothing of frames about which there is no key', async () => {
  const asked: string[] = [];
  const scenes = new Scenes(
    video(asked),
    () => [person(1, 30)],
    1,
    (frame) => frame === 0 || frame === 6,
    ASPECT,
  );
  for await (const frame of scenes.frames()) void frame;
  expect(asked.map((line) => line[0]).join('')).toBe('01567');
});

test('of who lies, what a turned window shows, too', async () => {
  const asked: string[] = [];
  const coarsePose = Float32Array.from({ length: 34 }, (_, i) => (i === 22 || i === 24 ? 60 : 50)); // hips at the right
  const lying = { ...person(1, 50), coarsePose };
  const scenes = new Scenes(
    video(asked),
    () => [lying],
    0,
    (frame) => frame === 3,
    ASPECT,
  );
  for await (const frame of scenes.frames()) void frame;
  const [[frame, x, y, width, height]] = asked.map((line) => line.split(' ').map(parseFloat));
  expect([frame, y, height]).toEqual([3, 0, 40]);
  expect(x).toBeCloseTo(50 - width / 2);
  expect(width).toBeCloseTo((20 * 1.25) / ASPECT); // along the turned window's columns
});

test('people are made once a frame, and given up with it', async () => {
  const asked: string[] = [];
  const made: number[] = [];
  const people = (frame: number): ScenePerson[] => {
    made.push(frame);
    return [person(1, 30)];
  };
  const scenes = new Scenes(video(asked), people, 0, () => true, ASPECT);
  for await (const frame of scenes.frames()) {
    if (!isReadable(frame)) throw new Error('a frame that cannot be read');
    expect(scenes.of(frame).people).toEqual([person(1, 30)]);
    expect(scenes.of(frame).people[0]).toBe(scenes.of(frame).people[0]);
    scenes.release(frame.index);
  }
  expect(made).toEqual(Array.from({ length: COUNT }, (_, i) => i));
  const released = asked.filter((line) => line.endsWith('released'));
  expect(released).toHaveLength(COUNT - 1);
  scenes.release();
  expect(asked.filter((line) => line.endsWith('released'))).toHaveLength(COUNT);
});

test('frames of sources that make no parts are handed on', async () => {
  const frame: Frame = {
    index: 0,
    name: '0',
    width: 1,
    height: 1,
    data: Uint8Array.of(1, 2, 3),
    problem: '',
    timeSeconds: 0,
  };
  async function* one(): AsyncGenerator<Frame> {
    yield frame;
  }
  for await (const given of new Scenes(
    one(),
    () => [person(1, 30)],
    1,
    () => true,
    ASPECT,
  ).frames())
    expect(given).toBe(frame);
});
