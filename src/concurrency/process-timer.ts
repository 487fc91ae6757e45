/** Seconds between two looks at how long it has been. */
const TICK = 1;

/**
 * Calls `end` once this process has waited for so many seconds. Unlike setTimeout it counts ticks: while a process is stopped
 * (Ctrl-Z, a suspended job, a frozen container, a machine asleep), those it waits for mostly are, too, and a stop of any length
 * is one tick.
 * @param seconds Infinity waits for ever
 * @returns ends the wait
 */
export function processTimer(seconds: number, end: () => void): () => void {
  if (seconds === Infinity) return () => {};
  const ticks = Math.max(1, Math.ceil(seconds / TICK));
  let left = ticks;
  const timer = setInterval(
    () => {
      if (--left > 0) return;
      clearInterval(timer);
      end();
    },
    (seconds / ticks) * 1000,
  );
  return () => clearInterval(timer);
}
