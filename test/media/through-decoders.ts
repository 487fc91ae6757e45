import { spawnSync } from 'node:child_process';
import { nodeAv } from './clips.js';

export const hasFfmpeg =
  spawnSync('ffmpeg', ['-version']).status === 0 && spawnSync('ffprobe', ['-version']).status === 0;

const missing = {
  'node-av': nodeAv === null ? ' (skipped: node-av is not installed)' : '',
  ffmpeg:
    nodeAv === null || !hasFfmpeg ? ' (skipped: needs node-av for the clips, and ffmpeg and ffprobe on the PATH)' : '',
};

/** Describes what holds through either decoder, where it is here; while the tests run, it is the one that is used. */
export function throughEachDecoder(what: string, tests: (decoder: keyof typeof missing) => void): void {
  for (const decoder of ['node-av', 'ffmpeg'] as const) {
    (missing[decoder] ? describe.skip : describe)(`${what} ${decoder}${missing[decoder]}`, () => {
      let before: string | undefined;
      beforeAll(() => {
        before = process.env.GLPOSE_DECODER;
        process.env.GLPOSE_DECODER = decoder;
      });
      afterAll(() => {
        if (before === undefined) delete process.env.GLPOSE_DECODER;
        else process.env.GLPOSE_DECODER = before;
      });
      tests(decoder);
    });
  }
}
