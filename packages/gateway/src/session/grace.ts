import { accessKey } from '@hufu/client/session/record';
import { findRevocation } from './revoked-access.ts';
import type { FoundSession } from './session-contents.ts';
import type { TokenHandler } from './token-handler.ts';

/** An access token whose time is over, and until when (seconds since 1970) it is taken for what it was. */
export interface Grace {
  readonly token: string;
  readonly until: number;
}

/**
 * What a session has left while its issuer is away and renews nothing: its last token, for `graceSeconds` after its end, and for as long after the last word of the feed where there is one.
 * Counted once for each token, as both moments are fixed. Undefined where that is over, for a token that is revoked, and for sessions of cookies.
 */
export function findGrace(handler: TokenHandler, { contents }: FoundSession): Grace | undefined {
  const { settings, revocations, clock } = handler;
  const { graceSeconds = 0, keep, resource } = settings;
  const access = contents.tokens.access[accessKey(resource, undefined)];
  if (graceSeconds === 0 || keep === 'cookie' || access?.expiresAt === undefined || access.type !== 'Bearer') return undefined;
  if (findRevocation(handler, access) !== undefined) return undefined;
  const now = clock.nowMs();
  const heard = now - (revocations?.ageMs?.() ?? 0);
  const until = Math.min(access.expiresAt, heard) / 1_000 + graceSeconds;
  return until > now / 1_000 ? { token: access.token, until } : undefined;
}
