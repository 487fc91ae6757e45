/* The npm package of one platform's addon. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const { packageFor } = createRequire(import.meta.url)('../../native/locate.cjs');

/**
 * Packs an addon.
 * @param root the repository, whose version and licence it gets
 * @param work an empty folder
 * @param out where the tarball goes
 * @returns the tarball's path
 */
export function packAddon(root, addon, { platform, arch }, work, out) {
  const { version, license } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const folder = path.join(work, 'package');
  mkdirSync(folder);
  const manifest = {
    name: packageFor(platform, arch),
    version,
    description: `glpose's native addon for ${platform} on ${arch}; glpose installs it by itself`,
    license,
    os: [platform],
    cpu: [arch],
    ...(platform === 'linux' ? { libc: ['glibc'] } : {}),
    exports: { './glpose.node': './glpose.node', './package.json': './package.json' },
    files: ['glpose.node'],
  };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(path.join(folder, 'README.md'), readme(manifest));
  copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
  copyFileSync(addon, path.join(folder, 'glpose.node'));
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', out], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    }),
  );
  return path.join(out, filename);
}

function readme({ name, description }) {
  return `# ${name}

${description}. Built from the sources that the glpose package of the same version holds in native/.

Linked into it: libstdc++ (GPL-3.0 with the GCC Runtime Library Exception) and, where it has CUDA kernels, NVIDIA's CUDA run-time
(cudart_static, redistributed under the CUDA toolkit's licence agreement).
`;
}
