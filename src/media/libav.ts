import { endianness } from 'node:os';
import type { AVPixelFormat } from 'node-av/constants';
import type * as Av from 'node-av/lib';
import { MAX_PIXELS } from './frame-size.js';
import { canBeEntered, enterAt, EntrySearch, WrongEntry, type Entry } from './entry.js';
import { plainBytes, type Frame, type FrameReader, type Start } from './frame.js';
import { FrameSequence, type Packet } from './frame-sequence.js';
import { loadNodeAv, type NodeAv } from './node-av.js';
import {
  chooseStream,
  declared,
  CONTAINERS,
  DECODING_THREADS,
  PACKETS_FOR_RATE,
  partAround,
  partFilter,
  rateOf,
  rgbFilter,
  secondsOfClock,
  SkippedBytes,
  undecodable,
  type DeclaredLength,
  type VideoDecoder,
} from './decoding.js';
import type { Box } from '../types.js';
import { orientationOf, type Orientation } from './orientation.js';

/** Failures of the decoder in a row, for one packet, after which the next packet is tried. */
const MAX_FAILURES = 100;

/** Decoding through FFmpeg's libraries in this process (npm package node-av). Throws where it is not installed. */
export async function nodeAvDecoder(): Promise<VideoDecoder> {
  const library = await loadNodeAv();
  return {
    name: 'node-av',
    version: library.av.getFFmpegInfo().version,
    open: (file) => open(library, file),
  };
}

async function open(library: NodeAv, file: string): Promise<FrameReader> {
  await using video = await Demuxer.open(library, file);
  const fps = video.fps ?? rateOf(await video.firstTimes());
  const declared = video.declaredLength(fps);
  const { width, height } = video;
  const spare: Uint8Array[] = [];
  return {
    width,
    height,
    fps,
    frameCount: declared.frames,
    async *read(signal, warnings, from, lazily = false) {
      const entry = await entryOf(library, file, from, signal);
      const how = lazily ? spare : null;
      yield* enterAt(entry, (at) => decode(library, file, { fps, declared }, at, signal, warnings, how));
    },
  };
}

/** Where decoding may begin; null where only the whole video gives the same. */
async function entryOf(library: NodeAv, file: string, from: Start, signal?: AbortSignal): Promise<Entry | null> {
  await using video = await Demuxer.open(library, file);
  const codec = library.av.avGetCodecName(video.stream.codecpar.codecId);
  if (!canBeEntered(video.format, codec ?? '', from)) return null;
  const search = new EntrySearch(from, video.tick);
  for await (const { packet, about } of video.packets()) {
    signal?.throwIfAborted();
    if (packet.size > 0 && !search.packet(about)) break;
  }
  return search.entry;
}

/**
 * @param entry where to begin; null: at the start
 * @param spare memory of whole frames for pixels that are made where they are asked for; null where all are made
 */
async function* decode(
  library: NodeAv,
  file: string,
  known: { fps: number | null; declared: DeclaredLength },
  entry: Entry | null,
  signal: AbortSignal | undefined,
  warnings: Set<string>,
  spare: Uint8Array[] | null,
): AsyncGenerator<Frame, void, undefined> {
  const { is } = library;
  await using video = await Demuxer.open(library, file);
  using decoder = await openDecoder(library, file, video.stream);
  const { width, height, tick, format, orientation } = video;
  const upright = { width, height, orientation };
  using toRgb = new Converter(library, file, video.timeBase, (pixels) => rgbFilter(upright, pixels));
  using parts = new PartsOfFrames(library, file, video.timeBase, upright, spare ?? []);
  using toGrey = new Converter(
    library,
    file,
    video.timeBase,
    () => `scale=${SMALL}:${SMALL}:flags=neighbor,format=gray`,
  );
  using decoded = new library.av.Frame();
  decoded.alloc();
  const { width: codedWidth, height: codedHeight } = video.stream.codecpar;
  const sequence = new FrameSequence({ width, height, codedWidth, codedHeight, tick, format, ...known });
  let failures = 0;
  let isThere = entry === null;

  async function* received(): AsyncGenerator<Frame> {
    for (let inARow = 0; inARow < MAX_FAILURES;) {
      const status = await decoder.receiveFrame(decoded);
      if (status === is.AVERROR_EAGAIN || status === is.AVERROR_EOF) return;
      if (status < 0) {
        if (isThere) failures++;
        inARow++;
        continue;
      }
      const time = numberOf(library, decoded.pts) ?? numberOf(library, decoded.bestEffortTimestamp);
      if (entry && !isThere) {
        if (time !== null && time < entry.time) {
          decoded.unref();
          continue;
        }
        if (time !== entry.time) throw new WrongEntry();
        sequence.skip(time);
        isThere = true;
      }
      if (decoded.decodeErrorFlags !== 0) failures++;
      const { width, height } = decoded;
      const later = spare ? keptFrame(decoded, toRgb, parts) : null;
      // The small copy is made faster than another thread is asked for it.
      const data = later ? toGrey.convertSync(decoded) : await toRgb.convert(decoded);
      decoded.unref();
      for (const frame of sequence.frame({ time, width, height, data }))
        yield later && frame.data ? whenAsked(frame, later) : frame;
    }
  }

  let place = 0;
  for await (const { packet, about } of video.packets()) {
    signal?.throwIfAborted();
    if (packet.size === 0) continue; // an empty place of an AVI; a decoder would take it for the end
    if (entry && place++ < entry.place) {
      sequence.undecoded(about);
      continue;
    }
    sequence.packet(about);
    const status = await decoder.sendPacket(packet);
    if (status < 0 && isThere) failures++;
    yield* received();
  }
  await decoder.sendPacket(null); // the decoder gives what it holds back
  yield* received();
  if (!isThere) throw new WrongEntry();
  yield* sequence.end();

  if (sequence.isEmpty) throw undecodable(file, 'no frame could be decoded');
  if (video.choice !== null) warnings.add(video.choice);
  const damaged = failures - sequence.lostCount;
  if (damaged > 0) warnings.add(`damaged frames: ${damaged}; the poses there may be wrong`);
  for (const warning of sequence.warnings(failures > 0)) warnings.add(warning);
}

/** An opened container and the video stream that is read. */
class Demuxer implements AsyncDisposable {
  readonly width: number;
  readonly height: number;
  /** By the header; null where it does not say. */
  readonly fps: number | null;
  readonly orientation: Orientation;
  /** Seconds in one unit of the stream's time stamps, as a quotient. */
  readonly timeBase: { num: number; den: number };
  /** `timeBase` as a number. */
  readonly tick: number;
  /** FFmpeg's name of the container. */
  readonly format: string;

  private constructor(
    private readonly library: NodeAv,
    private readonly container: Av.FormatContext,
    readonly stream: Av.Stream,
    /** Says which of several video streams this is; null where it is the only one. */
    readonly choice: string | null,
  ) {
    const { codecpar, avgFrameRate } = stream;
    this.orientation = orientationOf(displayMatrix(library, codecpar));
    const { turned } = this.orientation;
    this.width = turned ? codecpar.height : codecpar.width;
    this.height = turned ? codecpar.width : codecpar.height;
    this.fps = quotient(avgFrameRate);
    const { num, den } = stream.timeBase;
    this.timeBase = { num, den };
    this.tick = num / den;
    this.format = container.iformat?.name ?? '';
  }

  static async open(library: NodeAv, file: string): Promise<Demuxer> {
    const { av, is } = library;
    const container = new av.FormatContext();
    try {
      using options = av.Dictionary.fromObject({ format_whitelist: CONTAINERS, protocol_whitelist: 'file' });
      check(library, file, await container.openInput(`file:${file}`, null, options));
      check(library, file, await container.findStreamInfo());
      const streams = container.streams.filter(
        ({ codecpar, disposition }) =>
          codecpar.codecType === is.AVMEDIA_TYPE_VIDEO && (disposition & is.AV_DISPOSITION_ATTACHED_PIC) === 0,
      );
      const chosen = chooseStream(streams, ({ disposition }) => (disposition & is.AV_DISPOSITION_DEFAULT) !== 0);
      if (chosen === null) throw undecodable(file, 'it holds no video stream');
      const { stream, warning } = chosen;
      if (stream.codecpar.width <= 0 || stream.codecpar.height <= 0) {
        throw undecodable(file, 'the size of its frames is unknown: it may be cut off or damaged');
      }
      return new Demuxer(library, container, stream, warning);
    } catch (thrown) {
      await container.closeInput();
      throw thrown;
    }
  }

  get isMatroska(): boolean {
    return this.format.startsWith('matroska');
  }

  declaredLength(fps: number | null): DeclaredLength {
    return declared(this.format, Number(this.stream.nbFrames), this.seconds(), fps);
  }

  /** When the first packets' pictures are shown, in seconds. */
  async firstTimes(): Promise<number[]> {
    const times: number[] = [];
    for await (const { about } of this.packets()) {
      if (about.pts !== null) times.push(about.pts * this.tick);
      if (times.length === PACKETS_FOR_RATE) break;
    }
    return times;
  }

  /** The stream's packets, and what the container says of each. One packet object is used again and again. */
  async *packets(): AsyncGenerator<{ packet: Av.Packet; about: Packet }> {
    const { library } = this;
    const { av, is } = library;
    const skipped = new SkippedBytes(this.format);
    using packet = new av.Packet();
    packet.alloc();
    let damaged = false;
    while ((await this.container.readFrame(packet)) >= 0) {
      if (skipped.packet(Number(packet.pos), packet.size)) damaged = true;
      if (packet.streamIndex === this.stream.index) {
        const about: Packet = {
          pts: numberOf(library, packet.pts),
          // Matroska has none; what FFmpeg makes up may go back.
          dts: this.isMatroska ? null : numberOf(library, packet.dts),
          key: packet.isKeyframe,
          discarded: packet.hasFlags(is.AV_PKT_FLAG_DISCARD),
          damaged: damaged || packet.hasFlags(is.AV_PKT_FLAG_CORRUPT),
        };
        yield { packet, about };
        damaged = false;
      }
      packet.unref();
    }
  }

  /** The video's duration by its header. The container's is that of its longest stream: only with one stream it counts. */
  private seconds(): number | null {
    const { duration, metadata } = this.stream;
    if (duration > 0n) return Number(duration) * this.tick;
    return (
      secondsOfClock(metadata?.get('DURATION') ?? '') ??
      (this.container.nbStreams === 1 ? Number(this.container.duration) / 1e6 : null)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.container.closeInput();
  }
}

/** A time stamp in ticks; null where there is none. */
function numberOf({ is }: NodeAv, stamp: bigint): number | null {
  return stamp === is.AV_NOPTS_VALUE ? null : Number(stamp);
}

/** Pixels a side of the small grey copy of a frame. */
const SMALL = 96;

/** A frame whose pixels are converted when they are first asked for. @param frame with its small copy as `data` */
function whenAsked(frame: Frame, kept: KeptFrame): Frame {
  const { data: grey, ...about } = frame;
  const whole = { x: 0, y: 0, width: frame.width, height: frame.height };
  let data: Uint8Array | null = null;
  let lent: Promise<Uint8Array> | null = null;
  /** What was lent and is there; null while it is made. */
  let memory: Uint8Array | null = null;
  const lend = async (box: Box): Promise<Uint8Array> => {
    lent ??= kept.lend(box);
    memory = await lent;
    return (data ??= memory);
  };
  const giveBack = (): void => {
    if (memory === null) return;
    if (data === memory) data = null;
    kept.giveBack(memory);
    lent = memory = null;
  };
  return {
    ...about,
    get data() {
      return (data ??= kept.pixels());
    },
    small: { width: SMALL, height: SMALL, data: grey! },
    pixels: async () => data ?? lend(whole),
    async part(box) {
      if (data) return data;
      try {
        return await lend(box);
      } finally {
        kept.forget();
      }
    },
    rest: giveBack,
    release() {
      giveBack();
      kept.forget();
    },
  };
}

/** A decoded frame that is kept for its pixels. */
interface KeptFrame {
  /** All of them, made on this thread. */
  pixels(): Uint8Array;
  /** Those of a part of it, made on another one in memory that is to be given back. */
  lend(box: Box): Promise<Uint8Array>;
  giveBack(memory: Uint8Array): void;
  /** Its pixels are not asked for any more. Twice is harmless. */
  forget(): void;
}

/** Keeps a decoded frame; null where there is no memory for it. */
function keptFrame(decoded: Av.Frame, whole: Converter, parts: PartsOfFrames): KeptFrame | null {
  /** The same frame once more; whoever has it frees it. */
  const again = (frame: Av.Frame | null): Av.Frame | null => {
    const same = frame?.clone() ?? null;
    if (same === null) return null;
    whole.keep();
    parts.keep();
    return same;
  };
  const free = (frame: Av.Frame): void => {
    frame.free();
    whole[Symbol.dispose]();
    parts[Symbol.dispose]();
  };
  const shown = (): Av.Frame => {
    const frame = again(kept); // filters take what they are given
    if (frame === null) throw new Error('a frame was asked for its pixels after it was released');
    return frame;
  };
  let kept = again(decoded);
  if (kept === null) return null;
  return {
    pixels() {
      const frame = shown();
      try {
        return whole.convertSync(frame);
      } finally {
        free(frame);
      }
    },
    async lend(box) {
      const frame = shown();
      try {
        return await parts.convert(frame, box);
      } finally {
        free(frame);
      }
    },
    giveBack: (memory) => parts.giveBack(memory),
    forget() {
      if (kept !== null) free(kept);
      kept = null;
    },
  };
}

/** Converts parts of frames, one after another, each into the memory of a whole frame, which is used again. */
class PartsOfFrames implements Disposable {
  private readonly converter: Converter;
  private filters = '';
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly library: NodeAv,
    file: string,
    timeBase: { num: number; den: number },
    /** Frames' size, and how they are turned upright. */
    private readonly video: { width: number; height: number; orientation: Orientation },
    /** Memory of whole frames that nobody uses. */
    private readonly spare: Uint8Array[],
  ) {
    this.converter = new Converter(library, file, timeBase, () => this.filters);
  }

  /** @returns pixels of the whole frame, arbitrary outside the box; to be given back */
  convert(frame: Av.Frame, box: Box): Promise<Uint8Array> {
    const converted = this.last.then(() => this.convertNow(frame, box));
    this.last = converted.catch(() => {}); // whoever asked is told
    return converted;
  }

  giveBack(pixels: Uint8Array): void {
    this.spare.push(pixels);
  }

  private async convertNow(frame: Av.Frame, box: Box): Promise<Uint8Array> {
    const { video } = this;
    const pixels = this.library.av.avGetPixFmtName(frame.format as AVPixelFormat);
    const { width, height } = video;
    const around = partAround(box, video, frame, pixels);
    const part = around && (around.width < width || around.height < height) ? around : null;
    this.filters = part ? partFilter(part, pixels) : rgbFilter(video, pixels);
    const { left, top } = part ?? { left: 0, top: 0 };
    const all = this.spare.pop() ?? new Uint8Array(3 * width * height);
    await this.converter.convertInto(frame, all.subarray(3 * (top * width + left)), 3 * width);
    return all;
  }

  /** One frame more that is kept for it. */
  keep(): void {
    this.converter.keep();
  }

  /** One user less. */
  [Symbol.dispose](): void {
    this.converter[Symbol.dispose]();
  }
}

/** Turns decoded frames into pixels, by FFmpeg's filters. It lasts as long as the frames that are kept for it. */
class Converter implements Disposable {
  private users = 1;
  private graph: Av.FilterGraph | null = null;
  private source: Av.FilterContext | null = null;
  private sink: Av.FilterContext | null = null;
  private shape = '';
  private readonly converted: Av.Frame;

  constructor(
    private readonly library: NodeAv,
    private readonly file: string,
    /** Of the frames' stream, which is gone by the time the last of those kept are converted. */
    private readonly timeBase: { num: number; den: number },
    /** The filters, for frames of FFmpeg's name of a pixel format; null where it is not known. */
    private readonly filters: (pixels: string | null) => string,
  ) {
    this.converted = new library.av.Frame();
    this.converted.alloc();
  }

  /** @returns the filtered frame's pixels, row by row */
  async convert(frame: Av.Frame): Promise<Uint8Array> {
    this.prepare(frame);
    check(this.library, this.file, await this.source!.buffersrcAddFrame(frame));
    check(this.library, this.file, await this.sink!.buffersinkGetFrame(this.converted));
    return this.taken();
  }

  /** The same, into memory whose rows are so many bytes apart. */
  async convertInto(frame: Av.Frame, memory: Uint8Array, pitch: number): Promise<void> {
    this.prepare(frame);
    check(this.library, this.file, await this.source!.buffersrcAddFrame(frame));
    check(this.library, this.file, await this.sink!.buffersinkGetFrame(this.converted));
    const { width, height, data, linesize, format } = this.converted;
    const into = Buffer.from(memory.buffer, memory.byteOffset, memory.length);
    this.library.av.avImageCopy2([into], [pitch], data!, linesize, format as AVPixelFormat, width, height);
    this.converted.unref();
  }

  /** The same as `convert`, on this thread. */
  convertSync(frame: Av.Frame): Uint8Array {
    this.prepare(frame);
    check(this.library, this.file, this.source!.buffersrcAddFrameSync(frame));
    check(this.library, this.file, this.sink!.buffersinkGetFrameSync(this.converted));
    return this.taken();
  }

  /** One user more: a frame that is kept for it. */
  keep(): void {
    this.users++;
  }

  private taken(): Uint8Array {
    const data = plainBytes(this.converted.toBuffer());
    this.converted.unref();
    return data;
  }

  /** Builds the filters for frames like this one; a stream may change its coded size or format on the way. */
  private prepare(frame: Av.Frame): void {
    const { av } = this.library;
    const filters = this.filters(av.avGetPixFmtName(frame.format as AVPixelFormat));
    const shape = `${frame.width}x${frame.height}:${frame.format}:${frame.colorSpace}:${frame.colorRange} ${filters}`;
    if (shape === this.shape) return;
    this.graph?.free();
    const graph = (this.graph = new av.FilterGraph());
    graph.alloc();
    graph.nbThreads = 1; // decoding has threads of its own
    const { num, den } = this.timeBase;
    const input =
      `video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format}:time_base=${num}/${den}` +
      `:colorspace=${frame.colorSpace}:range=${frame.colorRange}`;
    check(this.library, this.file, graph.parse2(`buffer@in=${input},${filters},buffersink@out`));
    check(this.library, this.file, graph.configSync());
    this.source = graph.getFilter('buffer@in');
    this.sink = graph.getFilter('buffersink@out');
    this.shape = shape;
  }

  /** One user less: the pass, or a frame that was kept. */
  [Symbol.dispose](): void {
    if (--this.users > 0) return;
    this.converted.free();
    this.graph?.free();
  }
}

async function openDecoder(library: NodeAv, file: string, stream: Av.Stream): Promise<Av.CodecContext> {
  const { av } = library;
  const { codecId } = stream.codecpar;
  const codec = av.Codec.findDecoder(codecId);
  if (codec === null) throw undecodable(file, `there is no decoder for its codec (${av.avGetCodecName(codecId)})`);
  const decoder = new av.CodecContext();
  decoder.allocContext3(codec);
  try {
    check(library, file, decoder.parametersToContext(stream.codecpar));
    decoder.pktTimebase = stream.timeBase;
    decoder.threadCount = DECODING_THREADS;
    using options = limited(library);
    check(library, file, await decoder.open2(codec, options));
    return decoder;
  } catch (thrown) {
    decoder.freeContext();
    throw thrown;
  }
}

/** Options of a decoder: none of its frames, which may be larger than the container says, is larger than what is read. */
function limited({ av }: NodeAv): Av.Dictionary {
  return av.Dictionary.fromObject({ max_pixels: String(MAX_PIXELS) });
}

/** Throws INPUT, with FFmpeg's words, where `status` is an error. */
function check(library: NodeAv, file: string, status: number): void {
  if (status < 0) throw undecodable(file, library.av.FFmpegError.strerror(status));
}

/** The stream's display matrix (9 numbers), where it has one. */
function displayMatrix({ is }: NodeAv, parameters: Av.CodecParameters): number[] | null {
  const bytes = parameters.getCodedSideData(is.AV_PKT_DATA_DISPLAYMATRIX);
  if (bytes === null || bytes.length < 36) return null;
  const native = new DataView(bytes.buffer, bytes.byteOffset, 36);
  return Array.from({ length: 9 }, (_, i) => native.getInt32(4 * i, LITTLE_ENDIAN));
}

const LITTLE_ENDIAN = endianness() === 'LE';

function quotient({ num, den }: { num: number; den: number }): number | null {
  return num > 0 && den > 0 ? num / den : null;
}
