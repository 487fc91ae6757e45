import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { FFEncoderCodec } from 'node-av/constants';
import type * as Av from 'node-av/lib';
import { GlposeError, messageOf } from '../errors.js';
import { everyFrameOnce } from '../media/ffmpeg.js';
import { loadNodeAv, rgbFrame, type NodeAv } from '../media/node-av.js';
import { makeAtomically } from '../storage/atomic-write.js';
import type { Canvas } from './canvas.js';
import { matroskaHeader, matroskaPicture } from './raw-matroska.js';

export interface VideoProperties {
  /** In pixels. An odd side gets a black row or column: H.264 has even ones only. */
  width: number;
  height: number;
  /** Mean frames a second; the rate of pictures without times. */
  fps: number;
  signal?: AbortSignal;
}

/** A picture, and when it is shown: seconds after the first, null or left out where the rate alone says. */
export type TimedPicture = Canvas & { timeSeconds?: number | null };

/** H.264 encoders in order of preference. */
const ENCODERS = ['libx264', 'libopenh264'] as const;

/**
 * x264's speed and quality: overlays are watched once, so fast. Its lookahead decides nothing, since it reads memory that nobody has
 * written: the same pictures would not always give the same bytes.
 */
const X264 = {
  preset: 'veryfast',
  crf: '20',
  'x264-params': 'rc-lookahead=0:mbtree=0:b-adapt=0:scenecut=0:weightp=0',
};

/**
 * Writes pictures as an mp4 (H.264, yuv420p, BT.709, index first), whole or not at all, each shown from its own time to that of the
 * next. Pictures of another size are fitted into the video's. Throws OUTPUT where no encoder exists or the disk refuses, and the signal's reason when it aborts.
 * @returns the number of frames
 */
export async function writeVideo(
  file: string,
  pictures: AsyncIterable<TimedPicture>,
  properties: VideoProperties,
): Promise<number> {
  const encode = await encoder();
  return makeAtomically(file, (temporary) => {
    const size = { width: even(properties.width), height: even(properties.height) };
    return encode({ file, temporary }, fitted(pictures, properties), { ...properties, ...size });
  });
}

/** Where an encoder writes, and the file that this will become. */
interface Target {
  temporary: string;
  file: string;
}

/** Pixels, and when they are shown in the video's ticks; see ticksOf. */
interface Shown {
  pixels: Uint8Array;
  tick: number;
}

type Encode = (target: Target, pictures: AsyncIterable<Shown>, properties: VideoProperties) => Promise<number>;

/** node-av where it is installed, else the system's ffmpeg; GLPOSE_DECODER chooses one, as for decoding. */
async function encoder(): Promise<Encode> {
  const reasons: string[] = [];
  for (const [name, find] of Object.entries({ 'node-av': nodeAvEncoder, ffmpeg: ffmpegEncoder })) {
    if ((process.env.GLPOSE_DECODER || name) !== name) continue;
    try {
      return await find();
    } catch (thrown) {
      reasons.push(`${name}: ${messageOf(thrown)}`);
    }
  }
  throw new GlposeError(
    'OUTPUT',
    `mp4 videos cannot be written here (${reasons.join('; ')})`,
    'Use --render jpg, or install the npm package node-av or the program ffmpeg with an H.264 encoder.',
  );
}

async function nodeAvEncoder(): Promise<Encode> {
  const library = await loadNodeAv();
  const codecs = ENCODERS.map((name) => library.av.Codec.findEncoderByName(name as FFEncoderCodec));
  const codec = codecs.find((candidate) => candidate !== null);
  if (!codec) throw new Error('it has no H.264 encoder');
  return (target, pictures, properties) => encodeWithNodeAv(library, codec, target, pictures, properties);
}

async function ffmpegEncoder(): Promise<Encode> {
  const { stdout, stderr } = await promisify(execFile)('ffmpeg', ['-encoders']);
  const name = ENCODERS.find((candidate) => stdout.includes(` ${candidate} `));
  if (name === undefined) throw new Error('it has no H.264 encoder');
  const asTheyAre = everyFrameOnce(/^ffmpeg version (\S+)/.exec(stderr)?.[1] ?? '');
  return (target, pictures, properties) => encodeWithFfmpeg(name, asTheyAre, target, pictures, properties);
}

/** H.264 in 4:2:0 has even sides only. */
function even(side: number): number {
  return side + (side % 2);
}

/** Every picture's pixels at the video's size made even: RGB, [even(height), even(width), 3]. */
async function* fitted(
  pictures: AsyncIterable<TimedPicture>,
  { width, height, fps, signal }: VideoProperties,
): AsyncGenerator<Shown> {
  const margin = { right: even(width) - width, bottom: even(height) - height, background: 'black' };
  const asItIs = margin.right + margin.bottom === 0;
  const { perFrame, seconds } = ticksOf(fps);
  let next = 0;
  for await (const picture of pictures) {
    signal?.throwIfAborted();
    const { timeSeconds = null } = picture;
    const tick = Math.max(next, timeSeconds === null ? 0 : Math.round(timeSeconds / seconds));
    next = timeSeconds === null ? tick + perFrame : tick + 1;
    if (asItIs && picture.width === width && picture.height === height) {
      yield { pixels: picture.data, tick };
      continue;
    }
    const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
    const { default: sharp } = await import('sharp');
    const pixels = await sharp(picture.data, { raw })
      .resize(width, height, { fit: 'contain', background: 'black' })
      .extend(margin)
      .raw()
      .toBuffer();
    yield { pixels, tick };
  }
}

/** From RGB to what H.264 players expect. The matrix is BT.709 and said so, else players guess by size. */
const TO_YUV = 'scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd,format=yuv420p';

/** Frames a second as a fraction; the rates of television are n · 1000/1001. */
function fractionOf(fps: number): { num: number; den: number } {
  const television = Math.round(fps * 1.001);
  if (Math.abs(fps - television / 1.001) < 1e-3 && Math.abs(fps - television) > 1e-3) {
    return { num: television * 1000, den: 1001 };
  }
  return { num: Math.max(1, Math.round(fps * 1000)), den: 1000 };
}

/** The unit of a video's time stamps: a whole part of the interval between frames, a tenth of a millisecond or less. */
function ticksOf(fps: number): {
  rate: { num: number; den: number };
  perFrame: number;
  num: number;
  den: number;
  seconds: number;
} {
  const rate = fractionOf(fps);
  const perFrame = Math.ceil((10_000 * rate.den) / rate.num);
  const [num, den] = [rate.den, rate.num * perFrame];
  return { rate, perFrame, num, den, seconds: num / den };
}

/** An encoder of BT.709 video, not opened yet. */
function encoderOf(
  { av, is }: NodeAv,
  codec: Av.Codec,
  video: { width: number; height: number; timeBase: Av.Rational; rate: { num: number; den: number } },
): Av.CodecContext {
  const encoder = new av.CodecContext();
  encoder.allocContext3(codec);
  encoder.width = video.width;
  encoder.height = video.height;
  encoder.pixelFormat = is.AV_PIX_FMT_YUV420P;
  encoder.colorSpace = is.AVCOL_SPC_BT709;
  encoder.colorPrimaries = is.AVCOL_PRI_BT709;
  encoder.colorTrc = is.AVCOL_TRC_BT709;
  encoder.colorRange = is.AVCOL_RANGE_MPEG;
  encoder.timeBase = video.timeBase;
  encoder.framerate = new av.Rational(video.rate.num, video.rate.den);
  encoder.setFlags(is.AV_CODEC_FLAG_GLOBAL_HEADER);
  return encoder;
}

async function encodeWithNodeAv(
  library: NodeAv,
  codec: Av.Codec,
  { file, temporary }: Target,
  pictures: AsyncIterable<Shown>,
  { width, height, fps }: VideoProperties,
): Promise<number> {
  const { av, is } = library;
  const check = (status: number): void => {
    if (status < 0) throw unwritable(file, av.FFmpegError.strerror(status));
  };
  const { rate, perFrame, num, den } = ticksOf(fps);
  const timeBase = new av.Rational(num, den);

  using graph = new av.FilterGraph();
  graph.alloc();
  const format = `pix_fmt=${is.AV_PIX_FMT_RGB24}:time_base=${num}/${den}:colorspace=${is.AVCOL_SPC_RGB}:range=${is.AVCOL_RANGE_JPEG}`;
  check(graph.parse2(`buffer@in=video_size=${width}x${height}:${format},${TO_YUV},buffersink@out`));
  check(graph.configSync());
  const source = graph.getFilter('buffer@in')!;
  const sink = graph.getFilter('buffersink@out')!;

  using encoder = encoderOf(library, codec, { width, height, timeBase, rate });
  using settings = av.Dictionary.fromObject(codec.name === 'libx264' ? X264 : {});
  check(await encoder.open2(codec, settings));

  const container = new av.FormatContext();
  check(container.allocOutputContext2(null, 'mp4', `file:${temporary}`));
  try {
    const stream = container.newStream(codec);
    check(stream.codecpar.fromContext(encoder));
    stream.timeBase = timeBase;
    stream.avgFrameRate = encoder.framerate;
    check(await container.openOutput());
    using options = av.Dictionary.fromObject({ movflags: '+faststart' });
    check(await container.writeHeader(options));

    using yuv = new av.Frame();
    yuv.alloc();
    using packet = new av.Packet();
    packet.alloc();
    const encodeFrame = async (frame: Av.Frame | null): Promise<void> => {
      check(await encoder.sendFrame(frame));
      while ((await encoder.receivePacket(packet)) >= 0) {
        packet.streamIndex = stream.index;
        packet.duration = BigInt(perFrame); // counts for the last one
        packet.rescaleTs(timeBase, stream.timeBase);
        check(await container.interleavedWriteFrame(packet));
      }
    };

    let count = 0;
    for await (const { pixels, tick } of pictures) {
      using rgb = rgbFrame(library, pixels, { width, height, pts: BigInt(tick), timeBase });
      rgb.colorSpace = is.AVCOL_SPC_RGB;
      rgb.colorRange = is.AVCOL_RANGE_JPEG;
      check(await source.buffersrcAddFrame(rgb));
      check(await sink.buffersinkGetFrame(yuv));
      yuv.pictType = is.AV_PICTURE_TYPE_NONE; // the encoder chooses
      await encodeFrame(yuv);
      yuv.unref();
      count++;
    }
    await encodeFrame(null);
    check(await container.writeTrailer());
    return count;
  } finally {
    await container.closeOutput();
    container.freeContext();
  }
}

async function encodeWithFfmpeg(
  encoder: string,
  asTheyAre: string[],
  { file, temporary }: Target,
  pictures: AsyncIterable<Shown>,
  { width, height, fps, signal }: VideoProperties,
): Promise<number> {
  const { num, den, seconds } = ticksOf(fps);
  const args = ['-nostdin', '-y', '-v', 'error', '-f', 'matroska', '-i', 'pipe:0', '-vf', TO_YUV, ...asTheyAre];
  args.push('-enc_time_base', `${num}/${den}`, '-video_track_timescale', `${den}`, '-c:v', encoder);
  if (encoder === 'libx264') args.push(...Object.entries(X264).flatMap(([name, value]) => [`-${name}`, value]));
  for (const tag of ['-colorspace', '-color_primaries', '-color_trc']) args.push(tag, 'bt709');
  args.push('-color_range', 'tv', '-movflags', '+faststart', '-f', 'mp4', `file:${temporary}`);
  const child = spawn('ffmpeg', args, { stdio: ['pipe', 'ignore', 'pipe'] });
  const closed = once(child, 'close') as Promise<[code: number | null]>;
  closed.catch(() => {}); // reported where it is awaited
  const stop = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-4096)));
  let broken = false; // ffmpeg has given up reading; its exit code and words tell why
  child.stdin.on('error', () => (broken = true));
  try {
    let count = 0;
    child.stdin.write(matroskaHeader(width, height, fps));
    for await (const { pixels, tick } of pictures) {
      if (broken) break;
      child.stdin.write(matroskaPicture(tick * seconds, pixels.length));
      if (!child.stdin.write(pixels)) await Promise.race([once(child.stdin, 'drain').catch(() => {}), closed]);
      count++;
    }
    child.stdin.end();
    const [code] = await closed;
    signal?.throwIfAborted();
    // It says errors only, and ends with 0 also where the disk was full when it wrote the index.
    const complaint = complaints.trim().split('\n').at(-1);
    if (code !== 0 || complaint) throw unwritable(file, complaint || `ffmpeg ended with code ${code}`);
    return count;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
    await closed.catch(() => {});
  }
}

function unwritable(file: string, reason: string): GlposeError {
  return new GlposeError('OUTPUT', `${file} cannot be written: ${reason}`, 'Check the disk, or choose another folder.');
}
