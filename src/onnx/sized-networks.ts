import type { Addon } from '../native/contract.js';
import { BufferPool } from './buffer-pool.js';
import { networkSession, readNetwork, type OwnSession } from './network-session.js';
import type { OnnxSession } from './runtime.js';
import { GlposeError } from '../errors.js';

/** Sizes whose networks are kept: the scales of a frame, and of the places that are looked at by themselves. */
const MOST_SIZES = 12;

export interface SizedSession extends OnnxSession {
  dispose(): void;
}

/** A graph for images of any size, on glpose's own kernels. */
export type OwnSized = { session: SizedSession; missing: null } | { session: null; missing: string };

/**
 * Networks of one graph, for each size of its input one: made when an image of the size comes for the first time.
 * @param name the graph's input, [1, 3, height, width]
 * @param first a size that is tried at once
 * @param device `cpu` or `cuda:<index>`
 * @returns in words, what of the graph the kernels lack, if they lack something
 * @throws MODEL where the file cannot be read, DEVICE, MEMORY
 */
export async function sizedNetworkSession(
  native: Addon,
  file: string,
  name: string,
  outputs: readonly string[],
  device: string,
  first: { width: number; height: number },
): Promise<OwnSized> {
  const buffers = new BufferPool();
  const make = async (width: number, height: number): Promise<OwnSession | string> => {
    const input = { name, width, height };
    const { network, missing } = await readNetwork(file, input, outputs);
    return network ? networkSession(native, network, input, outputs, device, undefined, buffers) : missing;
  };
  const sized = await make(first.width, first.height);
  if (typeof sized === 'string') return { session: null, missing: sized };
  /** By size; those used last at the end. */
  const sessions = new Map([[`${first.width}×${first.height}`, Promise.resolve(sized)]]);
  const discard = (session: Promise<OwnSession>): void => void session.then((one) => one.dispose()).catch(() => {});

  const sessionFor = (width: number, height: number): Promise<OwnSession> => {
    const size = `${width}×${height}`;
    const known = sessions.get(size);
    const session =
      known ??
      make(width, height).then((made) => {
        if (typeof made !== 'string') return made;
        throw new GlposeError('MODEL', `${file} does not run on images of ${size}: ${made}`, 'Use --device cpu.');
      });
    sessions.delete(size);
    sessions.set(size, session);
    if (!known) session.catch(() => sessions.delete(size));
    if (sessions.size > MOST_SIZES) {
      const [oldest, gone] = sessions.entries().next().value!;
      sessions.delete(oldest);
      discard(gone); // runs under way end well
    }
    return session;
  };
  return {
    missing: null,
    session: {
      inputs: [name],
      outputs: [...outputs],
      maxBatch: 1,
      width: 1,
      buffers,
      run: async (feeds, wanted, into) => {
        const [, , height, width] = feeds[name].dims;
        return (await sessionFor(width, height)).run(feeds, wanted, into);
      },
      dispose: () => {
        for (const session of sessions.values()) discard(session);
        sessions.clear();
      },
    },
  };
}
