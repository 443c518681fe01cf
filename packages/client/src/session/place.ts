import type { SessionRecord, Stamp } from './record.ts';

/** How far something is seen, or holds: this object; the tabs of an origin, the processes of a machine; whoever reaches a server. */
export type Reach = 'process' | 'machine' | 'network';

/** What a change came to. */
export type Replaced =
  | { readonly kind: 'replaced' }
  /** Somebody else has changed it before. */
  | { readonly kind: 'conflict'; readonly current: SessionRecord | undefined };

/** A storage that cannot be read or written: never to be taken for "nobody has signed in". */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  /** What is readable nevertheless, so that a sign-in can take the place of what is not. */
  readonly stamp: Stamp | undefined;

  constructor(message: string, cause?: unknown, stamp?: Stamp) {
    super(message, cause === undefined ? undefined : { cause });
    this.stamp = stamp;
  }
}

/** Where sessions are kept. All methods reject with `StorageError` where the storage is away or not readable. */
export interface SessionStorage {
  readonly reach: Reach;
  /** Whether a DPoP key can be kept here: one that is written out has to be extractable. Left out: any can. */
  canKeep?(key: CryptoKeyPair): boolean;
  read(name: string): Promise<SessionRecord | undefined>;
  /** Puts `next` in the place of what has the stamp `expected`, in one step. Undefined: of nothing. */
  replace(name: string, expected: Stamp | undefined, next: SessionRecord): Promise<Replaced>;
  /**
   * Calls when somebody else has changed it. Where this is left out, every look reads; where it is there, a session that was read is
   * believed until then.
   * @returns what ends that
   */
  watch?(name: string, call: () => void): () => void;
}

/** A lock that one has. */
export interface HeldLock {
  /** Higher than that of everybody who had it before. */
  readonly fence: number;
  /** Whether whoever signed a mark with this `me` is known to be at work no more. */
  isGone(me: string): Promise<boolean>;
  /** Never rejects. */
  release(): Promise<void>;
}

/** What lets one at a time renew. */
export interface SessionLock {
  readonly reach: Reach;
  /** Who this is, for marks that outlive it. */
  readonly me: string;
  /** Rejects with the signal's reason, and with `StorageError` where there can be no lock now. Nobody is robbed of it who is at work. */
  acquire(name: string, signal: AbortSignal): Promise<HeldLock>;
}

/** Where a session is kept, and what guards it there. */
export interface SessionPlace {
  readonly storage: SessionStorage;
  readonly lock: SessionLock;
}
