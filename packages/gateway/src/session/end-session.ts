import type { Client } from '@hufu/client/client';
import { ClientError } from '@hufu/client/client-error';
import { revokeToken } from '@hufu/client/revoke-token';
import { nextRefresh } from '@hufu/client/session/record';
import type { EdgeEnd, EdgeRecord } from '@hufu/store/port';
import { openContents, type SessionContents } from './session-contents.ts';
import { nowSeconds, type TokenHandler } from './token-handler.ts';

/** What a session was that has just ended. */
export interface EndedSession {
  readonly contents: SessionContents | undefined;
  /** When its tokens are revoked, or that has failed. */
  readonly revoked: Promise<void>;
}

/**
 * Ends a session: nobody uses it from here on, at any gateway, and its refresh token is revoked at the issuer (RFC 7009 §2.1); where that fails now, `sweep` does it. Answers
 * what it was, to one of any number. Throws `StoreUnavailable`.
 *
 * @returns when the token is revoked, or that has failed, beside what it was.
 */
export async function endSession(handler: TokenHandler, id: string, reason: EdgeEnd): Promise<EndedSession | undefined> {
  const { store, tenant, settings } = handler;
  const record = await store.endEdgeRecord(tenant, settings.edge, id, reason, nowSeconds(handler));
  handler.over.add(id);
  if (record === undefined) return undefined;
  return { contents: openContents(handler, record), revoked: settleTombstone(handler, record).catch(() => undefined) };
}

const SWEEP_LIMIT = 20;
const LEASE_SECONDS = 120;

/** Revokes what was left of ended sessions, a bounded number a time. Answers how many it has settled; failures stay for later. */
export async function sweep(handler: TokenHandler): Promise<number> {
  const { store, tenant, settings } = handler;
  const left = await store.takeEdgeTombstones(tenant, settings.edge, SWEEP_LIMIT, LEASE_SECONDS, nowSeconds(handler));
  const done = await Promise.allSettled(left.map(async (record) => await settleTombstone(handler, record)));
  return done.filter(({ status }) => status === 'fulfilled').length;
}

/** Revokes what is left of a session that was ended. Rejects where that cannot be done now. */
export async function settleTombstone(handler: TokenHandler, record: EdgeRecord): Promise<void> {
  const { client, store, tenant, settings } = handler;
  const tokens = openContents(handler, record)?.tokens;
  const refresh = tokens === undefined ? undefined : nextRefresh(tokens);
  if (refresh !== undefined) await revoke(client, refresh, 'refresh_token');
  else for (const { token } of Object.values(tokens?.access ?? {})) await revoke(client, token, 'access_token');
  await store.settleEdgeTombstone(tenant, settings.edge, record.id);
}

/** An issuer that revokes nothing, or not this, says the same tomorrow: only one that is away is asked again. */
async function revoke(client: Client, token: string, hint: 'refresh_token' | 'access_token'): Promise<void> {
  try {
    await revokeToken(client, token, hint);
  } catch (error) {
    if (!(error instanceof ClientError) || (error.kind !== 'unsupported' && error.kind !== 'refused')) throw error;
  }
}
