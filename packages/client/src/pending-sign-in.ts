/** What a sign-in left behind when the browser went to the authorization server: what the answer has to match. */
export interface PendingSignIn {
  readonly state: string;
  /** Undefined where no ID token was asked for. */
  readonly nonce: string | undefined;
  /** RFC 7636 §4.1. */
  readonly verifier: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string | undefined;
  readonly resource: readonly string[];
  readonly maxAge: number | undefined;
  /** Path, query and fragment below the own origin. */
  readonly returnTo: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  /** What the tokens will be bound to. */
  readonly dpopKey: CryptoKeyPair | undefined;
}

/** Keeps sign-ins under way, in a place that only the browser reaches that began them. */
export interface PendingStore {
  /** Resolves when it is kept durably: only then the browser leaves. */
  put(pending: PendingSignIn): Promise<void>;
  /** Gives it once; undefined where there is none, or it was given before. */
  take(state: string): Promise<PendingSignIn | undefined>;
}

/** How long somebody may be away. */
export const PENDING_MS = 600_000;
/** Sign-ins of one browser at a time; the oldest falls. */
const MAX_PENDING = 20;

/**
 * Which of them fall when another is kept: what nobody can come back for any more, with its key, and the oldest of too many.
 *
 * @param entries the newest first, where they were made in the same moment.
 */
export function findOutdated(entries: readonly PendingSignIn[], nowMs: number): readonly PendingSignIn[] {
  const isAlive = ({ createdAtMs }: PendingSignIn): boolean => Math.abs(nowMs - createdAtMs) < PENDING_MS;
  const alive = entries.filter(isAlive).toSorted((one, other) => other.createdAtMs - one.createdAtMs);
  return [...entries.filter((entry) => !isAlive(entry)), ...alive.slice(MAX_PENDING)];
}

/** In the memory of one process: for programs with a user of their own, and tests. A server with many users keeps them by session. */
export function memoryPending(): PendingStore {
  const all = new Map<string, PendingSignIn>();
  return {
    async put(pending) {
      all.set(pending.state, pending);
      for (const { state } of findOutdated([...all.values()].toReversed(), pending.createdAtMs)) all.delete(state);
    },
    async take(state) {
      const found = all.get(state);
      all.delete(state);
      return found;
    },
  };
}
