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
  const underWay: { result: Promise<R>; weight: number }[] = [];
  let weight = 0;
  const first = (): Promise<R> => {
    const { result, weight: itsWeight } = underWay.shift()!;
    weight -= itsWeight;
    return result;
  };
  try {
    for await (const item of items) {
      const result = map(item);
      result.catch(() => {}); // reported when awaited below; until then it must not count as unhandled
      const itsWeight = weigh?.(item) ?? 1;
      underWay.push({ result, weight: itsWeight });
      weight += itsWeight;
      while (weight >= ahead && (!weigh || underWay.length >= LEAST)) yield await first();
    }
    while (underWay.length > 0) yield await first();
  } finally {
    await Promise.allSettled(underWay.map(({ result }) => result));
  }
}

/** While one is finished and one is in the middle of its way, the next can begin. */
const LEAST = 3;
