/*
 * Where the addon is: the one that was compiled here; else the prebuilt one of this platform's package, which a released glpose
 * has among its optionalDependencies: npm installs it by itself, without a script. CommonJS, because the addon is loaded synchronously.
 */
const { existsSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { isNonGlibcLinuxSync } = require('detect-libc');

/** npm's name of the package with a platform's addon, whether or not there is such a package. */
const packageFor = (platform = process.platform, arch = process.arch) => `@glpose/${platform}-${arch}`;

/** Where native/build.js puts the addon. */
const builtAddon = (root) => path.join(root, 'build', 'Release', 'glpose.node');

/** @returns the prebuilt addon's file, undefined where its package is not installed */
function prebuiltAddon(root) {
  try {
    return createRequire(path.join(root, 'package.json')).resolve(`${packageFor()}/glpose.node`);
  } catch {
    return undefined;
  }
}

/**
 * @param root glpose's folder
 * @returns the addon's file, and the package that it is of (null: compiled here); undefined where there is none
 */
function locateAddon(root) {
  if (existsSync(builtAddon(root))) return { file: builtAddon(root), prebuilt: null };
  const file = prebuiltAddon(root);
  return file && { file, prebuilt: packageFor() };
}

/** @returns why glpose cannot run on a system, however its addon comes about; undefined where it can */
function unsupported({ platform, arch, musl } = { ...process, musl: isNonGlibcLinuxSync() }) {
  const lacks = 'ONNX Runtime, in which glpose runs its detector, has no build for';
  if (musl) return `${lacks} musl (Alpine Linux): use a system with glibc, such as the image node:22-slim`;
  if (platform === 'darwin' && arch === 'x64') return `${lacks} Intel Macs from 1.24 on`;
  const known = { linux: ['x64', 'arm64'], darwin: ['arm64'], win32: ['x64', 'arm64'] };
  return known[platform]?.includes(arch) ? undefined : `${lacks} ${platform} on ${arch}`;
}

module.exports = { builtAddon, locateAddon, packageFor, prebuiltAddon, unsupported };
