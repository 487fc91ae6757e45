import { GlposeError } from '../errors.js';
import type { FrameReader } from './frame.js';
import type { Box } from '../types.js';
import type { Orientation } from './orientation.js';

/** One way to decode videos. Both ways give the same frames, up to rounding in the conversion to RGB. */
export interface VideoDecoder {
  name: 'node-av' | 'ffmpeg';
  /** Version, for `run.json` and `glpose doctor`. */
  version: string;
  open(file: string, signal?: AbortSignal): Promise<FrameReader>;
}

/**
 * The containers that are read. Others that FFmpeg knows are refused: play lists and image patterns among them make it open
 * other files and addresses.
 */
export const CONTAINERS =
  'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,h264,hevc,m4v,asf,flv,ogg,mxf,gif';

/** Decoding threads of one video; each holds frames, and two videos may be open at once. */
export const DECODING_THREADS = 4;

/** The error for a file that does not decode. */
export function undecodable(file: string, reason: string): GlposeError {
  return new GlposeError(
    'INPUT',
    `${file} is not a video that can be read: ${reason}`,
    'Check that it plays in a video player; where it does, convert it: ffmpeg -i VIDEO -c:v libx264 new.mp4',
  );
}

/** How many frames a video's header speaks of. */
export interface DeclaredLength {
  /** For progress; null where the header does not say. */
  frames: number | null;
  /**
   * `counted`: there are that many, else the file is cut off. `timed`: from duration and rate, true to a few frames.
   * `guessed`: nothing follows from fewer.
   */
  how: 'counted' | 'timed' | 'guessed';
  /** The video's duration; null where the header does not say. */
  seconds: number | null;
}

/**
 * @param container FFmpeg's name of the container
 * @param counted the header's count of frames, of which an edit list may show fewer; 0 where it has none
 * @param seconds the video stream's duration; null where unknown
 */
export function declared(
  container: string,
  counted: number,
  seconds: number | null,
  fps: number | null,
): DeclaredLength {
  const timed = seconds !== null && seconds > 0 && fps !== null ? Math.round(seconds * fps) : null;
  // AVI counts places in time, of which some are empty.
  if (counted > 0 && container === 'avi') return { frames: counted, how: 'guessed', seconds };
  const isEdited = timed !== null && timed < counted - 1;
  if (counted > 0 && !isEdited) return { frames: counted, how: 'counted', seconds };
  if (timed !== null) return { frames: timed, how: 'timed', seconds };
  return { frames: null, how: 'guessed', seconds };
}

/** Which of a container's video streams is read: the first that is marked as default, else the first. */
export function chooseStream<Stream extends { index: number }>(
  streams: readonly Stream[],
  isDefault: (stream: Stream) => boolean,
): { stream: Stream; warning: string | null } | null {
  const stream = streams.find(isDefault) ?? streams.at(0);
  if (stream === undefined) return null;
  const others = streams.filter((other) => other !== stream).map(({ index }) => index);
  const why = isDefault(stream) ? ', which is marked as default,' : ', the first,';
  const warning = `it holds ${streams.length} video streams: stream ${stream.index}${why} is read, not ${others.join(', ')}`;
  return { stream, warning: others.length > 0 ? warning : null };
}

/** Frames a second by the first frames' presentation times, in seconds, in any order; null where they do not tell. */
export function rateOf(times: readonly number[]): number | null {
  const span = Math.max(...times) - Math.min(...times);
  return times.length > 1 && span > 0 ? (times.length - 1) / span : null;
}

/** Packets by which the rate is measured where the header does not say it. */
export const PACKETS_FOR_RATE = 60;

/**
 * Bytes before a packet that are a container's own. Others read by an index, in which nothing is lost, or mark what is damaged
 * (MPEG-TS).
 */
const MOST_SKIPPED: Record<string, number> = { 'matroska,webm': 100, flv: 100, avi: 512, asf: 4096, mpeg: 4096 };

/**
 * Notices damage that a container's reader passes over without a word: bytes of the file that belong to no packet. To be told every
 * packet of every stream, in the order of reading.
 */
export class SkippedBytes {
  private end: number | null = null;
  private readonly most: number;

  /** @param container FFmpeg's name of the container */
  constructor(container: string) {
    this.most = MOST_SKIPPED[container] ?? Infinity;
  }

  /** Whether bytes were passed over before this packet. */
  packet(position: number, size: number): boolean {
    if (position < 0) return false;
    const skipped = this.end !== null && position - this.end > this.most;
    this.end = Math.max(this.end ?? 0, position + size);
    return skipped;
  }
}

/** Until when the frames of a video lasted, by their time stamps. */
export class DurationMeter {
  private last: number | null = null;
  private longest = 0;

  /** The next frame, seconds after the first; null where it has no time stamp. */
  frame(time: number | null): void {
    if (time !== null && this.last !== null) this.longest = Math.max(this.longest, time - this.last);
    this.last = time ?? this.last;
  }

  /** When the last frame is over, if it is shown no longer than the longest before it; null where no frame has a time stamp. */
  get seconds(): number | null {
    return this.last === null ? null : this.last + this.longest;
  }
}

/** The clause about a video that gave fewer frames than declared; null where nothing is missing. */
export function shortfall(
  found: number,
  { frames, how, seconds }: DeclaredLength,
  lasted: DurationMeter,
): string | null {
  if (frames === null || how === 'guessed') return null;
  if (found >= frames) return null;
  if (how === 'timed') {
    const enough = 1 - Math.max(2 / frames, 0.02);
    if (found >= enough * frames) return null;
    // The rate may vary: fewer frames that last as long are all of them.
    if (seconds !== null && lasted.seconds !== null && lasted.seconds >= enough * seconds) return null;
  }
  return `it ends after ${found} of ${how === 'timed' ? 'about ' : ''}${frames} frames: the file may be cut off or damaged`;
}

/**
 * The FFmpeg filters that turn decoded frames upright and to RGB. The size is fixed for the whole video: where the stream changes it
 * on the way, pictures are fitted in, with black borders. Colour is converted with full precision, so that different builds of FFmpeg
 * agree.
 * @param pixels FFmpeg's name of the decoded frames' pixel format; null where it is not known
 */
export function rgbFilter(
  video: { width: number; height: number; orientation: Orientation },
  pixels: string | null,
): string {
  const size = `${video.width}:${video.height}`;
  const scale = `scale=${size}:force_original_aspect_ratio=decrease:flags=bicubic+accurate_rnd+full_chroma_int`;
  const planes = throughPlanes(pixels) ? 'format=gbrp,scale' : '';
  const border = `pad=${size}:(ow-iw)/2:(oh-ih)/2:black`;
  return [video.orientation.filter, scale, planes, 'format=rgb24', border].filter((part) => part !== '').join(',');
}

/**
 * Whether RGB is computed in planes and interleaved afterwards, which gives the same pixels from planar YUV. FFmpeg does that with
 * vector instructions on x86-64 and is a third faster so; elsewhere the second step would only be added. Palettes and packed RGB
 * would lose by it.
 */
function throughPlanes(pixels: string | null): boolean {
  return process.arch === 'x64' && pixels !== null && /^yuvj?\d/.test(pixels);
}

/** Pixels about a part that are converted with it: of those at its edge the colour would lack what lies beside them. */
const PART_MARGIN = 8;
/** Parts begin and end at multiples of so many pixels, so that one filter serves several frames in which somebody moves. */
const PART_STEP = 64;

/** Whole pixels of a frame. */
export interface PixelPart {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * The part of a decoded frame that is converted so that the pixels in a box are those of the whole frame; null where only all of it will do:
 * where pixels change their places, or are rounded by them.
 * @param size of the decoded frame
 * @param pixels as in `rgbFilter`
 */
export function partAround(
  { x, y, width, height }: Box,
  video: { width: number; height: number; orientation: Orientation },
  size: { width: number; height: number },
  pixels: string | null,
): PixelPart | null {
  const isAsDecoded = size.width === video.width && size.height === video.height && video.orientation.filter === '';
  if (!isAsDecoded || pixels === null || !/^yuvj?4(20|22|44)p$/.test(pixels)) return null;
  // Half as many colours as pixels would lie at other places in a part.
  const isOdd = size.width % 2 === 1 || size.height % 2 === 1;
  if (isOdd && !pixels.includes('444')) return null;
  const columns = steps(x, x + width, size.width);
  const rows = steps(y, y + height, size.height);
  return { left: columns.start, top: rows.start, width: columns.length, height: rows.length };
}

/** The steps about a stretch, one at least. @param end of the frame */
function steps(from: number, to: number, end: number): { start: number; length: number } {
  const last = Math.max(0, end - PART_STEP);
  const first = Math.floor((from - PART_MARGIN) / PART_STEP) * PART_STEP;
  const start = Math.min(Math.max(first, 0), last - (last % 2)); // colours are given for pairs of pixels
  const stop = Math.ceil((to + PART_MARGIN) / PART_STEP) * PART_STEP;
  return { start, length: Math.min(Math.max(stop, start + PART_STEP), end) - start };
}

/** The filters for a part of upright frames. @param pixels as in `rgbFilter` */
export function partFilter({ left, top, width, height }: PixelPart, pixels: string | null): string {
  const orientation = { filter: '', turned: false };
  return `crop=${width}:${height}:${left}:${top}:exact=1,${rgbFilter({ width, height, orientation }, pixels)}`;
}

/** Seconds of a time written as Matroska does, "00:00:04.800000000"; null where it is not one. */
export function secondsOfClock(text: string): number | null {
  const parts = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text);
  return parts && Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3]);
}
