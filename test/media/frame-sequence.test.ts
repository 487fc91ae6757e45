import { declared } from '../../src/media/decoding.js';
import { FrameSequence, type Packet } from '../../src/media/frame-sequence.js';

/** Ten frames a second, in ticks of a millisecond. */
function sequence(format = 'mpegts'): FrameSequence {
  const [size, codedSize] = [
    { width: 4, height: 2 },
    { codedWidth: 4, codedHeight: 2 },
  ];
  return new FrameSequence({ ...size, ...codedSize, fps: 10, tick: 1e-3, declared: declared('', 0, null, 10), format });
}

const packet = (pts: number | null, more: Partial<Packet> = {}): Packet => {
  return { pts, dts: pts, key: false, discarded: false, damaged: false, ...more };
};

/** What comes of packets and then of decoded frames: each frame's time, or `lost` with it. */
function read(packets: Packet[], times: (number | null)[], format?: string): { frames: string[]; warnings: string[] } {
  const through = sequence(format);
  for (const one of packets) through.packet(one);
  const frames = [];
  for (const time of times) frames.push(...through.frame({ time, width: 4, height: 2, data: new Uint8Array(24) }));
  frames.push(...through.end());
  expect(frames.map(({ index }) => index)).toEqual(frames.map((_, i) => i));
  return {
    frames: frames.map(({ data, timeSeconds }) => `${data ? '' : 'lost '}${Number(timeSeconds!.toFixed(3))}`),
    warnings: through.warnings(true),
  };
}

const every = (step: number, count: number): number[] => Array.from({ length: count }, (_, i) => i * step);

test('a packet without a picture is a frame without one', () => {
  const { frames, warnings } = read(
    every(100, 5).map((pts) => packet(pts, { key: pts === 0 })),
    [0, 100, 300],
  );
  expect(frames).toEqual(['0', '0.1', 'lost 0.2', '0.3', 'lost 0.4']);
  expect(warnings).toEqual(['2 frames (2, 4) cannot be read: they keep their numbers and have no people']);
});

test('second fields and hidden pictures are no frames', () => {
  const fields = every(50, 10).map((pts) => packet(pts, { key: pts === 0 }));
  expect(read(fields, every(100, 5))).toEqual({ frames: ['0', '0.1', '0.2', '0.3', '0.4'], warnings: [] });
  const hidden = every(100, 5).flatMap((pts) => [packet(pts, { key: pts === 0 }), packet(pts + 1)]);
  expect(read(hidden, every(100, 5)).frames).toHaveLength(5);
});

test('a frame of two fields that is lost is one', () => {
  const fields = every(50, 12).map((pts) => packet(pts, { key: pts === 0 }));
  expect(read(fields, [0, 100, 200, 400, 500]).frames).toEqual(['0', '0.1', '0.2', 'lost 0.3', '0.4', '0.5']);
});

test('packets before the first key frame are no frames, and told', () => {
  const { frames, warnings } = read(
    every(100, 4).map((pts) => packet(pts, { key: pts === 200 })),
    [200, 300],
  );
  expect(frames).toEqual(['0', '0.1']);
  expect(warnings).toEqual([
    'it begins in the middle of a group of pictures: its first 2 frames cannot be decoded; index 0 is frame 2 of the file',
  ]);
});

test('a first key frame that cannot be decoded is a lost frame', () => {
  expect(
    read(
      every(100, 3).map((pts) => packet(pts, { key: pts === 0 })),
      [100, 200],
    ).frames,
  ).toEqual(['lost 0', '0.1', '0.2']);
});

describe('a hole in the time stamps', () => {
  const times = [...every(100, 8), 1200, 1300];
  const packets = (damaged: boolean): Packet[] =>
    times.map((pts) => packet(pts, { key: pts === 0, damaged: damaged && pts === 1200 }));

  test('is filled where the file is damaged there', () => {
    const { frames, warnings } = read(packets(true), times);
    expect(frames).toHaveLength(14);
    expect(frames.slice(7, 13)).toEqual(['0.7', 'lost 0.8', 'lost 0.9', 'lost 1', 'lost 1.1', '1.2']);
    expect(warnings).toEqual(['4 frames (8–11) cannot be read: they keep their numbers and have no people']);
  });

  test('is a pause where it is not', () => {
    expect(read(packets(false), times)).toMatchObject({ frames: { length: 10 }, warnings: [] });
  });

  test('is told where the rate varies: how many are missing is not known', () => {
    const uneven = [0, 40, 200, 240, 400, 440, 2000, 2040];
    const { frames, warnings } = read(
      uneven.map((pts) => packet(pts, { key: pts === 0, damaged: pts === 2000 })),
      uneven,
    );
    expect(frames).toHaveLength(8);
    expect(warnings).toEqual(['something is missing from 0.44 to 2 s: how many frames cannot be told']);
  });
});

test('where time stamps go back nothing is put in, and times rise', () => {
  const times = [0, 100, 200, 50, 150, 250];
  const { frames, warnings } = read(
    times.map((pts) => packet(pts, { key: pts === 0 })),
    times,
  );
  expect(frames).toEqual(['0', '0.1', '0.2', '0.3', '0.4', '0.5']);
  expect(warnings).toEqual([]);
});

test('without presentation times, as in AVI, a lost frame stands where it was decoded', () => {
  const packets = every(1, 8).map((dts) => packet(null, { dts, key: dts === 0 }));
  // The decoder is two frames behind; its last two have no times.
  expect(read(packets, [2, 3, 4, 6, 7, null, null], 'avi').frames.map((text) => text.startsWith('lost'))).toEqual([
    false, false, false, false, false, true, false, false,
  ]); // prettier-ignore
});

test('what an edit list hides is not missed', () => {
  const packets = every(100, 4).map((pts) => packet(pts, { key: pts === 0, discarded: pts < 200 }));
  expect(read(packets, [200, 300])).toEqual({ frames: ['0', '0.1'], warnings: [] });
});
