import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import { countClientFailure } from '../accounts/sign-in-limits.ts';
import { type Client, findClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { beginningOf } from '../decisions/redact.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import type { Attempt, AuthMethod } from './auth-method.ts';
import type { AuthenticatedClient } from './authenticated-client.ts';
import { CLIENT_REFUSED, readAttempt } from './read-attempt.ts';
import { authMethods } from './registry.ts';

export { hashClientSecret } from '../client-keys/hash-client-secret.ts';

/** What is looked at before the client's proof, which may be used up by being looked at. May throw. */
export type BeforeProof = (ctx: Context, request: HttpRequest, client: Client, trail: Trail, now: number) => void;

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
  before?: BeforeProof,
): Promise<AuthenticatedClient> {
  return authenticateAttempt(ctx, readAttempt(request, form, trail, now), (registered) => authMethods.get(registered), before);
}

/** The same for an attempt that has been read. `choose` finds the method by what the client is registered for. */
export async function authenticateAttempt(
  ctx: Context,
  attempt: Attempt,
  choose: (registered: string) => Pick<AuthMethod, 'mechanism' | 'prove'> | undefined,
  before: BeforeProof | undefined,
): Promise<AuthenticatedClient> {
  const { request, trail, now } = attempt;
  trail.clientId = beginningOf(attempt.clientId);
  trail.at('client_known');
  const client = await findClient(ctx, attempt.clientId);
  if (client === undefined) {
    // The same work as for a client that is there, so that time does not tell.
    ctx.keys.keyedHash('client_secret', `${attempt.clientId}\n${attempt.proof}`);
    throw await refuse(ctx, attempt, 'there is no such client');
  }
  trail.clientId = client.id;
  trail.at('client_enabled');
  if (!client.record.enabled) throw await refuse(ctx, attempt, 'the client is disabled');
  const registered = client.metadata.tokenEndpointAuthMethod;
  const method = choose(registered);
  if (method?.mechanism !== attempt.mechanism) {
    trail.at('client_authentication');
    throw await refuse(ctx, attempt, `the client is registered for ${registered} and used ${attempt.mechanism}`);
  }
  before?.(ctx, request, client, trail, now);
  const outcome = method.prove(ctx, client, attempt);
  // Most prove it at once, and a turn costs; whatever else it is, is waited for.
  const fault = outcome === undefined ? undefined : await outcome;
  if (fault !== undefined) throw await refuse(ctx, attempt, fault);
  return client as AuthenticatedClient;
}

/** Counts the failure; past the limit of this client and source it is a 429, which the right secret never meets. */
async function refuse(ctx: Context, { clientId, request }: Attempt, detail: string): Promise<OAuthError> {
  const counted = await countClientFailure(ctx, clientId, request.address);
  if (counted.kind === 'taken') return new OAuthError('invalid_client', CLIENT_REFUSED, { detail });
  const { rule, retryAfterSeconds } = counted;
  return new OAuthError('slow_down', CLIENT_REFUSED, { detail: `${detail}; and too often: limit ${rule}`, retryAfterSeconds });
}
