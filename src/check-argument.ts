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

/** @param functions by the options' names; undefined where they were left out */
export function checkFunctions(functions: Readonly<Record<string, unknown>>): void {
  for (const [name, received] of Object.entries(functions))
    checkArgument(name, received, 'a function', received === undefined || typeof received === 'function');
}

export function checkSignal(signal: unknown): void {
  const { throwIfAborted } = (signal ?? {}) as { throwIfAborted?: unknown };
  const fits = signal === undefined || typeof throwIfAborted === 'function';
  checkArgument('signal', signal, 'an AbortSignal', fits, 'Give the signal, not its controller.');
}

export const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;
