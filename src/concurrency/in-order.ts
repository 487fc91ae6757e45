/**
 * Maps a sequence with several calls under way, yielding results in the order of the sequence: the next frame is
 * prepared while this one is in the extractor. Memory is bounded; the source is closed when the consumer stops. An error
 * surfaces at its item's turn.
 * @param ahead calls under way at a time
 * @param weigh what an item counts for in `ahead`, where not 1; `LEAST` of them are under way however heavy they are
 */
export async function* inOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  ahead: number,
  map: (item: T) => Promise<R>,
  weigh?: (item: T) => number,
): AsyncGenerator<R, void, undefined> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const underWay: { result: Promise<R>; weight: number }[] = [];
  let weight = 0;
  let ended = false;

  // A function of its own: what a generator's variables held when V8 compiled it anew stays in memory as long as it runs.
  async function fill(): Promise<void> {
    while (!ended && (weight < ahead || (weigh && underWay.length < LEAST))) {
      ended = true; // also where the source throws
      const { value: item, done } = await source.next();
      if (done) return;
      ended = false;
      const result = map(item);
      result.catch(() => {}); // reported when awaited below; until then it must not count as unhandled
      underWay.push({ result, weight: weigh?.(item) ?? 1 });
      weight += underWay.at(-1)!.weight;
    }
  }

  try {
    for (await fill(); underWay.length > 0; await fill()) {
      const { result, weight: itsWeight } = underWay.shift()!;
      weight -= itsWeight;
      yield await result;
    }
  } finally {
    await Promise.allSettled(underWay.map(({ result }) => result));
    if (!ended) await source.return?.();
  }
}

/** While one is finished and one is in the middle of its way, the next can begin. */
const LEAST = 3;
