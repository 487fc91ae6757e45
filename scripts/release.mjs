/*
 * Makes and checks what a release consists of (docs/releasing.md); publishes nothing.
 *
 *   node scripts/release.mjs [--out build/release] [--prebuilt <folder>] [--ssh-key <file> | --gpg-key <id>]
 *
 * Refuses a tree with changes and a version without its entry in CHANGELOG.md. Takes the addons that scripts/prebuild.mjs made on
 * all platforms from a folder, or makes this machine's. Packs the committed tree, installs the tarball in an
 * empty folder and uses it there, compiled and with the prebuilt addon (test/package/pack.sh), asks the registry for known vulnerabilities, writes the bill of materials,
 * the checksums and, where a key is given, their detached signature. Exit status 1 with the reason where anything is wrong.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { prebuild } from './prebuild.mjs';

const SUMS = 'SHA256SUMS';
/** What ssh signatures are for: one made for another purpose does not count. */
const NAMESPACE = 'glpose-release';

/** A reason not to release. */
class Refusal extends Error {}

/**
 * Whether a tree can be released as it stands.
 * @returns its version and commit
 */
export function checkTree(root) {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  if (lock.version !== version || lock.packages[''].version !== version) {
    throw new Refusal(`package-lock.json has version ${lock.version}, package.json ${version}: run npm install`);
  }
  const changes = git('status', '--porcelain');
  if (changes !== '') throw new Refusal(`the tree has changes; commit or remove them:\n${changes}`);
  if (!changelogOf(root, version)) {
    throw new Refusal(`CHANGELOG.md has no entry "## ${version}" that says anything`);
  }
  const tag = spawnSync('git', ['rev-parse', '-q', '--verify', `refs/tags/v${version}^{commit}`], {
    cwd: root,
    encoding: 'utf8',
  });
  const commit = git('rev-parse', 'HEAD');
  if (tag.status === 0 && tag.stdout.trim() !== commit) {
    throw new Refusal(`the tag v${version} stands on another commit: raise the version`);
  }
  return { version, commit };
}

/** What a version's entry says; empty where there is none. */
function changelogOf(root, version) {
  const sections = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m);
  const section = sections.find((text) => text.split(/[\s\n]/, 1)[0] === version);
  return section?.split('\n').slice(1).join('\n').trim() ?? '';
}

/**
 * What the registry knows of vulnerabilities in what users install.
 * @returns in words; throws where there are any
 */
export function audit(root) {
  const npm = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: root, encoding: 'utf8' });
  let report;
  try {
    report = JSON.parse(npm.stdout);
  } catch {
    report = {};
  }
  const total = report.metadata?.vulnerabilities?.total;
  if (total === undefined) return 'NOT KNOWN: the registry answers no audits';
  if (total > 0)
    throw new Refusal(`${total} known vulnerabilities in production dependencies: see npm audit --omit=dev`);
  return 'none known';
}

/** Copies the addons' packages. @returns their paths in the release's folder */
function takePrebuilt(from, folder) {
  const names = readdirSync(from).filter((name) => name.endsWith('.tgz'));
  if (names.length === 0) throw new Refusal(`${from} holds no packages: make them with scripts/prebuild.mjs`);
  for (const name of names) copyFileSync(path.join(from, name), path.join(folder, name));
  return names.map((name) => path.join(folder, name));
}

/** CycloneDX, of what users install. @returns the file's name */
export function writeBillOfMaterials(root, folder, version) {
  const args = ['sbom', '--omit=dev', '--package-lock-only', '--sbom-format=cyclonedx'];
  const text = execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { components } = JSON.parse(text);
  if (!(components?.length > 0)) throw new Refusal('npm sbom names no components');
  const file = `glpose-${version}.cdx.json`;
  writeFileSync(path.join(folder, file), text);
  return file;
}

/** Writes the checksums of all files in a folder, in the form that `sha256sum -c` reads. */
export function writeChecksums(folder) {
  const files = readdirSync(folder)
    .filter((name) => !name.startsWith(SUMS))
    .sort();
  const sum = (name) =>
    createHash('sha256')
      .update(readFileSync(path.join(folder, name)))
      .digest('hex');
  writeFileSync(path.join(folder, SUMS), files.map((name) => `${sum(name)}  ${name}\n`).join(''));
}

/**
 * Signs the checksums, detached.
 * @param key `ssh`: a private key's file; `gpg`: a key's id
 * @returns the signature's file name
 */
export function sign(folder, { ssh, gpg }) {
  const sums = path.join(folder, SUMS);
  const run = (command, args) => execFileSync(command, args, { stdio: ['inherit', 'ignore', 'inherit'] });
  if (ssh) {
    rmSync(`${sums}.sig`, { force: true }); // ssh-keygen would ask
    run('ssh-keygen', ['-q', '-Y', 'sign', '-f', ssh, '-n', NAMESPACE, sums]);
    return `${SUMS}.sig`;
  }
  run('gpg', ['--yes', '--armor', '--detach-sign', '--local-user', gpg, '--output', `${sums}.asc`, sums]);
  return `${SUMS}.asc`;
}

function main() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      prebuilt: { type: 'string' },
      'ssh-key': { type: 'string' },
      'gpg-key': { type: 'string' },
    },
  });
  const root = path.join(import.meta.dirname, '..');
  const folder = path.resolve(values.out ?? path.join(root, 'build', 'release'));
  const { version, commit } = checkTree(root);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Refusal(`${folder} is not empty`);
  mkdirSync(folder, { recursive: true });
  console.log(`glpose ${version}, commit ${commit}`);
  console.log(`vulnerabilities in production dependencies: ${audit(root)}`);
  const addons = values.prebuilt
    ? takePrebuilt(path.resolve(values.prebuilt), folder)
    : [prebuild(root, process.arch, folder)];
  execFileSync(path.join(root, 'test/package/pack.sh'), [folder, ...addons], { stdio: 'inherit' });
  writeBillOfMaterials(root, folder, version);
  writeChecksums(folder);
  const [ssh, gpg] = [values['ssh-key'], values['gpg-key']];
  const signature = ssh || gpg ? sign(folder, { ssh, gpg }) : null;
  console.log(readFileSync(path.join(folder, SUMS), 'utf8').trimEnd());
  console.log(signature ? `signed: ${signature}` : 'NOT SIGNED: no key was given');
  console.log(`All in ${folder}. To publish: docs/releasing.md.`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    main();
  } catch (thrown) {
    console.error(`release: ${thrown instanceof Refusal ? thrown.message : (thrown.stack ?? thrown)}`);
    process.exitCode = 1;
  }
}
