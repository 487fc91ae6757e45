import type { FileHandle } from 'node:fs/promises';
import { Header } from 'tar';

/** Bytes of a tar archive's unit: headers fill one, files whole ones. */
export const BLOCK = 512;
/** Bytes that are read at a time. */
const PIECE = 1 << 20;

/** A plain file in an archive. */
export interface TarEntry {
  /** As the archive says it: not to be opened. */
  path: string;
  size: number;
  /** The content, in pieces. */
  content(): AsyncIterable<Buffer>;
}

/** What keeps a file from being a plain archive, in words. */
export class NotPlain extends Error {}

/**
 * The entries of a tar archive in their order. Plain files only: no links, no devices, no folders, no extended headers, nothing
 * compressed; so what is read is never more than the archive holds.
 * @throws NotPlain where there is anything else, or the archive is damaged
 */
export async function* tarEntries(file: FileHandle): AsyncGenerator<TarEntry> {
  const { size: end } = await file.stat();
  for (let at = 0; ;) {
    const block = Buffer.alloc(BLOCK);
    const { bytesRead } = await file.read(block, 0, BLOCK, at);
    if (bytesRead < BLOCK) throw new NotPlain('it ends before its end');
    const { cksumValid, nullBlock, path = '', type, size = -1 } = headerOf(block);
    if (nullBlock) return;
    if (!cksumValid) throw new NotPlain(at === 0 ? 'it is no tar archive' : `byte ${at} begins no file`);
    if (type !== 'File') throw new NotPlain(`it holds something that is no plain file (${type})`);
    const from = at + BLOCK;
    if (!(Number.isSafeInteger(size) && size >= 0 && size <= end - from)) throw new NotPlain('it ends before its end');
    yield { path, size, content: () => pieces(file, from, size) };
    at = from + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function headerOf(block: Buffer): Header {
  try {
    return new Header(block);
  } catch {
    throw new NotPlain('it is no tar archive'); // the library throws at numbers that are none
  }
}

async function* pieces(file: FileHandle, from: number, size: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < size;) {
    const buffer = Buffer.alloc(Math.min(PIECE, size - done));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from + done);
    if (bytesRead === 0) throw new NotPlain('it ends before its end');
    yield buffer.subarray(0, bytesRead);
    done += bytesRead;
  }
}
