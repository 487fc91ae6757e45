/*
 * Videos that are read from a later moment, through both decoders: the same pictures, numbers and times as in a decode of the whole.
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame, Start } from '../../src/media/frame.js';
import { openFrames } from '../../src/media/frames.js';
import { clipFolder, makeClip, nodeAv, picture, type Clip } from './clips.js';
import { hasFfmpeg, throughEachDecoder } from './through-decoders.js';

const folder = await clipFolder();
/** Groups of four frames. */
const PICTURES = Array.from({ length: 30 }, (_, i) => picture(i % 15));
const H264: Clip = { pictures: PICTURES, encoder: 'libx264' };
/** Frames of uneven length, and a pause. */
const UNEVEN = PICTURES.map((_, i) => 40 * i + (i % 3) * 9 + (i > 17 ? 700 : 0));

async function framesOf(
  file: string,
  from?: Partial<Start>,
): Promise<{ frames: Frame[]; warnings: readonly string[] }> {
  await using source = await openFrames({ kind: 'video', path: file, name: 'clip' });
  const frames: Frame[] = [];
  for await (const frame of source.frames(from)) frames.push(frame);
  return { frames, warnings: source.warnings };
}

/** Every one of the frames is as in the whole. */
function expectAmong(whole: readonly Frame[], frames: readonly Frame[]): void {
  for (const { data, ...about } of frames) {
    const { data: expected, ...same } = whole[about.index];
    expect(about).toEqual(same);
    expect(data && Buffer.compare(data, expected!)).toBe(expected && 0);
  }
}

/**
 * Holds what is read from later moments to a decode of the whole.
 * @param enters whether what lies before is left out; null: that is the encoder's affair
 */
async function expectTheSame(file: string, enters: boolean | null): Promise<void> {
  const { frames: whole, warnings } = await framesOf(file);
  expect(whole.length).toBeGreaterThan(20);
  const last = whole.length - 1;
  const starts = [{ frame: 9 }, { seconds: whole[14].timeSeconds! - 0.0005 }, { frame: last }];
  for (const [i, start] of starts.entries()) {
    const read = await framesOf(file, start);
    if (enters !== null) expect(read.frames[0].index).toBe(enters ? [9, 14, last][i] : 0);
    expect(read.frames.at(-1)!.index).toBe(last);
    expectAmong(whole, read.frames);
    expect(read.warnings).toEqual(warnings);
  }
}

throughEachDecoder('through', (decoder) => {
  const place = (name: string): string => path.join(folder, `${decoder}-${name}`);

  test.each<[string, Partial<Clip>]>([
    ['h264.mp4', {}],
    ['h264.mov', {}],
    ['h264.mkv', {}],
    ['uneven.mp4', { times: UNEVEN }],
    ['uneven.mkv', { times: UNEVEN }],
    ['hevc.mp4', { encoder: 'libx265', pixels: 'yuv420p10le' }],
    ['mpeg4.mp4', { encoder: 'mpeg4' }],
    ['jpeg.mov', { encoder: 'mjpeg', pixels: 'yuvj420p' }],
    ['turned.mp4', { matrix: [0, 1, -1, 0] }],
  ])('%s is entered', async (name, changes) => {
    await expectTheSame(await makeClip(place(name), { ...H264, ...changes }), true);
  });

  test.each<[string, Partial<Clip>]>([
    ['mpeg4.avi', { encoder: 'mpeg4' }],
    ['h264.ts', {}],
    ['vp8.webm', { encoder: 'libvpx' }],
  ])('%s is decoded from the start', async (name, changes) => {
    await expectTheSame(await makeClip(place(name), { ...H264, ...changes }), false);
  });

  (hasFfmpeg ? test : test.skip)('an edit list that begins between two keys', async () => {
    const whole = await makeClip(place('uncut.mp4'), H264);
    const file = place('edited.mp4');
    const { status, stderr } = spawnSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-ss',
      '0.6',
      '-i',
      whole,
      '-c',
      'copy',
      file,
    ]);
    expect([status, String(stderr)]).toEqual([0, '']);
    await expectTheSame(file, true);
  });

  (hasFfmpeg ? test : test.skip).each(['open-gop=1', 'intra-refresh=1'])(
    'groups that refer to others: %s',
    async (way) => {
      const whole = await makeClip(place('closed.mp4'), H264);
      const file = place(`${way}.mp4`);
      const encoded = ['-c:v', 'libx264', '-x264-params', `${way}:keyint=4:min-keyint=4:bframes=2:scenecut=0`];
      expect(spawnSync('ffmpeg', ['-v', 'error', '-y', '-i', whole, ...encoded, file]).status).toBe(0);
      await expectTheSame(file, way === 'open-gop=1' || null);
    },
  );

  test.each([5, 13, 21])('a damaged picture (%d) before, at and behind the moment', async (damaged) => {
    const file = await makeClip(place(`damaged-${damaged}.mp4`), H264);
    const { av } = nodeAv!;
    const container = new av.FormatContext();
    await container.openInput(`file:${file}`, null, null);
    using packet = new av.Packet();
    packet.alloc();
    for (let i = 0; i <= damaged; i++) {
      packet.unref();
      await container.readFrame(packet);
    }
    const bytes = await readFile(file);
    bytes.fill(0, Number(packet.pos), Number(packet.pos) + 16);
    await container.closeInput();
    await writeFile(file, bytes);
    const { frames: whole } = await framesOf(file);
    for (const from of [9, 14]) {
      const { frames } = await framesOf(file, { frame: from });
      expect(frames.at(-1)!.index).toBe(whole.length - 1);
      expectAmong(whole, frames);
    }
  });
});
