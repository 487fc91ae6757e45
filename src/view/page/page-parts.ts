import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeFolders } from '../../storage/make-folders.js';
import { asOutputError } from '../../storage/atomic-write.js';
import { TAKE_PART } from './page-data.js';

/** Base64 needs four characters for three bytes. */
const BASE64_GROWTH = 4 / 3;

/**
 * The pictures and explanations of a page: in memory until they are more than one file should hold, from then on in a folder
 * beside the page. Memory stays under the limit.
 */
export class PageParts {
  private readonly held = new Map<string, { bytes: Uint8Array; kind: PartKind }>();
  private bytes = 0;
  private spilt = false;

  /**
   * @param folder where the parts go once they are too many; made then
   * @param limit bytes of parts that may stand in the page
   * @param onSpill called once, before the first file is written
   */
  constructor(
    private readonly folder: string,
    private readonly limit: number,
    private readonly onSpill: () => void,
  ) {}

  /** @throws OUTPUT where the disk refuses */
  async add(name: string, bytes: Uint8Array, kind: PartKind): Promise<void> {
    this.bytes += bytes.length;
    if (this.spilt) return this.write(name, bytes, kind);
    this.held.set(name, { bytes, kind });
    if (this.bytes * BASE64_GROWTH <= this.limit) return;
    this.spilt = true;
    this.onSpill();
    for (const [heldName, part] of this.held) await this.write(heldName, part.bytes, part.kind);
    this.held.clear();
  }

  /** The folder's name where the parts stand in one. */
  get folderName(): string | null {
    return this.spilt ? path.basename(this.folder) : null;
  }

  /** Bytes of all parts so far. */
  get size(): number {
    return this.bytes;
  }

  /** The parts that belong in the page. */
  *embedded(): Generator<[name: string, base64: string]> {
    for (const [name, { bytes }] of this.held) yield [name, base64(bytes)];
  }

  private async write(name: string, bytes: Uint8Array, kind: PartKind): Promise<void> {
    // A page that was opened from disk may not fetch files, but it may run scripts and show pictures.
    const content = kind === 'picture' ? bytes : `${TAKE_PART}("${name}","${base64(bytes)}")`;
    const file = path.join(this.folder, `${name}.${kind === 'picture' ? 'jpg' : 'js'}`);
    try {
      await makeFolders(this.folder);
      await writeFile(file, content);
    } catch (thrown) {
      throw asOutputError(file, thrown);
    }
  }
}

export type PartKind = 'picture' | 'data';

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
