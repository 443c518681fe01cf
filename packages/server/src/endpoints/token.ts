import { OAuthError } from '@hufu/protocol/errors';
import { attestedKey } from '../client-auth/attest-jwt-client-auth.ts';
import { authenticateTokenClient } from '../client-auth/authenticate-token-client.ts';
import type { Context } from '../context.ts';
import type { GrantHandler } from '../grants/grant.ts';
import { grantTypes } from '../grants/registry.ts';
import { tokenFacts } from '../history/token-facts.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { tokenReply } from '../reply.ts';
import { expectNonce, readSender } from '../sender/read-sender.ts';
import { type ClientCall, clientEndpoint } from './client-endpoint.ts';

/** The token endpoint (RFC 6749 §3.2): finds the grant type that an authenticated client asks for, and lets its own file do the rest. */
export function token(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  return clientEndpoint(ctx, request, 'token', (call) => answer(ctx, request, call), {
    authenticate: authenticateTokenClient,
    before: expectNonce,
    note: (call, nowMs) => ctx.history.note(tokenFacts(call, Math.floor(nowMs / 1000)), nowMs),
  });
}

async function answer(ctx: Context, request: HttpRequest, call: ClientCall): Promise<HttpReply> {
  const grant = requireGrantType(call);
  const sender = readSender(ctx, request, call.client, call.trail, call.now);
  const confirmation = sender === undefined ? undefined : await sender;
  const issued = await grant(ctx, { ...call, confirmation, instance: attestedKey(call.client, request) });
  ctx.metrics.meter.issued(call.form.get('grant_type') ?? '');
  return tokenReply(issued);
}

/** What does the grant type that is asked for, where the client may use it. */
export function requireGrantType(call: Pick<ClientCall, 'client' | 'form' | 'trail'>): GrantHandler {
  call.trail.at('grant_type');
  const grantType = call.form.get('grant_type');
  if (grantType === undefined) throw new OAuthError('invalid_request', 'grant_type is missing');
  const grant = grantTypes.get(grantType);
  if (grant === undefined)
    throw new OAuthError('unsupported_grant_type', 'the grant type is not supported', { detail: grantType.slice(0, 100) });
  // There for those whom an administrator let, and for nobody else (attacks TOK-17).
  if (grantType === 'password' && !call.client.metadata.settings.unsafePasswordGrant)
    throw new OAuthError('unsupported_grant_type', 'the grant type is not supported', { detail: grantType });
  call.trail.at('client_grant_type');
  if (!call.client.metadata.grantTypes.includes(grantType)) {
    throw new OAuthError('unauthorized_client', 'the client is not registered for this grant type', { detail: grantType });
  }
  return grant;
}
