import { until } from '@hufu/client/clock';
import { createRenewer } from '@hufu/client/renewer';
import { isLive, isUsable } from '@hufu/client/session/lifetime';
import { accessKey } from '@hufu/client/session/record';
import { TokenSession } from '@hufu/client/session/token-session';
import { findRevocation } from './revoked-access.ts';
import type { FoundSession } from './session-contents.ts';
import { EdgeSessionLock } from './session-lock.ts';
import { EdgeSessionStorage } from './session-storage.ts';
import type { TokenHandler } from './token-handler.ts';

/** Renewed this long before its end, or a quarter of its life before it where that is shorter. */
export const AHEAD_SECONDS: number = 60;
const MAX_SESSIONS = 10_000;

/** Access tokens of sessions, for requests to upstreams. */
export interface SessionTokens {
  /**
   * The access token of a session that was just read. One that is about to end is handed out while it lives and is renewed behind it, once for all gateways; nobody waits but for one
   * that has ended. Rejects with `SessionError`: `retryable` where the issuer or the store is away, otherwise the session is over.
   */
  accessToken(session: FoundSession, signal?: AbortSignal): Promise<string>;
  /** Renews it before its time, once for all gateways. Rejects as `accessToken` does. */
  renew(session: FoundSession): Promise<void>;
  /** Done when what is under way is stored. */
  close(): Promise<void>;
}

export function sessionTokens(handler: TokenHandler): SessionTokens {
  const { client, settings, clock } = handler;
  const key = accessKey(settings.resource, undefined);
  const renewer = createRenewer(client);
  /** Those that were renewed here lately, the longest unused first. */
  const sessions = new Map<string, TokenSession>();

  function sessionOf(id: string): TokenSession {
    const known = sessions.get(id);
    if (known !== undefined) {
      sessions.delete(id);
      sessions.set(id, known);
      return known;
    }
    const [oldest] = sessions;
    if (sessions.size >= MAX_SESSIONS && oldest !== undefined) {
      sessions.delete(oldest[0]);
      void oldest[1].close();
    }
    const place = { storage: new EdgeSessionStorage(handler, () => id), lock: new EdgeSessionLock(handler, () => id) };
    const made = new TokenSession({
      issuer: client.issuer,
      clientId: client.clientId,
      slot: id,
      place,
      renewer,
      ...(settings.resource !== undefined && { resource: settings.resource }),
      minSeconds: AHEAD_SECONDS,
      clock,
    });
    sessions.set(id, made);
    return made;
  }

  return {
    async accessToken({ record, contents }, signal) {
      const access = contents.tokens.access[key];
      const now = clock.nowMs();
      // A key that was given up, a session that was ended: the issuer knows whether there is another token.
      if (access !== undefined && findRevocation(handler, access) !== undefined)
        return (await until(sessionOf(record.id).accessToken({ renewAfter: access.token }), signal)).token;
      if (access !== undefined && isUsable(access, now, AHEAD_SECONDS * 1_000)) return access.token;
      const renewing = sessionOf(record.id).accessToken();
      if (access === undefined || !isLive(access, now)) return (await until(renewing, signal)).token;
      // What an answer has begun without is lost to a cookie: there, who asks waits for it.
      if (settings.keep === 'cookie')
        return await until(renewing, signal).then(
          ({ token }) => token,
          () => access.token,
        );
      // It has failed for whoever needs it; this one lives.
      renewing.catch(() => undefined);
      return access.token;
    },
    async renew({ record, contents }) {
      const access = contents.tokens.access[key];
      await sessionOf(record.id).accessToken(access === undefined ? {} : { renewAfter: access.token });
    },
    async close() {
      await Promise.all([...sessions.values()].map((session) => session.close()));
    },
  };
}
