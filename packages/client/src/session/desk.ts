import type { Clock } from '../clock.ts';
import type { Ending, SessionRecord, StoredAccess } from './record.ts';
import type { Renewer } from './renewer.ts';
import type { SessionError } from './session-error.ts';
import type { Slot } from './slot.ts';

/** What somebody wants. */
export interface Wish {
  readonly key: string;
  readonly resource: string | undefined;
  readonly scopes: readonly string[] | undefined;
  /** Also where there is a token: until it is known again what the server has made of the refresh token. */
  readonly settle: 'yes' | 'no';
}

/** What a renewal works with: the parts of a token session that it may touch. */
export interface Desk {
  readonly slot: Slot;
  readonly renewer: Renewer;
  readonly clock: Clock;
  /** Of the lock: whose marks in the record are ours. */
  readonly me: string;
  /** Aborted when the session is closed. */
  readonly closing: AbortSignal;
  /** The record as it is stored, of a session that lives and is ours. Throws `SessionError`. */
  open(): Promise<SessionRecord>;
  isUsable(access: StoredAccess): boolean;
  /** Whether an API has refused it. */
  isRefused(token: string): boolean;
  /** Notes the end of the session, and gives the error to throw. */
  end(record: SessionRecord, ending: Ending): SessionError;
  /** Tells of a failure; and asks to be called again after `ms` where nobody knows since `since` what the server has done. */
  delay(error: SessionError, again: { readonly ms: number; readonly since: number } | undefined): SessionError;
  /** For how long a mark of somebody else's was seen to stand still, in milliseconds; 0 for one that was not seen before. */
  watched: { mark: string; ms: number };
}

/** What a renewal came to. Otherwise it throws `SessionError`, or what a storage throws. */
export type Renewed =
  | {
      readonly kind: 'token';
      readonly access: StoredAccess;
      readonly record: SessionRecord;
      readonly from: 'storage' | 'server';
      readonly rotated: boolean;
    }
  /** The answer could not be stored: whoever has the lock keeps it, and makes the change as soon as that is possible. */
  | { readonly kind: 'unsaved'; readonly unsaved: Unsaved; readonly access: StoredAccess | SessionError }
  /** The refresh token is safe, but whether the answer is for us could not be told: to be asked again, without the lock. */
  | {
      readonly kind: 'unchecked';
      readonly check: () => Promise<Renewed>;
      /** Leaves the session alone for a while. Throws the error for whoever waits. */
      readonly giveUp: (error: unknown) => Promise<Renewed | 'again'>;
      readonly error: unknown;
    };

/** A change that has to be made. */
export interface Unsaved {
  readonly base: SessionRecord;
  readonly edit: (current: SessionRecord) => SessionRecord;
  /** As it would be stored. */
  readonly record: SessionRecord;
  readonly successor: string | undefined;
  readonly error: unknown;
}
