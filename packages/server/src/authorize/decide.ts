import { OAuthError } from '@hufu/protocol/errors';
import type { SessionId } from '@hufu/protocol/ids';
import { isSubset } from '@hufu/protocol/scope';
import { latest } from '@hufu/store/device-slots';
import type { ConsentRecord } from '@hufu/store/port';
import { firstWays } from '../accounts/first-ways.ts';
import { findSecondFactors, hasSecondFactor } from '../accounts/second-factors.ts';
import type { Context } from '../context.ts';
import type { BrowserSession } from '../sessions/browser-session.ts';
import { deviceLimit } from '../sessions/device-limit.ts';
import { isDated, readMethods, showsSecondFactor } from '../sessions/methods.ts';
import { placesOfClient } from '../sessions/places-in-use.ts';
import { standingOf } from '../sessions/standing.ts';
import { levelOf } from '../tokens/acr.ts';
import { subjectFor } from '../tokens/subject.ts';
import type { AuthorizationRequest, ReturnAddress } from './authorization-request.ts';
import { consentScopes } from './consent-scopes.ts';
import { reachable, requirementsOf } from './requirements.ts';

/** What has to happen before a code can be issued. */
export type NextStep =
  | { readonly kind: 'sign_in' }
  | { readonly kind: 'sign_up' }
  | { readonly kind: 'step_up' }
  | { readonly kind: 'devices' }
  | { readonly kind: 'consent'; readonly session: BrowserSession }
  | { readonly kind: 'issue'; readonly session: BrowserSession };

/** What the user has already done for this very request, on our pages. */
export interface Done {
  /** The session that a sign-in or sign-up for this request opened: it satisfies `prompt=login`, `prompt=create` and any `max_age`, as far as all of it was shown since `startedAt`. */
  readonly signedIn: SessionId | undefined;
  /** When the request came, in seconds. */
  readonly startedAt: number;
  /** Whether the user has been asked for what the client would rather have (`acr_values`): once is enough. */
  readonly wished: boolean;
  /** The session in which the user has said that the client goes on here, whatever becomes of it elsewhere. */
  readonly here: SessionId | undefined;
  readonly agreed: boolean;
}

/**
 * Whether the user has to sign in, to sign up, to show more than they have (`acr`, RFC 9470 §5) or to agree (OpenID Connect Core §3.1.2.3, §3.1.2.4, Prompt Create §4.1). With `prompt=none` that is
 * an error instead, but for what the client can do without.
 */
export async function decide(
  ctx: Context,
  request: AuthorizationRequest,
  session: BrowserSession | undefined,
  done: Done,
  now: number,
): Promise<NextStep> {
  const silent = request.prompt.includes('none');
  const expected = session !== undefined && isExpected(ctx, request, session);
  if (session !== undefined && done.signedIn === session.session.id && !expected) {
    throw new OAuthError('login_required', 'somebody else has signed in than the one whom id_token_hint names');
  }
  if (session === undefined || !expected || !isFresh(request, session, done, now)) {
    if (silent) throw new OAuthError('login_required', 'the user has to sign in');
    // An account is made once for a request: whose session has ended since then signs in.
    return { kind: request.prompt.includes('create') && done.signedIn === undefined ? 'sign_up' : 'sign_in' };
  }
  const more = await findMore(ctx, request, session, done);
  if (more !== undefined) {
    if (silent && more !== 'wish') throw new OAuthError('login_required', 'the user has to show more than they have');
    if (!silent) return { kind: more === 'sign_in' ? 'sign_in' : 'step_up' };
  }
  if (await needsRoom(ctx, request, session, done, now)) {
    if (silent) throw new OAuthError('interaction_required', 'session_replaced: the user uses the client on another device by now');
    return { kind: 'devices' };
  }
  if (done.agreed || !(await needsConsent(ctx, request, session))) return { kind: 'issue', session };
  if (silent) throw new OAuthError('consent_required', 'the user has to agree');
  return { kind: 'consent', session };
}

/** OpenID Connect Core §3.1.2.1: an answer about anybody else than the one of `id_token_hint` is none. */
function isExpected(ctx: Context, request: AuthorizationRequest, { user }: BrowserSession): boolean {
  return request.expectedSubject === undefined || request.expectedSubject === subjectFor(ctx, request.client, user);
}

function isFresh(request: AuthorizationRequest, { session }: BrowserSession, done: Done, now: number): boolean {
  if (done.signedIn === session.id && session.authTime >= done.startedAt) return true;
  if (request.prompt.some((prompt) => prompt === 'login' || prompt === 'select_account' || prompt === 'create')) return false;
  if (request.maxAge === undefined) return true;
  return request.maxAge > 0 && now - session.authTime <= request.maxAge && isDated(readMethods(session.methods));
}

/** What the session lacks. Throws `unmet_authentication_requirements` where its user has nothing that would do. */
async function findMore(
  ctx: Context,
  request: AuthorizationRequest,
  session: BrowserSession,
  done: Done,
): Promise<'sign_in' | 'step_up' | 'wish' | undefined> {
  const needs = requirementsOf(ctx, request);
  const { methods, amr } = standingOf(session);
  const level = levelOf(amr);
  const lacksFactor = needs.secondFactor === 'required' && !showsSecondFactor(methods);
  const mayWish = !done.wished && done.signedIn !== session.session.id && needs.wished.some((one) => one > level);
  if (level >= needs.floor && !lacksFactor && !mayWish) return undefined;
  const having = await findSecondFactors(ctx, session.user);
  if (level < needs.floor) {
    if (methods.length > 0 && reachable(methods, having) >= needs.floor) return 'step_up';
    // Who came by mail may have more to show when they begin anew, and of a session that is behind nothing counts.
    const leadsFurther = async (): Promise<boolean> => reachable(await firstWays(ctx, session.user), having) >= needs.floor;
    const mayBegin = done.signedIn !== session.session.id && (methods.length === 0 || (await leadsFurther()));
    if (mayBegin || request.prompt.includes('none')) return 'sign_in';
    throw new OAuthError('unmet_authentication_requirements', 'the user has nothing that would do');
  }
  // Who has no second factor makes one in a sign-in of its own.
  if (lacksFactor) return methods.length > 0 && hasSecondFactor(having) ? 'step_up' : 'sign_in';
  const most = reachable(methods, having);
  return methods.length > 0 && needs.wished.some((one) => one > level && one <= most) ? 'wish' : undefined;
}

/**
 * Whether the user has to say something about their other devices first: the client's policy has no room for this one, or going on here would take the place of a device that they turned to since they
 * signed in here. (The store decides when the code is exchanged.)
 */
async function needsRoom(
  ctx: Context,
  request: AuthorizationRequest,
  session: BrowserSession,
  { here }: Done,
  now: number,
): Promise<boolean> {
  const limit = deviceLimit(request.client);
  if (limit === undefined || here === session.session.id) return false;
  const { places, needed } = await placesOfClient(ctx, request, session, limit, now);
  if (limit.onExceed === 'refuse') return needed > 0;
  return places.slice(0, needed).some(({ slot }) => latest(slot).at > session.session.authTime);
}

async function needsConsent(ctx: Context, request: AuthorizationRequest, { user }: BrowserSession): Promise<boolean> {
  if (request.prompt.includes('consent')) return true;
  if (request.client.metadata.settings.firstParty) return false;
  if (asksEachTime(request)) return true;
  return !covers(await ctx.store.findConsent(ctx.tenant, user.id, request.client.id), request);
}

/**
 * Whether consent is not remembered: whoever is on the device can say it is this client, a native one or one in the browser whose answers
 * go to the device itself (RFC 8252 §8.6, OAuth 2.1 §7.3). Nor is what was agreed to in detail.
 */
export function asksEachTime({
  client,
  redirectUri,
  authorizationDetails,
}: ReturnAddress & Pick<AuthorizationRequest, 'authorizationDetails'>): boolean {
  // One payment is not the next (RFC 9396 §12).
  if (authorizationDetails.length > 0) return true;
  // Who stands behind an address today need not be who stood there when somebody agreed.
  if (client.record.source === 'document') return true;
  const { applicationType, tokenEndpointAuthMethod } = client.metadata;
  return applicationType === 'native' || (tokenEndpointAuthMethod === 'none' && !redirectUri.startsWith('https:'));
}

function covers(consent: ConsentRecord | undefined, request: AuthorizationRequest): boolean {
  return consent !== undefined && isSubset(consentScopes(request), consent.scopes) && isSubset(request.resources, consent.resources);
}
