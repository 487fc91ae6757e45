import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { loadBundle, MODELS_DIR } from '../../../src/bundle/bundle.js';
import { main } from '../../../src/cli/main.js';
import type { GlposeError } from '../../../src/errors.js';
import { packBundle } from '../../../src/models/archive/pack-bundle.js';
import { unpackBundle } from '../../../src/models/archive/unpack-bundle.js';

let dir: string;
let archive: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-archive-'));
  archive = path.join(dir, 'bundle.tar');
});
afterEach(() => rm(dir, { recursive: true }));

const place = (name: string): string => path.join(dir, name);
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

interface Part {
  path: string;
  content?: string | Buffer;
  type?: 'File' | 'SymbolicLink' | 'Link' | 'Directory' | 'CharacterDevice' | 'ExtendedHeader';
  linkpath?: string;
  /** As the header says it, where that is a lie. */
  size?: number;
}

/** A tar archive of what one likes. */
function tarOf(...parts: Part[]): Buffer {
  const blocks = parts.flatMap(({ path: name, content = '', type = 'File', linkpath, size }) => {
    const bytes = Buffer.from(content);
    const header = Buffer.alloc(512);
    new Header({ path: name, type, linkpath, mode: 0o644, size: size ?? bytes.length, mtime: new Date(0) }).encode(
      header,
    );
    return [header, bytes, Buffer.alloc(-bytes.length & 511)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** The checksums that an archive begins with, of the files given. */
const sums = (files: Record<string, string>): Part => ({
  path: 'b/SHA256SUMS',
  content: Object.entries(files)
    .map(([name, content]) => `${sha256(content)}  ${name}\n`)
    .join(''),
});

/** Why an archive was refused; nothing may be left of it. */
async function refusal(bytes: Buffer): Promise<string> {
  await writeFile(archive, bytes);
  const thrown = await unpackBundle(archive, place('out')).then(
    () => undefined,
    (error: GlposeError) => error,
  );
  expect(thrown).toMatchObject({ code: 'MODEL', remedy: expect.stringMatching(/glpose models pack/) as string });
  expect(thrown!.message).toContain(archive);
  expect(await readdir(dir)).toEqual(['bundle.tar']);
  return thrown!.message;
}

test('a bundle comes out as it went in, and the same bundle gives the same bytes', async () => {
  const packed = await packBundle('glpose-movenet', archive);
  const unpacked = await unpackBundle(archive, place('out'));
  const original = await loadBundle('glpose-movenet');
  expect(unpacked.sha256).toBe(await original.sha256());
  expect(packed.sha256).toBe(unpacked.sha256);
  expect((await readdir(place('out'))).sort()).toEqual((await readdir(original.dir)).sort());
  for (const name of await readdir(original.dir)) {
    expect(sha256(await readFile(path.join(place('out'), name)))).toBe(
      sha256(await readFile(path.join(original.dir, name))),
    );
  }
  await packBundle(place('out'), place('again.tar'));
  const again = await readFile(place('again.tar'));
  expect(again.length).toBe(packed.bytes);
  await rm(place('out'), { recursive: true });
  await cp(original.dir, place('glpose-movenet'), { recursive: true });
  await packBundle(place('glpose-movenet'), place('again.tar'));
  expect(sha256(await readFile(place('again.tar')))).toBe(sha256(await readFile(archive)));
});

test('tar and sha256sum agree with it', async () => {
  await packBundle('glpose-movenet', archive);
  execFileSync('tar', ['-xf', archive, '-C', dir]);
  const said = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: place('glpose-movenet'), encoding: 'utf8' });
  expect(said).toMatch(/^config\.json: OK$/m);
  expect((await loadBundle(place('glpose-movenet'))).config.name).toBe('glpose-movenet');
});

test('what lies in the folder besides does not travel', async () => {
  await cp(path.join(MODELS_DIR, 'glpose-movenet'), place('mine'), { recursive: true });
  await writeFile(path.join(place('mine'), 'notes.txt'), 'private');
  const { files } = await packBundle(place('mine'), archive);
  expect(files).not.toContain('notes.txt');
  expect(files).toEqual(expect.arrayContaining(['config.json', 'extractor.onnx', 'README.md', 'LICENSE', 'NOTICE']));
});

test('a folder that is there is not touched', async () => {
  await packBundle('glpose-movenet', archive);
  await mkdir(place('out'));
  await writeFile(path.join(place('out'), 'mine'), '');
  await expect(unpackBundle(archive, place('out'))).rejects.toMatchObject({ code: 'OUTPUT' });
  expect(await readdir(place('out'))).toEqual(['mine']);
});

test('any damaged byte is noticed', async () => {
  await packBundle('glpose-movenet', archive);
  const sound = await readFile(archive);
  const damaged = async (at: number): Promise<string> => {
    const bytes = Buffer.from(sound);
    bytes[at] ^= 1;
    return refusal(bytes);
  };
  expect(await damaged(10)).toMatch(/no tar archive/);
  expect(await damaged(520)).toMatch(/checksums? (cannot|is)|damaged|a line of its checksums/);
  expect(await damaged(sound.length >> 1)).toMatch(/is damaged: its checksum is another/);
  expect(await refusal(sound.subarray(0, sound.length >> 1))).toMatch(/ends before its end/);
  expect(await refusal(sound.subarray(0, sound.length - 1024))).toMatch(/ends before its end/);
  expect(await refusal(gzipSync(sound.subarray(0, 1e6)))).toMatch(/no tar archive/);
});

test.each<[string, Part[], RegExp]>([
  ['no checksums', [{ path: 'b/config.json', content: '{}' }], /does not begin with the checksums/],
  ['a way out in the folder', [{ path: '../SHA256SUMS', content: '' }], /does not begin with the checksums/],
  ['an absolute folder', [{ path: '/tmp/SHA256SUMS', content: '' }], /does not begin with the checksums/],
  ['a way out in the checksums', [sums({ '../x': 'x' }), { path: 'b/../x', content: 'x' }], /a line of its checksums/],
  ['another system’s way out', [sums({ '..\\x': 'x' }), { path: 'b/..\\x', content: 'x' }], /a line of its checksums/],
  ['a hidden way out', [sums({ x: 'x' }), { path: 'b/../../x', content: 'x' }], /do not name b\/\.\.\/\.\.\/x/],
  ['a file of another folder', [sums({ x: 'x' }), { path: 'c/x', content: 'x' }], /do not name c\/x/],
  ['a file that no checksum is of', [sums({ x: 'x' }), { path: 'b/y', content: 'y' }], /do not name b\/y/],
  ['a file twice', [sums({ x: 'x' }), { path: 'b/x', content: 'x' }, { path: 'b/x', content: 'x' }], /there twice/],
  ['a name twice, in capitals', [sums({ x: 'x', X: 'x' })], /name X twice/],
  ['checksums that name themselves', [sums({ sha256sums: '' })], /name sha256sums twice/],
  ['a file too few', [sums({ x: 'x', y: 'y' }), { path: 'b/x', content: 'x' }], /it lacks y/],
  [
    'a link',
    [sums({ x: '' }), { path: 'b/x', type: 'SymbolicLink', linkpath: '/etc/passwd' }],
    /no plain file \(SymbolicLink\)/,
  ],
  ['a hard link', [sums({ x: '' }), { path: 'b/x', type: 'Link', linkpath: '/etc/passwd' }], /no plain file \(Link\)/],
  ['a device', [sums({ x: '' }), { path: 'b/x', type: 'CharacterDevice' }], /no plain file/],
  ['a folder', [sums({ x: '' }), { path: 'b/x/', type: 'Directory' }], /no plain file/],
  [
    'a longer name to come',
    [sums({ x: '' }), { path: 'b/x', type: 'ExtendedHeader', content: '12 path=/x\n' }],
    /no plain file/,
  ],
  ['a size that is a lie', [sums({ x: 'x' }), { path: 'b/x', content: 'x', size: 1e12 }], /ends before its end/],
  ['a negative size', [sums({ x: 'x' }), { path: 'b/x', content: 'x', size: -1 }], /ends before its end/],
  ['endless checksums', [{ path: 'b/SHA256SUMS', content: Buffer.alloc(1e5) }], /does not begin with the checksums/],
  [
    'no bundle',
    [sums({ 'config.json': '{}' }), { path: 'b/config.json', content: '{}' }],
    /is no bundle: b\/config\.json: /,
  ],
])('%s is refused, and nothing is left', async (_, parts, reason) => {
  expect(await refusal(tarOf(...parts))).toMatch(reason);
});

test('nothing at all, and no archive, are told apart', async () => {
  expect(await refusal(Buffer.alloc(0))).toMatch(/ends before its end/);
  expect(await refusal(Buffer.from('no archive'.repeat(100)))).toMatch(/no tar archive/);
  await rm(archive);
  await expect(unpackBundle(archive)).rejects.toMatchObject({ code: 'MODEL' });
});

test('a link in the way of the new folder is not followed', async () => {
  await packBundle('glpose-movenet', archive);
  await mkdir(place('elsewhere'));
  await symlink(place('elsewhere'), place('out'));
  await expect(unpackBundle(archive, place('out'))).rejects.toMatchObject({ code: 'OUTPUT' });
  expect(await readdir(place('elsewhere'))).toEqual([]);
});

test('glpose models pack and unpack say the bundle’s digest; without --out, names come from the bundle', async () => {
  const before = process.cwd();
  process.chdir(dir);
  try {
    let out = '';
    const terminal = { out: (text: string) => (out += text), err: () => {} };
    expect(await main(['models', 'pack', 'glpose-movenet'], terminal)).toBe(0);
    expect(await main(['models', 'unpack', 'glpose-movenet.tar'], terminal)).toBe(0);
    const digest = await (await loadBundle(place('glpose-movenet'))).sha256();
    expect(out.match(new RegExp(digest, 'g'))).toHaveLength(2);
    expect(await main(['models', 'unpack', 'glpose-movenet.tar'], terminal)).toBe(1);
  } finally {
    process.chdir(before);
  }
});
