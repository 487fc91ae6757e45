/*
 * One run over videos of which every other one meets with a fault of a stage: each of these fails alone with its reason, and the one
 * behind it comes out as it does without any fault.
 */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import type { VideoReport } from '../../src/run/outcome.js';
import { ROOT } from '../shared-data.js';

/** What is done to the stages while a video of that name is under way, and the reason it fails for. */
const FAULTS: [name: string, fault: string, reason: { code: string; message: RegExp }][] = [
  ['decoder-hangs.mp4', '', { code: 'INPUT', message: /decoder-hangs.mp4 cannot be read: its decoder gave nothing for 60 s/ }],
  ['decoder-killed.mp4', '', { code: 'INPUT', message: /decoder-killed.mp4 was read up to frame 1 only: ffmpeg was ended by SIGKILL/ }],
  ['thread-throws', 'once(model.net.session, "run", () => thread().postMessage(null))', { code: 'INTERNAL', message: /thread failed/ }],
  ['thread-killed', 'once(model.net.session, "run", () => thread().terminate())', { code: 'INTERNAL', message: /thread ended/ }],
  [
    'thread-hangs',
    'once(model.net.session, "run", () => { worker.timeout = 1; thread().postMessage = () => {}; })',
    { code: 'INTERNAL', message: /no answer for 1 s/ },
  ],
  ['no-memory-ingest', 'once(model.head, "ingest", () => { throw typed("MEMORY") })', { code: 'MEMORY', message: /injected/ }],
  ['no-memory-head', 'once(model.head, "estimate", () => { throw typed("MEMORY") })', { code: 'MEMORY', message: /injected/ }],
  ['device-lost', 'once(model.head, "estimate", () => { throw typed("DEVICE") })', { code: 'DEVICE', message: /injected/ }],
  ['detector-fails', 'once(model.detector, "detectIn", () => { throw new Error("injected") })', { code: 'INTERNAL', message: /injected/ }],
  ['writer-refused', '', { code: 'OUTPUT', message: /writer-refused.json cannot be written: EISDIR/ }],
]; // prettier-ignore

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'glpose-run-faults-'));
});
afterAll(() => rm(dir, { recursive: true }));

test('each video fails alone with its reason, others finish as if nothing had been', async () => {
  const good = path.join(dir, 'good');
  await mkdir(good);
  for (const name of ['0.png', '1.png']) await sharp(path.join(ROOT, 'samples/person.png')).removeAlpha().toFile(path.join(good, name)); // prettier-ignore
  for (const [name] of FAULTS) {
    if (name.endsWith('.mp4')) await writeFile(path.join(dir, name), 'not read by anyone');
    else await cp(good, path.join(dir, name), { recursive: true });
  }
  await mkdir(path.join(dir, 'out/posetrack18/writer-refused.json/x'), { recursive: true });
  await pretend('ffprobe', `echo '${PROBE}'`);
  await pretend('ffmpeg', 'head -c 24 /dev/zero; case "$*" in *hangs*) exec sleep 600;; *) kill -9 $$;; esac');

  const program = path.join(dir, 'run.mjs');
  await writeFile(program, PROGRAM);
  const env = { ...process.env, PATH: `${dir}:${process.env.PATH}`, GLPOSE_DECODER: 'ffmpeg' };
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env, cwd: dir });
  const reports = JSON.parse(stdout) as VideoReport[];

  const reference = await readFile(path.join(dir, 'out/posetrack18/good-0.json'), 'utf8');
  expect((JSON.parse(reference) as { annotations: unknown[] }).annotations).toHaveLength(4);
  expect(reports).toHaveLength(2 * FAULTS.length + 1);
  for (const [i, [name, , { code, message }]] of FAULTS.entries()) {
    const [failed, behind] = [reports[2 * i + 1], reports[2 * i + 2]];
    expect(failed).toMatchObject({ name, status: 'failed', error: { code, message: expect.stringMatching(message) } });
    expect(behind).toMatchObject({ status: 'done', files: [`posetrack18/${behind.name}.json`] });
    expect((await readFile(path.join(dir, 'out', behind.files[0]), 'utf8')).replaceAll(behind.name, 'good-0')).toBe(reference); // prettier-ignore
  }
});

const PROBE = JSON.stringify({
  streams: [{ codec_type: 'video', codec_name: 'h264', index: 0, width: 4, height: 2, r_frame_rate: '10/1' }],
  format: { format_name: 'mp4' },
});

/** Puts a program in the way whose shell text is `body` where it is asked for more than its version. */
async function pretend(name: string, body: string): Promise<void> {
  const file = path.join(dir, name);
  await writeFile(file, `#!/bin/sh\nif [ "$1" = -version ]; then echo "ffmpeg version 6.0"; exit; fi\n${body}\n`);
  await chmod(file, 0o755);
}

const load = (file: string): string => `await import(${JSON.stringify(path.join(ROOT, 'dist/src', file))})`;

/** One run in a process of its own: good-0, a fault, good-1, a fault, … The model's private parts are reached into. */
const PROGRAM = `
  const { Model } = ${load('estimation/model.js')};
  const { runVideos } = ${load('run/run-videos.js')};
  const { GlposeError } = ${load('errors.js')};
  const model = await Model.load('glpose-movenet', { method: 'glpose', device: 'cpu', threads: 1 });
  const worker = model.runtime.workers[0];
  const thread = () => worker.thread;
  const typed = (code) => new GlposeError(code, 'injected');
  /** Does something before the next call of a method. */
  const once = (object, method, fault) => {
    const original = object[method];
    object[method] = function (...args) {
      object[method] = original;
      fault();
      return original.apply(this, args);
    };
  };
  const faults = { ${FAULTS.map(([name, fault]) => `${JSON.stringify(name)}: () => { ${fault} }`).join(',\n')} };
  const images = (name, folder) => ({ kind: 'images', name, path: folder, files: ['0.png', '1.png'] });
  const videos = [images('good-0', 'good')];
  for (const [i, name] of Object.keys(faults).entries()) {
    videos.push(name.endsWith('.mp4') ? { kind: 'video', name, path: name } : images(name, name), images('good-' + (i + 1), 'good'));
  }
  const settings = { glpose: 'test', model: { sha256: '', method: 'glpose', devices: {} }, options: {} };
  const onVideo = ({ name }) => faults[name]?.();
  const onVideoEnd = () => (worker.timeout = 60);
  const reports = await runVideos(videos, model, { out: 'out', settings, formats: ["posetrack18"], every: 1, ranges: [], selection: {}, filters: {}, resume: true, onVideo, onVideoEnd });
  console.log(JSON.stringify(reports));
  await model.dispose();
`;
