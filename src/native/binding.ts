import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { GlposeError, messageOf } from '../errors.js';
import type { Addon } from './contract.js';
import { withTypedErrors } from './typed-errors.js';

/** The package's folder; dist/src/native/ is where this file runs. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const REBUILD = 'Run: npm run build:native (where glpose is a dependency: GLPOSE_BUILD=source npm rebuild glpose)';
let loaded: Addon | undefined;

/** native/locate.cjs, which npm's install script uses, too. */
interface Locate {
  locateAddon(root: string): AddonPlace | undefined;
  builtAddon(root: string): string;
  packageFor(): string;
  unsupported(): string | undefined;
}

interface AddonPlace {
  file: string;
  /** The package that it is of; null where it was compiled here. */
  prebuilt: string | null;
}

/**
 * The addon, loaded at first use.
 * @throws INTERNAL with the remedy where there is none, it does not load, or was built from other sources than are here
 */
export function addon(): Addon {
  loaded ??= loadAddon(ROOT);
  return loaded;
}

/** In words, where the addon comes from. */
export function addonOrigin(): string {
  const place = locate(ROOT).locateAddon(ROOT);
  return place ? (place.prebuilt ? `prebuilt, of ${place.prebuilt}` : 'compiled here') : 'nowhere';
}

/** Why glpose cannot run on this system at all; undefined where it can. */
export function unsupportedSystem(): string | undefined {
  return locate(ROOT).unsupported();
}

function locate(root: string): Locate {
  return createRequire(import.meta.url)(path.join(root, 'native', 'locate.cjs')) as Locate;
}

/** @param root holds native/ with the sources, and build/Release/glpose.node or node_modules with the platform's package */
export function loadAddon(root: string): Addon {
  const require = createRequire(import.meta.url);
  const { locateAddon, builtAddon, packageFor, unsupported } = locate(root);
  const place = locateAddon(root);
  if (!place) {
    const problem = unsupported() ?? `neither ${builtAddon(root)} nor the package ${packageFor()} is there`;
    throw new GlposeError('INTERNAL', `the native addon is missing: ${problem}`, unsupported() ? '' : REBUILD);
  }
  let exports: Addon & { sources?: string };
  try {
    exports = require(place.file) as typeof exports;
  } catch (thrown) {
    throw new GlposeError('INTERNAL', `the native addon does not load: ${messageOf(thrown)}`, REBUILD);
  }
  const sources = path.join(root, 'native', 'sources.cjs');
  const { sourcesDigest } = require(sources) as { sourcesDigest(): string };
  if (exports.sources !== sourcesDigest()) {
    const problem = `the native addon ${place.file} was built from other sources than those in ${path.dirname(sources)}`;
    throw new GlposeError('INTERNAL', problem, REBUILD);
  }
  return withTypedErrors(exports);
}
