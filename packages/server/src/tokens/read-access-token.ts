import type { Confirmation } from '@hufu/protocol/confirmation';
import { equalText } from '@hufu/protocol/equal-text';
import { grantId } from '@hufu/protocol/ids';
import { readJwt } from '@hufu/protocol/jwt';
import { type AccessPart, ALL_DETAILS, type Head, readAccess, readAccessName, scopesOfMask, tallyKindOf } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import { detailsOf } from './details.ts';
import { type EndOfGrant, endOfGrant } from './end-of-grant.ts';
import { sha256 } from './secrets.ts';

/** An access token of ours that is live right now, by the row. */
export interface LiveAccessToken {
  readonly kind: 'live';
  readonly grant: GrantRecord;
  /** RFC 8707 identifier: its one audience. */
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The key that it is bound to; undefined for a bearer's. */
  readonly confirmation: Confirmation | undefined;
  /** Those of its grant's authorization details (RFC 9396 §2) that it has; undefined for none. */
  readonly details: GrantRecord['authorizationDetails'];
  /** Its `jti`. */
  readonly name: string;
}

/** `grant` is there where the token is authentic and only dead. */
export interface DeadAccessToken {
  readonly kind: 'dead';
  readonly reason: string;
  readonly grant?: GrantRecord;
  readonly name?: string;
  readonly expiresAt?: number;
  /** Where it is the grant that is over. */
  readonly end?: EndOfGrant;
  /** Then: its one audience. */
  readonly resource?: string;
}

/** What an access token says of itself, its seal or signature checked, its row not yet asked. */
type Authentic = Head & AccessPart & { readonly form: 'access' | 'machine' | 'jwt'; readonly derived: string; readonly name: string };

/**
 * Reads an access token, opaque or JWT, and asks its row (docs/decisions/0002, "an access token is live"). Never throws for a bad token.
 *
 * @param steps told of each check as it begins, for whoever wants to see them all
 */
export async function readAccessToken(
  ctx: Context,
  text: string,
  now: number,
  steps?: Pick<Trail, 'at'>,
): Promise<LiveAccessToken | DeadAccessToken> {
  steps?.at('credential_form');
  const token = tallyKindOf(text) === undefined ? readOwnJwt(ctx, text, now) : readOpaque(ctx, text);
  if (token === undefined) return dead('not an access token of ours, or changed');
  steps?.at('grant_known');
  const grant = await ctx.store.findGrant(ctx.tenant, grantId(token.id));
  if (grant === undefined) return dead('no grant has this token; it may have expired long ago');
  steps?.at('secret');
  if (!isOfKind(token, grant)) return dead('its secret is not the one the row knows');
  const expiresAt = token.issuedAt + token.lifetime;
  const authentic = { grant, name: token.name, expiresAt };
  steps?.at('token_fresh');
  if (expiresAt <= now) return { ...dead(`expired ${now - expiresAt} seconds ago`), ...authentic };
  steps?.at('grant_live');
  const end = endOfGrant(grant, now, 'access');
  if (end !== undefined) return { ...dead(end.detail), ...authentic, end, ...resourceOf(grant, token) };
  steps?.at('token_generation');
  if (token.generation > grant.generation) return dead('a generation that has not been issued');
  steps?.at('resource');
  const resource = grant.resources[token.resource];
  const scopes = scopesOfMask(grant.scopes, token.mask);
  if (resource === undefined || scopes === undefined) return dead('it names what its grant does not have');
  steps?.at('token_unrevoked');
  if (grant.hasRevokedTokens && (await ctx.store.findRevokedToken(ctx.tenant, grant.id, token.name))) {
    return { ...dead('the token itself was revoked'), ...authentic };
  }
  const { issuedAt, name, extension } = token;
  const details = detailsOf(grant.authorizationDetails, extension?.details ?? ALL_DETAILS);
  return { kind: 'live', grant, resource, scopes, issuedAt, expiresAt, confirmation: extension?.confirmation, details, name };
}

function resourceOf(grant: GrantRecord, token: Authentic): Pick<DeadAccessToken, 'resource'> {
  const resource = grant.resources[token.resource];
  return resource === undefined ? {} : { resource };
}

function readOpaque(ctx: Context, text: string): Authentic | undefined {
  const token = readAccess(ctx.keys.tally, text);
  return token === undefined ? undefined : { ...token, form: token.kind };
}

/** RFC 9068 §4: our key, our `iss`, `typ: at+jwt`; the `jti` is the token's name. */
function readOwnJwt(ctx: Context, text: string, now: number): Authentic | undefined {
  const jwt = readJwt(text);
  if (jwt === undefined || jwt.header['typ'] !== 'at+jwt' || typeof jwt.header['kid'] !== 'string') return undefined;
  const key = ctx.keys.verifierFor(jwt.header['kid'], now);
  if (key === undefined || key.alg !== jwt.header.alg || !key.verify(jwt.signingInput, jwt.signature)) return undefined;
  const jti = jwt.payload['jti'];
  if (jwt.payload['iss'] !== ctx.issuer || typeof jti !== 'string') return undefined;
  const token = readAccessName(ctx.keys.tally, jti);
  return token === undefined ? undefined : { ...token, form: 'jwt', derived: '', name: jti };
}

/** A client's own token stands only for a client's own grant, a user's only for a grant that has its other half. */
function isOfKind(token: Authentic, grant: GrantRecord): boolean {
  if (token.form === 'jwt') return true;
  if (token.form === 'machine') return grant.userId === undefined && grant.accessHash === undefined;
  return grant.accessHash !== undefined && equalText(grant.accessHash, sha256(token.derived));
}

function dead(reason: string): DeadAccessToken {
  return { kind: 'dead', reason };
}
