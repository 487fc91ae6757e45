/** Kinds of buffers that are kept; videos of many sizes would fill the memory otherwise. */
const MOST_LENGTHS = 8;

/**
 * Float arrays to be used again, by length. Arrays of a megabyte that are made and dropped by the hundred a second would keep
 * the garbage collector as busy as the network. Nobody may use an array after giving it.
 */
export class BufferPool {
  private readonly idle = new Map<number, Float32Array[]>();

  /** @returns an array of this length with arbitrary content; it is the whole of its buffer */
  take(length: number): Float32Array {
    return this.idle.get(length)?.pop() ?? new Float32Array(length);
  }

  give(array: Float32Array): void {
    const same = this.idle.get(array.length);
    if (same) same.push(array);
    else this.idle.set(array.length, [array]);
    if (this.idle.size > MOST_LENGTHS) this.idle.delete(this.idle.keys().next().value!);
  }
}
