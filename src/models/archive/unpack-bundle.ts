import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { loadBundle } from '../../bundle/bundle.js';
import { GlposeError, messageOf } from '../../errors.js';
import { makeFolderAtomically } from '../../storage/atomic-folder.js';
import { SUMS } from './pack-bundle.js';
import { NotPlain, tarEntries, type TarEntry } from './tar-reader.js';

/** A plain name, of a file or folder on any system. */
const NAME = /^[A-Za-z0-9](?:[\w.-]{0,98}[\w-])?$/;
const MOST_SUMS_BYTES = 64e3;

export interface Unpacked {
  dir: string;
  /** Identifies the bundle, as `glpose models info` prints it. */
  sha256: string;
  files: string[];
}

/**
 * Makes a bundle's folder of an archive by packBundle. Archives are hostile: what counts are plain files `<folder>/<name>`, each
 * named once in the checksums, which come first. Names are checked before they are joined to the new folder, contents against
 * their checksums, and the bundle as at its first use, before the folder appears.
 * @param dir the folder to make, which must not exist; default: named as in the archive, in the current folder
 * @throws MODEL where the archive cannot be read, is damaged, or holds no bundle; OUTPUT where the folder cannot be made
 */
export async function unpackBundle(archive: string, dir?: string): Promise<Unpacked> {
  const refusal = (problem: string): GlposeError =>
    new GlposeError(
      'MODEL',
      `${archive} cannot be unpacked: ${problem}`,
      'Copy it again, or make it again with glpose models pack.',
    );
  const file = await open(archive).catch((thrown: unknown) => {
    throw refusal(messageOf(thrown));
  });
  try {
    const entries = tarEntries(file);
    const { folder, sums } = await readSums(entries);
    const place = dir ?? folder;
    if (await stat(place).catch(() => undefined)) {
      throw new GlposeError('OUTPUT', `${place} exists already`, 'Remove it, or name another folder with --out.');
    }
    return await makeFolderAtomically(place, async (temporary) => {
      await extract(entries, folder, sums, temporary);
      const bundle = await loadBundle(temporary).catch((thrown: unknown) => {
        throw refusal(`what it holds is no bundle: ${messageOf(thrown).replaceAll(temporary, folder)}`);
      });
      return { dir: place, sha256: await bundle.sha256(), files: [...sums.keys()] };
    });
  } catch (thrown) {
    throw thrown instanceof NotPlain ? refusal(thrown.message) : thrown;
  } finally {
    await file.close();
  }
}

/** Reads the first file. @returns the folder that all are in, and each file's SHA-256 */
async function readSums(entries: AsyncGenerator<TarEntry>): Promise<{ folder: string; sums: Map<string, string> }> {
  const first = (await entries.next()).value as TarEntry | undefined;
  const [folder, name, ...more] = first?.path.split('/') ?? [];
  if (!first || name !== SUMS || more.length > 0 || !NAME.test(folder) || first.size > MOST_SUMS_BYTES) {
    throw new NotPlain(`it does not begin with the checksums, <bundle>/${SUMS}`);
  }
  const sums = new Map<string, string>();
  const known = new Set([SUMS.toLowerCase()]);
  for (const line of (await text(first)).trimEnd().split('\n')) {
    const [, sum, file] = /^([0-9a-f]{64}) {2}(.*)$/.exec(line) ?? [];
    if (sum === undefined || !NAME.test(file)) throw new NotPlain(`a line of its checksums cannot be used: ${line}`);
    if (known.has(file.toLowerCase())) throw new NotPlain(`its checksums name ${file} twice`);
    known.add(file.toLowerCase());
    sums.set(file, sum);
  }
  return { folder, sums };
}

async function text(entry: TarEntry): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of entry.content()) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** Writes the files that the checksums name, each once, and nothing else. */
async function extract(
  entries: AsyncGenerator<TarEntry>,
  folder: string,
  sums: ReadonlyMap<string, string>,
  to: string,
): Promise<void> {
  const left = new Map(sums);
  for await (const entry of entries) {
    const name = entry.path.startsWith(`${folder}/`) ? entry.path.slice(folder.length + 1) : '';
    const sum = left.get(name);
    if (sum === undefined) throw new NotPlain(`its checksums do not name ${entry.path}, or it is there twice`);
    left.delete(name);
    const hash = createHash('sha256');
    await pipeline(
      entry.content(),
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          hash.update(piece);
          yield piece;
        }
      },
      createWriteStream(path.join(to, name), { flags: 'wx' }),
    );
    if (hash.digest('hex') !== sum) throw new NotPlain(`${name} is damaged: its checksum is another`);
  }
  if (left.size > 0) throw new NotPlain(`it lacks ${[...left.keys()].join(', ')}`);
}
