import type { EdgeEnd } from '@hufu/store/port';
import { holdSession, restore } from './keep-session.ts';
import { findReplacement } from './replaced.ts';
import { type Replacement, readReplacement } from './replacement.ts';
import { type FoundSession, livesUntil, openContents } from './session-contents.ts';
import { type KeptSession, type PresentedSession, readPresented } from './session-cookie.ts';
import { nowSeconds, type TokenHandler } from './token-handler.ts';

/** What the session cookie of a request comes to. */
export type SessionOutcome =
  | { readonly kind: 'none' }
  /** `kept`: what its cookie says of it, where that keeps it. */
  | { readonly kind: 'found'; readonly session: FoundSession; readonly kept: KeptSession | undefined }
  /** There was one. `expired`: by its time, or because nobody can read it any more. `replacement`: where the reason is `replaced`. */
  | { readonly kind: 'over'; readonly reason: EdgeEnd | 'expired'; readonly replacement?: Replacement };

/** Looks in the store. Throws `StoreUnavailable`: nobody is signed out for that. */
export async function findSession(handler: TokenHandler, cookieHeader: string | undefined): Promise<SessionOutcome> {
  const presented = readPresented(handler, cookieHeader);
  if (presented === undefined) return { kind: 'none' };
  if (presented === 'unreadable') return { kind: 'over', reason: 'expired' };
  return await lookUp(handler, presented);
}

/** The same, of a cookie that was read. Throws `StoreUnavailable`. */
export async function lookUp(handler: TokenHandler, { id, kept }: PresentedSession): Promise<SessionOutcome> {
  const known = handler.replaced.get(id);
  if (known !== undefined) return { kind: 'over', reason: 'replaced', replacement: known };
  const { store, tenant, settings } = handler;
  const found = await store.findEdgeRecord(tenant, settings.edge, id);
  const isGone = found === undefined || (found.ended === undefined && found.expiresAt <= nowSeconds(handler));
  const record = isGone && kept !== undefined ? await restore(handler, id, kept) : found;
  if (record === 'signed_out') return { kind: 'over', reason: 'signed_out_elsewhere' };
  if (record === undefined) return { kind: 'over', reason: 'expired' };
  holdSession(handler, id);
  const { ended: end } = record;
  if (end?.reason === 'replaced') {
    const said = readReplacement(openContents(handler, record)?.tokens.ended?.reason);
    return { kind: 'over', reason: 'replaced', replacement: { at: said?.at ?? end.at, device: said?.device } };
  }
  if (end !== undefined) return { kind: 'over', reason: end.reason };
  const contents = livesUntil(handler, record) === undefined ? undefined : openContents(handler, record);
  if (contents === undefined) return { kind: 'over', reason: 'expired' };
  // The issuer has ended it, and whoever learnt that was about to say so.
  const { ended } = contents.tokens;
  if (ended?.kind === 'replaced')
    return { kind: 'over', reason: 'replaced', replacement: readReplacement(ended.reason) ?? { at: undefined, device: undefined } };
  if (ended !== undefined) return { kind: 'over', reason: ended.kind };
  const session = { record, contents };
  const replacement = findReplacement(handler, session);
  return replacement === undefined ? { kind: 'found', session, kept } : { kind: 'over', reason: 'replaced', replacement };
}

const TOUCH_SECONDS = 60;

/** Sessions that were noted lately, by what was read of them: one that is remembered is not noted with each request. */
const noted = new WeakMap<FoundSession, number>();

/** It is used: noted once a minute. Never fails: that one was used is worth no refusal. */
export async function noteUse(handler: TokenHandler, session: FoundSession): Promise<void> {
  const { record } = session;
  const now = nowSeconds(handler);
  if (now - Math.max(record.lastSeenAt, noted.get(session) ?? 0) < TOUCH_SECONDS) return;
  noted.set(session, now);
  await handler.store.touchEdgeRecord(handler.tenant, handler.settings.edge, record.id, now).catch(() => undefined);
}
