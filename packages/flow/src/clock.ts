/** The times that limits go by, in milliseconds. Parts of a millisecond are dropped. */
export interface Clocks {
  /** Since some moment or other: nobody sets it. */
  monotonicMs(): number;
  /** Since 1970: for windows and quotas that begin when the clock on the wall says so. */
  wallMs(): number;
}

/** The clocks of this process. */
export const systemClocks: Clocks = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** Resolves after `ms`. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
