import { countedAddress } from '@hufu/flow/address';
import { OAuthError } from '@hufu/protocol/errors';
import { later } from '../clock.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { PageError, pageRefusal } from '../interaction/page-error.ts';
import { isKnownOrigin } from '../origins.ts';
import { refusal } from '../reply.ts';
import type { Admission } from './request-limits.ts';

export type ReplyHeaders = Readonly<Record<string, string>>;

/** Resolves once a request that is paced may go on. */
export function waitFor({ delayMs }: Admission): Promise<void> {
  return new Promise((resolve) => later(delayMs, resolve));
}

/** The answer to a request that a limit refused before anything of it was looked at (RFC 6585 §4), or could not count: a page for people, JSON for programs. */
export async function refuseFirst(
  ctx: Context,
  http: HttpRequest,
  admission: Admission,
  { asPage, crossOrigin }: { readonly asPage: boolean; readonly crossOrigin: 'any' | 'client' | 'none' },
): Promise<HttpReply> {
  const trail = new Trail();
  trail.at('limits');
  // Whoever hammers on is one decision, so that they do not push all others out of the records.
  trail.repeats = repeatsOf(admission, countedAddress(http.address));
  const reply = asPage
    ? pageRefusal(ctx, 'http', http, trail, pageErrorOf(admission))
    : refusal(ctx, 'http', http, trail, errorOf(admission));
  const { origin } = http.headers;
  const isKnown =
    crossOrigin === 'client' && typeof origin === 'string' && (await isKnownOrigin(ctx, origin, http.nowMs).catch(() => false));
  return { ...telling(reply, admission.headers), ...(isKnown ? { origins: [origin] } : {}) };
}

/**
 * Asks the limits that want to know who it is, once that is proven. Throws `temporarily_unavailable`: 429 (RFC 6585 §4),
 * or 503 where nobody can count.
 *
 * @param tell is handed the headers that go with the answer, whatever it is.
 */
export async function admitProven(
  ctx: Context,
  http: HttpRequest,
  proven: { readonly client: string; readonly token?: string },
  trail: Trail,
  tell: (headers: ReplyHeaders) => void,
): Promise<void> {
  const stage = ctx.limits.requests.findProven(http.path, http.method);
  if (stage === undefined) return;
  trail.at('limits');
  const admission = await stage.admit(http, proven);
  tell(admission.headers);
  if (!admission.allowed) {
    trail.repeats = repeatsOf(admission, proven.client);
    throw errorOf(admission);
  }
  if (admission.delayMs > 0) await waitFor(admission);
}

/** A reply with what limits tell. */
export function telling(reply: HttpReply, headers: ReplyHeaders | undefined): HttpReply {
  return headers === undefined ? reply : { ...reply, headers: { ...reply.headers, ...headers } };
}

function errorOf(admission: Admission): OAuthError {
  const { retryAfterSeconds, isAway } = admission;
  return new OAuthError('temporarily_unavailable', isAway ? 'the server cannot count now' : 'too many requests; try again later', {
    detail: detailOf(admission),
    ...(isAway ? {} : { status: 429 }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

function pageErrorOf(admission: Admission): PageError {
  const kind = admission.isAway ? 'temporarily_unavailable' : 'too_many_requests';
  return new PageError(kind, detailOf(admission), [], admission.retryAfterSeconds);
}

function detailOf({ rule, isAway }: Admission): string {
  return isAway ? `limit ${rule}: the store is away` : `limit ${rule}`;
}

function repeatsOf({ rule }: Admission, who: string): string {
  return `limit ${rule} ${who}`;
}
