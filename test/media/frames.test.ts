import { spawnSync } from 'node:child_process';
import type { Frame } from '../../src/media/frame.js';
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { openFrames, type FrameSource } from '../../src/media/frames.js';
import { ROOT } from '../shared-data.js';
import { clipFolder, difference, frameShownBy, makeClip, makeImage, nodeAv, picture, type Clip } from './clips.js';
import { throughEachDecoder } from './through-decoders.js';

const folder = await clipFolder();
const PICTURES = Array.from({ length: 12 }, (_, i) => picture(i));
const H264: Clip = { pictures: PICTURES, encoder: 'libx264' };

async function framesOf(file: string): Promise<{ frames: Frame[]; warnings: readonly string[]; fps: number | null }> {
  const source = await openFrames({ kind: 'video', path: file, name: 'clip' });
  const frames: Frame[] = [];
  for await (const frame of source.frames()) frames.push(frame);
  await source.close();
  return { frames, warnings: source.warnings, fps: source.fps };
}

describe('an input that is read again', () => {
  const input = async (): Promise<{ kind: 'images'; path: string; name: string; files: string[] }> => {
    const images = await mkdtemp(path.join(folder, 'again-'));
    const files = ['0.png', '1.png', '2.png'];
    for (const [i, file] of files.entries()) await makeImage(path.join(images, file), picture(i));
    return { kind: 'images', path: images, name: 'again', files };
  };
  const bytes = 96 * 64 * 3;
  const read = async (source: FrameSource): Promise<(number | null)[]> => {
    const shown: (number | null)[] = [];
    for await (const frame of source.frames()) shown.push(frame.data && frameShownBy(frame));
    return shown;
  };

  test('is decoded once where its frames may be kept', async () => {
    const video = await input();
    await using source = await openFrames(video, { keepBytes: 3 * bytes });
    expect(await read(source)).toEqual([0, 1, 2]);
    await rm(path.join(video.path, video.files[1]));
    expect(await read(source)).toEqual([0, 1, 2]);
    expect(source.warnings).toEqual([]);
  });

  test('is decoded again where they are too large', async () => {
    const video = await input();
    await using source = await openFrames(video, { keepBytes: 3 * bytes - 1 });
    expect(await read(source)).toEqual([0, 1, 2]);
    await rm(path.join(video.path, video.files[1]));
    expect(await read(source)).toEqual([0, null, 2]);
  });

  test('is decoded again after a pass that was left', async () => {
    const video = await input();
    await using source = await openFrames(video);
    for await (const frame of source.frames()) if (frame.index === 1) break;
    await rm(path.join(video.path, video.files[1]));
    expect(await read(source)).toEqual([0, null, 2]);
    expect(await read(source)).toEqual([0, null, 2]);
  });
});

throughEachDecoder('videos through', (decoder) => {
  test.each<[string, Partial<Clip>]>([
    ['h264.mp4', {}],
    ['h264.mov', {}],
    ['h264.mkv', {}],
    ['mpeg4.avi', { encoder: 'mpeg4' }],
    ['mjpeg.avi', { encoder: 'mjpeg', pixels: 'yuvj420p' }],
    ['vp8.webm', { encoder: 'libvpx' }],
    ['ten-bit.mp4', { encoder: 'libx265', pixels: 'yuv420p10le' }],
    ['full-colour.mkv', { pixels: 'yuv444p' }],
  ])('%s gives the pictures it was made of', async (name, changes) => {
    const file = await makeClip(path.join(folder, `${decoder}-${name}`), { ...H264, ...changes });
    const { frames, warnings, fps } = await framesOf(file);
    expect(warnings).toEqual([]);
    expect(fps).toBeCloseTo(10);
    expect(frames.map((frame) => [frame.index, frame.name, frame.width, frame.height])).toEqual(
      PICTURES.map((_, i) => [i, String(i), 96, 64]),
    );
    expect(frames.map(frameShownBy)).toEqual(PICTURES.map((_, i) => i));
    for (const [i, { data }] of frames.entries()) expect(difference(data!, PICTURES[i].data)).toBeLessThan(4);
    expect(frames[5].timeSeconds).toBeCloseTo(0.5);
  });

  test('is read twice with the same pixels', async () => {
    const file = await makeClip(path.join(folder, `${decoder}-twice.mp4`), H264);
    const source = await openFrames({ kind: 'video', path: file, name: 'clip' });
    const passes: Buffer[] = [];
    for (let pass = 0; pass < 2; pass++) {
      const pixels: Uint8Array[] = [];
      for await (const { data } of source.frames()) pixels.push(data!);
      expect(pixels).toHaveLength(12);
      passes.push(Buffer.concat(pixels));
    }
    await source.close();
    expect(passes[0].equals(passes[1])).toBe(true);
  });

  test('frames whose pixels are made when they are asked for have the same ones, after the pass, too', async () => {
    const file = await makeClip(path.join(folder, `${decoder}-lazily.mp4`), H264);
    await using source = await openFrames({ kind: 'video', path: file, name: 'clip' }, { keepBytes: 0 });
    const frames: Frame[] = [];
    for await (const frame of source.frames({}, true)) frames.push(frame);
    frames[3].release?.();
    expect(frames.map(({ index, problem }) => [index, problem])).toEqual(PICTURES.map((_, i) => [i, '']));
    for await (const { index, data } of source.frames())
      if (index !== 3) expect(Buffer.from(data!).equals(frames[index].data!)).toBe(true);
    for (const frame of frames) frame.release?.();
    expect(frameShownBy(frames[5])).toBe(5);
  });

  test('of frames whose pixels were not asked for, parts are made, in memory that others had', async () => {
    const file = await makeClip(path.join(folder, `${decoder}-parts.mp4`), {
      ...H264,
      pictures: [0, 1, 2, 3].map((i) => picture(i, 258, 194)),
    });
    const box = { x: 70, y: 30, width: 100, height: 90 };
    const inBox = (data: Uint8Array): Buffer =>
      Buffer.concat(
        Array.from({ length: box.height }, (_, y) => {
          const at = 3 * ((box.y + y) * 258 + box.x);
          return data.subarray(at, at + 3 * box.width);
        }),
      );
    const { frames } = await framesOf(file);
    await using source = await openFrames({ kind: 'video', path: file, name: 'clip' }, { keepBytes: 0 });
    const memory = new Set<ArrayBufferLike>();
    for await (const frame of source.frames({}, true)) {
      const data = frame.part ? await frame.part(box) : frame.data!;
      expect(data).toHaveLength(3 * 258 * 194);
      expect(inBox(data).equals(inBox(frames[frame.index].data!))).toBe(true);
      expect(frame.data).toBe(data);
      memory.add(data.buffer);
      frame.release?.();
      frame.release?.();
    }
    expect(memory.size).toBe(decoder === 'node-av' ? 1 : 4);
    if (decoder !== 'node-av') return;
    for await (const frame of source.frames({}, true)) {
      const whole = frame.data;
      expect(await frame.part!(box)).toBe(whole);
      frame.release!();
    }
    for await (const frame of source.frames({}, true)) {
      frame.release!();
      await expect(frame.part!(box)).rejects.toThrow('released');
    }
    const lent = new Set<ArrayBufferLike>();
    for await (const frame of source.frames({}, true)) {
      const [pixels, same] = await Promise.all([frame.pixels!(), frame.pixels!()]);
      expect(same).toBe(pixels);
      expect(frame.data).toBe(pixels);
      lent.add(pixels.buffer);
      frame.rest!();
      const own = frame.data!; // nobody else's
      expect(Buffer.from(own).equals(frames[frame.index].data!)).toBe(true);
      expect(Buffer.from(pixels).equals(own)).toBe(true);
      frame.rest!();
      expect(frame.data).toBe(own);
      expect(own.buffer).not.toBe(pixels.buffer);
      frame.release!();
    }
    expect(lent.size).toBe(1);
  });

  test('every frame keeps its pixels while later ones are read', async () => {
    const file = await makeClip(path.join(folder, `${decoder}-kept.mp4`), H264);
    const { frames } = await framesOf(file);
    expect(new Set(frames.map(({ data }) => data!.buffer)).size).toBe(frames.length);
    expect(frameShownBy(frames[0])).toBe(0);
    expect(frames[0].data!.slice().buffer).not.toBe(frames[0].data!.buffer); // a copy, as of every Uint8Array
  });

  test('odd sizes', async () => {
    const pictures = [0, 1].map((i) => picture(i, 97, 65));
    const file = await makeClip(path.join(folder, `${decoder}-odd.mkv`), { ...H264, pictures, pixels: 'yuv444p' });
    const { frames } = await framesOf(file);
    expect(frames.map(({ width, height, data }) => [width, height, data!.length])).toEqual([
      [97, 65, 97 * 65 * 3],
      [97, 65, 97 * 65 * 3],
    ]);
    expect(difference(frames[1].data!, pictures[1].data)).toBeLessThan(4);
  });

  test.each<[string, NonNullable<Clip['matrix']>, (at: Canvas) => Canvas]>([
    ['a quarter turn clockwise', [0, 1, -1, 0], (at) => turned(at, (x, y) => [at.height - 1 - y, x])],
    ['half a turn', [-1, 0, 0, -1], (at) => turned(at, (x, y) => [at.width - 1 - x, at.height - 1 - y])],
    ['a quarter turn counter-clockwise', [0, -1, 1, 0], (at) => turned(at, (x, y) => [y, at.width - 1 - x])],
    ['mirrored', [-1, 0, 0, 1], (at) => turned(at, (x, y) => [at.width - 1 - x, y])],
    ['upside down', [1, 0, 0, -1], (at) => turned(at, (x, y) => [x, at.height - 1 - y])],
  ])('a mark of %s is followed', async (title, matrix, upright) => {
    const pictures = PICTURES.slice(0, 2);
    const file = await makeClip(path.join(folder, `${decoder}-${title}.mp4`), { ...H264, pictures, matrix });
    const source = await openFrames({ kind: 'video', path: file, name: 'clip' });
    const expected = upright(pictures[0]);
    expect([source.width, source.height]).toEqual([expected.width, expected.height]);
    for await (const frame of source.frames()) {
      expect([frame.width, frame.height]).toEqual([expected.width, expected.height]);
      if (frame.index === 0) expect(difference(frame.data!, expected.data)).toBeLessThan(4);
    }
    await source.close();
  });

  test('a variable frame rate: each frame once, none doubled', async () => {
    const times = [0, 33, 66, 100, 500, 533, 1500, 1533, 1566, 2600, 2633, 2666];
    const file = await makeClip(path.join(folder, `${decoder}-vfr.mp4`), { ...H264, times });
    const { frames, warnings } = await framesOf(file);
    expect(frames.map(frameShownBy)).toEqual(times.map((_, i) => i));
    expect(warnings).toEqual([]);
    for (const [i, { timeSeconds }] of frames.entries()) expect(timeSeconds).toBeCloseTo(times[i] / 1000, 2);
  });

  test.each(['mp4', 'mkv'])('a %s whose rate varies much has its times, and is not taken for cut off', async (kind) => {
    const times = [0, 100, 200, 3000, 4000];
    const clip = { ...H264, pictures: PICTURES.slice(0, 5), times };
    const file = await makeClip(path.join(folder, `${decoder}-pauses.${kind}`), clip);
    const { frames, warnings } = await framesOf(file);
    for (const [i, { timeSeconds }] of frames.entries()) expect(timeSeconds).toBeCloseTo(times[i] / 1000, 2);
    expect(frames).toHaveLength(5);
    expect(warnings).toEqual([]);
  });

  test('a size that changes on the way: every frame has the first one’s', async () => {
    const parts = [picture(0), picture(1, 64, 48)].map(async (shown, i) => {
      const pictures = [shown, shown, shown];
      return readFile(await makeClip(path.join(folder, `${decoder}-part-${i}.ts`), { ...H264, pictures }));
    });
    const file = path.join(folder, `${decoder}-joined.ts`);
    await writeFile(file, Buffer.concat(await Promise.all(parts)));
    const { frames } = await framesOf(file);
    expect(frames.map(({ width, height, data }) => [width, height, data!.length])).toEqual(
      Array(6).fill([96, 64, 96 * 64 * 3]),
    );
    expect(frames.map(frameShownBy)).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test('one frame', async () => {
    const file = await makeClip(path.join(folder, `${decoder}-one.mp4`), { ...H264, pictures: [PICTURES[7]] });
    const { frames, warnings } = await framesOf(file);
    expect(frames.map(frameShownBy)).toEqual([7]);
    expect(warnings).toEqual([]);
  });

  test.each(['ü – 人 %03d.mp4', '-i.mp4', 'a: b, c.mp4', 'concat:x|y.mp4'])('a file called %s', async (name) => {
    const inner = path.join(folder, `${decoder} names`);
    await mkdir(inner, { recursive: true });
    const made = await makeClip(path.join(inner, 'plain.mp4'), { ...H264, pictures: PICTURES.slice(0, 2) });
    await copyFile(made, path.join(inner, name));
    expect((await framesOf(path.join(inner, name))).frames).toHaveLength(2);
  });

  test('a file that is cut off gives its frames, and says so', async () => {
    for (const name of ['cut.mp4', 'cut.mkv', 'cut.avi']) {
      const file = await makeClip(path.join(folder, `${decoder}-${name}`), {
        ...H264,
        encoder: name === 'cut.avi' ? 'mpeg4' : 'libx264',
      });
      await truncate(file, Math.floor((await readFile(file)).length * 0.85));
      const { frames, warnings } = await framesOf(file);
      expect(frames.length).toBeGreaterThan(0);
      expect(frames.length).toBeLessThan(12);
      expect(frames.slice(0, 3).map(frameShownBy)).toEqual([0, 1, 2]);
      expect(warnings.join('; ')).toMatch(/cut off/);
    }
  });

  test.each<[string, (file: string) => Promise<unknown>, RegExp]>([
    ['empty', (file) => writeFile(file, ''), /is empty \(0 bytes\)\. Copy or record it again/],
    ['text', (file) => writeFile(file, 'This is not a video.\n'.repeat(50)), /is not a video that can be read/],
    ['noise', (file) => writeFile(file, Buffer.from(picture(3).data)), /is not a video that can be read/],
    [
      'a play list that leads elsewhere',
      (file) => writeFile(file, '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/x.ts\n'),
      /is not a video that can be read/,
    ],
    [
      'without the index at its end',
      async (file) => {
        await makeClip(file, { ...H264, faststart: false });
        await truncate(file, Math.floor((await readFile(file)).length * 0.7));
      },
      /is not a video that can be read/,
    ],
    [
      'all header, no frames',
      async (file) => {
        await makeClip(file, H264);
        const bytes = await readFile(file);
        await truncate(file, bytes.indexOf('mdat') + 4);
      },
      /is not a video that can be read: .*\. Check that it plays/,
    ],
  ])('a file that is %s is refused', async (title, make, message) => {
    const file = path.join(folder, `${decoder} bad ${title}.mp4`);
    await make(file);
    const refused = expect(framesOf(file)).rejects;
    await refused.toMatchObject({ code: 'INPUT', message: expect.stringMatching(message) as string });
    await expect(framesOf(file)).rejects.toThrow(file);
  });

  test('aborting ends the reading at once, with the reason', async () => {
    const file = await makeClip(path.join(folder, `${decoder}-abort.mp4`), H264);
    const stop = new AbortController();
    const source = await openFrames({ kind: 'video', path: file, name: 'clip' }, { signal: stop.signal });
    let last = -1;
    const reading = (async () => {
      for await (const { index } of source.frames()) {
        last = index;
        if (index === 2) stop.abort(new Error('enough'));
      }
    })();
    await expect(reading).rejects.toThrow('enough');
    expect(last).toBe(2);
    await source.close();
  });

  test('closing ends passes that were left in the middle and leaves no file open', async () => {
    const file = await makeClip(path.join(folder, `${decoder}-close.mp4`), H264);
    const source = await openFrames({ kind: 'video', path: file, name: 'clip' });
    for await (const { index } of source.frames()) if (index === 1) break;
    const left = source.frames()[Symbol.asyncIterator]();
    await left.next();
    await source.close();
    await source.close();
    expect((await left.next()).done).toBe(true);
    expect(await holdersOf(file)).toEqual([]);
  });
});

test('a wrong GLPOSE_DECODER is named', async () => {
  const file = path.join(folder, 'any.mp4');
  await writeFile(file, 'x');
  const before = process.env.GLPOSE_DECODER;
  process.env.GLPOSE_DECODER = 'vlc';
  try {
    await expect(openFrames({ kind: 'video', path: file, name: 'any' })).rejects.toThrow(
      'GLPOSE_DECODER is "vlc". Set it to node-av or ffmpeg.',
    );
  } finally {
    if (before === undefined) delete process.env.GLPOSE_DECODER;
    else process.env.GLPOSE_DECODER = before;
  }
});

test('where nothing decodes videos, the error says what to install', () => {
  const frames = path.join(ROOT, 'dist/src/media/frames.js');
  const script = `
    const { openFrames } = await import(${JSON.stringify(frames)});
    await openFrames({ kind: 'video', path: ${JSON.stringify(process.execPath)}, name: 'x' })
      .catch((error) => console.log(error.code, error.message));`;
  // In a process of its own: jest hands its tests a copy of the environment, in which programs are not looked for.
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: '', GLPOSE_DECODER: 'ffmpeg' },
    encoding: 'utf8',
  });
  expect(stdout).toMatch(
    /^INPUT videos cannot be decoded here \(ffmpeg: .*ENOENT\)\. Install the npm package node-av or /,
  );
});

type Canvas = ReturnType<typeof picture>;

/** The picture whose pixel `to(x, y)` is this one's (x, y). */
function turned(from: Canvas, to: (x: number, y: number) => [number, number]): Canvas {
  const [cornerX, cornerY] = to(from.width - 1, from.height - 1);
  const [originX, originY] = to(0, 0);
  const width = Math.max(cornerX, originX) + 1;
  const height = Math.max(cornerY, originY) + 1;
  const data = new Uint8Array(from.data.length);
  for (let y = 0; y < from.height; y++) {
    for (let x = 0; x < from.width; x++) {
      const [u, v] = to(x, y);
      data.set(from.data.subarray(3 * (y * from.width + x), 3 * (y * from.width + x) + 3), 3 * (v * width + u));
    }
  }
  return { width, height, data };
}

/** This process's descriptors of a file; none where the system does not list them. */
async function holdersOf(file: string): Promise<string[]> {
  const { readlink } = await import('node:fs/promises');
  const descriptors = await readdir('/proc/self/fd').catch(() => []);
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return links.filter((link) => link === file);
}

describe('folders of images', () => {
  async function read(
    name: string,
    files: string[],
  ): Promise<{ frames: Frame[]; warnings: readonly string[]; size: [number, number] }> {
    const source = await openFrames({ kind: 'images', path: path.join(folder, name), name, files });
    const frames: Frame[] = [];
    for await (const frame of source.frames()) frames.push(frame);
    await source.close();
    return { frames, warnings: source.warnings, size: [source.width, source.height] };
  }

  test('png gives the pixels exactly, jpg, webp and tif nearly', async () => {
    await mkdir(path.join(folder, 'images'));
    const files = ['0.png', '1.jpg', '2.webp', '3.tiff'];
    for (const [i, file] of files.entries()) await makeImage(path.join(folder, 'images', file), PICTURES[i]);
    const { frames, warnings, size } = await read('images', files);
    expect(warnings).toEqual([]);
    expect(size).toEqual([96, 64]);
    expect(frames.map(({ index, name, problem }) => [index, name, problem])).toEqual(files.map((f, i) => [i, f, '']));
    expect(Buffer.from(frames[0].data!).equals(Buffer.from(PICTURES[0].data))).toBe(true);
    for (const [i, { data }] of frames.entries()) expect(difference(data!, PICTURES[i].data)).toBeLessThan(4);
  });

  test('frames have times where their rate is given', async () => {
    const images = await mkdtemp(path.join(folder, 'timed-'));
    for (let i = 0; i < 3; i++) await makeImage(path.join(images, `${i}.png`), picture(i));
    const files = ['0.png', '1.png', '2.png'];
    for (const [fps, times] of [
      [undefined, [null, null, null]],
      [20, [0, 0.05, 0.1]],
    ] as const) {
      await using source = await openFrames({ kind: 'images', path: images, name: 'timed', files }, { fps });
      expect(source.fps).toBe(fps ?? null);
      const found: (number | null)[] = [];
      for await (const { timeSeconds } of source.frames()) found.push(timeSeconds);
      expect(found).toEqual(times);
    }
  });

  test('the video of the same pictures is the same', async () => {
    if (nodeAv === null) return;
    const { frames } = await framesOf(await makeClip(path.join(folder, 'same.mp4'), H264));
    await mkdir(path.join(folder, 'same'));
    const files = PICTURES.map((_, i) => `${i}.png`);
    for (const [i, file] of files.entries()) await makeImage(path.join(folder, 'same', file), PICTURES[i]);
    const images = await read('same', files);
    for (const [i, { data }] of images.frames.entries()) expect(difference(data!, frames[i].data!)).toBeLessThan(4);
  });

  test.each<[string, (image: Sharp) => Sharp, [number, number, number]]>([
    ['grey', (image) => image.toColourspace('b-w').png(), [106, 106, 106]],
    ['16 bits', (image) => image.toColourspace('rgb16').png(), [200, 50, 10]],
    ['a palette', (image) => image.png({ palette: true }), [200, 50, 10]],
    ['alpha, on black,', (image) => image.ensureAlpha(0.5).png(), [100, 25, 5]],
    ['CMYK', (image) => image.toColourspace('cmyk').jpeg({ quality: 100 }), [200, 50, 10]],
  ])('%s becomes RGB with 8 bits', async (title, encode, expected) => {
    const inner = path.join(folder, title);
    await mkdir(inner);
    const plain = sharp({ create: { width: 20, height: 10, channels: 3, background: { r: 200, g: 50, b: 10 } } });
    await writeFile(path.join(inner, 'a.img'), await encode(plain).toBuffer());
    const { frames } = await read(title, ['a.img']);
    expect(frames[0].data).toHaveLength(20 * 10 * 3);
    const tolerance = title === 'CMYK' ? 25 : 1; // its gamut is smaller
    for (const c of [0, 1, 2]) expect(Math.abs(frames[0].data![c] - expected[c])).toBeLessThanOrEqual(tolerance);
  });

  test('the orientation mark of a camera is followed', async () => {
    await mkdir(path.join(folder, 'exif'));
    const { width, height, data } = PICTURES[2];
    const raw = { width, height, channels: 3 } as const;
    const bytes = await sharp(data, { raw }).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer();
    await writeFile(path.join(folder, 'exif', 'a.jpg'), bytes);
    const { frames, size } = await read('exif', ['a.jpg']);
    expect(size).toEqual([64, 96]);
    const upright = turned(PICTURES[2], (x, y) => [height - 1 - y, x]);
    expect([frames[0].width, frames[0].height]).toEqual([upright.width, upright.height]);
    expect(difference(frames[0].data!, upright.data)).toBeLessThan(4);
  });

  test('frames that cannot be read keep their place, and the others go on', async () => {
    const inner = path.join(folder, 'damaged');
    await mkdir(inner);
    const files = ['0.jpg', '1.jpg', '2.jpg', '3.jpg', '4.jpg'];
    for (const [i, file] of files.entries()) await makeImage(path.join(inner, file), PICTURES[i]);
    await truncate(path.join(inner, '1.jpg'), Math.floor((await readFile(path.join(inner, '1.jpg'))).length / 2));
    await writeFile(path.join(inner, '2.jpg'), '');
    await writeFile(path.join(inner, '3.jpg'), 'no image');
    const { frames, warnings } = await read('damaged', files);
    expect(frames.map(({ index, data }) => [index, data !== null])).toEqual([
      [0, true],
      [1, false],
      [2, false],
      [3, false],
      [4, true],
    ]);
    expect(frameShownBy(frames[4])).toBe(4);
    expect(warnings).toHaveLength(3);
    for (const [i, problem] of warnings.entries())
      expect(problem).toMatch(new RegExp(`^${i + 1}\\.jpg cannot be read: `));
    expect(frames[1].problem).toBe(warnings[0]);
  });

  test('frames of several sizes have their own', async () => {
    await mkdir(path.join(folder, 'mixed'));
    await makeImage(path.join(folder, 'mixed', '0.png'), picture(0, 40, 30));
    await makeImage(path.join(folder, 'mixed', '1.png'), picture(1, 30, 50));
    const { frames, size } = await read('mixed', ['0.png', '1.png']);
    expect(size).toEqual([40, 30]);
    expect(frames.map(({ width, height, data }) => [width, height, data!.length])).toEqual([
      [40, 30, 3600],
      [30, 50, 4500],
    ]);
  });

  test('an absurd size is refused before it is decoded', async () => {
    await mkdir(path.join(folder, 'bomb'));
    await makeImage(path.join(folder, 'bomb', '0.png'), PICTURES[0]);
    const file = await makeImage(path.join(folder, 'bomb', '1.png'), PICTURES[1]);
    const handle = await open(file, 'r+');
    await handle.write(Buffer.from([0, 0, 0x75, 0x30]), 0, 4, 16); // 30000 wide, says the header
    await handle.close();
    const { frames } = await read('bomb', ['0.png', '1.png']);
    expect(frames[1].data).toBeNull();
  });

  test('a folder without one image that can be read is refused', async () => {
    await mkdir(path.join(folder, 'nothing'));
    await writeFile(path.join(folder, 'nothing', '0.png'), 'no image');
    await expect(read('nothing', ['0.png'])).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringMatching(/none of the 1 images in .*nothing can be read \(last: 0\.png: /) as string,
    });
  });

  test('a folder in which no image decodes is refused, though all have headers', async () => {
    const inner = path.join(folder, 'broken');
    await mkdir(inner);
    for (const name of ['0.png', '1.png']) {
      const file = await makeImage(path.join(inner, name), PICTURES[0]);
      await truncate(file, 60);
    }
    await expect(read('broken', ['0.png', '1.png'])).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringMatching(/none of the 2 images in .*broken can be read \(last: 1\.png/) as string,
    });
  });

  test('files with several pictures are told; the first is read', async () => {
    const inner = path.join(folder, 'pages');
    await mkdir(inner);
    const one = (index: number): Promise<Buffer> => {
      const { width, height, data } = PICTURES[index];
      return sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer();
    };
    const joined = sharp([await one(1), await one(2)], { join: { animated: true } });
    await writeFile(path.join(inner, 'a.webp'), await joined.clone().webp({ lossless: true }).toBuffer());
    await writeFile(path.join(inner, 'b.tif'), await joined.clone().tiff().toBuffer());
    const png = await one(1);
    const control = Buffer.from('000000086163544c0000000300000000', 'hex'); // acTL: three frames, for ever
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(control.subarray(4)));
    await writeFile(path.join(inner, 'c.png'), Buffer.concat([png.subarray(0, 33), control, sum, png.subarray(33)]));
    await writeFile(path.join(inner, 'd.png'), png);
    const { frames, warnings } = await read('pages', ['a.webp', 'b.tif', 'c.png', 'd.png']);
    expect(frames.map(frameShownBy)).toEqual([1, 1, 1, 1]);
    expect(warnings).toEqual(['of files with several pictures the first is read: 3 (a.webp: 2, b.tif: 2, c.png: 3)']);
  });

  test('a HEIC picture is told as one, whatever it is called; AVIF with the same beginning is read', async () => {
    const inner = path.join(folder, 'heic');
    await mkdir(inner);
    await makeImage(path.join(inner, '0.avif'), PICTURES[0]);
    const bytes = await readFile(path.join(inner, '0.avif'));
    bytes.write('mif1', 8, 'latin1');
    await writeFile(path.join(inner, '0.avif'), bytes);
    await writeFile(
      path.join(inner, '1.jpg'),
      Buffer.from('\0\0\0\x18ftypmif1\0\0\0\0mif1heic' + '\0'.repeat(99), 'latin1'),
    );
    const { frames, warnings } = await read('heic', ['0.avif', '1.jpg']);
    expect(frames.map(({ data }) => data !== null)).toEqual([true, false]);
    expect(warnings).toEqual([
      expect.stringMatching(/^1\.jpg cannot be read: 1\.jpg is a HEIC picture, which is not read/),
    ]);
  });

  test('aborting ends the reading', async () => {
    const stop = new AbortController();
    const files = ['0.png', '1.jpg', '2.webp', '3.tiff'];
    const input = { kind: 'images', path: path.join(folder, 'images'), name: 'images', files } as const;
    const source = await openFrames(input, { signal: stop.signal });
    const reading = (async () => {
      for await (const frame of source.frames()) if (frame.index === 1) stop.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
    await source.close();
  });
});
