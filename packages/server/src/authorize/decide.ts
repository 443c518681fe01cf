import { OAuthError } from '@hufu/protocol/errors';
import type { SessionId } from '@hufu/protocol/ids';
import { isSubset } from '@hufu/protocol/scope';
import type { ConsentRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { BrowserSession } from '../sessions/browser-session.ts';
import { subjectFor } from '../tokens/subject.ts';
import type { AuthorizationRequest, ReturnAddress } from './authorization-request.ts';
import { consentScopes } from './consent-scopes.ts';

/** What has to happen before a code can be issued. */
export type NextStep =
  | { readonly kind: 'sign_in' }
  | { readonly kind: 'consent'; readonly session: BrowserSession }
  | { readonly kind: 'issue'; readonly session: BrowserSession };

/** What the user has already done for this very request, on our pages. */
export interface Done {
  /** The session that a sign-in for this request opened: it satisfies `prompt=login` and any `max_age`. */
  readonly signedIn: SessionId | undefined;
  readonly agreed: boolean;
}

/** Whether the user has to sign in or to agree (OpenID Connect Core §3.1.2.3, §3.1.2.4). With `prompt=none` that is an error instead. */
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
    return { kind: 'sign_in' };
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
  if (done.signedIn === session.id) return true;
  if (request.prompt.includes('login') || request.prompt.includes('select_account')) return false;
  return request.maxAge === undefined || (request.maxAge > 0 && now - session.authTime <= request.maxAge);
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
