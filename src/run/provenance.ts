import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { GlposeError, messageOf } from '../errors.js';
import type { VideoInput } from '../media/inputs.js';

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

/** Enough of an input's files to notice that one was changed, without reading them. */
export interface InputFingerprint {
  files: number;
  bytes: number;
  /** sha256 over name, size and time of change of every file, as hex. */
  digest: string;
}

/** @throws INPUT where a file is not there any more */
export async function fingerprintOf(video: VideoInput): Promise<InputFingerprint> {
  const files = video.kind === 'video' ? [video.path] : video.files.map((file) => path.join(video.path, file));
  return fingerprintOfFiles(files);
}

export async function fingerprintOfFiles(files: readonly string[]): Promise<InputFingerprint> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const file of files) {
    try {
      const { size, mtimeMs } = await stat(file);
      hash.update(`${size} ${mtimeMs} ${path.basename(file)}\n`);
      bytes += size;
    } catch (thrown) {
      throw new GlposeError('INPUT', `${file} cannot be read: ${messageOf(thrown)}`, 'Check the path.');
    }
  }
  return { files: files.length, bytes, digest: hash.digest('hex') };
}

/** A provenance as a short name: 16 hex digits of a sha256. */
export function digestOf(provenance: Provenance): string {
  return createHash('sha256').update(canonical(provenance)).digest('hex').slice(0, 16);
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
    if (differs(before.options[name], now.options[name])) changes.push(`--${kebab(name)}`);
  }
  if (before.path !== now.path) changes.push('the input’s path');
  else if (differs(before.input, now.input)) changes.push('the input');
  return changes;
}

/** JSON with members in alphabetical order, so that equal values are equal texts. */
function canonical(value: unknown): string {
  const sorted = (_name: string, member: unknown): unknown =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member;
  return JSON.stringify(value, sorted) ?? '';
}

/** minScore → min-score */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
