/** The one place of the queue where timers are set. Redis says what time it is. */
export interface QueueClock {
  /** Resolves after `ms`, or as soon as the signal aborts. A process waits for it with its end. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's. */
export const systemClock: QueueClock = {
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      // oxlint-disable-next-line hufu/time-and-chance -- this is the clock that is handed in where a caller hands in none
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
    }),
};
