import { ATTESTATION_HEADER } from '@hufu/protocol/client-attestation';
import { JWT_BEARER_GRANT } from '@hufu/protocol/client-metadata';
import type { Form } from '@hufu/protocol/form';
import { readJwt } from '@hufu/protocol/jwt';
import { verifyOwnAssertion } from '../assertions/own-assertion.ts';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import type { Attempt } from './auth-method.ts';
import { authenticateAttempt, authenticateClient, type BeforeProof } from './authenticate-client.ts';
import type { AuthenticatedClient } from './authenticated-client.ts';

/**
 * Client authentication at the token endpoint. A service account's assertion is all that it sends (RFC 7521 §4.1: client authentication is
 * optional there): what it is signed with says who sends it. Its grant verifies and uses it up; elsewhere an assertion proves nobody.
 */
export async function authenticateTokenClient(
  ctx: Context,
  request: HttpRequest,
  form: Form,
  trail: Trail,
  now: number,
  before?: BeforeProof,
): Promise<AuthenticatedClient> {
  const assertion = readLoneAssertion(request, form);
  if (assertion === undefined) return authenticateClient(ctx, request, form, trail, now, before);
  const attempt = { mechanism: 'assertion_grant', ...assertion, request, trail, now } as const;
  return authenticateAttempt(ctx, attempt, () => ({ mechanism: 'assertion_grant', prove: findOwnAssertionFault }), before);
}

async function findOwnAssertionFault(ctx: Context, client: Client, { proof, trail, now }: Attempt): Promise<string | undefined> {
  const assertion = await verifyOwnAssertion(ctx, client, proof, trail, now);
  trail.at('client_authentication');
  return assertion.kind === 'refused' ? assertion.reason : undefined;
}

/** The assertion of a grant that nothing stands beside that says who sends it; who it says has made it. */
function readLoneAssertion(request: HttpRequest, form: Form): { readonly clientId: string; readonly proof: string } | undefined {
  const proof = form.get('assertion');
  if (form.get('grant_type') !== JWT_BEARER_GRANT || proof === undefined || request.headers['authorization'] !== undefined)
    return undefined;
  if (IDENTIFYING.some((name) => form.has(name)) || request.headers[ATTESTATION_HEADER] !== undefined) return undefined;
  const iss = readJwt(proof)?.payload['iss'];
  return typeof iss === 'string' ? { clientId: iss, proof } : undefined;
}

const IDENTIFYING: readonly string[] = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'];
