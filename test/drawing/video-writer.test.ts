import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openFrames } from '../../src/media/frames.js';
import type { Canvas } from '../../src/drawing/canvas.js';
import { writeVideo, type TimedPicture, type VideoProperties } from '../../src/drawing/video-writer.js';
import { ROOT } from '../shared-data.js';
import { clipFolder, difference, frameShownBy, nodeAv, picture } from '../media/clips.js';

const folder = await clipFolder();
const hasFfmpeg = ['ffmpeg', 'ffprobe'].every((program) => spawnSync(program, ['-version']).status === 0);
const missing = {
  'node-av': nodeAv === null ? ' (skipped: node-av is not installed)' : '',
  ffmpeg: hasFfmpeg ? '' : ' (skipped: no ffmpeg on the PATH)',
};

async function* pictures(count: number, size: (index: number) => number[] = () => [96, 64]): AsyncGenerator<Canvas> {
  for (let i = 0; i < count; i++) yield picture(i, ...(size(i) as [number, number]));
}

async function decoded(file: string): Promise<{ width: number; height: number; fps: number | null; frames: Canvas[] }> {
  const source = await openFrames({ kind: 'video', path: file, name: 'x' });
  const frames: Canvas[] = [];
  for await (const { width, height, data } of source.frames()) frames.push({ width, height, data: data! });
  await source.close();
  expect(source.warnings).toEqual([]);
  return { width: source.width, height: source.height, fps: source.fps, frames };
}

for (const library of ['node-av', 'ffmpeg'] as const) {
  (missing[library] ? describe.skip : describe)(`mp4 through ${library}${missing[library]}`, () => {
    let before: string | undefined;
    beforeAll(() => {
      before = process.env.GLPOSE_DECODER;
      process.env.GLPOSE_DECODER = library;
    });
    afterAll(() => {
      if (before === undefined) delete process.env.GLPOSE_DECODER;
      else process.env.GLPOSE_DECODER = before;
    });
    const at = (name: string): string => path.join(folder, library, name);

    test.each([10, 25, 30000 / 1001, 59.94, 12.5, 15.357])(
      '%p frames a second come back, and the pictures',
      async (fps) => {
        const file = at(`rate-${fps}.mp4`);
        const properties: VideoProperties = { width: 96, height: 64, fps };
        expect(await writeVideo(file, pictures(9), properties)).toBe(9);
        const video = await decoded(file);
        expect(video.fps).toBeCloseTo(fps, 2);
        expect(video.frames.map(frameShownBy)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
        for (const [i, { data }] of video.frames.entries()) expect(difference(data, picture(i).data)).toBeLessThan(5);
      },
    );

    test('each picture is shown at its own time', async () => {
      const times = [0, 0.033, 0.1, 0.11, 0.5, 1, 1.01, 1.02, 2];
      async function* timed(): AsyncGenerator<TimedPicture> {
        for (const [i, timeSeconds] of times.entries()) yield { ...picture(i), timeSeconds };
      }
      const file = at('times.mp4');
      expect(await writeVideo(file, timed(), { width: 96, height: 64, fps: 4.5 })).toBe(9);
      await using source = await openFrames({ kind: 'video', path: file, name: 'x' });
      let index = 0;
      for await (const frame of source.frames()) {
        expect(frameShownBy(frame)).toBe(index);
        expect(frame.timeSeconds).toBeCloseTo(times[index++], 3);
      }
      expect(index).toBe(9);
      expect(source.warnings).toEqual([]);
    });

    test('odd sides get one row or column more', async () => {
      const file = at('odd.mp4');
      await writeVideo(
        file,
        pictures(2, () => [97, 65]),
        { width: 97, height: 65, fps: 10 },
      );
      const { width, height, frames } = await decoded(file);
      expect([width, height]).toEqual([98, 66]);
      expect(frames.map(frameShownBy)).toEqual([0, 1]);
    });

    test('pictures of another size are fitted', async () => {
      const file = at('mixed.mp4');
      const sizes = [[96, 64], [48, 32], [64, 64]]; // prettier-ignore
      await writeVideo(
        file,
        pictures(3, (i) => sizes[i]),
        { width: 96, height: 64, fps: 10 },
      );
      const { frames } = await decoded(file);
      expect(frames).toHaveLength(3);
      expect(frameShownBy(frames[1])).toBe(1);
      expect(Math.max(...frames[2].data.subarray(0, 3))).toBeLessThan(30); // black beside a narrower picture
    });

    test('the index comes first, and the file is H.264 in 4:2:0', async () => {
      const file = at('layout.mp4');
      await writeVideo(file, pictures(3), { width: 96, height: 64, fps: 10 });
      const bytes = await readFile(file);
      expect(bytes.indexOf('moov')).toBeGreaterThan(0);
      expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
      expect(bytes.includes('avc1')).toBe(true);
    });

    test('where the pictures fail or stop, there is no file', async () => {
      const inner = at('failing');
      await mkdir(inner, { recursive: true });
      async function* failing(): AsyncGenerator<Canvas> {
        yield* pictures(3);
        throw new Error('no more');
      }
      const properties = { width: 96, height: 64, fps: 10 };
      await expect(writeVideo(path.join(inner, 'a.mp4'), failing(), properties)).rejects.toThrow('no more');

      const stop = new AbortController();
      async function* stopped(): AsyncGenerator<Canvas> {
        for await (const canvas of pictures(500)) {
          if (frameShownBy(canvas) === 5) stop.abort(new Error('enough'));
          yield canvas;
        }
      }
      const stopping = writeVideo(path.join(inner, 'b.mp4'), stopped(), { ...properties, signal: stop.signal });
      await expect(stopping).rejects.toThrow('enough');
      expect(await readdir(inner)).toEqual([]);
    });

    test('a place that cannot be written is named', async () => {
      await mkdir(at(''), { recursive: true });
      await writeFile(at('file'), '');
      const writing = writeVideo(path.join(at('file'), 'x.mp4'), pictures(1), { width: 96, height: 64, fps: 10 });
      await expect(writing).rejects.toMatchObject({ code: 'OUTPUT' });
    });
  });
}

test('what ffmpeg complains of is an error, and leaves no file, also where it ends with 0', async () => {
  const programs = path.join(folder, 'programs');
  await mkdir(programs);
  const ffmpeg = `#!/bin/sh
    case "$*" in *-encoders*) echo ' V..... libx264 H.264'; exit;; esac
    for file; do :; done
    cat > "\${file#file:}"
    echo 'Error writing trailer: No space left on device' >&2`;
  await writeFile(path.join(programs, 'ffmpeg'), ffmpeg, { mode: 0o755 });
  const script = `
    const { writeVideo } = await import(${JSON.stringify(path.join(ROOT, 'dist/src/drawing/video-writer.js'))});
    const picture = { width: 2, height: 2, data: new Uint8Array(12) };
    await writeVideo('full/x.mp4', [picture], { width: 2, height: 2, fps: 1 }).catch((error) => console.log(error.code, error.message));`;
  const env = { PATH: `${programs}:${process.env.PATH}`, GLPOSE_DECODER: 'ffmpeg' };
  const command = ['--input-type=module', '-e', script];
  const { stdout } = spawnSync(process.execPath, command, { env, cwd: folder, encoding: 'utf8' });
  expect(stdout).toMatch(/^OUTPUT full\/x\.mp4 cannot be written: Error writing trailer: No space left on device\. /);
  expect(await readdir(path.join(folder, 'full'))).toEqual([]);
});

test('without any encoder, the error says what else can be done', () => {
  const writer = path.join(ROOT, 'dist/src/drawing/video-writer.js');
  const script = `
    const { writeVideo } = await import(${JSON.stringify(writer)});
    await writeVideo('x.mp4', [], { width: 2, height: 2, fps: 1 }).catch((error) => console.log(error.code, error.message));`;
  // In a process of its own: jest hands its tests a copy of the environment, in which programs are not looked for.
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: '', GLPOSE_DECODER: 'ffmpeg' },
    encoding: 'utf8',
  });
  expect(stdout).toMatch(
    /^OUTPUT mp4 videos cannot be written here \(ffmpeg: .*ENOENT\)\. Use --render jpg, or install .*H\.264 encoder\.\n$/,
  );
});
