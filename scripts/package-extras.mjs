/*
 * What the package holds besides what tsc writes, run after it:
 *   dist/commonjs/   the library for `require`: Node's own require of ES modules does the work (Node 20.19); the type
 *                    declarations stand there once more, because TypeScript reads a declaration as the kind of module that
 *                    its folder's package.json says.
 *   dist/glpose.1    the manual page.
 */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../dist/src/cli/main.js';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const source = path.join(dist, 'src');
const commonjs = path.join(dist, 'commonjs');

await rm(commonjs, { recursive: true, force: true });
for (const declaration of await reachable('index.d.ts')) {
  const target = path.join(commonjs, declaration);
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(path.join(source, declaration), target);
}
await writeFile(path.join(commonjs, 'package.json'), '{ "type": "commonjs" }\n');
await writeFile(path.join(commonjs, 'index.js'), "module.exports = require('../src/index.js');\n");

let page = '';
process.exitCode = await main(['manual'], { out: (text) => void (page += text) });
await writeFile(path.join(dist, 'glpose.1'), page);

/** The declarations that one imports, directly or not, itself included; relative to dist/src. */
async function reachable(entry) {
  const found = new Set([entry]);
  for (const declaration of found) {
    const text = await readFile(path.join(source, declaration), 'utf8');
    for (const [, name] of text.matchAll(/(?:from |import\()'(\.{1,2}\/[^']+)\.js'/g)) {
      found.add(path.join(path.dirname(declaration), `${name}.d.ts`));
    }
  }
  return found;
}
