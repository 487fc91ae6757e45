import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, from dist/test/. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Real material and reference outputs that are too large or not free enough to ship; beside the repository where present. */
export const SHARED = process.env.GLPOSE_SHARED ?? path.resolve(ROOT, '../shared');

/**
 * `describe` that runs only where the shared material holds `relative`, and says so where it does not.
 * The skipped block's title names the missing path.
 */
export function describeWithShared(relative: string, title: string, body: (dir: string) => void): void {
  const dir = path.join(SHARED, relative);
  if (existsSync(dir)) describe(title, () => body(dir));
  else describe.skip(`${title} (skipped: no ${relative} in ${SHARED}; set GLPOSE_SHARED)`, () => body(dir));
}
