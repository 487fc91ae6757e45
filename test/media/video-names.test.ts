import { namesFor } from '../../src/media/video-names.js';

/** What a name may have so that `<name>_000000000012_keypoints.json` is no longer than 255 bytes. */
const MOST_BYTES = 227;

function names(...places: string[]): string[] {
  return namesFor(places.map((place) => ({ place: `/v/${place}`, folder: false })));
}

test('a name that just leaves room for those of all results stays as it is', () => {
  const name = 'n'.repeat(MOST_BYTES);
  expect(names(`${name}.mp4`)).toEqual([name]);
});

test('a longer one is cut, and says by its digest of what it is the start', () => {
  const [a, b] = names(`${'n'.repeat(250)}a.mp4`, `${'n'.repeat(250)}b.mp4`);
  for (const name of [a, b]) expect(name).toMatch(/^n{218}~[0-9a-f]{8}$/);
  expect(a).not.toBe(b);
  expect(names(`${'n'.repeat(250)}a.mp4`)).toEqual([a]); // whatever lies beside it
});

test('a number fits in, too, and stays at the end', () => {
  const file = `${'n'.repeat(MOST_BYTES - 4)}.mp4`;
  const [first, second] = names(`a/${file}`, `b/${file}`);
  expect(first).toBe(file);
  expect(second).toMatch(/^n+~[0-9a-f]{8}-2$/);
  expect(second).toHaveLength(MOST_BYTES);
});

test('length is counted in bytes, and no character is cut in two', () => {
  for (const [character, bytes] of [
    ['語', 3],
    ['🏃🏽‍♀️', 17],
    ['e\u0301', 3],
  ] as const) {
    const [name] = names(`x${character.repeat(250)}`);
    const kept = Math.floor((MOST_BYTES - 1 - 9) / bytes);
    expect(name.slice(0, -9)).toBe(`x${character.repeat(kept)}`);
  }
});
