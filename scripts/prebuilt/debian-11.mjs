/*
 * Debian 11's C library for linking, and all that Node needs of it for loading: a folder that looks like the root of such a system.
 * What is linked against it runs on every Linux with glibc 2.31 or newer, whatever the compiler's own system is.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

const PACKAGES = ['libc6', 'libc6-dev', 'libstdc++6', 'libgcc-s1', 'libatomic1'];
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Fetches and unpacks what is not there yet, by apt and dpkg, without touching the system's own packages.
 * @param arch Node's name of the processor
 * @param cache a folder that may be kept
 * @returns the root
 */
export function debian11(arch, cache) {
  const root = path.join(cache, `debian-11-${arch}`);
  if (existsSync(root)) return root;
  const apt = path.join(cache, `apt-${arch}`);
  const partial = `${root}.partial`;
  for (const folder of [apt, partial]) rmSync(folder, { recursive: true, force: true });
  for (const folder of ['lists/partial', 'cache/archives/partial', 'debs']) {
    mkdirSync(path.join(apt, folder), { recursive: true });
  }
  const sources = path.join(apt, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${KEYS}] http://deb.debian.org/debian bullseye main\n`);
  const options = [
    ...[`Dir::Etc::SourceList=${sources}`, 'Dir::Etc::SourceParts=-', 'Dir::State::Status=/dev/null'],
    ...[
      `Dir::State::Lists=${apt}/lists`,
      `Dir::Cache=${apt}/cache`,
      'Acquire::Languages=none',
      'APT::Sandbox::User=root',
    ],
    ...[`APT::Architecture=${ARCHITECTURES[arch]}`, `APT::Architectures=${ARCHITECTURES[arch]}`],
  ].flatMap((option) => ['-o', option]);
  const debs = path.join(apt, 'debs');
  execFileSync('apt-get', [...options, '-qq', 'update'], { stdio: 'inherit' });
  execFileSync('apt-get', [...options, '-qq', 'download', ...PACKAGES], { cwd: debs, stdio: 'inherit' });
  for (const deb of readdirSync(debs)) execFileSync('dpkg-deb', ['-x', path.join(debs, deb), partial]);
  stayInside(partial);
  rmSync(apt, { recursive: true });
  renameSync(partial, root);
  return root;
}

/** Makes the absolute links of a root relative: they mean files of the root. */
function stayInside(root) {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = path.join(entry.parentPath, entry.name);
    const target = readlinkSync(link);
    if (!path.isAbsolute(target)) continue;
    rmSync(link);
    symlinkSync(path.relative(entry.parentPath, path.join(root, target)), link);
  }
}
