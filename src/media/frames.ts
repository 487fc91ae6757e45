import { checkSignal } from '../check-argument.js';
import { GlposeError } from '../errors.js';
import type { Frame, FrameReader, Start } from './frame.js';
import type { VideoInput } from './inputs.js';
import { openImages } from './image-folder.js';
import { openVideo } from './video.js';
import { withTimeout } from '../concurrency/with-timeout.js';

/** An opened video or folder of images. Its frames can be read more than once. */
export interface FrameSource extends Omit<FrameReader, 'read'> {
  /**
   * All frames from the start, in order, each once; at most one is decoded ahead of the consumer. The frames of a short
   * input are the same objects in every pass: whoever writes into one writes into all.
   * Throws INPUT where nothing can be read, and the signal's reason when it aborts.
   * @param from frames before it, in place or in time, are not needed: they may be left out where that saves time
   * @param lazily whether pixels of frames that are not kept are made only where they are asked for; frames are then released
   */
  frames(from?: Partial<Start>, lazily?: boolean): AsyncIterable<Frame>;
  /**
   * What was wrong in the passes so far without ending them (frames skipped, a file cut off), without the input's path; empty
   * for a sound input.
   */
  readonly warnings: readonly string[];
  /** Ends every pass under way and frees what it holds. Closing twice is harmless. */
  close(): Promise<void>;
  /** Closes it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface OpenOptions {
  /** Stops the reading; its reason is thrown. */
  signal?: AbortSignal;
  /** A decoder that gives no frame for so long hangs: it is given up. In seconds; default 60. */
  timeout?: number;
  /**
   * An input whose frames take no more than so many bytes is decoded once, and kept in memory for further passes until it is
   * closed. Default 256 MiB.
   */
  keepBytes?: number;
  /** Frames a second of a folder of images, whose frames have no times without it. */
  fps?: number;
}

/**
 * Opens an input for reading.
 * Throws INPUT where it is not a video, holds no image that can be read, or where its decoder hangs.
 */
export async function openFrames(input: VideoInput, options: OpenOptions = {}): Promise<FrameSource> {
  const { timeout = 60, keepBytes = 256 << 20, fps: rate = null } = options;
  checkSignal(options.signal);
  options.signal?.throwIfAborted();
  const limit = new TimeLimit(input.path, timeout);
  const signal = options.signal ? AbortSignal.any([options.signal, limit.signal]) : limit.signal;
  const reader = await limit.on(input.kind === 'video' ? openVideo(input.path, signal) : openImages(input, rate));
  const warnings = new Set<string>();
  const passes = new Set<AsyncGenerator<Frame>>();
  let closed = false;
  let kept: readonly Frame[] | null = null; // all frames, after a pass to the end
  // A long input is known as such beforehand, mostly, and not kept in vain. The count may be wrong, so that bytes are counted, too.
  let keepable = 3 * reader.width * reader.height * (reader.frameCount ?? 0) <= keepBytes;

  async function* pass(from: Start, lazily: boolean): AsyncGenerator<Frame, void, undefined> {
    const again = kept?.filter(({ index }) => index >= from.frame);
    const isWhole = from.frame <= 0 && from.seconds <= 0;
    const frames: Frame[] = [];
    let bytes = 0;
    const keeps = !again && keepable && isWhole;
    const read = (): AsyncGenerator<Frame, void, undefined> => reader.read(signal, warnings, from, lazily && !keeps);
    for await (const frame of again ?? oneAhead(read(), limit, isWhole ? 1 : SEARCH_PATIENCE)) {
      signal?.throwIfAborted();
      if (keeps && keepable) {
        frames.push(frame);
        bytes += frame.data?.length ?? 0;
        keepable = bytes <= keepBytes;
        if (!keepable) frames.length = 0;
      }
      yield frame;
    }
    if (keeps && keepable && !closed) kept ??= frames;
  }

  async function close(): Promise<void> {
    closed = true;
    kept = null;
    await Promise.all([...passes].map((frames) => frames.return(undefined)));
    passes.clear();
  }

  const { width, height, fps, frameCount } = reader;
  return {
    width,
    height,
    fps,
    frameCount,
    frames({ frame = 0, seconds = 0 } = {}, lazily = false) {
      if (closed) throw new GlposeError('USAGE', `${input.path} is read after it was closed`, 'Open it again.');
      const frames = pass({ frame, seconds }, lazily);
      passes.add(frames);
      return frames;
    },
    get warnings() {
      return [...warnings];
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** How much longer the first frame of a later part may take than others: what lies before it is gone through, though not decoded. */
const SEARCH_PATIENCE = 20;

/**
 * The same sequence, its next item under way while the consumer works on this one.
 * @param patience how much longer than others the first item may take
 */
async function* oneAhead<T>(
  items: AsyncGenerator<T, void, undefined>,
  limit: TimeLimit,
  patience: number,
): AsyncGenerator<T, void, undefined> {
  let next = limit.on(items.next(), patience);
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = limit.on(items.next());
      next.catch(() => {}); // reported when awaited above; until then it must not count as unhandled
      yield value;
    }
  } finally {
    const returned = items.return();
    if (limit.signal.aborted)
      returned.catch(() => {}); // what hangs does not come to its end
    else await returned;
  }
}

/** Ends the wait for a decoder that hangs, and tells it to stop. */
class TimeLimit {
  private readonly stop = new AbortController();

  constructor(
    private readonly input: string,
    private readonly seconds: number,
  ) {}

  /** Aborted once something took too long. */
  get signal(): AbortSignal {
    return this.stop.signal;
  }

  /** The same promise; throws INPUT where it does not settle in time. @param patience how much longer it may take than usual */
  on<T>(work: Promise<T>, patience = 1): Promise<T> {
    const seconds = patience * this.seconds;
    return withTimeout(work, seconds, () => {
      const problem = `${this.input} cannot be read: its decoder gave nothing for ${seconds} s`;
      const error = new GlposeError('INPUT', problem, 'Check the file, and the disk or network that it lies on.');
      this.stop.abort(error);
      return error;
    });
  }
}
