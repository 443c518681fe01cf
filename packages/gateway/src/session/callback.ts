import { createHash } from 'node:crypto';
import { ClientError } from '@hufu/client/client-error';
import { pause } from '@hufu/client/clock';
import { finishSignIn, type SignedIn } from '@hufu/client/finish-sign-in';
import { giveBackTokens } from '@hufu/client/revoke-token';
import { accessKey } from '@hufu/client/session/record';
import { recordOf } from '@hufu/client/session/session-tokens';
import type { EdgeRecord } from '@hufu/store/port';
import { clearCookie, writeCookie } from './cookie-jar.ts';
import { endPresented } from './end-presented.ts';
import { holdSession, newSessionRecord } from './keep-session.ts';
import { type EdgeReply, type EdgeRequest, type Failure, goOnPage, notAllowed, problem, seeOther } from './messages.ts';
import { withError } from './return-to.ts';
import { sessionId } from './session-contents.ts';
import { type KeptSession, SessionTooLarge, sessionCookies } from './session-cookie.ts';
import { homeOf, nowSeconds, sameSiteOf, type TokenHandler } from './token-handler.ts';
import { findTransaction, type Transaction } from './transaction.ts';

/** What became of a sign-in: whoever brings the same answer again gets the same. */
interface Result {
  /** `Set-Cookie` values of the new session; undefined where there is none. */
  readonly cookies?: readonly string[];
  readonly location: string;
}

/** The same, where it was made here. */
interface Made {
  readonly result: Result;
  readonly failed?: Failure;
}

const RESULT_SECONDS = 60;
const WAIT_MS = 15_000;
const POLL_MS = 100;

/**
 * `GET /edge/callback`: ends the sign-in that this browser began (RFC 6749 §4.1.2, RFC 9207 §2.4). The session is a new one always, and the one whose cookie came along ends
 * once the new one is kept (attacks SES-01). Throws `StoreUnavailable`; tokens that could not be kept are given back.
 */
export async function callback(handler: TokenHandler, request: EdgeRequest): Promise<EdgeReply> {
  if (request.method !== 'GET') return notAllowed('GET', 'an answer comes by GET');
  const cookieHeader = request.header('cookie');
  const [state = '', ...more] = request.query.getAll('state');
  const transaction = more.length > 0 ? undefined : findTransaction(handler, cookieHeader, state);
  // Begun elsewhere, too long ago, or ended: whoever is signed in stays so.
  if (transaction === undefined) {
    const { result, failed } = failing(
      homeOf(handler),
      'sign_in_expired',
      'this browser has begun no sign-in with this state, or too long ago',
    );
    return { ...seeOther(result.location), ...(failed && { failed }) };
  }
  const id = `tx:${createHash('sha256').update(state).digest('base64url')}`;
  const { store, tenant, settings } = handler;
  const now = nowSeconds(handler);
  const first = await store.putEdgeRecord(
    tenant,
    settings.edge,
    { id, sealed: '', idleSeconds: 0, expiresAt: now + RESULT_SECONDS, subject: undefined },
    now,
  );
  const made = first.kind === 'put' ? await redeem(handler, request, transaction, id) : undefined;
  const result = made?.result ?? (await waitForResult(handler, id));
  const fallen = clearCookie(handler.cookies.transaction(state));
  if (result === undefined) return problem(503, 'sign_in_under_way', 'the sign-in is not done yet', 2);
  if (result.cookies === undefined) return { ...seeOther(result.location, [fallen]), ...(made?.failed && { failed: made.failed }) };
  // A redirect still belongs to the issuer's site, and a strict cookie would not go with it.
  return settings.sameSite === 'strict'
    ? goOnPage(result.location, [fallen, ...result.cookies])
    : seeOther(result.location, [fallen, ...result.cookies]);
}

async function redeem(handler: TokenHandler, request: EdgeRequest, transaction: Transaction, id: string): Promise<Made> {
  const { store, tenant, settings, keys } = handler;
  const made = await signIn(handler, request, transaction);
  const now = nowSeconds(handler);
  const next = { sealed: keys.seal('result', id, JSON.stringify(made.result)), expiresAt: now + RESULT_SECONDS };
  // Who comes second waits in vain then, and begins anew; this one has their session.
  await store.replaceEdgeRecord(tenant, settings.edge, id, 1, next, now).catch(() => undefined);
  return made;
}

async function signIn(handler: TokenHandler, request: EdgeRequest, transaction: Transaction): Promise<Made> {
  const { client, store, tenant, settings } = handler;
  let signedIn: SignedIn;
  try {
    signedIn = await finishSignIn(client, new URLSearchParams(request.query), transaction.pending);
  } catch (error) {
    return failing(transaction.returnTo, codeOf(error), causeOf(error));
  }
  const { claims } = signedIn;
  if (claims === undefined) throw new TypeError('the scope of an edge has openid in it');
  const cookie = handler.newSecret();
  const newId = sessionId(cookie);
  const now = nowSeconds(handler);
  const tokens = recordOf(signedIn, newId, accessKey(settings.resource, undefined), handler.clock.nowMs());
  const contents = { tokens, sub: claims.sub };
  const kept = { contents, lastSeenAt: now, expiresAt: now + settings.absoluteSeconds, issuedAt: claims.iat };
  const cookies = cookiesOf(handler, cookie, kept);
  if (cookies === undefined) {
    await giveBackTokens(client, signedIn);
    return failing(transaction.returnTo, 'session_too_large', 'what is to be kept of the session does not fit into cookies');
  }
  const put = await store
    .putEdgeRecord(tenant, settings.edge, newSessionRecord(handler, newId, kept), now)
    .catch(async (error: unknown) => {
      await giveBackTokens(client, signedIn);
      throw error;
    });
  if (put.kind !== 'put') {
    await giveBackTokens(client, signedIn);
    return failing(transaction.returnTo, 'signed_out', 'the issuer has ended the session meanwhile');
  }
  holdSession(handler, newId);
  await endFormer(handler, request);
  // Whoever was here when it began has left something open on that page.
  const isSame = transaction.begunBy === undefined || transaction.begunBy === claims.sub;
  return { result: { cookies, location: isSame ? transaction.returnTo : homeOf(handler) } };
}

function failing(returnTo: string, code: string, cause: string): Made {
  return { result: { location: withError(returnTo, code) }, failed: { code, detail: 'the sign-in did not succeed', cause } };
}

/** With the issuer's own id for it, where it is a Hufu: so one leads to the other. */
function causeOf(error: unknown): string {
  if (!(error instanceof ClientError)) return 'not an error of the client';
  return error.decision === undefined ? error.message : `decision ${error.decision} of the issuer: ${error.message}`;
}

/** The session of this browser until now. What fails here is left to the sweep, or to its end. */
async function endFormer(handler: TokenHandler, request: EdgeRequest): Promise<void> {
  await endPresented(handler, request.header('cookie'), 'renewed').catch(() => undefined);
}

/** Undefined: what would have to be kept is too large. */
function cookiesOf(handler: TokenHandler, cookie: string, kept: KeptSession): readonly string[] | undefined {
  const { cookies, settings } = handler;
  if (settings.keep !== 'cookie') return [writeCookie(cookies.session, cookie, settings.absoluteSeconds, sameSiteOf(handler))];
  try {
    return sessionCookies(handler, sessionId(cookie), kept);
  } catch (error) {
    if (error instanceof SessionTooLarge) return undefined;
    throw error;
  }
}

async function waitForResult({ store, tenant, settings, keys, clock }: TokenHandler, id: string): Promise<Result | undefined> {
  const end = clock.progressMs() + WAIT_MS;
  for (;;) {
    const record: EdgeRecord | undefined = await store.findEdgeRecord(tenant, settings.edge, id);
    const text = record === undefined || record.sealed === '' ? undefined : keys.open('result', id, record.sealed);
    // Sealed by us.
    if (text !== undefined) return JSON.parse(text) as Result;
    if (record === undefined || clock.progressMs() >= end) return undefined;
    await pause(clock, POLL_MS);
  }
}

/** What the page is told: a word of a list, never the issuer's text. */
function codeOf(error: unknown): string {
  if (!(error instanceof ClientError)) throw error;
  if (error.kind === 'unavailable' || error.kind === 'unreachable') return 'temporarily_unavailable';
  return error.kind === 'refused' && CODES.has(error.code) ? error.code : 'sign_in_failed';
}

const CODES: ReadonlySet<string> = new Set([
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
  'unmet_authentication_requirements',
  'temporarily_unavailable',
  'server_error',
]);
