import { canBeEntered, enterAt, EntrySearch, WrongEntry, type Entry } from '../../src/media/entry.js';
import type { Frame } from '../../src/media/frame.js';
import type { Packet } from '../../src/media/frame-sequence.js';

/** A stream in ticks of a hundredth of a second: `keys` says which packets are keys. */
function packets(times: readonly number[], keys: readonly number[], changes: Partial<Packet>[] = []): Packet[] {
  return times.map((pts, i) => ({
    pts,
    dts: i,
    key: keys.includes(i),
    discarded: false,
    damaged: false,
    ...changes[i],
  }));
}

function entryOf(
  stream: readonly Packet[],
  from: { frame?: number; seconds?: number },
): { entry: Entry | null; read: number } {
  const search = new EntrySearch({ frame: 0, seconds: 0, ...from }, 0.01);
  let read = 0;
  for (const packet of stream) if ((read++, !search.packet(packet))) break;
  return { entry: search.entry, read };
}

/** Groups of four frames in decoding order, each with a picture that is shown later than those behind it. */
const TIMES = Array.from({ length: 40 }, (_, i) => 10 * (4 * Math.floor(i / 4) + [0, 3, 1, 2][i % 4]));
const KEYS = [0, 4, 8, 12, 16, 20, 24, 28, 32, 36];

test('the key before the nearest one, for a place and for a time; no more is read than needed', () => {
  const { entry, read } = entryOf(packets(TIMES, KEYS), { frame: 18 });
  expect(entry).toEqual({ place: 12, keyTime: 120, time: 180 });
  expect(read).toBeLessThan(30);
  expect(entryOf(packets(TIMES, KEYS), { seconds: 1.75 }).entry).toEqual({ place: 12, keyTime: 120, time: 180 });
  expect(entryOf(packets(TIMES, KEYS), { frame: 21, seconds: 1.75 }).entry).toMatchObject({ place: 16, time: 210 });
  expect(entryOf(packets(TIMES, KEYS), { frame: 39 }).entry).toMatchObject({ place: 32, time: 390 });
});

test('places are those of the pictures that are shown, times count from the first of them', () => {
  const edited = packets(
    TIMES,
    KEYS,
    Array.from({ length: 6 }, () => ({ discarded: true })),
  );
  // Of the second group, the key and the last picture are not shown, either: 50 is the first.
  expect(entryOf(edited, { frame: 11 }).entry).toMatchObject({ time: TIMES.slice(6).sort((a, b) => a - b)[11] });
  expect(entryOf(edited, { seconds: 1 }).entry).toMatchObject({ time: 150 });
});

test.each<[string, Packet[], { frame?: number; seconds?: number }]>([
  ['the first two groups', packets(TIMES, KEYS), { frame: 7 }],
  ['a moment behind the end', packets(TIMES, KEYS), { seconds: 9 }],
  ['a stream that begins between keys', packets(TIMES, KEYS.slice(1)), { frame: 18 }],
  ['pictures before the first key', packets([50, 0, ...TIMES.slice(2)], KEYS), { frame: 18 }],
  ['two packets of one time', packets(TIMES.with(9, 80), KEYS), { frame: 18 }],
  ['times that go back', packets(TIMES, KEYS, [...Array<object>(9).fill({}), { dts: 3 }]), { frame: 18 }],
  ['a packet without a time', packets(TIMES, KEYS, [...Array<object>(9).fill({}), { pts: null }]), { frame: 18 }],
  ['damage', packets(TIMES, KEYS, [...Array<object>(9).fill({}), { damaged: true }]), { frame: 18 }],
])('no entry: %s', (_, stream, from) => {
  expect(entryOf(stream, from).entry).toBeNull();
});

test('only where every packet is a picture', () => {
  expect(canBeEntered('mov,mp4,m4a,3gp,3g2,mj2', 'h264', { frame: 9, seconds: 0 })).toBe(true);
  expect(canBeEntered('mov,mp4,m4a,3gp,3g2,mj2', 'h264', { frame: 0, seconds: 0 })).toBe(false);
  expect(canBeEntered('matroska,webm', 'vp8', { frame: 9, seconds: 0 })).toBe(false);
  expect(canBeEntered('avi', 'mpeg4', { frame: 9, seconds: 0 })).toBe(false);
});

test('a wrong entry leads to the start; other errors are told', async () => {
  const frame = (index: number): Frame => ({ index }) as Frame;
  async function* decode(entry: Entry | null): AsyncGenerator<Frame> {
    if (entry?.place === 1) throw new WrongEntry();
    if (entry?.place === 2) throw new Error('broken');
    yield frame(entry ? 5 : 0);
  }
  const read = async (place: number | null): Promise<number[]> => {
    const found: number[] = [];
    const entry = place === null ? null : { place, keyTime: 0, time: 0 };
    for await (const { index } of enterAt(entry, decode)) found.push(index);
    return found;
  };
  expect(await read(null)).toEqual([0]);
  expect(await read(3)).toEqual([5]);
  expect(await read(1)).toEqual([0]);
  await expect(read(2)).rejects.toThrow('broken');
});
