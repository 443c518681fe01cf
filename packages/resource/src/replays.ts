/** Remembers which DPoP proofs were used (RFC 9449 §11.1). One of your own, on a store that all your processes share, makes a proof good for one of them. */
export interface Replays {
  /**
   * True for the first who takes that name, false for everybody after. It is remembered until `expiresAt`. Where it throws or rejects, the request is refused
   * with 503.
   *
   * @param name 43 characters.
   * @param expiresAt seconds since 1970.
   * @param now seconds since 1970.
   */
  takeOnce(name: string, expiresAt: number, now: number): boolean | Promise<boolean>;
}

/** Names: at two minutes each, 800 requests a second. */
const MAX_NAMES = 100_000;
/** Names that are looked at for having expired, each time. */
const SWEPT = 4;

/**
 * In the memory of this process. When it is full the oldest name falls, which then might be used once more: whoever serves more than 800 requests
 * with proofs a second, or from several processes, brings their own.
 */
export function memoryReplays(maxNames: number = MAX_NAMES): Replays {
  const names = new Map<string, number>();
  return {
    takeOnce(name, expiresAt, now) {
      if ((names.get(name) ?? 0) > now) return false;
      let swept = 0;
      for (const [old, end] of names) {
        if ((end > now && names.size < maxNames) || swept++ >= SWEPT) break;
        names.delete(old);
      }
      names.set(name, expiresAt);
      return true;
    },
  };
}
