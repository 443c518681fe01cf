import { readPresentedToken, type TokenScheme } from '@hufu/protocol/bearer';
import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import { resourceMetadataUrl } from '@hufu/protocol/resource-metadata';
import { isActive } from '../accounts/is-active.ts';
import { encryptToClient } from '../client-keys/encrypt-to-client.ts';
import { type Client, findStoredClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { admitProven, type ReplyHeaders, telling } from '../limits/admit.ts';
import { originsOf } from '../origins.ts';
import { jwtReply, tokenReply, toOAuthError } from '../reply.ts';
import { requireSender } from '../sender/require-sender.ts';
import { noTokenReply, resourceRefusal, withNonce } from '../sender/resource-refusal.ts';
import { tellEnd } from '../tokens/end-of-grant.ts';
import { userinfoClaims } from '../tokens/granted-claims.ts';
import { type DeadAccessToken, readAccessToken } from '../tokens/read-access-token.ts';
import { responseSigner } from '../tokens/response-signer.ts';
import { requireForm } from './form-body.ts';

/** Userinfo (OpenID Connect Core §5.3): GET, or POST with the token in the header or in the form body (RFC 6750 §2, RFC 9449 §7.1). */
export async function userinfo(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  return withNonce(ctx, request, await userinfoReply(ctx, request), 'rs');
}

async function userinfoReply(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let origins: readonly string[] = [];
  let scheme: TokenScheme = 'Bearer';
  let told: ReplyHeaders | undefined;
  try {
    trail.at('parameters');
    const authorization = request.headers['authorization'];
    const shown = readPresentedToken(typeof authorization === 'string' ? authorization : undefined, readBody(request));
    if (shown.kind === 'absent') return noToken(ctx, request, trail);
    if (shown.kind === 'refused') throw shown.error;
    scheme = shown.scheme;
    trail.at('token_live');
    const now = Math.floor(request.nowMs / 1000);
    const token = await readAccessToken(ctx, shown.token, now);
    if (token.kind === 'dead') throw await deadToken(ctx, token);
    trail.clientId = token.grant.clientId;
    if (request.headers['origin'] !== undefined) origins = await clientOrigins(ctx, token.grant.clientId);
    if (token.confirmation?.method === 'jkt') scheme = 'DPoP';
    await requireSender(ctx, request, { text: shown.token, scheme: shown.scheme, token }, trail, now);
    await admitProven(ctx, request, { client: token.grant.clientId, token: shown.token }, trail, (headers) => (told = headers));
    trail.at('scope');
    if (token.grant.userId === undefined || !token.scopes.includes('openid')) {
      throw new OAuthError('insufficient_scope', 'the access token does not have the scope openid');
    }
    const user = await ctx.store.findUser(ctx.tenant, token.grant.userId);
    if (user === undefined || !isActive(user, now))
      throw new OAuthError('invalid_token', 'the access token is not active', { detail: 'the user is gone' });
    const client = await findStoredClient(ctx, token.grant.clientId);
    if (client === undefined) throw new OAuthError('invalid_token', 'the access token is not active', { detail: 'the client is gone' });
    return { ...telling(await answer(ctx, client, userinfoClaims(user, token.grant, token.scopes), now), told), origins };
  } catch (thrown) {
    const error = toOAuthError(ctx, thrown, request);
    const decision = ctx.decisions.record('userinfo', error.status, error, trail, request.nowMs);
    const scope = error.code === 'insufficient_scope' ? { scope: ['openid'] } : {};
    const reply = resourceRefusal(error, { decision, scheme, ...scope, resourceMetadata: resourceMetadataUrl(ctx.issuer) });
    return { ...telling(reply, told), origins };
  }
}

/** Whoever shows a token that is authentic may learn why it is worth nothing any more. */
async function deadToken(ctx: Context, { reason, grant, end }: DeadAccessToken): Promise<OAuthError> {
  const otherwise = 'the access token is not active';
  if (grant === undefined || end === undefined) return new OAuthError('invalid_token', otherwise, { detail: reason });
  const { description, detail } = await tellEnd(ctx, await findStoredClient(ctx, grant.clientId), grant, end, otherwise);
  return new OAuthError('invalid_token', description, { detail });
}

/** RFC 6750 §3.1: no token, no error code; only where to come from. */
function noToken(ctx: Context, request: HttpRequest, trail: Trail): HttpReply {
  const error = new OAuthError('invalid_token', 'no access token in the request');
  return noTokenReply('hufu', ctx.decisions.record('userinfo', 401, error, trail, request.nowMs), resourceMetadataUrl(ctx.issuer));
}

async function clientOrigins(ctx: Context, id: string): Promise<readonly string[]> {
  const client = await findStoredClient(ctx, id);
  return client === undefined ? [] : originsOf(client);
}

function readBody(request: HttpRequest): Form | undefined {
  if (request.method !== 'POST' || request.body === '') return undefined;
  return requireForm(request);
}

/** As the client registered it (OpenID Connect Core §5.3.2): plain JSON, signed, encrypted, or one in the other. */
async function answer(ctx: Context, client: Client, claims: Readonly<Record<string, unknown>>, now: number): Promise<HttpReply> {
  const { userinfoSignedResponseAlg: alg, userinfoEncryption: encryption } = client.metadata;
  if (alg === undefined && encryption === undefined) return tokenReply(claims);
  const signed =
    alg === undefined ? undefined : responseSigner(ctx, client, alg, now).sign({ ...claims, iss: ctx.issuer, aud: client.id, iat: now });
  const body =
    encryption === undefined
      ? signed
      : await encryptToClient(ctx, client, encryption, signed ?? JSON.stringify(claims), signed === undefined ? undefined : 'JWT', now);
  return jwtReply(body ?? '');
}
