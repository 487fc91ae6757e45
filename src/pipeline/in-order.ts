/**
 * Maps an async sequence with up to `ahead` calls under way, yielding results in the order of the sequence: the next frame
 * is prepared while this one is in the extractor. Memory is bounded by `ahead`; the source is closed when the consumer stops.
 * An error surfaces at its item's turn.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T>,
  ahead: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underWay: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const result = map(item);
      result.catch(() => {}); // reported when awaited below; until then it must not count as unhandled
      underWay.push(result);
      if (underWay.length >= ahead) yield await underWay.shift()!;
    }
    while (underWay.length > 0) yield await underWay.shift()!;
  } finally {
    await Promise.allSettled(underWay);
  }
}
