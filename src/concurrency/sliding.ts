/** An item of a sequence, and those around it as far as they exist: at most k before and k after. */
export interface Around<T> {
  /** Until the next one is asked for. */
  items: readonly T[];
  /** The item's place among them. */
  key: number;
}

/**
 * Slides over a sequence, 2k+1 items in memory: gives every item with those around it, in order. No generator: those of V8 may hold
 * on to what they gave long ago.
 */
export function sliding<T>(items: AsyncIterable<T>, k: number): AsyncIterableIterator<Around<T>> {
  const source = items[Symbol.asyncIterator]();
  const ring: T[] = [];
  let key = -1;
  let ended = false;
  const over: IteratorReturnResult<undefined> = { done: true, value: undefined };
  return {
    async next() {
      if (key < k) key++;
      else ring.shift();
      while (!ended && ring.length - 1 - key < k) {
        const { value, done } = await source.next();
        if (done) ended = true;
        else ring.push(value);
      }
      return key < ring.length ? { done: false, value: { items: ring, key } } : over;
    },
    async return() {
      await source.return?.();
      return over;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
