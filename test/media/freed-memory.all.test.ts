/* What FFmpeg has freed is not read: the memory it gives back is overwritten at once. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { asanLibrary, noSanitizers } from '../native/native-tests.js';
import { ROOT } from '../shared-data.js';
import { clipFolder, makeClip, nodeAv, picture } from './clips.js';

const folder = await clipFolder();
const possible = noSanitizers === undefined && nodeAv ? test : test.skip;
possible('frames that are kept are converted after their video was closed', async () => {
  const file = await makeClip(path.join(folder, 'kept.mp4'), {
    pictures: Array.from({ length: 12 }, (_, i) => picture(i)),
    encoder: 'libx264',
  });
  const program = path.join(folder, 'kept.mjs');
  await writeFile(
    program,
    `const { openFrames } = await import(${JSON.stringify(path.join(ROOT, 'dist/src/media/frames.js'))});
    const input = { kind: 'video', path: ${JSON.stringify(file)}, name: 'kept' };
    const source = await openFrames(input, { keepBytes: 0 });
    const frames = [];
    for await (const frame of source.frames({}, true)) frames.push(frame);
    console.log(frames.map(({ data }) => data.length).join(' '));
    for (const frame of frames) frame.release?.();
    const others = [];
    for await (const frame of source.frames({}, true)) others.push(frame);
    await source.close();
    const part = { x: 20, y: 20, width: 20, height: 20 };
    const parts = others.map((frame) => frame.part(part));
    others.pop().release(); // while it is converted
    for (const pixels of await Promise.all(parts)) if (pixels.length !== 96 * 64 * 3) throw new Error('no pixels');
    for (const frame of others) frame.release();`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: {
      ...process.env,
      LD_PRELOAD: await asanLibrary(),
      ASAN_OPTIONS: 'detect_leaks=0:max_free_fill_size=1000000:free_fill_byte=0',
    },
  });
  expect(stdout.trim().split(' ')).toEqual(Array<string>(12).fill(String(96 * 64 * 3)));
});
