import { readExpiry } from './lifetime.ts';
import type { SessionRecord, StoredAccess } from './record.ts';

/** Which access token. */
export interface TokenWish {
  readonly resource?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** Of this caller; the renewal itself goes on for the others. */
  readonly signal?: AbortSignal | undefined;
  /** The token that an API has refused with a 401: it is not handed out again. */
  readonly renewAfter?: string | undefined;
}

/** A token to show at an API. */
export interface AccessToken {
  readonly token: string;
  readonly type: 'Bearer' | 'DPoP';
  /** Milliseconds since 1970; undefined: nobody knows. */
  readonly expiresAt: number | undefined;
  /** What it is bound to (RFC 9449). */
  readonly dpopKey: CryptoKeyPair | undefined;
}

/** What a sign-in has brought, checked. */
export interface SignedIn {
  readonly accessToken: string;
  readonly tokenType: 'Bearer' | 'DPoP';
  /** As the answer has it (RFC 6749 §5.1). */
  readonly expiresIn?: unknown;
  /** Milliseconds since 1970, before the request was sent; now. */
  readonly sentAt?: number;
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly dpopKey?: CryptoKeyPair;
  /** What the access token is for, where that is not what the session asks for by itself. */
  readonly resource?: string;
  readonly scopes?: readonly string[];
}

/** Who is signed in. */
export interface CurrentSession {
  /** A random id of this sign-in; not the server's. */
  readonly id: string;
  readonly idToken: string | undefined;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
}

/** What is kept of what a sign-in has brought: as the session with the id `session`, its access token under `key`. */
export function recordOf(tokens: SignedIn, session: string, key: string, now: number): SessionRecord {
  const { accessToken: token, tokenType: type, sentAt: obtainedAt = now, expiresIn, refreshToken, idToken, claims, dpopKey } = tokens;
  const expiresAt = readExpiry({ expires_in: expiresIn }, obtainedAt);
  return {
    v: 1,
    rev: 1,
    session,
    access: { [key]: { token, type, obtainedAt, ...(expiresAt !== undefined && { expiresAt }) } },
    ...(refreshToken !== undefined && { refresh: refreshToken }),
    ...(idToken !== undefined && { idToken }),
    ...(claims && { claims }),
    ...(dpopKey && { dpopKey }),
  };
}

/** What is handed out of what is kept. */
export function present({ token, type, expiresAt }: StoredAccess, { dpopKey }: SessionRecord): AccessToken {
  return { token, type, expiresAt, dpopKey };
}
