/*
 * Videos that are damaged, cut, trimmed or put together, through both decoders: every frame that can be read has the number that it
 * has in the sound video, and what is missing is told.
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from '../../src/media/frame.js';
import { openFrames } from '../../src/media/frames.js';
import { clipFolder, frameShownBy, makeClip, nodeAv, picture, type Clip } from './clips.js';
import { hasFfmpeg, throughEachDecoder } from './through-decoders.js';

const folder = await clipFolder();
const PICTURES = Array.from({ length: 12 }, (_, i) => picture(i));
/** Groups of four frames. */
const H264: Clip = { pictures: PICTURES, encoder: 'libx264' };

const byFfmpeg = hasFfmpeg ? '' : ' (skipped: needs the program ffmpeg for the clip)';

interface Read {
  frames: Frame[];
  warnings: readonly string[];
  fps: number | null;
}

async function framesOf(file: string): Promise<Read> {
  await using source = await openFrames({ kind: 'video', path: file, name: 'clip' });
  const frames: Frame[] = [];
  for await (const frame of source.frames()) frames.push(frame);
  return { frames, warnings: source.warnings, fps: source.fps };
}

/** Where the packets of a file's video stream lie. */
async function packetsOf(file: string): Promise<{ position: number; size: number }[]> {
  const { av } = nodeAv!;
  const container = new av.FormatContext();
  await container.openInput(`file:${file}`, null, null);
  await container.findStreamInfo();
  using packet = new av.Packet();
  packet.alloc();
  const places = [];
  while ((await container.readFrame(packet)) >= 0) {
    places.push({ position: Number(packet.pos), size: packet.size });
    packet.unref();
  }
  await container.closeInput();
  return places;
}

/** Writes zeros over a part of a file. */
async function overwrite(file: string, from: number, count: number): Promise<void> {
  const bytes = await readFile(file);
  bytes.fill(0, from, from + count);
  await writeFile(file, bytes);
}

/** What each frame shows, `-` where it shows nothing. */
function shownBy(frames: readonly Frame[]): (number | '-')[] {
  return frames.map((frame) => (frame.data === null ? '-' : frameShownBy(frame)));
}

function ffmpeg(...args: string[]): void {
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

throughEachDecoder('through', (decoder) => {
  const place = (name: string): string => path.join(folder, `${decoder}-${name}`);

  test.each<[string, Partial<Clip>]>([
    ['damaged.mp4', {}],
    ['damaged.mov', {}],
    ['damaged.mkv', { cluster: 300 }],
    ['damaged.ts', {}],
    ['damaged.webm', { encoder: 'libvpx', cluster: 300 }],
  ])('%s: a damaged packet takes only what depends on it, and the numbers stay', async (name, changes) => {
    const file = await makeClip(place(name), { ...H264, ...changes });
    await overwrite(file, (await packetsOf(file))[5].position, 16);
    const { frames, warnings } = await framesOf(file);
    expect(frames.map(({ index, name }) => [index, name])).toEqual(PICTURES.map((_, i) => [i, String(i)]));
    const shown = shownBy(frames);
    expect(shown.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(shown.slice(5, 8)).toContain('-');
    expect(shown.slice(8)).toEqual([8, 9, 10, 11]);
    const lost = frames.filter(({ data }) => data === null);
    for (const { index, problem } of lost) expect(problem).toBe(`frame ${index} cannot be read`);
    expect(warnings.join('; ')).toMatch(new RegExp(`(^|; |\\()(frame |.*\\()${lost[0].index}\\b.* cannot be read: `));
    expect(frames.map(({ timeSeconds }) => Math.round(timeSeconds! * 1000))).toEqual(PICTURES.map((_, i) => 100 * i));
  });

  test('a JPEG of an AVI that is all zeros', async () => {
    const file = await makeClip(place('mjpeg.avi'), { ...H264, encoder: 'mjpeg', pixels: 'yuvj420p' });
    const { position, size } = (await packetsOf(file))[5];
    const bytes = await readFile(file);
    const start = bytes.indexOf(Buffer.from([0xff, 0xd8]), position);
    await overwrite(file, start, size);
    const { frames, warnings } = await framesOf(file);
    expect(shownBy(frames)).toEqual([0, 1, 2, 3, 4, '-', 6, 7, 8, 9, 10, 11]);
    expect(warnings).toContainEqual('frame 5 cannot be read: it keeps its number and has no people');
  });

  (byFfmpeg ? test.skip : test)(`AV1 that its decoder passes over${byFfmpeg}`, async () => {
    const plain = await makeClip(place('plain.mkv'), H264);
    const file = place('av1.mp4');
    ffmpeg('-i', plain, '-c:v', 'libsvtav1', '-crf', '10', '-g', '4', '-svtav1-params', 'pred-struct=1', file);
    expect(shownBy((await framesOf(file)).frames)).toEqual(PICTURES.map((_, i) => i));
    await overwrite(file, (await packetsOf(file))[5].position, 16);
    const { frames, warnings } = await framesOf(file);
    expect(frames).toHaveLength(12);
    expect(frames[5].data).toBeNull();
    expect(shownBy(frames).slice(8)).toEqual([8, 9, 10, 11]);
    expect(warnings.join('; ')).toMatch(/5.* cannot be read/);
  });

  test('a stream that is cut in the middle of a group says which frame comes first', async () => {
    const file = await makeClip(place('begin.ts'), H264);
    const bytes = await readFile(file);
    const [, second] = await packetsOf(file);
    // The tables of the beginning stay: three packets of 188 bytes.
    await writeFile(file, Buffer.concat([bytes.subarray(0, 564), bytes.subarray(second.position)]));
    const { frames, warnings } = await framesOf(file);
    expect(shownBy(frames)[0]).toBe(4);
    expect(frames[0]).toMatchObject({ index: 0, timeSeconds: 0 });
    expect(warnings.join('; ')).toMatch(/its first 3 frames cannot be decoded; index 0 is frame 3 of the file/);
    expect(warnings.join('; ')).not.toMatch(/it ends/);
  });

  test('an edit list hides frames, which are not missed', async () => {
    const file = await makeClip(place('edited.mp4'), H264);
    const bytes = await readFile(file);
    const entry = bytes.indexOf('elst') + 12; // behind version, flags and count: duration, start, rate
    bytes.writeUInt32BE(bytes.readUInt32BE(entry) / 2, entry);
    await writeFile(file, bytes);
    const { frames, warnings } = await framesOf(file);
    expect(shownBy(frames)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(warnings).toEqual([]);
  });

  (byFfmpeg ? test.skip : test)(`a beginning that was cut away without encoding${byFfmpeg}`, async () => {
    const plain = await makeClip(place('whole.mp4'), H264);
    const file = place('cut away.mp4');
    ffmpeg('-ss', '0.55', '-i', plain, '-c', 'copy', file);
    const { frames, warnings } = await framesOf(file);
    expect(shownBy(frames)).toEqual([6, 7, 8, 9, 10, 11]);
    expect(frames[0].timeSeconds).toBe(0);
    expect(warnings).toEqual([]);
  });

  test('the variable rate of phones is no damage', async () => {
    const times = [0, 33, 67, 67.5, 100, 101, 133, 400, 401, 1000, 1001, 1002].map(Math.round);
    const file = await makeClip(place('phone.mp4'), { ...H264, times: times.map((time, i) => time + i) });
    const { frames, warnings } = await framesOf(file);
    expect(shownBy(frames)).toEqual(PICTURES.map((_, i) => i));
    expect(warnings).toEqual([]);
  });

  test('times rise where the table of times is too short', async () => {
    const file = await makeClip(place('short table.mp4'), H264);
    const bytes = await readFile(file);
    bytes.writeUInt32BE(5, bytes.indexOf('stts') + 12);
    await writeFile(file, bytes);
    const { frames } = await framesOf(file);
    expect(shownBy(frames)).toEqual(PICTURES.map((_, i) => i));
    for (const [i, { timeSeconds }] of frames.entries()) {
      if (i > 0) expect(timeSeconds!).toBeGreaterThan(frames[i - 1].timeSeconds!);
    }
  });

  test('a later beginning counts from 0', async () => {
    const times = PICTURES.map((_, i) => 3000 + 100 * i);
    const file = await makeClip(place('later.mkv'), { ...H264, times });
    const { frames, warnings } = await framesOf(file);
    expect(frames.slice(0, 2).map(({ timeSeconds }) => timeSeconds!.toFixed(3))).toEqual(['0.000', '0.100']);
    expect(warnings).toEqual([]);
  });

  (byFfmpeg ? test.skip : test)(`a recording of a browser has the rate of its frames${byFfmpeg}`, async () => {
    const plain = await makeClip(place('recorded.mkv'), { ...H264, encoder: 'libvpx' });
    const piped = spawnSync('ffmpeg', ['-v', 'error', '-i', plain, '-c', 'copy', '-f', 'webm', '-live', '1', '-'], {
      maxBuffer: 1 << 26,
    });
    const bytes = Buffer.from(piped.stdout);
    const rate = bytes.indexOf(Buffer.from([0x23, 0xe3, 0x83])); // DefaultDuration, which browsers do not write
    if (rate > 0) bytes.fill(0xec, rate, rate + 1).fill(0x80 + bytes[rate + 3] - 0x80 + 2, rate + 1, rate + 2);
    const file = place('recorded.webm');
    await writeFile(file, bytes);
    const { frames, fps, warnings } = await framesOf(file);
    expect(frames).toHaveLength(12);
    expect(fps).toBeCloseTo(10, 1);
    expect(warnings).toEqual([]);
  });

  test('a picture that changes its size is fitted in whole, and told', async () => {
    const tall = Array.from({ length: 3 }, (_, i) => picture(i, 64, 96));
    const parts = [PICTURES.slice(0, 3), tall].map(async (pictures, i) =>
      readFile(await makeClip(place(`part-${i}.ts`), { ...H264, pictures })),
    );
    const file = place('turned.ts');
    await writeFile(file, Buffer.concat(await Promise.all(parts)));
    const { frames, warnings } = await framesOf(file);
    expect(frames.map(({ width, height }) => [width, height])).toEqual(Array(6).fill([96, 64]));
    const { data } = frames[3]; // 43 columns wide, in the middle of 96
    const at = (x: number, y: number): number[] => [...data!.subarray(3 * (96 * y + x), 3 * (96 * y + x) + 3)];
    expect(at(10, 32)).toEqual([0, 0, 0]);
    expect(at(86, 32)).toEqual([0, 0, 0]);
    expect(Math.max(...at(48 - 10, 48))).toBeGreaterThan(10);
    expect(warnings.join('; ')).toMatch(/frame 3 has 64×96 instead of 96×64 pixels; such frames are fitted/);
  });
});
