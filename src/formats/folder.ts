import { readdirSync } from 'node:fs';
import { GlposeError, messageOf } from '../errors.js';

/** The names in a folder, sorted. @throws GlposeError ANNOTATION where it is none or may not be read */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (cause) {
    const problem = `${folder} cannot be read: ${messageOf(cause).split(',')[0]}`;
    throw new GlposeError('ANNOTATION', problem, 'Check the path and its permissions.', { cause });
  }
}
