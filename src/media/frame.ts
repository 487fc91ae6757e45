import type { Box } from '../types.js';

/** One frame of a video or of a folder of images. */
export interface Frame {
  /** 0-based place; frames that could not be read keep their place. */
  index: number;
  /** File name of the frame in a folder, or its index as text in a video. */
  name: string;
  /** Pixels, upright (after the file's orientation mark). 0 where the frame could not be read. */
  width: number;
  height: number;
  /** RGB, 8 bits, [height, width, 3]; null where the frame could not be read. Of a frame read `lazily`, made when it is first asked for. */
  data: Uint8Array | null;
  /** Of a frame read `lazily`: what it shows, small and grey; 8 bits, [height, width]. */
  small?: { width: number; height: number; data: Uint8Array };
  /** Of a frame read `lazily`: as `data`, made off this thread; the memory becomes another's once the frame rests or is released. */
  pixels?(): Promise<Uint8Array>;
  /**
   * Of a frame read `lazily`: makes the pixels of a part of it only, once, off this thread; for frames whose pixels were not asked for.
   * @returns as `data`, with arbitrary values outside the part; once the frame was released, it may become another's
   */
  part?(part: Box): Promise<Uint8Array>;
  /** Of a frame read `lazily`: gives up what `pixels` made; it is made again when it is asked for. */
  rest?(): void;
  /** Of a frame read `lazily`: gives it up where nobody asks for its pixels any more. Twice is harmless. */
  release?(): void;
  /** Why `data` is null; empty otherwise. */
  problem: string;
  /** Seconds after the first frame; null where the source does not say. */
  timeSeconds: number | null;
}

/** A moment that frames are read from. */
export interface Start {
  /** Its place, from 0. */
  frame: number;
  /** Seconds after the first frame, where the source says when frames are shown. */
  seconds: number;
}

/** What a kind of input gives: its properties, and its frames from the start as often as asked. */
export interface FrameReader {
  /** Of the first frame, upright. The frames of a folder may differ in size, those of a video do not. */
  width: number;
  height: number;
  /** Mean frames a second; null where unknown (folders of images). */
  fps: number | null;
  /** Exact for folders, an estimate for videos; null where the video does not say. */
  frameCount: number | null;
  /**
   * All frames from the start, in order, each once. Reading stops when the consumer stops or `signal` aborts.
   * @param warnings takes a clause, without the input's path, for everything that was wrong but did not end the reading
   * @param from frames before it, in place or in time, may be left out
   * @param lazily whether pixels are made only where they are asked for, as far as the decoder can do that; frames are then released
   */
  read(
    signal: AbortSignal | undefined,
    warnings: Set<string>,
    from: Start,
    lazily?: boolean,
  ): AsyncGenerator<Frame, void, undefined>;
}

/** The bytes of a Buffer as what users take them for: a Buffer's own `slice` is no copy, and who draws over one would change the frame. */
export function plainBytes({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
