import type { EdgeRecord, NewEdgeRecord } from '@hufu/store/port';
import { type SessionContents, sealContents, subjectHashes } from './session-contents.ts';
import type { KeptSession } from './session-cookie.ts';
import { nowSeconds, type TokenHandler } from './token-handler.ts';

/** What the store keeps of a session. */
export function newSessionRecord(
  handler: TokenHandler,
  id: string,
  { contents, expiresAt, issuedAt }: Pick<KeptSession, 'contents' | 'expiresAt' | 'issuedAt'>,
): NewEdgeRecord {
  const { sub } = contents;
  const sid = sidOf(contents);
  const hashes = {
    sub: subjectHashes(handler, 'sub', sub)[0],
    sid: sid === undefined ? undefined : subjectHashes(handler, 'sid', sid)[0],
  };
  const { idleSeconds } = handler.settings;
  return { id, sealed: sealContents(handler, id, contents), idleSeconds, expiresAt, subject: { ...hashes, issuedAt } };
}

/**
 * A session that only its browser knows any more: after a start of this gateway, or one that was not used here for long. Undefined where its time was over, `signed_out` where the issuer
 * has ended it lately. Throws `StoreUnavailable`.
 */
export async function restore(handler: TokenHandler, id: string, kept: KeptSession): Promise<EdgeRecord | 'signed_out' | undefined> {
  const { store, tenant, settings } = handler;
  const now = nowSeconds(handler);
  const idleEnd = settings.idleSeconds === 0 ? Number.POSITIVE_INFINITY : kept.lastSeenAt + settings.idleSeconds;
  if (Math.min(kept.expiresAt, idleEnd) <= now) return undefined;
  const put = await store.putEdgeRecord(tenant, settings.edge, newSessionRecord(handler, id, kept), now);
  return put.kind === 'signed_out' ? 'signed_out' : await store.findEdgeRecord(tenant, settings.edge, id);
}

/** Notes that a session of a cookie is in use here. Those that were not for longest fall out of the memory of this process: their browsers keep them. */
export function holdSession(handler: TokenHandler, id: string): void {
  const { held, settings } = handler;
  if (settings.keep !== 'cookie' || settings.maxHeld === undefined) return;
  held.delete(id);
  held.add(id);
  const [oldest] = held;
  if (held.size <= settings.maxHeld || oldest === undefined) return;
  held.delete(oldest);
  // One that cannot fall now falls with its time.
  letGo(handler, oldest).catch(() => undefined);
}

async function letGo(handler: TokenHandler, id: string): Promise<void> {
  const { store, tenant, settings } = handler;
  const record = await store.findEdgeRecord(tenant, settings.edge, id);
  if (record === undefined || record.ended !== undefined) return;
  const now = nowSeconds(handler);
  await store.replaceEdgeRecord(tenant, settings.edge, id, record.version, { sealed: record.sealed, expiresAt: now }, now);
}

function sidOf({ tokens }: SessionContents): string | undefined {
  const sid = tokens.claims?.['sid'];
  return typeof sid === 'string' ? sid : undefined;
}
