import type * as Library from 'node-av/lib';
import type * as Constants from 'node-av/constants';

/** FFmpeg's libraries in this process. The package is optional: its types are known when compiling, it itself only when it loads. */
export interface NodeAv {
  av: typeof Library;
  /** FFmpeg's named numbers. */
  is: typeof Constants;
}

/** Loads the npm package node-av; throws where it is not installed. */
export async function loadNodeAv(): Promise<NodeAv> {
  const library = { av: await import('node-av/lib'), is: await import('node-av/constants') };
  library.av.Log.setLevel(library.is.AV_LOG_QUIET); // what matters is reported as warnings and errors
  return library;
}

/**
 * A frame with a copy of pixels, with room behind each row and behind the last one: FFmpeg's filters read beyond them, and
 * `Frame.fromVideoBuffer` leaves none, which ends the process now and then.
 * @param pixels RGB, 8 bits, [height, width, 3]
 */
export function rgbFrame(
  { av, is }: NodeAv,
  pixels: Uint8Array,
  { width, height, pts, timeBase }: { width: number; height: number; pts: bigint; timeBase: Library.Rational },
): Library.Frame {
  const frame = new av.Frame();
  frame.alloc();
  Object.assign(frame, { width, height, format: is.AV_PIX_FMT_RGB24, pts, timeBase });
  av.FFmpegError.throwIfError(frame.getBuffer(), 'allocating a frame');
  const [rows, [stride]] = [frame.data![0], frame.linesize];
  rows.fill(0); // what is read beyond a row shows in the last columns: it must not be what happens to be there
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(3 * width * y, 3 * width * (y + 1)), stride * y);
  return frame;
}
