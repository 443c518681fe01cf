import { detailsAt } from '@hufu/protocol/authorization-details';
import { OAuthError } from '@hufu/protocol/errors';
import { ACCESS_TOKEN_TYPE, ID_JAG_TOKEN_TYPE, JWT_TYPE } from '@hufu/protocol/token-types';
import type { GrantRecord } from '@hufu/store/port';
import type { AssertionMark } from '../assertions/assertion-mark.ts';
import type { Context } from '../context.ts';
import { issueLoneToken } from '../tokens/issue-lone-token.ts';
import type { TokenResponse } from '../tokens/token-response.ts';
import { requireNoDetails } from './asserted-token.ts';
import { requireClientFloor } from './client-floor.ts';
import { requireActor } from './exchange-actor.ts';
import { requireSubject } from './exchange-subject.ts';
import { requireTarget } from './exchange-target.ts';
import type { TokenRequest } from './grant.ts';
import { issueIdJag } from './id-jag.ts';

/**
 * Token exchange (RFC 8693 §2): a token that the client was given or shown, for one that it may use somewhere else in the name of the same subject.
 * The new grant is a child of the subject token's: it never says more, never lives longer, and dies with it (docs/decisions/0010). The subject's own
 * grant stays as it is. No refresh token.
 */
export async function tokenExchange(ctx: Context, request: TokenRequest): Promise<TokenResponse> {
  const { client, form, trail, confirmation, now } = request;
  const policy = client.metadata.settings.tokenExchange;
  if (policy === undefined) throw new OAuthError('unauthorized_client', 'the client may exchange no tokens');
  requireNoDetails(request);
  const wanted = form.get('requested_token_type') ?? ACCESS_TOKEN_TYPE;
  if (wanted === ID_JAG_TOKEN_TYPE) return issueIdJag(ctx, request, policy);
  if (wanted !== ACCESS_TOKEN_TYPE && wanted !== JWT_TYPE)
    throw new OAuthError('invalid_request', 'the requested_token_type is not supported', { detail: wanted.slice(0, 100) });

  const subject = await requireSubject(ctx, request);
  if (subject.confirmation !== undefined && confirmation === undefined)
    throw new OAuthError('invalid_request', 'the subject token is bound to a key: the new one has to be bound too');
  const actor = await requireActor(ctx, request, policy, subject);
  const target = requireTarget(ctx, request, policy, subject.scopes);
  if (wanted === JWT_TYPE && target.resource.tokenFormat !== 'jwt')
    throw new OAuthError('invalid_request', 'the tokens of this audience are no JWTs');
  requireClientFloor(request, subject.amr);
  if (subject.mark !== undefined) await takeSubject(ctx, request, subject.mark);

  trail.at('subject_token');
  const issued = await issueLoneToken(ctx, {
    client,
    userId: subject.userId,
    subject: subject.subject,
    authTime: subject.authTime,
    amr: subject.amr,
    ...target,
    authorizationDetails: detailsThere(subject.details, target.resource.identifier),
    parentId: subject.parentId,
    actor: actor.act,
    latestEnd: actor.expiresAt,
    confirmation,
    now,
  });
  if (issued.kind === 'refused')
    throw new OAuthError('invalid_request', 'the subject token is invalid, or not the client’s to exchange', { detail: issued.reason });
  return { ...issued.response, issued_token_type: wanted };
}

/** What the subject token says in detail, as far as it is for the resource that the new one is for (RFC 9396 §6.1). */
function detailsThere(details: GrantRecord['authorizationDetails'], resource: string): GrantRecord['authorizationDetails'] {
  const there = detailsAt(details ?? [], resource);
  return there.length === 0 ? undefined : there;
}

/** Of any number of racers with one assertion one gets a token. */
async function takeSubject(ctx: Context, { trail, now }: TokenRequest, { kind, value, expiresAt }: AssertionMark): Promise<void> {
  trail.at('grant_assertion_unused');
  if (await ctx.store.takeOnce(ctx.tenant, kind, value, expiresAt, now)) return;
  throw new OAuthError('invalid_request', 'the subject token is invalid, or not the client’s to exchange', {
    detail: 'it has been used before',
  });
}
