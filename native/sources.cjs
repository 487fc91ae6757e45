/*
 * A digest of everything that the addon is made of. The build writes it into the addon; whoever loads the addon compares:
 * one built from other sources than those that came with the JavaScript may understand it differently, and give wrong poses
 * without a word. CommonJS, because the addon is loaded synchronously.
 */
const { createHash } = require('node:crypto');
const { readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');

/** Every file below a folder of native/, relative to native/. */
function filesBelow(folder) {
  return readdirSync(path.join(__dirname, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(name) : [name];
  });
}

/** Whether a file is a kernel's specification as plain loops, which only the tests compile. */
const isSpecification = (file) => path.basename(file) === 'reference.cpp';

/** The addon's files, relative to native/. */
function sourceFiles() {
  const code = ['addon', 'backend', 'kernels', 'model', 'network']
    .flatMap(filesBelow)
    .filter((file) => !isSpecification(file));
  return ['CMakeLists.txt', ...code].sort();
}

/** @returns SHA-256, in hexadecimal, of their names and contents */
function sourcesDigest() {
  const digest = createHash('sha256');
  for (const file of sourceFiles()) {
    const content = readFileSync(path.join(__dirname, file));
    digest.update(`${file}\n${content.length}\n`).update(content);
  }
  return digest.digest('hex');
}

module.exports = { filesBelow, sourceFiles, sourcesDigest };
