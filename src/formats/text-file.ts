import { readFileSync } from 'node:fs';
import { GlposeError, messageOf } from '../errors.js';

/** V8 holds no longer string (2²⁹ − 24 characters). */
const MAX_BYTES = 0x1fffffe8;

/**
 * Reads a text file (UTF-8, with or without byte order mark).
 * @param what it holds, for the message about one that is too large
 * @throws GlposeError ANNOTATION: unreadable or too large
 */
export function readTextFile(file: string, what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const reason = messageOf(cause).split(',')[0];
    throw new GlposeError('ANNOTATION', `${file} cannot be read: ${reason}`, 'Check the path and its permissions.', {
      cause,
    });
  }
  if (bytes.length > MAX_BYTES) {
    const megabytes = Math.round(bytes.length / 1e6);
    throw new GlposeError(
      'ANNOTATION',
      `${file} has ${megabytes} MB, more than one ${what} can have here (${Math.floor(MAX_BYTES / 1e6)} MB)`,
      'Split it into one file per sequence and give the folder.',
    );
  }
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf; // byte order mark
  return bytes.toString('utf8', hasMark ? 3 : 0);
}
