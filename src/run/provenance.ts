import { createHash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import type { VideoInput } from '../media/inputs.js';
import { RUN_OPTIONS, type OptionName } from './options.js';

/** What a run makes of every video: two runs that agree in all of it give the same results, byte for byte. */
export interface RunSettings {
  glpose: string;
  model: { sha256: string; method: string; devices: object };
  /** The options that change results, by their names; files among them as `FileFingerprint`. */
  options: Record<string, unknown>;
}

/** What one video's results were made from. */
export interface Provenance extends RunSettings {
  name: string;
  path: string;
  input: InputFingerprint;
}

/** Enough of an input's files to notice that one was changed, without reading all of them. */
export interface InputFingerprint {
  files: number;
  bytes: number;
  /** sha256 over name, size and time of change of every file, as hex. */
  digest: string;
  /**
   * sha256 over size and parts of every file, as hex: what was moved or touched, but holds the same, is the same. Absent in outcomes of
   * earlier versions.
   */
  content?: string;
}

/** @throws INPUT where a file is not there any more */
export async function fingerprintOf(video: VideoInput): Promise<InputFingerprint> {
  if (video.kind === 'video') return fingerprintOfFiles([video.path]);
  const files = video.files.map((file) => path.join(video.path, file));
  const fingerprint = await fingerprintOfFiles(files, ONE_OF_MANY);
  // Results name the frames of a folder.
  const content = createHash('sha256')
    .update(`${fingerprint.content}\n${video.files.join('\n')}`)
    .digest('hex');
  return { ...fingerprint, content };
}

/** The same of a file that an option names, or of all files in a folder. @throws INPUT where it is not there any more */
export async function fingerprintOfPath(place: string): Promise<InputFingerprint> {
  const isFolder = (file: string): Promise<boolean> => stat(file).then((found) => found.isDirectory(), () => false); // prettier-ignore
  if (!(await isFolder(place))) return fingerprintOfFiles([place]);
  const files: string[] = [];
  for (const name of (await readdir(place, { recursive: true })).sort()) {
    if (!(await isFolder(path.join(place, name)))) files.push(path.join(place, name));
  }
  return fingerprintOfFiles(files, ONE_OF_MANY);
}

/** What is read of a file: so many parts of so many bytes, spread over it; all of a smaller file. */
const ONE_FILE = { parts: 64, bytes: 1 << 16 };
const ONE_OF_MANY = { parts: 3, bytes: 1 << 14 };

async function fingerprintOfFiles(files: readonly string[], sample = ONE_FILE): Promise<InputFingerprint> {
  const hash = createHash('sha256');
  const content = createHash('sha256');
  let bytes = 0;
  for (const file of files) {
    try {
      const { size, mtimeMs } = await stat(file);
      hash.update(`${size} ${mtimeMs} ${path.basename(file)}\n`);
      content.update(`${size}\n`);
      await using handle = await open(file);
      const isSmall = size <= sample.parts * sample.bytes;
      const buffer = Buffer.alloc(isSmall ? size : sample.bytes);
      const step = isSmall ? 0 : (size - sample.bytes) / (sample.parts - 1);
      for (let part = 0; part < (isSmall ? 1 : sample.parts); part++) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, Math.round(part * step));
        content.update(buffer.subarray(0, bytesRead));
      }
      bytes += size;
    } catch (thrown) {
      throw new GlposeError('INPUT', `${file} cannot be read: ${messageOf(thrown)}`, 'Check the path.');
    }
  }
  return { files: files.length, bytes, digest: hash.digest('hex'), content: content.digest('hex') };
}

/** What identifies files: what they hold, or, where an earlier version did not look, what is known of them. */
function identityOf(value: unknown): unknown {
  const { content } = (value ?? {}) as Partial<InputFingerprint>;
  return content ?? value;
}

/** A provenance as a short name, wherever its files lie: 16 hex digits of a sha256. */
export function digestOf(provenance: Provenance): string {
  const { glpose, model, name } = provenance;
  const options = Object.fromEntries(
    Object.entries(provenance.options).map(([name, value]) => [name, identityOf(value)] as const),
  );
  const identity = { glpose, model, name, options, input: identityOf(provenance.input) };
  return createHash('sha256').update(canonical(identity)).digest('hex').slice(0, 16);
}

/** What differs between two provenances, in words; empty where nothing does. */
export function changesBetween(before: Provenance, now: Provenance): string[] {
  const differs = (a: unknown, b: unknown): boolean => canonical(a) !== canonical(b);
  const changes: string[] = [];
  if (differs(before.glpose, now.glpose)) changes.push('the version of glpose');
  if (differs(before.model.sha256, now.model.sha256)) changes.push('the model');
  if (differs(before.model.method, now.model.method)) changes.push('the method');
  if (differs(before.model.devices, now.model.devices)) changes.push('the device');
  const names = new Set([...Object.keys(before.options), ...Object.keys(now.options)]);
  for (const name of [...names].sort()) {
    const [a, b] = [before.options[name], now.options[name]];
    if (differs(a, b) && !isSameContent(a, b)) changes.push(flagOf(name));
  }
  if (isSameContent(before.input, now.input)) return changes;
  if (before.path !== now.path) changes.push('the input’s path');
  else if (differs(before.input, now.input)) changes.push('the input');
  return changes;
}

/** Whether two fingerprints are of files that hold the same, wherever they lie. */
export function isSameContent(a: unknown, b: unknown): boolean {
  const [before, now] = [a, b].map((value) => ((value ?? {}) as Partial<InputFingerprint>).content);
  return before !== undefined && before === now;
}

/** JSON with members in alphabetical order, so that equal values are equal texts. */
function canonical(value: unknown): string {
  const sorted = (_name: string, member: unknown): unknown =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member;
  return JSON.stringify(value, sorted) ?? '';
}

/** An option as a user writes it. */
function flagOf(name: string): string {
  const known = Object.hasOwn(RUN_OPTIONS, name) ? RUN_OPTIONS[name as OptionName].flags : undefined;
  return /--[a-z-]+/.exec(known ?? '')?.[0] ?? `--${name}`;
}
