import { createHash } from 'node:crypto';
import { readRecord, type SessionRecord } from '@hufu/client/session/record';
import type { EdgeRecord } from '@hufu/store/port';
import { nowSeconds, type TokenHandler } from './token-handler.ts';

/** What is sealed of a session. */
export interface SessionContents {
  /** Tokens and claims, as a token session keeps them. */
  readonly tokens: SessionRecord;
  readonly sub: string;
}

/** A session of a browser that lives, as it was read. */
export interface FoundSession {
  readonly record: EdgeRecord;
  readonly contents: SessionContents;
}

/** Under which id a session is kept: whoever reads the store cannot use one. */
export function sessionId(cookie: string): string {
  return createHash('sha256').update(cookie).digest('base64url');
}

export function sealContents({ keys }: TokenHandler, id: string, contents: SessionContents): string {
  return keys.seal('session', id, JSON.stringify({ v: 1, ...contents }));
}

/** Undefined where it is not readable: of another session, under a key that is gone, of a later version. */
export function openContents({ keys }: TokenHandler, { id, sealed }: Pick<EdgeRecord, 'id' | 'sealed'>): SessionContents | undefined {
  const text = keys.open('session', id, sealed);
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('v' in value) || value.v !== 1) return undefined;
  const tokens = 'tokens' in value ? readRecord(value.tokens) : undefined;
  const sub = 'sub' in value && typeof value.sub === 'string' ? value.sub : undefined;
  return tokens === undefined || sub === undefined ? undefined : { tokens, sub };
}

/** What pages call a session: it says whether it is still the same, and is worth nothing elsewhere. */
export function handleOf({ keys }: TokenHandler, id: string): string {
  return keys.hashes('handle', id)[0].slice(0, 22);
}

/** Whether a request means another session than its cookie is of (`X-Hufu-Session`): the answer is 409 `session_changed`. */
export function isOtherSession(handler: TokenHandler, { record }: FoundSession, handle: string | undefined): boolean {
  return handle !== undefined && handle !== handleOf(handler, record.id);
}

/** When a session ends if nobody uses it. Undefined: it has ended by then. */
export function livesUntil(handler: TokenHandler, { expiresAt, idleSeconds, lastSeenAt, ended }: EdgeRecord): number | undefined {
  if (ended !== undefined) return undefined;
  const end = idleSeconds === 0 ? expiresAt : Math.min(expiresAt, lastSeenAt + idleSeconds);
  return end > nowSeconds(handler) ? end : undefined;
}

/** Under which names the ends of sessions are looked for: by every key, as a session was put under the one of its day. */
export function subjectHashes({ keys, client }: TokenHandler, kind: 'sub' | 'sid', value: string): readonly [string, ...string[]] {
  return keys.hashes('subject', JSON.stringify([kind, client.issuer, value]));
}
