/** Lengths of buffers that are kept, those used last: a video needs up to 22. Videos of many sizes would fill the memory otherwise. */
const MOST_LENGTHS = 24;

/**
 * Float arrays to be used again, by length. Arrays of a megabyte that are made and dropped by the hundred a second would keep
 * the garbage collector as busy as the network. Nobody may use an array after giving it.
 */
export class BufferPool {
  /** By length; those used last at the end. */
  private readonly idle = new Map<number, Float32Array[]>();

  /** @returns an array of this length with arbitrary content; it is the whole of its buffer */
  take(length: number): Float32Array {
    return this.used(length).pop() ?? new Float32Array(length);
  }

  give(array: Float32Array): void {
    this.used(array.length).push(array);
  }

  private used(length: number): Float32Array[] {
    const same = this.idle.get(length) ?? [];
    this.idle.delete(length);
    this.idle.set(length, same);
    if (this.idle.size > MOST_LENGTHS) this.idle.delete(this.idle.keys().next().value!);
    return same;
  }
}
