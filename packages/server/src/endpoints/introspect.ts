import { writeCnf } from '@hufu/protocol/confirmation';
import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import { grantId } from '@hufu/protocol/ids';
import { formatScope } from '@hufu/protocol/scope';
import { readHolder, tallyKindOf } from '@hufu/protocol/tally';
import type { GrantRecord } from '@hufu/store/port';
import type { AuthenticatedClient } from '../client-auth/authenticated-client.ts';
import { encryptToClient } from '../client-keys/encrypt-to-client.ts';
import type { Context } from '../context.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { jwtReply, tokenReply } from '../reply.ts';
import { acrOf } from '../tokens/acr.ts';
import { type EndOfGrant, endOfGrant } from '../tokens/end-of-grant.ts';
import { readAccessToken } from '../tokens/read-access-token.ts';
import { responseSigner } from '../tokens/response-signer.ts';
import { sha256 } from '../tokens/secrets.ts';
import { statusClaims } from '../tokens/status-claims.ts';
import { tokenTypeOf } from '../tokens/token-response.ts';
import { isRefreshable } from '../tokens/user-tokens.ts';
import { clientEndpoint } from './client-endpoint.ts';

const INACTIVE = { active: false } as const;
const INTROSPECTION_JWT = 'application/token-introspection+jwt';

/**
 * Introspection (RFC 7662) for confidential clients. Who may know of a token: the client it was issued to, and clients whose
 * `hufu.resource_server_of` lists the token's resource. Everybody else learns that it is not active (§4).
 */
export function introspect(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  return clientEndpoint(ctx, request, 'introspect', async ({ client, form, trail, now }) => {
    trail.at('client_authentication');
    if (!client.confidential)
      throw new OAuthError('invalid_client', 'client authentication failed', { detail: 'introspection is for clients that authenticate' });
    trail.at('parameters');
    const token = form.get('token');
    if (token === undefined) throw new OAuthError('invalid_request', 'token is missing');
    trail.at('token_live');
    let decision: string | undefined;
    const ended = (grant: GrantRecord, end: EndOfGrant): object => {
      // Asked again and again for one token: told once.
      trail.repeats = `introspect ${grant.id}`;
      const why = new OAuthError('invalid_token', 'the token is not active', { detail: end.detail });
      decision = ctx.decisions.record('introspect', 200, why, trail, request.nowMs);
      return INACTIVE;
    };
    const body =
      tallyKindOf(token) === 'refresh'
        ? await ofRefreshToken(ctx, client, token, ended, now)
        : await ofAccessToken(ctx, client, token, ended, now);
    const reply = wantsJwt(request) ? await jwtAnswer(ctx, client, body, now) : tokenReply(body);
    return decision === undefined ? reply : { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
  });
}

/** The answer about a token whose grant is over. Nobody else learns why (RFC 7662 §2.2): it goes into the decision record. */
type Ended = (grant: GrantRecord, end: EndOfGrant) => object;

async function ofAccessToken(ctx: Context, client: AuthenticatedClient, text: string, ended: Ended, now: number): Promise<object> {
  const token = await readAccessToken(ctx, text, now);
  if (token.kind === 'dead') {
    const { grant, end, resource } = token;
    return grant !== undefined && end !== undefined && mayKnow(client, grant, resource) ? ended(grant, end) : INACTIVE;
  }
  const { grant } = token;
  if (!mayKnow(client, grant, token.resource)) return INACTIVE;
  // For whoever keeps the answer: what of the revocation feed ends it.
  const status = servesResource(client, token.resource) ? await statusClaims(ctx, grant) : {};
  if (status === undefined) return INACTIVE;
  return {
    active: true,
    ...(token.scopes.length > 0 ? { scope: formatScope(token.scopes) } : {}),
    client_id: grant.clientId,
    token_type: tokenTypeOf(token.confirmation),
    exp: token.expiresAt,
    iat: token.issuedAt,
    sub: grant.subject,
    aud: token.resource,
    iss: ctx.issuer,
    jti: token.name,
    ...(token.details === undefined ? {} : { authorization_details: token.details }),
    ...(token.confirmation === undefined ? {} : { cnf: writeCnf(token.confirmation) }),
    ...(grant.authTime === undefined || grant.userId === undefined ? {} : { auth_time: grant.authTime }),
    // RFC 9470 §6.2
    ...(grant.amr.length === 0 ? {} : { acr: acrOf(grant.amr) }),
    // RFC 8693 §4.1
    ...(grant.actor === undefined ? {} : { act: grant.actor }),
    ...status,
  };
}

/** Whom a token was issued to, and who serves its resource. */
function mayKnow(client: AuthenticatedClient, grant: GrantRecord, resource: string | undefined): boolean {
  return grant.clientId === client.id || servesResource(client, resource);
}

function servesResource(client: AuthenticatedClient, resource: string | undefined): boolean {
  return resource !== undefined && client.metadata.settings.resourceServerOf.includes(resource);
}

/** RFC 9701 §4: only where the media type is named itself. */
function wantsJwt(request: HttpRequest): boolean {
  const { accept } = request.headers;
  return (
    typeof accept === 'string' && accept.split(',').some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === INTROSPECTION_JWT)
  );
}

/** The same answer as a JWT for the one who asked (RFC 9701 §5), signed and perhaps encrypted as it registered (§6). */
async function jwtAnswer(ctx: Context, client: AuthenticatedClient, body: object, now: number): Promise<HttpReply> {
  const { introspectionSignedResponseAlg: registered, introspectionEncryption: encryption } = client.metadata;
  const { algorithms } = ctx.config.signing;
  const alg = registered ?? (algorithms.includes('RS256') ? 'RS256' : (algorithms[0] ?? 'RS256'));
  const claims = { iss: ctx.issuer, aud: client.id, iat: now, token_introspection: body };
  const signed = responseSigner(ctx, client, alg, now).sign(claims, 'token-introspection+jwt');
  const jwt = encryption === undefined ? signed : await encryptToClient(ctx, client, encryption, signed, 'JWT', now);
  return jwtReply(jwt, INTROSPECTION_JWT);
}

/** A refresh token is its own client's business alone; a consumed one is not active even while it would still be forgiven. */
async function ofRefreshToken(ctx: Context, client: AuthenticatedClient, text: string, ended: Ended, now: number): Promise<object> {
  const credential = readHolder(ctx.keys.tally, 'refresh', text);
  if (credential === undefined) return INACTIVE;
  const grant = await ctx.store.findGrant(ctx.tenant, grantId(credential.id));
  if (grant === undefined || grant.clientId !== client.id || !isRefreshable(grant)) return INACTIVE;
  if (grant.secretHash === undefined || !equalText(grant.secretHash, sha256(credential.secret))) return INACTIVE;
  const over = endOfGrant(grant, now, 'refresh');
  if (over !== undefined) return ended(grant, over);
  if (credential.generation !== grant.generation) return INACTIVE;
  const end = Math.min(grant.expiresAt, grant.rotatedAt + grant.idleSeconds);
  return {
    active: true,
    ...(grant.scopes.length > 0 ? { scope: formatScope(grant.scopes) } : {}),
    client_id: grant.clientId,
    exp: end,
    iat: grant.rotatedAt,
    sub: grant.subject,
    iss: ctx.issuer,
  };
}
