import { setTimeout } from 'node:timers/promises';
import { processTimer } from '../../src/concurrency/process-timer.js';

/** What setTimeout makes of a stopped process: the clock goes on, timers do not. */
function stop(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
}

test.each([0, 0.05, 1.2])('ends after %s s, once', async (seconds) => {
  const started = performance.now();
  let ends = 0;
  const waited = await new Promise<number>((resolve) =>
    processTimer(seconds, () => {
      ends++;
      resolve(performance.now() - started);
    }),
  );
  expect(waited).toBeGreaterThan(seconds * 1000 - 10);
  await setTimeout(seconds * 1000);
  expect(ends).toBe(1);
});

test('a stop counts as one tick, however long', async () => {
  let ended = false;
  processTimer(3, () => (ended = true));
  stop(4);
  await setTimeout(100);
  expect(ended).toBe(false);
  await setTimeout(3000);
  expect(ended).toBe(true);
});

test('does not end where the wait was ended before, nor ever after Infinity', async () => {
  let ended = false;
  processTimer(0.05, () => (ended = true))();
  processTimer(Infinity, () => (ended = true))();
  await setTimeout(200);
  expect(ended).toBe(false);
});
