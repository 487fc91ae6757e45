import { processTimer } from './process-timer.js';

/**
 * Waits for work that may never end. Whoever gives up waiting is no longer told what comes of it.
 * @param seconds of this process's own time; Infinity waits for ever
 * @param late makes the error that is thrown after that time
 * @param signal its reason is thrown once it aborts
 */
export function withTimeout<T>(work: Promise<T>, seconds: number, late: () => Error, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void): void => {
      endWait();
      signal?.removeEventListener('abort', onAbort);
      how();
    };
    const onAbort = (): void => settle(() => reject(signal!.reason as Error));
    const endWait = processTimer(seconds, () => settle(() => reject(late())));
    signal?.addEventListener('abort', onAbort, { once: true });
    work.then(
      (value) => settle(() => resolve(value)),
      (error: Error) => settle(() => reject(error)),
    );
    if (signal?.aborted) onAbort();
  });
}
