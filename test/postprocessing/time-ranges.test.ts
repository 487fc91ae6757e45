import { isOver, isWithin, nextStart, pairRanges, parseMoment } from '../../src/postprocessing/time-ranges.js';

test.each([
  ['12.5', { seconds: 12.5 }],
  ['12s', { seconds: 12 }],
  ['.5', { seconds: 0.5 }],
  ['1:02', { seconds: 62 }],
  ['90:00', { seconds: 5400 }],
  ['1:02:03.5', { seconds: 3723.5 }],
  ['300f', { frame: 300 }],
  ['1:60', null],
  ['1:60:00', null],
  ['-3', null],
  ['1.5f', null],
  ['', null],
  ['soon', null],
])('%s', (text, moment) => expect(parseMoment(text)).toEqual(moment));

test('starts and ends pair; the first start or the last end may be left out', () => {
  const [a, b, c] = [{ seconds: 1 }, { seconds: 2 }, { frame: 90 }];
  expect(pairRanges([a], [b])).toEqual([{ from: a, to: b }]);
  expect(pairRanges([a, c], [b])).toEqual([{ from: a, to: b }, { from: c, to: null }]); // prettier-ignore
  expect(pairRanges([], [b])).toEqual([{ from: null, to: b }]);
  expect(pairRanges()).toEqual([]);
  expect(() => pairRanges([a, b, c], [b])).toThrow(/--from has 3 moments and --to 1/);
  expect(() => pairRanges([b], [a])).toThrow(/from 2 s to 1 s ends before it begins/);
});

test('both ends are in, and nothing behind the last range is', () => {
  const ranges = pairRanges([{ seconds: 1 }, { frame: 60 }], [{ seconds: 1.5 }, { frame: 62 }]);
  const inside = (index: number): boolean => isWithin(ranges, index, index / 30);
  expect([29, 30, 45, 46, 59, 60, 62, 63].map(inside)).toEqual([false, true, true, false, false, true, true, false]);
  expect(isOver(ranges, 62, 62 / 30)).toBe(false);
  expect(isOver(ranges, 63, 63 / 30)).toBe(true);
  expect(isWithin(ranges, 40, null)).toBe(false); // without times, seconds say nothing
  expect(isWithin([], 5, null)).toBe(true);
  expect(isOver([], 5, null)).toBe(false);
});

test('what may be left out before the next part', () => {
  const parts = pairRanges([{ frame: 20 }, { frame: 90 }], [{ frame: 22 }, { frame: 95 }]);
  expect(nextStart(parts, null)).toEqual({ frame: 20, seconds: 0 });
  expect(nextStart(parts, { index: 23, timeSeconds: 2.3 })).toEqual({ frame: 90, seconds: 0 });
  expect(nextStart(parts, { index: 21, timeSeconds: 2.1 })).toEqual({ frame: 21, seconds: 0 });
  const times = pairRanges([{ seconds: 9 }, { seconds: 30 }], [{ seconds: 10 }]);
  expect(nextStart(times, null).seconds).toBeCloseTo(9, 2);
  expect(nextStart(times, null).seconds).toBeLessThan(9); // time stamps are rounded
  expect(nextStart(times, { index: 300, timeSeconds: 10.1 })).toMatchObject({ frame: 300 });
  expect(nextStart(times, { index: 300, timeSeconds: 10.1 }).seconds).toBeCloseTo(30, 2);
  const mixed = pairRanges([{ frame: 20 }, { seconds: 9 }], [{ frame: 22 }]);
  expect(nextStart(mixed, null)).toEqual({ frame: 0, seconds: 0 }); // which of them comes first, only the video tells
  expect(nextStart(pairRanges([], [{ seconds: 5 }]), null)).toEqual({ frame: 0, seconds: 0 });
});
