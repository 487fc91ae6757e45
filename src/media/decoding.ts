import { GlposeError } from '../errors.js';
import type { FrameReader } from './frame.js';
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
 * @param counted the header's count of frames; 0 where it has none
 * @param seconds the video stream's duration; null where unknown
 */
export function declared(
  container: string,
  counted: number,
  seconds: number | null,
  fps: number | null,
): DeclaredLength {
  // AVI counts places in time, of which some are empty.
  if (counted > 0) return { frames: counted, how: container === 'avi' ? 'guessed' : 'counted', seconds };
  if (seconds !== null && seconds > 0 && fps !== null)
    return { frames: Math.round(seconds * fps), how: 'timed', seconds };
  return { frames: null, how: 'guessed', seconds };
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
 * The FFmpeg filters that turn decoded frames upright and to RGB. The size is fixed for the whole video, also where the
 * stream changes it on the way. Colour is converted with full precision, so that different builds of FFmpeg agree.
 */
export function rgbFilter(video: { width: number; height: number; orientation: Orientation }): string {
  const scale = `scale=${video.width}:${video.height}:flags=bicubic+accurate_rnd+full_chroma_int`;
  return [video.orientation.filter, scale, 'format=rgb24'].filter((part) => part !== '').join(',');
}

/** Seconds of a time written as Matroska does, "00:00:04.800000000"; null where it is not one. */
export function secondsOfClock(text: string): number | null {
  const parts = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text);
  return parts && Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3]);
}
