/** Synchronous work that stops after every step, most often a file, so that it can be left there. */
export type Steps<T> = Generator<void, T, void>;

/** Does all of it at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * Does a step in each turn of the event loop: else the process would hear of no Ctrl-C before its end.
 * @param signal its reason is thrown once it aborts
 */
export async function stepByStep<T>(steps: Steps<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    await new Promise(setImmediate);
    signal.throwIfAborted();
    if (done) return value;
  }
}
