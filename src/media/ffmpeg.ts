import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { z } from 'zod';
import { GlposeError } from '../errors.js';
import { MAX_PIXELS } from './frame-size.js';
import { canBeEntered, enterAt, EntrySearch, WrongEntry, type Entry } from './entry.js';
import { plainBytes, type Frame, type FrameReader, type Start } from './frame.js';
import {
  chooseStream,
  declared,
  CONTAINERS,
  DECODING_THREADS,
  PACKETS_FOR_RATE,
  rateOf,
  rgbFilter,
  secondsOfClock,
  SkippedBytes,
  undecodable,
  type DeclaredLength,
  type VideoDecoder,
} from './decoding.js';
import { FrameSequence, type Packet } from './frame-sequence.js';
import { orientationOf, type Orientation } from './orientation.js';

const run = promisify(execFile);

/** Decoding through the programs ffmpeg and ffprobe. Throws where they are not on the PATH. */
export async function ffmpegDecoder(): Promise<VideoDecoder> {
  const limit = { timeout: 10_000, killSignal: 'SIGKILL' } as const;
  const [{ stdout }] = await Promise.all([run('ffmpeg', ['-version'], limit), run('ffprobe', ['-version'], limit)]);
  const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  return { name: 'ffmpeg', version, open: (file, signal) => open(file, everyFrameOnce(version), signal) };
}

/** The option against doubling and dropping frames at a constant rate; FFmpeg 5.1 renamed it. @param version as ffmpeg says it */
export function everyFrameOnce(version: string): string[] {
  return parseFloat(version) < 5.1 ? ['-vsync', 'passthrough'] : ['-fps_mode', 'passthrough'];
}

/** What is read of ffprobe's output. */
const Probe = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string().optional(),
      codec_name: z.string().optional(),
      pix_fmt: z.string().optional(),
      index: z.number(),
      width: z.number().optional(),
      height: z.number().optional(),
      avg_frame_rate: z.string().optional(),
      time_base: z.string().optional(),
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
  /** Says which of several video streams this is; null where it is the only one. */
  choice: string | null;
  /** FFmpeg's names of container and codec. */
  format: string;
  codec: string;
  /** FFmpeg's name of the pixel format; null where ffprobe does not say. */
  pixels: string | null;
  /** Upright. */
  width: number;
  height: number;
  codedWidth: number;
  codedHeight: number;
  fps: number | null;
  /** Seconds in one unit of the stream's time stamps. */
  tick: number;
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
    async *read(signal, warnings, from) {
      const entry = await entryOf(file, properties, from, signal);
      yield* enterAt(entry, (at) => decode(file, properties, passthrough, at, signal, warnings));
    },
  };
}

/** Where decoding may begin; null where only the whole video gives the same. */
async function entryOf(file: string, video: Properties, from: Start, signal?: AbortSignal): Promise<Entry | null> {
  if (!canBeEntered(video.format, video.codec, from)) return null;
  const packets = new PacketList(file, video);
  try {
    const search = new EntrySearch(from, video.tick);
    for (let packet; (packet = await packets.next());) {
      signal?.throwIfAborted();
      if (!search.packet(packet)) break;
    }
    return search.entry;
  } finally {
    packets.stop();
  }
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
  const chosen = chooseStream(
    streams.filter(({ codec_type, disposition }) => codec_type === 'video' && disposition?.attached_pic !== 1),
    ({ disposition }) => disposition?.default === 1,
  );
  if (chosen === null) throw undecodable(file, 'it holds no video stream');
  const { stream, warning: choice } = chosen;
  if (stream.codec_name === undefined) throw undecodable(file, 'there is no decoder for its codec');
  if (!stream.width || !stream.height) {
    throw undecodable(file, 'the size of its frames is unknown: it may be cut off or damaged');
  }
  const matrix = stream.side_data_list?.find(({ displaymatrix }) => displaymatrix !== undefined)?.displaymatrix;
  const orientation = orientationOf(matrix === undefined ? null : numbersOf(matrix));
  const tick = quotient(stream.time_base) ?? 1e-6;
  const fps = quotient(stream.avg_frame_rate) ?? rateOf(await firstTimes(file, stream.index, tick, signal));
  const seconds =
    Number(stream.duration ?? 0) ||
    secondsOfClock(stream.tags?.DURATION ?? '') ||
    (streams.length === 1 ? Number(format.duration ?? 0) : null); // a container lasts as long as its longest stream
  return {
    stream: stream.index,
    choice,
    format: format.format_name,
    codec: stream.codec_name,
    pixels: stream.pix_fmt ?? null,
    width: orientation.turned ? stream.height : stream.width,
    height: orientation.turned ? stream.width : stream.height,
    codedWidth: stream.width,
    codedHeight: stream.height,
    fps,
    tick,
    declared: declared(format.format_name, Number(stream.nb_frames ?? 0), seconds, fps),
    orientation,
  };
}

/** When the first packets' pictures are shown, in seconds. */
async function firstTimes(file: string, stream: number, tick: number, signal?: AbortSignal): Promise<number[]> {
  const args = ['-v', 'error', '-select_streams', `${stream}`, '-read_intervals', `%+#${PACKETS_FOR_RATE}`];
  args.push('-show_entries', 'packet=pts', '-of', 'compact=p=0', ...inputOf(file));
  const { stdout } = await run('ffprobe', args, { signal, maxBuffer: 1 << 20 });
  return [...stdout.matchAll(/pts=(-?\d+)/g)].map(([, pts]) => Number(pts) * tick);
}

/** null where it is no JSON: ffprobe does not escape everything that a file can hold. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param entry where to begin; null: at the start */
async function* decode(
  file: string,
  video: Properties,
  passthrough: string[],
  entry: Entry | null,
  signal: AbortSignal | undefined,
  warnings: Set<string>,
): AsyncGenerator<Frame, void, undefined> {
  const { width, height } = video;
  // Times stay the file's own (copyts); the rate of what is written plays no part, as long as it rises (setpts).
  const args = ['-nostdin', '-nostats', '-hide_banner', '-v', 'repeat+level+info', '-copyts'];
  args.push('-threads', `${DECODING_THREADS}`, '-noautorotate');
  // ffmpeg goes to the key at or before this; should it come to a later one, the first frame tells.
  if (entry) args.push('-seek_timestamp', '1', '-noaccurate_seek', '-ss', (entry.keyTime * video.tick).toFixed(6));
  const wanted = entry ? `select=gte(pts\\,${entry.time}),` : '';
  args.push(...inputOf(file), '-map', `0:${video.stream}`);
  args.push('-vf', `${wanted}showinfo=checksum=0,${rgbFilter(video, video.pixels)},setpts=N/TB`);
  args.push(...passthrough, '-f', 'rawvideo', 'pipe:1');
  // Detached: a Ctrl-C in the terminal must not end it before this process knows, which would take the video for shorter.
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = once(child, 'close') as Promise<[code: number | null, killedBy: string | null]>;
  ended.catch(() => {}); // reported where it is awaited
  const packets = new PacketList(file, video);
  const stop = (): void => {
    child.kill('SIGKILL');
    packets.stop();
  };
  signal?.addEventListener('abort', stop, { once: true });
  const words = new Words(child.stderr!);
  const sequence = new FrameSequence(video);
  try {
    let count = 0;
    for await (const data of chunksOf(child.stdout!, width * height * 3)) {
      const shown = await words.aboutFrame(count++);
      signal?.throwIfAborted();
      if (entry && count === 1) {
        if (shown.time !== entry.time) throw new WrongEntry();
        await packets.skipTo(entry.time, sequence);
        words.complaints = ''; // about what comes before
      }
      await packets.tell(sequence, shown.time);
      for (const frame of sequence.frame({ width: video.codedWidth, height: video.codedHeight, ...shown, data })) {
        signal?.throwIfAborted();
        yield frame;
      }
    }
    const [code, killedBy] = await ended;
    signal?.throwIfAborted();
    if (code === null) {
      const problem = `${file} was read up to frame ${count} only: ffmpeg was ended by ${killedBy}`;
      throw new GlposeError('INPUT', problem, 'Run it again; where memory is short, close other programs.');
    }
    if (count === 0 && entry) throw new WrongEntry();
    if (count === 0) throw undecodable(file, complaint(words.complaints, file) || 'no frame could be decoded');
    await packets.tell(sequence, Infinity);
    yield* sequence.end();
    if (video.choice !== null) warnings.add(video.choice);
    const failed = code !== 0 || words.complaints !== '';
    if (failed) warnings.add(`some of it is damaged: ${complaint(words.complaints, file)}`);
    for (const warning of sequence.warnings(failed)) warnings.add(warning);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
    await ended.catch(() => {});
  }
}

/** Turns of the event loop in which what is in a pipe already is read for certain. */
const TURNS = 4;

/** What ffmpeg says while it decodes: a line about each frame, by its filter showinfo, before the frame itself; and complaints. */
class Words {
  /** Errors, without those about its own output. */
  complaints = '';
  /** By place, of those that were not asked for yet. */
  private readonly frames = new Map<number, { time: number | null; width: number; height: number }>();
  private count = 0;
  private rest = '';

  constructor(pipe: Readable) {
    pipe.setEncoding('utf8').on('data', (text: string) => this.take(text));
    pipe.on('error', () => {}); // frames of which nothing is said are frames, too
  }

  /** Of a frame whose pixels are there; only an unknown time where ffmpeg does not say. */
  async aboutFrame(place: number): Promise<{ time: number | null; width?: number; height?: number }> {
    for (let turn = 0; turn < TURNS && this.count <= place; turn++) await new Promise(setImmediate);
    const about = this.frames.get(place) ?? { time: null };
    this.frames.delete(place);
    return about;
  }

  private take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!.slice(-4096);
    for (const line of lines) {
      const shown = /^\[Parsed_showinfo.* n: *\d+ pts: *(\S+) .* s:(\d+)x(\d+) /.exec(line);
      if (shown) {
        const [, pts, width, height] = shown;
        const time = /^-?\d+$/.test(pts) ? Number(pts) : null;
        this.frames.set(this.count++, { time, width: Number(width), height: Number(height) });
      } else if (/^(\[(?!rawvideo)[^\]]*\] )?\[(error|fatal|panic)\] /.test(line) && this.complaints.length < 1 << 16) {
        this.complaints += `${line}\n`;
      }
    }
  }
}

/** Packets that are told beyond that of a frame, since those of earlier frames may come later. */
const PACKETS_AHEAD = 64;

/** What a video's container holds, packet by packet, as ffprobe lists it, while ffmpeg decodes. */
class PacketList {
  private readonly child;
  private readonly lines: AsyncIterator<string>;
  private readonly skipped: SkippedBytes;
  /** Decoding times of packets that ffprobe takes for damaged. */
  private readonly corrupt = new Set<number>();
  private damaged = false;
  private ended = false;

  constructor(
    file: string,
    private readonly video: Properties,
  ) {
    const args = ['-v', 'repeat+level+warning', '-show_entries', 'packet=stream_index,pts,dts,size,pos,flags'];
    args.push('-of', 'compact=p=0', ...inputOf(file));
    this.child = spawn('ffprobe', args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.child.on('error', () => {}); // without a list, nothing is known of what is lost
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      for (const [, dts] of text.matchAll(/Packet corrupt \(stream = \d+, dts = (-?\d+)\)/g))
        this.corrupt.add(Number(dts));
    });
    this.skipped = new SkippedBytes(video.format);
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  /** The video stream's next packet; null at the end. */
  async next(): Promise<Packet | null> {
    while (!this.ended) {
      const { value, done } = await this.lines.next();
      if (done) this.ended = true;
      const packet = done ? null : this.parsed(value);
      if (packet) return packet;
    }
    return null;
  }

  /** Tells the packets up to that of the first frame that is asked for; what is shown before it is stepped over. */
  async skipTo(time: number, sequence: FrameSequence): Promise<void> {
    for (let packet; sequence.latest < time && (packet = await this.next());) sequence.undecoded(packet);
    await this.tell(sequence, time);
    sequence.skip(time);
  }

  /** Tells the packets up to that of a frame, and those which may belong to earlier frames. */
  async tell(sequence: FrameSequence, time: number | null): Promise<void> {
    let ahead = 0;
    while (!this.ended && (time !== null && sequence.latest < time ? true : ahead++ < PACKETS_AHEAD)) {
      const packet = await this.next();
      if (packet) sequence.packet(packet);
    }
  }

  private parsed(line: string): Packet | null {
    const fields = Object.fromEntries(line.split('|').map((part) => part.split('=', 2))) as Record<string, string>;
    const number = (name: string): number | null => (/^-?\d+$/.test(fields[name]) ? Number(fields[name]) : null);
    const [stream, size, dts] = [number('stream_index'), number('size') ?? 0, number('dts')];
    if (stream === null) return null;
    if (this.skipped.packet(number('pos') ?? -1, size)) this.damaged = true;
    if (stream !== this.video.stream || size === 0) return null;
    const flags = fields.flags ?? '';
    const packet: Packet = {
      pts: number('pts'),
      // Matroska has none; what FFmpeg makes up may go back.
      dts: this.video.format.startsWith('matroska') ? null : dts,
      key: flags.includes('K'),
      discarded: flags.includes('D'),
      damaged: this.damaged || flags.includes('C') || (dts !== null && this.corrupt.has(dts)),
    };
    this.damaged = false;
    return packet;
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
        yield plainBytes(piece);
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
  return line.replace(/^(\[[^\]]*\] )+/, '').replace(`file:${file}: `, '');
}
