import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { FFEncoderCodec } from 'node-av/constants';
import type * as Av from 'node-av/lib';
import sharp from 'sharp';
import type { Canvas } from '../../src/drawing/canvas.js';
import { loadNodeAv, rgbFrame, type NodeAv } from '../../src/media/node-av.js';

/** node-av where it is installed; tests make their clips with it. */
export const nodeAv: NodeAv | null = await loadNodeAv().catch(() => null);

/** A folder for one test file's clips, removed after its tests. */
export async function clipFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'glpose-clips-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The picture of frame `index`: a blue-to-yellow gradient with a grey left half whose level, 20 + 16·index, tells the frame, and a
 * white block in the top-left corner, which tells the orientation.
 */
export function picture(index: number, width = 96, height = 64): Canvas {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const grey = 20 + 16 * index;
      const gradient = [(200 * x) / width, 40 + (150 * y) / height, 200 - (180 * x) / width];
      const corner = x < width / 6 && y < height / 4;
      data.set(corner ? [250, 250, 250] : x < width / 2 ? [grey, grey, grey] : gradient, 3 * (y * width + x));
    }
  }
  return { width, height, data };
}

/** Which frame's picture this is, by the grey level of the left half. */
export function frameShownBy({
  width,
  height,
  data,
}: {
  width: number;
  height: number;
  data: Uint8Array | null;
}): number {
  const at = 3 * (Math.floor(height * 0.75) * width + Math.floor(width / 4));
  return Math.round((data![at] - 20) / 16);
}

/** Mean absolute difference of two pictures' values, 0–255. */
export function difference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum / a.length;
}

export interface Clip {
  pictures: Canvas[];
  encoder: 'libx264' | 'libx265' | 'mpeg4' | 'mjpeg' | 'libvpx';
  pixels?: 'yuv420p' | 'yuvj420p' | 'yuv420p10le' | 'yuv444p';
  /** Frames a second, where `times` are not given. */
  fps?: number;
  /** When each frame is shown, in milliseconds. */
  times?: number[];
  /** The display matrix's a, b, c, d. */
  matrix?: [number, number, number, number];
  /** mp4 and mov: the index comes first, so that a file that is cut off has one. */
  faststart?: boolean;
  /** Matroska: clusters no longer than so many milliseconds. */
  cluster?: number;
}

/** Encodes pictures into the container that the file's name says. */
export async function makeClip(file: string, clip: Clip): Promise<string> {
  const { av, is } = nodeAv!;
  const { pictures, encoder: name, pixels = 'yuv420p', fps = 10, times, matrix, faststart = true, cluster } = clip;
  const [{ width, height }] = pictures;
  const timeBase = times ? new av.Rational(1, 1000) : new av.Rational(1, fps);
  const format = av.avGetPixFmtFromName(pixels);

  using graph = new av.FilterGraph();
  graph.alloc();
  const input = `video_size=${width}x${height}:pix_fmt=${is.AV_PIX_FMT_RGB24}:time_base=${timeBase.num}/${timeBase.den}`;
  // Full range only where it is the codec's own: JPEG.
  const range = name === 'mjpeg' ? 'pc' : 'tv';
  done(
    graph.parse2(
      `buffer@in=${input},scale=out_range=${range}:flags=bicubic+accurate_rnd,format=${pixels},buffersink@out`,
    ),
  );
  done(graph.configSync());

  const codec = av.Codec.findEncoderByName(name as FFEncoderCodec)!;
  using encoder = new av.CodecContext();
  encoder.allocContext3(codec);
  encoder.width = width;
  encoder.height = height;
  encoder.pixelFormat = format;
  encoder.colorRange = range === 'pc' ? is.AVCOL_RANGE_JPEG : is.AVCOL_RANGE_MPEG;
  encoder.timeBase = timeBase;
  if (!times) encoder.framerate = new av.Rational(fps, 1);
  encoder.bitRate = 4_000_000n;
  encoder.gopSize = 4;
  encoder.setFlags(is.AV_CODEC_FLAG_GLOBAL_HEADER);
  using settings = av.Dictionary.fromObject(SETTINGS[name]);
  done(await encoder.open2(codec, settings));

  const container = new av.FormatContext();
  done(container.allocOutputContext2(null, null, `file:${file}`));
  try {
    const stream = container.newStream(codec);
    done(stream.codecpar.fromContext(encoder));
    stream.timeBase = timeBase;
    if (!times) stream.avgFrameRate = encoder.framerate;
    if (matrix) stream.codecpar.addCodedSideData(is.AV_PKT_DATA_DISPLAYMATRIX, displayMatrix(matrix));
    done(await container.openOutput());
    using options = av.Dictionary.fromObject({
      ...(faststart ? { movflags: '+faststart' } : {}),
      ...(cluster === undefined ? {} : { cluster_time_limit: String(cluster) }),
    });
    done(await container.writeHeader(options));
    using packet = new av.Packet();
    packet.alloc();
    using yuv = new av.Frame();
    yuv.alloc();
    const encode = async (frame: Av.Frame | null): Promise<void> => {
      done(await encoder.sendFrame(frame));
      while ((await encoder.receivePacket(packet)) >= 0) {
        packet.streamIndex = stream.index;
        if (times) packet.duration = 33n; // with none, mp4's edit list would end before the last frame
        packet.rescaleTs(timeBase, stream.timeBase);
        done(await container.interleavedWriteFrame(packet));
      }
    };
    for (const [i, { data }] of pictures.entries()) {
      const pts = BigInt(times ? times[i] : i);
      using rgb = rgbFrame(nodeAv!, data, { width, height, pts, timeBase });
      done(await graph.getFilter('buffer@in')!.buffersrcAddFrame(rgb));
      done(await graph.getFilter('buffersink@out')!.buffersinkGetFrame(yuv));
      yuv.pictType = is.AV_PICTURE_TYPE_NONE;
      await encode(yuv);
      yuv.unref();
    }
    await encode(null);
    done(await container.writeTrailer());
  } finally {
    await container.closeOutput();
    container.freeContext();
  }
  return file;
}

/** Each encoder's settings for small clips of high quality. */
const SETTINGS: Record<Clip['encoder'], Record<string, string>> = {
  libx264: { preset: 'veryfast', crf: '8' },
  libx265: { preset: 'ultrafast', crf: '8', 'x265-params': 'log-level=none' },
  mpeg4: { qmin: '1', qmax: '2' },
  mjpeg: { qmin: '1', qmax: '2' },
  libvpx: { deadline: 'realtime', 'cpu-used': '8' },
};

/** A display matrix in 16.16 fixed point (2.30 in the last column), in this machine's byte order. */
function displayMatrix([a, b, c, d]: readonly number[]): Buffer {
  const numbers = [a, b, 0, c, d, 0, 0, 0, 1].map((value, i) => value * (i % 3 === 2 ? 1 << 30 : 1 << 16));
  return Buffer.from(Int32Array.from(numbers).buffer);
}

function done(status: number): void {
  nodeAv!.av.FFmpegError.throwIfError(status, 'making a clip');
}

/** Writes a picture as an image file of the format that its name says. */
export async function makeImage(file: string, { width, height, data }: Canvas): Promise<string> {
  await writeFile(
    file,
    await sharp(data, { raw: { width, height, channels: 3 } })
      .toFormat(path.extname(file).slice(1) as 'png')
      .toBuffer(),
  );
  return file;
}
