import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { GlposeError, messageOf } from '../errors.js';
import type { Addon } from './contract.js';
import { withTypedErrors } from './typed-errors.js';

/** The addon's folder in the package; dist/src/native/ is where this file runs. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const REBUILD = 'Run: npm run build:native (where glpose is a dependency: npm rebuild glpose)';
let loaded: Addon | undefined;

/**
 * The addon, loaded at first use.
 * @throws INTERNAL with the remedy where it was not built, does not load, or was built from other sources than are here
 */
export function addon(): Addon {
  loaded ??= loadAddon(ROOT);
  return loaded;
}

/** @param root holds build/Release/glpose.node and the sources in native/ */
export function loadAddon(root: string): Addon {
  const require = createRequire(import.meta.url);
  const binary = path.join(root, 'build', 'Release', 'glpose.node');
  const sources = path.join(root, 'native', 'sources.cjs');
  if (!existsSync(binary)) {
    throw new GlposeError('INTERNAL', `the native addon is not built (${binary} is missing)`, REBUILD);
  }
  let exports: Addon & { sources?: string };
  try {
    exports = require(binary) as typeof exports;
  } catch (thrown) {
    throw new GlposeError('INTERNAL', `the native addon does not load: ${messageOf(thrown)}`, REBUILD);
  }
  const { sourcesDigest } = require(sources) as { sourcesDigest(): string };
  if (exports.sources !== sourcesDigest()) {
    const problem = `the native addon ${binary} was built from other sources than those in ${path.dirname(sources)}`;
    throw new GlposeError('INTERNAL', problem, REBUILD);
  }
  return withTypedErrors(exports);
}
