/** The one place of this package where time is read and timers are set. Everything else is handed the time. */

/** Milliseconds since 1970 by the machine's clock. */
export function systemNowMs(): number {
  // oxlint-disable-next-line hufu/time-and-chance -- this is the clock that is handed in where a caller hands in none
  return Date.now();
}

/** Time and chance, as a token session, its locks and its storages are handed them. */
export interface Clock {
  /** Milliseconds since 1970: for what is kept and for what others said. May jump. */
  nowMs(): number;
  /** Milliseconds since some moment: for how long something took. Never goes back. */
  progressMs(): number;
  /**
   * Calls once after `ms`.
   * @param keeps `process`: a program waits for it with its end; `nothing`: it does not.
   * @returns what cancels it
   */
  after(ms: number, keeps: 'process' | 'nothing', call: () => void): () => void;
  /** From 0 up to 1, for spreading things out; nothing secret is made of it. */
  chance(): number;
}

/** The machine's. */
export const systemClock: Clock = {
  nowMs: systemNowMs,
  progressMs: () => performance.now(),
  after(ms, keeps, call) {
    // oxlint-disable-next-line hufu/time-and-chance -- this is the clock that is handed in where a caller hands in none
    const timer: unknown = setTimeout(call, ms);
    if (keeps === 'nothing' && typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
      timer.unref();
    // What a timer is called differs between browsers and Node; what clears it does not.
    return () => clearTimeout(timer as number);
  },
  // oxlint-disable-next-line hufu/time-and-chance -- this is where it is handed in
  chance: () => Math.random(),
};

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal, keeps: 'process' | 'nothing' = 'process'): Promise<void> {
  let cancel = (): void => {};
  const waited = new Promise<void>((resolve) => {
    cancel = clock.after(ms, keeps, resolve);
  });
  await until(waited, signal).finally(cancel);
}

/** The promise, or the signal's reason as soon as that is aborted: for what may not know of the signal. */
export function until<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

/** A signal that is aborted after `ms`, or with `other`. Whoever is done with it calls `clear`. */
export function deadline(
  clock: Clock,
  ms: number,
  other?: AbortSignal,
): { readonly signal: AbortSignal; readonly expired: () => boolean; readonly clear: () => void } {
  const controller = new AbortController();
  let expired = false;
  const end = (): void => controller.abort(other?.reason);
  const cancel = clock.after(ms, 'nothing', () => {
    expired = true;
    controller.abort(new DOMException(`nothing happened for ${ms} ms`, 'TimeoutError'));
  });
  if (other?.aborted) end();
  other?.addEventListener('abort', end, { once: true });
  return {
    signal: controller.signal,
    expired: () => expired,
    clear() {
      cancel();
      other?.removeEventListener('abort', end);
    },
  };
}
