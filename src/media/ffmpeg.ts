import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { z } from 'zod';
import { GlposeError } from '../errors.js';
import { MAX_PIXELS } from './frame-size.js';
import type { Frame, FrameReader } from './frame.js';
import {
  declared,
  CONTAINERS,
  DECODING_THREADS,
  DurationMeter,
  rgbFilter,
  secondsOfClock,
  shortfall,
  undecodable,
  type DeclaredLength,
  type VideoDecoder,
} from './decoding.js';
import { orientationOf, type Orientation } from './orientation.js';

const run = promisify(execFile);

/** Decoding through the programs ffmpeg and ffprobe. Throws where they are not on the PATH. */
export async function ffmpegDecoder(): Promise<VideoDecoder> {
  const limit = { timeout: 10_000, killSignal: 'SIGKILL' } as const;
  const [{ stdout }] = await Promise.all([run('ffmpeg', ['-version'], limit), run('ffprobe', ['-version'], limit)]);
  const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  return { name: 'ffmpeg', version, open: (file, signal) => open(file, everyFrameOnce(version), signal) };
}

/** The option against doubling and dropping frames at a constant rate; FFmpeg 5.1 renamed it. */
function everyFrameOnce(version: string): string[] {
  return parseFloat(version) < 5.1 ? ['-vsync', 'passthrough'] : ['-fps_mode', 'passthrough'];
}

/** What is read of ffprobe's output. */
const Probe = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string().optional(),
      codec_name: z.string().optional(),
      index: z.number(),
      width: z.number().optional(),
      height: z.number().optional(),
      avg_frame_rate: z.string().optional(),
      r_frame_rate: z.string().optional(),
      nb_frames: z.string().optional(),
      duration: z.string().optional(),
      disposition: z.record(z.string(), z.number()).optional(),
      tags: z.record(z.string(), z.string()).optional(),
      side_data_list: z.array(z.looseObject({ displaymatrix: z.string().optional() })).optional(),
    }),
  ),
  format: z.object({ format_name: z.string(), duration: z.string().optional() }),
});

interface Properties {
  /** The stream's index in the container. */
  stream: number;
  width: number;
  height: number;
  fps: number | null;
  declared: DeclaredLength;
  orientation: Orientation;
}

/** What comes before the input's name in both programs. An absolute path behind `file:` is never taken for anything else. */
function inputOf(file: string): string[] {
  return [
    '-max_pixels',
    `${MAX_PIXELS}`,
    '-format_whitelist',
    CONTAINERS,
    '-protocol_whitelist',
    'file,pipe',
    '-i',
    `file:${file}`,
  ];
}

async function open(file: string, passthrough: string[], signal?: AbortSignal): Promise<FrameReader> {
  const properties = await probe(file, signal);
  const { width, height, fps, declared } = properties;
  return {
    width,
    height,
    fps,
    frameCount: declared.frames,
    read: (signal, warnings) => read(file, properties, passthrough, signal, warnings),
  };
}

async function probe(file: string, signal?: AbortSignal): Promise<Properties> {
  let output: string;
  try {
    const args = ['-v', 'error', '-of', 'json', '-show_streams', '-show_format', ...inputOf(file)];
    output = (await run('ffprobe', args, { signal, maxBuffer: 64 << 20 })).stdout;
  } catch (thrown) {
    signal?.throwIfAborted();
    throw undecodable(file, complaint((thrown as { stderr?: string }).stderr ?? '', file));
  }
  const probed = Probe.safeParse(jsonOf(output));
  if (!probed.success) throw undecodable(file, 'ffprobe does not say what it holds');
  const { streams, format } = probed.data;
  const stream = streams.find(
    ({ codec_type, disposition }) => codec_type === 'video' && disposition?.attached_pic !== 1,
  );
  if (stream === undefined) throw undecodable(file, 'it holds no video stream');
  if (stream.codec_name === undefined) throw undecodable(file, 'there is no decoder for its codec');
  if (!stream.width || !stream.height) {
    throw undecodable(file, 'the size of its frames is unknown: it may be cut off or damaged');
  }
  const matrix = stream.side_data_list?.find(({ displaymatrix }) => displaymatrix !== undefined)?.displaymatrix;
  const orientation = orientationOf(matrix === undefined ? null : numbersOf(matrix));
  const fps = quotient(stream.avg_frame_rate) ?? quotient(stream.r_frame_rate);
  const seconds =
    Number(stream.duration ?? 0) ||
    secondsOfClock(stream.tags?.DURATION ?? '') ||
    (streams.length === 1 ? Number(format.duration ?? 0) : null); // a container lasts as long as its longest stream
  return {
    stream: stream.index,
    width: orientation.turned ? stream.height : stream.width,
    height: orientation.turned ? stream.width : stream.height,
    fps,
    declared: declared(format.format_name, Number(stream.nb_frames ?? 0), seconds, fps),
    orientation,
  };
}

/** null where it is no JSON: ffprobe does not escape everything that a file can hold. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function* read(
  file: string,
  video: Properties,
  passthrough: string[],
  signal: AbortSignal | undefined,
  warnings: Set<string>,
): AsyncGenerator<Frame, void, undefined> {
  const { width, height } = video;
  const args = ['-nostdin', '-v', 'error', '-threads', `${DECODING_THREADS}`, '-noautorotate', ...inputOf(file)];
  args.push(
    '-map',
    `0:${video.stream}`,
    '-vf',
    `${rgbFilter(video)},${TIMES_TO_PIPE_3}`,
    ...passthrough,
    '-f',
    'rawvideo',
    'pipe:1',
  );
  // Detached: a Ctrl-C in the terminal must not end it before this process knows, which would take the video for shorter.
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true });
  const ended = once(child, 'close') as Promise<[code: number | null, killedBy: string | null]>;
  ended.catch(() => {}); // reported where it is awaited
  const stop = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  let complaints = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(0, 1 << 16)));
  const times = new FrameTimes(child.stdio[3] as Readable);
  const lasting = new DurationMeter();
  try {
    let index = 0;
    for await (const data of chunksOf(child.stdout!, width * height * 3)) {
      const timeSeconds = await times.of(index);
      signal?.throwIfAborted();
      lasting.frame(timeSeconds);
      yield { index, name: String(index), width, height, data, problem: '', timeSeconds };
      index++;
    }
    const [code, killedBy] = await ended;
    signal?.throwIfAborted();
    if (code === null) {
      const problem = `${file} was read up to frame ${index} only: ffmpeg was ended by ${killedBy}`;
      throw new GlposeError('INPUT', problem, 'Run it again; where memory is short, close other programs.');
    }
    if (index === 0) throw undecodable(file, complaint(complaints, file) || 'no frame could be decoded');
    if (code !== 0 || complaints !== '') warnings.add(`some of it is damaged: ${complaint(complaints, file)}`);
    const short = shortfall(index, video.declared, lasting);
    if (short !== null) warnings.add(short);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
    await ended.catch(() => {});
  }
}

/**
 * Filters that write a line about each frame, "frame:0 pts:0 pts_time:0", with `pts` in microseconds, to the third pipe before the frame
 * itself is written. A frame without any metadata has no line.
 */
const TIMES_TO_PIPE_3 = "settb=AVTB,metadata=mode=add:key=glpose:value=0,metadata=mode=print:file='pipe\\:3':direct=1";

/** Turns of the event loop in which what is in a pipe already is read for certain. */
const TURNS = 4;

/** The times of the frames that ffmpeg gives. */
class FrameTimes {
  /** By the frame's number, of those that were not asked for yet. */
  private readonly times = new Map<number, number | null>();
  private start: number | null = null;
  private rest = '';

  constructor(pipe: Readable) {
    pipe.setEncoding('utf8').on('data', (text: string) => this.take(text));
    pipe.on('error', () => {}); // frames without times are frames, too
  }

  /** Of a frame whose pixels are there: seconds after the first one; null where ffmpeg does not say. */
  async of(index: number): Promise<number | null> {
    for (let turn = 0; turn < TURNS && !this.times.has(index); turn++) await new Promise(setImmediate);
    const time = this.times.get(index) ?? null;
    this.times.delete(index);
    return time;
  }

  private take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) {
      const [, frame, pts] = /^frame:(\d+) +pts:(\S+)/.exec(line) ?? [];
      if (pts === undefined) continue; // the metadata themselves
      const time = /^-?\d+$/.test(pts) ? Number(pts) / 1e6 : null;
      this.start ??= time;
      this.times.set(Number(frame), time === null ? null : time - this.start!);
    }
  }
}

/** Cuts a byte stream into pieces of `size`, each in memory of its own; what is left at the end is dropped. */
async function* chunksOf(stream: AsyncIterable<Buffer>, size: number): AsyncGenerator<Uint8Array> {
  let piece = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  for await (const bytes of stream) {
    for (let from = 0; from < bytes.length;) {
      const copied = bytes.copy(piece, filled, from);
      from += copied;
      filled += copied;
      if (filled === size) {
        yield piece;
        piece = Buffer.allocUnsafeSlow(size);
        filled = 0;
      }
    }
  }
}

/** ffprobe prints a display matrix as three lines, "00000000:  0  65536  0". */
function numbersOf(matrix: string): number[] {
  return matrix
    .split('\n')
    .flatMap((line) =>
      line
        .replace(/^[0-9a-f]+:/i, '')
        .trim()
        .split(/\s+/),
    )
    .filter((word) => word !== '')
    .map(Number);
}

function quotient(fraction: string | undefined): number | null {
  const [num, den] = (fraction ?? '').split('/').map(Number);
  return num > 0 && den > 0 ? num / den : null;
}

/** FFmpeg's first complaint about a file, the cause of the others, without the file's name and the decoder's address. */
function complaint(text: string, file: string): string {
  const [line] = text.trim().split('\n');
  if (line.startsWith('Format not on whitelist')) return 'it is in none of the formats that are read';
  return line.replace(`file:${file}: `, '').replace(/^\[[^\]]*\] /, '');
}
