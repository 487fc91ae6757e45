import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Memo } from '../estimation/memo.js';

/** Frames in one file: what is lost, at most, when a process is killed. */
export const CHUNK = 64;

/** Turns a frame's value into numbers and back, without loss. */
export interface Codec<T> {
  toNumbers(value: T): number[];
  fromNumbers(numbers: Float64Array): T;
}

interface Chunk<T> {
  /** What an earlier run has left: a value for each of its first frames. */
  kept: Promise<T[]>;
  /** What this run computes, by the frame's place in the chunk. */
  computed: Map<number, T>;
}

/**
 * What was computed for each frame of a video, kept in files of CHUNK frames. Each of them is whole or not there; their names
 * are `<name>-<first frame>.gz`. Frames are asked for about in order, several at a time.
 */
export class FrameLog<T> implements Memo<T> {
  private readonly chunks = new Map<number, Chunk<T>>();
  private last = -1;
  private foundFrames = 0;

  /** @param write makes a file of that name whole */
  constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly codec: Codec<T>,
    private readonly write: (file: string, bytes: Uint8Array) => Promise<void>,
  ) {}

  /** Frames whose value an earlier run had left. */
  get found(): number {
    return this.foundFrames;
  }

  /**
   * A frame's value: the one that an earlier run has left, else what `compute` gives. Throws what `compute` throws, and OUTPUT
   * where the chunk that the frame completes cannot be kept.
   */
  async of(frame: number, compute: () => Promise<T>): Promise<T> {
    const chunk = this.chunkOf(frame);
    const kept = await chunk.kept;
    const place = frame % CHUNK;
    this.last = Math.max(this.last, frame);
    if (place < kept.length) {
      this.foundFrames++;
      return kept[place];
    }
    const value = await compute();
    chunk.computed.set(place, value);
    if (chunk.computed.size === CHUNK) await this.keep(frame - place, chunk);
    return value;
  }

  /** What an earlier run has left of a frame. */
  async kept(frame: number): Promise<T | undefined> {
    return (await this.chunkOf(frame).kept)[frame % CHUNK];
  }

  /** After the last frame: keeps those behind the last whole chunk, too, unless there is none. */
  async end(): Promise<void> {
    if (this.last < CHUNK) return;
    const chunk = this.chunkOf(this.last);
    if (chunk.computed.size === (this.last % CHUNK) + 1) await this.keep(this.last - (this.last % CHUNK), chunk);
  }

  private chunkOf(frame: number): Chunk<T> {
    const place = Math.floor(frame / CHUNK);
    let chunk = this.chunks.get(place);
    if (!chunk) {
      chunk = { kept: this.read(place * CHUNK), computed: new Map() };
      this.chunks.set(place, chunk);
      this.chunks.delete(place - 4); // fewer frames than three chunks have are under way
    }
    return chunk;
  }

  private async keep(first: number, { computed }: Chunk<T>): Promise<void> {
    const numbers: number[] = [];
    for (let place = 0; place < computed.size; place++) {
      const value = this.codec.toNumbers(computed.get(place)!);
      numbers.push(value.length, ...value);
    }
    await this.write(this.fileOf(first), await promisify(gzip)(Float64Array.from(numbers), { level: 1 }));
    computed.clear();
  }

  /** The values in a file; none where there is no such file, or a damaged one. */
  private async read(first: number): Promise<T[]> {
    try {
      const bytes = await promisify(gunzip)(await readFile(path.join(this.folder, this.fileOf(first))));
      const numbers = new Float64Array(new Uint8Array(bytes).buffer);
      const values: T[] = [];
      for (let at = 0; at < numbers.length; at += 1 + numbers[at]) {
        values.push(this.codec.fromNumbers(numbers.subarray(at + 1, at + 1 + numbers[at])));
      }
      return values;
    } catch {
      return [];
    }
  }

  private fileOf(first: number): string {
    return `${this.name}-${first}.gz`;
  }
}
