import { CandidateDraw } from '../../src/estimation/candidates.js';

async function draw(m: number, seed: number, items: number, isGood: (item: number) => boolean): Promise<number[]> {
  const drawing = new CandidateDraw<number>(m, seed);
  for (let item = 0; item < items; item++) await drawing.offer(isGood(item), async () => item);
  return drawing.drawn();
}

test('is repeatable by its seed and differs between seeds', async () => {
  const once = await draw(20, 7, 1000, () => true);
  expect(await draw(20, 7, 1000, () => true)).toEqual(once);
  expect(await draw(20, 8, 1000, () => true)).not.toEqual(once);
  expect(new Set(once).size).toBe(20);
});

test('every item has the same chance', async () => {
  const counts = new Array<number>(10).fill(0);
  for (let seed = 0; seed < 2000; seed++) for (const item of await draw(3, seed, 10, () => true)) counts[item]++;
  // 2000 draws of 3 of 10: 600 each, standard deviation about 20
  for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(100);
});

test('takes good items alone where they fill m, and others where they do not', async () => {
  expect((await draw(5, 1, 100, (item) => item % 10 === 0)).every((item) => item % 10 === 0)).toBe(true);
  expect((await draw(20, 1, 100, (item) => item < 5)).length).toBe(20);
  expect(await draw(20, 1, 3, () => false)).toEqual([0, 1, 2]);
});

test('makes only what it takes', async () => {
  const drawing = new CandidateDraw<number>(2, 0);
  let made = 0;
  for (let item = 0; item < 500; item++) await drawing.offer(true, async () => ++made);
  expect(made).toBeLessThan(60); // 2 reservoirs × 2 (1 + ln 250) expected ≈ 26
});

test('tells what it no longer needs, each once, and nothing that it still holds', async () => {
  const dropped: number[] = [];
  const drawing = new CandidateDraw<number>(3, 5, (item) => dropped.push(item));
  const made: number[] = [];
  for (let item = 0; item < 200; item++) {
    await drawing.offer(item % 2 === 0, async () => (made.push(item), item));
    expect(drawing.drawn().some((held) => dropped.includes(held))).toBe(false);
  }
  expect(new Set(dropped).size).toBe(dropped.length);
  expect(made.length - dropped.length).toBeLessThanOrEqual(6); // what two reservoirs of three hold
  expect(made.length - dropped.length).toBeGreaterThanOrEqual(3);
});
