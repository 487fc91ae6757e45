import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Header } from 'tar';
import { fileNames, loadBundle } from '../../bundle/bundle.js';
import { GlposeError } from '../../errors.js';
import { makeAtomically } from '../../storage/atomic-write.js';
import { BLOCK } from './tar-reader.js';

/** The file of checksums, in the form that `sha256sum -c` reads; the first of an archive. */
export const SUMS = 'SHA256SUMS';
/** What travels with a model beside the files that its config.json names: what it is, and on which terms. */
const DOCUMENTS = ['README.md', 'LICENSE', 'NOTICE'];

export interface Packed {
  file: string;
  /** Of the archive. */
  bytes: number;
  /** Identifies the bundle, as `glpose models info` prints it. */
  sha256: string;
  files: string[];
}

/**
 * Writes a bundle as one file: a tar archive of a folder with the bundle's name, which begins with the checksums of all its files.
 * The same bundle gives the same bytes.
 * @param nameOrPath a bundle by name or folder
 * @param file the archive to make; one that was there is replaced
 * @throws MODEL where the bundle cannot be read, OUTPUT where the archive cannot be written
 */
export async function packBundle(nameOrPath: string, file: string): Promise<Packed> {
  const bundle = await loadBundle(nameOrPath);
  const present = await readdir(bundle.dir);
  const names = [...fileNames(bundle.config), ...DOCUMENTS.filter((name) => present.includes(name))];
  const sums = await Promise.all(
    names.map(async (name) => `${await sha256OfFile(path.join(bundle.dir, name))}  ${name}\n`),
  );
  await makeAtomically(file, (temporary) =>
    pipeline(
      Readable.from(tar(bundle.dir, path.basename(bundle.dir), sums.join(''), names)),
      createWriteStream(temporary, { flags: 'wx' }),
    ),
  );
  return { file, bytes: (await stat(file)).size, sha256: await bundle.sha256(), files: names };
}

async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** The archive's bytes. */
async function* tar(dir: string, folder: string, sums: string, names: string[]): AsyncGenerator<Uint8Array> {
  const text = Buffer.from(sums);
  yield header(`${folder}/${SUMS}`, text.length);
  yield text;
  yield padding(text.length);
  for (const name of names) {
    const { size } = await stat(path.join(dir, name));
    yield header(`${folder}/${name}`, size);
    let read = 0;
    for await (const chunk of createReadStream(path.join(dir, name)) as AsyncIterable<Buffer>) {
      read += chunk.length;
      yield chunk;
    }
    if (read !== size) throw new GlposeError('MODEL', `${path.join(dir, name)} changed while it was packed`);
    yield padding(size);
  }
  yield new Uint8Array(2 * BLOCK);
}

function header(name: string, size: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const needsMore = new Header({
    path: name,
    type: 'File',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size,
    mtime: new Date(0),
  }).encode(block);
  if (needsMore)
    throw new GlposeError('MODEL', `${name} is too long a name for an archive`, 'Rename the bundle’s folder.');
  return block;
}

const padding = (size: number): Uint8Array => new Uint8Array(-size & (BLOCK - 1));
