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
  library.av.Log.setLevel(library.is.AV_LOG_QUIET); // what matters is reported as problems and errors
  return library;
}
