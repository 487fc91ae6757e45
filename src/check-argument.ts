import { inspect } from 'node:util';
import { GlposeError } from './errors.js';

/**
 * Checks what a caller of the library gave; the command line checks its own words.
 * @param name the option, as the caller wrote it
 * @param wanted what it takes, to follow "expected"
 * @throws USAGE where `fits` is false
 */
export function checkArgument(name: string, received: unknown, wanted: string, fits: boolean, remedy = ''): void {
  if (fits) return;
  const shown = inspect(received, { depth: 0, breakLength: Infinity, maxStringLength: 100 });
  throw new GlposeError('USAGE', `expected ${wanted} for ${name} but received ${shown}`, remedy);
}

export const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
