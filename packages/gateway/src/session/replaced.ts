import type { Client } from '@hufu/client/client';
import { ClientError } from '@hufu/client/client-error';
import { deadline } from '@hufu/client/clock';
import { createRenewer } from '@hufu/client/renewer';
import { nextRefresh } from '@hufu/client/session/record';
import { settleTombstone } from './end-session.ts';
import { type Replacement, readReplacement } from './replacement.ts';
import { findRevocation } from './revoked-access.ts';
import { type FoundSession, openContents } from './session-contents.ts';
import { nowSeconds, type TokenHandler } from './token-handler.ts';

const MAX_REMEMBERED = 10_000;
const ASKED_MS = 5_000;

/** Whether a session that was found has lost its place, as the feed says: at once, and from memory. It is ended then at all gateways, for which nobody waits. */
export function findReplacement(handler: TokenHandler, session: FoundSession): Replacement | undefined {
  const known = handler.replaced.get(session.record.id);
  if (known !== undefined) return known;
  const revoked = Object.values(session.contents.tokens.access)
    .map((access) => findRevocation(handler, access))
    .find((one) => one?.reason === 'session_replaced');
  if (revoked === undefined) return undefined;
  const { replaced } = handler;
  const { id } = session.record;
  const replacement = { at: revoked.at, device: undefined };
  remember(handler, id, replacement);
  // A store that is away is asked again by whoever comes next.
  endReplaced(handler, id, replacement).catch(() => replaced.delete(id));
  return replacement;
}

async function endReplaced(handler: TokenHandler, id: string, replacement: Replacement): Promise<void> {
  const { store, tenant, settings, client, clock } = handler;
  const record = await store.endEdgeRecord(tenant, settings.edge, id, 'replaced', nowSeconds(handler));
  const tokens = record === undefined ? undefined : openContents(handler, record)?.tokens;
  if (record === undefined || tokens === undefined) return;
  const refresh = nextRefresh(tokens);
  const limit = deadline(clock, ASKED_MS);
  const word = refresh === undefined ? undefined : await askForWord(client, refresh, limit.signal).finally(limit.clear);
  if (word !== undefined) remember(handler, id, { at: word.at ?? replacement.at, device: word.device });
  // What fails here is left to the sweep.
  await settleTombstone(handler, record).catch(() => undefined);
}

/** Keeps it for those who ask again with the cookie of a session that is over. */
function remember({ replaced }: TokenHandler, id: string, replacement: Replacement): void {
  const [oldest] = replaced.keys();
  if (replaced.size >= MAX_REMEMBERED && oldest !== undefined && !replaced.has(id)) replaced.delete(oldest);
  replaced.set(id, replacement);
}

/** The feed does not say what kind of device it was: the issuer tells it to whoever has a refresh token that it refuses for that. */
async function askForWord(client: Client, refresh: string, signal: AbortSignal): Promise<Replacement | undefined> {
  const renewer = createRenewer(client);
  try {
    const { refresh_token: next } = await renewer.refresh(refresh, { signal });
    // Nobody is here any more who could use it.
    if (typeof next === 'string') await renewer.revoke(next);
    return undefined;
  } catch (error) {
    return error instanceof ClientError && error.code === 'invalid_grant' ? readReplacement(error.description) : undefined;
  }
}
