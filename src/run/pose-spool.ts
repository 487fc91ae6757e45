import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { FrameList, FramePoses } from '../types.js';
import { asOutputError } from '../storage/atomic-write.js';
import { temporaryBeside } from '../storage/temporary.js';

/** Characters that are kept in memory before they are written; few, as with READ. */
const BLOCK = 1 << 17;
/** Bytes that are read at a time: few, since what outlives its use makes V8 enlarge its heap. */
const READ = 1 << 15;

/**
 * The poses of one video while it is under way: those of a short one in memory, all others in a temporary file, a frame a line. A day
 * of footage takes no more memory than a minute. Can be gone through as often as wanted.
 */
export class PoseSpool implements FrameList, Disposable {
  private readonly file: string;
  private handle: number | null = null;
  /** Bytes in the file. */
  private written = 0;
  /** What is not in the file yet. */
  private lines: string[] = [];
  private characters = 0;
  private count = 0;

  /** @param folder where the temporary file will be; it must exist when a long video needs it */
  constructor(folder: string) {
    this.file = temporaryBeside(path.join(folder, 'poses'));
  }

  get length(): number {
    return this.count;
  }

  /** Adds a frame; explanations are not kept. Throws OUTPUT where the disk refuses. */
  push(frame: FramePoses): void {
    const line = `${JSON.stringify(frame)}\n`;
    this.lines.push(line);
    this.characters += line.length;
    this.count++;
    if (this.characters >= BLOCK) this.flush();
  }

  *[Symbol.iterator](): Generator<FramePoses, void, undefined> {
    const end = this.written;
    const unwritten = [...this.lines];
    let rest = '';
    const decoder = new StringDecoder('utf8');
    const block = Buffer.alloc(Math.min(READ, end));
    for (let at = 0; at < end;) {
      const read = this.try(() => readSync(this.handle!, block, 0, Math.min(block.length, end - at), at));
      if (read === 0) throw new Error(`${this.file} was cut short`);
      at += read;
      const lines = (rest + decoder.write(block.subarray(0, read))).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line) as FramePoses;
    }
    for (const line of unwritten) yield JSON.parse(line) as FramePoses;
  }

  [Symbol.dispose](): void {
    if (this.handle === null) return;
    closeSync(this.handle);
    this.handle = null;
    rmSync(this.file, { force: true });
  }

  private flush(): void {
    this.try(() => {
      this.handle ??= openSync(this.file, 'wx+');
      const bytes = Buffer.from(this.lines.join(''));
      for (let at = 0; at < bytes.length;)
        at += writeSync(this.handle, bytes, at, bytes.length - at, this.written + at);
      this.written += bytes.length;
    });
    this.lines = [];
    this.characters = 0;
  }

  private try<T>(action: () => T): T {
    try {
      return action();
    } catch (thrown) {
      throw asOutputError(this.file, thrown);
    }
  }
}
