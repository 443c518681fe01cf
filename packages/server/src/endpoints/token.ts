import { OAuthError } from '@hufu/protocol/errors';
import { authenticateClient } from '../client-auth/authenticate-client.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import { grantTypes } from '../grants/registry.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { originsOf } from '../origins.ts';
import { refusal, tokenReply } from '../reply.ts';
import { requireForm } from './form-body.ts';

/** The token endpoint (RFC 6749 §3.2): reads the form, authenticates the client, and lets the grant type's own file do the rest. */
export async function token(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  const trail = new Trail();
  let origins: readonly string[] = [];
  try {
    trail.at('parameters');
    const form = requireForm(request);
    const now = Math.floor(request.nowMs / 1000);
    const client = await authenticateClient(ctx, request, form, trail, now);
    if (request.headers['origin'] !== undefined) origins = originsOf(client);
    trail.at('grant_type');
    const grantType = form.get('grant_type');
    if (grantType === undefined) throw new OAuthError('invalid_request', 'grant_type is missing');
    const grant = grantTypes.get(grantType);
    if (grant === undefined)
      throw new OAuthError('unsupported_grant_type', 'the grant type is not supported', { detail: grantType.slice(0, 100) });
    trail.at('client_grant_type');
    if (!client.metadata.grantTypes.includes(grantType)) {
      throw new OAuthError('unauthorized_client', 'the client is not registered for this grant type', { detail: grantType });
    }
    return { ...tokenReply(await grant(ctx, { client, form, trail, now })), origins };
  } catch (error) {
    return { ...refusal(ctx, 'token', request, trail, error), origins };
  }
}
