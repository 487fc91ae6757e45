/**
 * Waits for work that may never end. Whoever gives up waiting is no longer told what comes of it.
 * @param seconds Infinity waits for ever
 * @param late makes the error that is thrown after that time
 * @param signal its reason is thrown once it aborts
 */
export function within<T>(work: Promise<T>, seconds: number, late: () => Error, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      how();
    };
    const onAbort = (): void => settle(() => reject(signal!.reason as Error));
    const timer = seconds === Infinity ? undefined : setTimeout(() => settle(() => reject(late())), seconds * 1000);
    signal?.addEventListener('abort', onAbort, { once: true });
    work.then(
      (value) => settle(() => resolve(value)),
      (error: Error) => settle(() => reject(error)),
    );
    if (signal?.aborted) onAbort();
  });
}
