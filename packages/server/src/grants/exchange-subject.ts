import type { Confirmation } from '@hufu/protocol/confirmation';
import { OAuthError } from '@hufu/protocol/errors';
import type { GrantId, UserId } from '@hufu/protocol/ids';
import { readScope } from '@hufu/protocol/scope';
import { ACCESS_TOKEN_TYPE, JWT_TYPE } from '@hufu/protocol/token-types';
import { isActive } from '../accounts/is-active.ts';
import { findAssertedSubject } from '../assertions/asserted-subject.ts';
import type { AssertionMark } from '../assertions/assertion-mark.ts';
import { verifyIssuerJwt } from '../assertions/issuer-jwt.ts';
import { namesOf } from '../assertions/own-assertion.ts';
import type { Context } from '../context.ts';
import { type LiveAccessToken, readAccessToken } from '../tokens/read-access-token.ts';
import { subjectFor } from '../tokens/subject.ts';
import { type Actor, readActor } from './act-claim.ts';
import type { TokenRequest } from './grant.ts';

/** Whom a subject token is about, and what it bounds. */
export interface ExchangeSubject {
  /** Undefined: nobody of ours. */
  readonly userId: UserId | undefined;
  /** As the client knows them. */
  readonly subject: string;
  readonly authTime: number | undefined;
  readonly amr: readonly string[];
  /** The most that a new token says. */
  readonly scopes: readonly string[];
  readonly details: LiveAccessToken['details'];
  /** Nothing new lives longer, in seconds since 1970. */
  readonly expiresAt: number;
  /** The grant that the new one comes from; undefined where another issuer speaks. */
  readonly parentId: GrantId | undefined;
  /** Who acts for them already. */
  readonly actor: Actor | undefined;
  /** The only one who may act for them (RFC 8693 §4.4), not looked at yet. */
  readonly mayAct: unknown;
  readonly confirmation: Confirmation | undefined;
  /** Of what may be shown once. */
  readonly mark: AssertionMark | undefined;
}

/**
 * The subject of an exchange (RFC 8693 §2.1): an access token of ours that was issued to the client, or for a resource that it serves; or a JWT of a
 * trusted issuer. Everything that is wrong with it is `invalid_request` (§2.2.2).
 */
export async function requireSubject(ctx: Context, request: TokenRequest): Promise<ExchangeSubject> {
  const { form, trail } = request;
  trail.at('subject_token');
  const text = form.get('subject_token');
  const type = form.get('subject_token_type');
  if (text === undefined) throw new OAuthError('invalid_request', 'subject_token is missing');
  if (type === undefined) throw new OAuthError('invalid_request', 'subject_token_type is missing');
  if (type === ACCESS_TOKEN_TYPE) return ofAccessToken(ctx, request, text);
  if (type === JWT_TYPE) return ofIssuerJwt(ctx, request, text);
  throw new OAuthError('invalid_request', 'the subject_token_type is not supported', { detail: type.slice(0, 100) });
}

async function ofAccessToken(ctx: Context, { client, confirmation, now }: TokenRequest, text: string): Promise<ExchangeSubject> {
  const token = await readAccessToken(ctx, text, now);
  if (token.kind === 'dead') throw subjectRefused(token.reason);
  const { grant } = token;
  const own = grant.clientId === client.id;
  if (!own && !client.metadata.settings.resourceServerOf.includes(token.resource))
    throw subjectRefused('it was neither issued to the client nor for a resource that the client serves');
  // Whose resource it was shown at has seen its proof; whoever it was issued to has the key.
  if (own && !isSameKey(token.confirmation, confirmation)) throw subjectRefused('it is bound to a key that the request does not prove');
  // Whoever is nobody of ours has the name of their issuer in theirs; the name of a client is the client.
  if (grant.userId === undefined && grant.subject === grant.clientId) throw subjectRefused('a client’s own token stands for nobody');
  return {
    userId: grant.userId,
    subject: grant.userId === undefined ? grant.subject : await subjectOfUser(ctx, client, grant.userId, now),
    authTime: grant.authTime,
    amr: grant.amr,
    scopes: token.scopes,
    details: token.details,
    expiresAt: token.expiresAt,
    parentId: grant.id,
    actor: grant.actor === undefined ? undefined : readActor(grant.actor, undefined),
    mayAct: undefined,
    confirmation: token.confirmation,
    mark: undefined,
  };
}

async function subjectOfUser(ctx: Context, client: TokenRequest['client'], id: UserId, now: number): Promise<string> {
  const user = await ctx.store.findUser(ctx.tenant, id);
  if (user === undefined || !isActive(user, now)) throw subjectRefused('its user is not active');
  return subjectFor(ctx, client, user);
}

/** The same checks as for a grant (RFC 7523 §3): what its issuer made for anybody else is worth nothing here. */
async function ofIssuerJwt(ctx: Context, { client, confirmation, trail, now }: TokenRequest, text: string): Promise<ExchangeSubject> {
  const rules = { use: 'token-exchange', clientId: client.id, audiences: namesOf(ctx), confirmation, trail, now } as const;
  const jwt = await verifyIssuerJwt(ctx, text, rules);
  if (jwt.kind === 'refused') throw subjectRefused(jwt.reason);
  trail.at('grant_assertion_subject');
  const { payload, issuer, mark } = jwt;
  if (typeof payload['sub'] !== 'string' || payload['sub'] === '') throw subjectRefused('it has no sub');
  const subject = await findAssertedSubject(ctx, client, issuer, payload, now);
  if (typeof subject === 'string') throw subjectRefused(subject);
  const { scope, act, may_act: mayAct } = payload;
  if (scope !== undefined && typeof scope !== 'string') throw subjectRefused('its scope is not a text');
  const said = scope === undefined ? undefined : scope === '' ? [] : readScope(scope);
  return {
    ...subject,
    authTime: undefined,
    amr: [],
    scopes: issuer.scopes.filter((name) => said?.includes(name) ?? true),
    details: undefined,
    expiresAt: mark.expiresAt,
    parentId: undefined,
    actor: act === undefined ? undefined : readActor(act, issuer.issuer),
    mayAct,
    confirmation: undefined,
    mark,
  };
}

/** Whether a token may be shown with what the request proves: its own key, or any where it is a bearer's. */
export function isSameKey(bound: Confirmation | undefined, proved: Confirmation | undefined): boolean {
  return bound === undefined || (bound.method === proved?.method && bound.thumbprint === proved.thumbprint);
}

function subjectRefused(detail: string): OAuthError {
  return new OAuthError('invalid_request', 'the subject token is invalid, or not the client’s to exchange', { detail });
}
