import { type Confirmation, writeCnf } from '@hufu/protocol/confirmation';
import { OAuthError } from '@hufu/protocol/errors';
import { formatScope } from '@hufu/protocol/scope';
import { type AccessPart, accessName, extensionOf, type Head, ROTATED, randomNumber, scopeMask, writeAccess } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import { CLOCKS_APART_SECONDS } from '../clock.ts';
import type { ResourceConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { requireSigner } from '../keys/require-signer.ts';
import { acrOf } from './acr.ts';
import { detailsOf } from './details.ts';
import { derivedSecret } from './secrets.ts';
import { statusClaims } from './status-claims.ts';

export interface AccessToken {
  readonly text: string;
  /** Seconds that are left of it. */
  readonly expiresIn: number;
}

/** What a token says of its grant. */
export type IssuingGrant = Pick<
  GrantRecord,
  | 'id'
  | 'parentId'
  | 'keyId'
  | 'generation'
  | 'rotatedAt'
  | 'expiresAt'
  | 'hasRevokedTokens'
  | 'scopes'
  | 'resources'
  | 'subject'
  | 'clientId'
  | 'amr'
> &
  Partial<Pick<GrantRecord, 'authTime' | 'actor' | 'authorizationDetails' | 'suspendedUntil'>>;

export interface AccessTokenRequest {
  readonly grant: IssuingGrant;
  readonly resource: ResourceConfig;
  /** Scopes of this token, a subset of the grant's. */
  readonly scopes: readonly string[];
  /** The holder's secret, or undefined where a client acts for itself. */
  readonly secret: string | undefined;
  /** The key that it is bound to; undefined for a bearer's. */
  readonly confirmation: Confirmation | undefined;
  /** Which of the grant's authorization details it has, as `AccessExtension.details`; `ALL_DETAILS` for all. */
  readonly details: number;
  /** Seconds; what is left of the grant is the most. */
  readonly ttl: number;
  readonly now: number;
}

/** An access token in the format of its resource: opaque (docs/decisions/0002) or a JWT (RFC 9068 §2), which names its grant (Token Status List §6.2). */
export async function issueAccessToken(ctx: Context, request: AccessTokenRequest): Promise<AccessToken> {
  const { grant, resource, secret, now } = request;
  const head: Head = { keyId: grant.keyId, id: grant.id, generation: grant.generation };
  let part = secret === undefined ? machinePart(ctx, request) : rotatedPart(request);
  if (grant.hasRevokedTokens && (await ctx.store.findRevokedToken(ctx.tenant, grant.id, accessName(ctx.keys.tally, head, part)))) {
    // The rotation's own token was revoked alone (RFC 7009): what is handed out again must be another.
    part = { ...part, number: randomNumber(ctx.random.text(12)) };
  }
  const expiresAt = part.issuedAt + part.lifetime;
  if (resource.tokenFormat === 'opaque') {
    const text =
      secret === undefined
        ? writeAccess(ctx.keys.tally, 'machine', head, part, '')
        : writeAccess(ctx.keys.tally, 'access', head, part, derivedSecret(secret));
    return { text, expiresIn: expiresAt - now };
  }
  const signer = requireSigner(ctx, resource.signingAlg, now);
  const claims: Record<string, unknown> = {
    iss: ctx.issuer,
    sub: grant.subject,
    aud: resource.identifier,
    client_id: grant.clientId,
    iat: part.issuedAt,
    exp: expiresAt,
    jti: accessName(ctx.keys.tally, head, part),
  };
  if (request.scopes.length > 0) claims['scope'] = formatScope(request.scopes);
  if (grant.authTime !== undefined) claims['auth_time'] = grant.authTime;
  if (grant.amr.length > 0) {
    claims['acr'] = acrOf(grant.amr);
    claims['amr'] = grant.amr;
  }
  if (request.confirmation !== undefined) claims['cnf'] = writeCnf(request.confirmation);
  if (grant.actor !== undefined) claims['act'] = grant.actor;
  const details = detailsOf(grant.authorizationDetails, request.details);
  if (details !== undefined) claims['authorization_details'] = details;
  const status = await statusClaims(ctx, grant);
  if (status === undefined) throw new OAuthError('invalid_grant', 'what the token would come from has ended');
  Object.assign(claims, status);
  return { text: signer.sign('at+jwt', claims), expiresIn: expiresAt - now };
}

/** Two tokens of a client for itself never coincide: a random number makes each its own. */
function machinePart(ctx: Context, request: AccessTokenRequest): AccessPart {
  return part(request, request.now, randomNumber(ctx.random.text(12)));
}

/**
 * A generation has one access token at a time for the same scopes and resource: whoever shows the same refresh token again gets the same
 * one. It begins at the rotation, and anew after each half of its life, so that nobody gets one with less than half left; and after the last rest of the grant, as the
 * revocation log names whatever began before it. In the first minute after that rest each second has one of its own, as the clock of whoever locked may be ahead.
 */
function rotatedPart(request: AccessTokenRequest): AccessPart {
  const { grant, ttl, now } = request;
  const rested = grant.suspendedUntil === undefined ? 0 : Math.min(now, grant.suspendedUntil + CLOCKS_APART_SECONDS + 1);
  const half = Math.max(1, Math.floor(ttl / 2));
  const issuedAt = grant.rotatedAt + Math.max(0, Math.floor((now - grant.rotatedAt) / half)) * half;
  return part(request, Math.max(issuedAt, rested), ROTATED);
}

function part({ grant, resource, scopes, confirmation, details, ttl }: AccessTokenRequest, issuedAt: number, number: string): AccessPart {
  return {
    issuedAt,
    lifetime: Math.max(1, Math.min(ttl, grant.expiresAt - issuedAt)),
    resource: grant.resources.indexOf(resource.identifier),
    number,
    mask: scopeMask(grant.scopes, scopes),
    extension: extensionOf(confirmation, details),
  };
}
