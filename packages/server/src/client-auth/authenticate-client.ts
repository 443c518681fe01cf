import { hash } from 'node:crypto';
import { readBasicCredentials } from '@hufu/protocol/basic-auth';
import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { ClientRecord, ClientSecret } from '@hufu/store/port';
import { type Client, findClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { beginningOf } from '../decisions/redact.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import type { AuthenticatedClient } from './authenticated-client.ts';

/** What the request carries of the client's identity: one mechanism at most (RFC 6749 §2.3). */
interface Presented {
  readonly method: 'client_secret_basic' | 'client_secret_post' | 'none';
  readonly clientId: string;
  readonly secret: string;
}

/**
 * Client authentication for every endpoint that has it (RFC 6749 §2.3, §3.2.1).
 * Throws `invalid_request` for two mechanisms at once and `invalid_client` for everything else, always with the same words.
 */
export async function authenticateClient(
  ctx: Context,
  request: HttpRequest,
  form: Form,
  trail: Trail,
  now: number,
): Promise<AuthenticatedClient> {
  const presented = readPresented(request, form, trail);
  trail.clientId = beginningOf(presented.clientId);
  trail.at('client_known');
  const client = await findClient(ctx, presented.clientId);
  if (client === undefined) {
    // The same work as for a client that is there, so that time does not tell.
    ctx.keys.keyedHash('client_secret', `${presented.clientId}\n${presented.secret}`);
    throw refuse(ctx, request, presented, 'there is no such client');
  }
  trail.clientId = client.id;
  trail.at('client_enabled');
  if (!client.record.enabled) throw refuse(ctx, request, presented, 'the client is disabled');
  trail.at('client_authentication');
  const registered = client.metadata.tokenEndpointAuthMethod;
  if (presented.method !== registered) {
    throw refuse(ctx, request, presented, `the client is registered for ${registered} and used ${presented.method}`);
  }
  if (registered === 'none') return client as AuthenticatedClient;
  const secret = matchingSecret(ctx, client, presented.secret);
  if (secret === undefined || (secret.expiresAt !== 0 && secret.expiresAt <= now))
    throw refuse(ctx, request, presented, 'the secret is wrong or has expired');
  return client as AuthenticatedClient;
}

/** What the last right secret of a client looked like: a plain hash is a sixth of the keyed one, and a client asks a thousand times. Goes with the record. */
const lastRight = new WeakMap<ClientRecord, { readonly digest: string; readonly secret: ClientSecret }>();

function matchingSecret(ctx: Context, { id, record }: Client, presented: string): ClientSecret | undefined {
  const digest = hash('sha256', presented, 'base64url');
  const last = lastRight.get(record);
  if (last !== undefined && equalText(last.digest, digest)) return last.secret;
  const keyed = ctx.keys.keyedHash('client_secret', `${id}\n${presented}`);
  const secret = record.secrets.find((candidate) => equalText(candidate.hash, keyed));
  if (secret !== undefined) lastRight.set(record, { digest, secret });
  return secret;
}

/** The hash under which a client's secret is kept. */
export function hashClientSecret(ctx: Pick<Context, 'keys'>, clientId: string, secret: string): string {
  return ctx.keys.keyedHash('client_secret', `${clientId}\n${secret}`);
}

/** What was presented, or the refusal of it: only then is this a check of its own, as the proof comes once the client is known. */
function readPresented(request: HttpRequest, form: Form, trail: Trail): Presented {
  try {
    return readMechanism(request, form);
  } catch (error) {
    trail.at('client_authentication');
    throw error;
  }
}

function readMechanism(request: HttpRequest, form: Form): Presented {
  const authorization = request.headers['authorization'];
  const bodyId = form.get('client_id');
  const bodySecret = form.get('client_secret');
  // Not a method that we have; passed over, it would leave a client that says its name alone.
  const asserts = form.has('client_assertion') || form.has('client_assertion_type');
  if (asserts && (typeof authorization === 'string' || bodySecret !== undefined)) {
    throw new OAuthError('invalid_request', 'two client authentication methods in one request');
  }
  if (asserts) throw new OAuthError('invalid_client', CLIENT_REFUSED, { detail: 'client assertions are not supported' });
  if (typeof authorization === 'string') {
    if (bodySecret !== undefined) throw new OAuthError('invalid_request', 'two client authentication methods in one request');
    const basic = readBasicCredentials(authorization);
    if (basic === undefined)
      throw new OAuthError('invalid_client', CLIENT_REFUSED, { detail: 'the Authorization header does not read as Basic' });
    if (bodyId !== undefined && bodyId !== basic.clientId) {
      throw new OAuthError('invalid_client', CLIENT_REFUSED, {
        detail: 'client_id in the body is not the one in the Authorization header',
      });
    }
    return { method: 'client_secret_basic', clientId: basic.clientId, secret: basic.clientSecret };
  }
  if (bodyId === undefined) throw new OAuthError('invalid_client', CLIENT_REFUSED, { detail: 'no client authentication in the request' });
  if (bodySecret === undefined) return { method: 'none', clientId: bodyId, secret: '' };
  return { method: 'client_secret_post', clientId: bodyId, secret: bodySecret };
}

const CLIENT_REFUSED = 'client authentication failed';

/** Counts the failure; past the limit of this client and source it is a 429, which the right secret never meets. */
function refuse(ctx: Context, request: HttpRequest, presented: Presented, detail: string): OAuthError {
  const wait = ctx.bruteForce.clientFailed(presented.clientId, request.address, request.nowMs);
  if (wait === 0) return new OAuthError('invalid_client', CLIENT_REFUSED, { detail });
  return new OAuthError('slow_down', CLIENT_REFUSED, { detail: `${detail}; and too often`, retryAfterSeconds: wait });
}
