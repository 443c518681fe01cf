import { readBasicCredentials } from '@hufu/protocol/basic-auth';
import { ATTESTATION_HEADER, ATTESTATION_PROOF_HEADER, readClientAttestation } from '@hufu/protocol/client-attestation';
import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import { readJwt } from '@hufu/protocol/jwt';
import type { Trail } from '../decisions/trail.ts';
import type { HttpRequest } from '../http.ts';
import type { Attempt } from './auth-method.ts';
import { JWT_BEARER } from './client-assertion.ts';

/** All that anybody learns of why a client was not let in. */
export const CLIENT_REFUSED = 'client authentication failed';

/**
 * How the request says who sends it: one mechanism (RFC 6749 §2.3). Throws `invalid_request` for two at once, and `invalid_client` where nothing
 * reads, which is then the check that failed.
 */
export function readAttempt(request: HttpRequest, form: Form, trail: Trail, now: number): Attempt {
  const authorization = request.headers['authorization'];
  const bodyId = form.get('client_id');
  const bodySecret = form.get('client_secret');
  // Passed over, an assertion of a kind that we don't have would leave a client that says its name alone.
  const asserts = form.has('client_assertion') || form.has('client_assertion_type');
  const attestation = request.headers[ATTESTATION_HEADER];
  const attests = attestation !== undefined || request.headers[ATTESTATION_PROOF_HEADER] !== undefined;
  if ([typeof authorization === 'string', bodySecret !== undefined, asserts, attests].filter(Boolean).length > 1) {
    trail.at('client_authentication');
    throw new OAuthError('invalid_request', 'two client authentication methods in one request');
  }
  if (typeof authorization === 'string') {
    const basic = readBasicCredentials(authorization);
    if (basic === undefined) throw unread(trail, 'the Authorization header does not read as Basic');
    if (bodyId !== undefined && bodyId !== basic.clientId)
      throw unread(trail, 'client_id in the body is not the one in the Authorization header');
    return { mechanism: 'client_secret_basic', clientId: basic.clientId, proof: basic.clientSecret, request, trail, now };
  }
  if (asserts) {
    const proof = form.get('client_assertion') ?? '';
    return { mechanism: 'client_assertion', clientId: readAsserted(form, proof, bodyId, trail), proof, request, trail, now };
  }
  if (attests) {
    const proof = String(attestation ?? '');
    return { mechanism: 'client_attestation', clientId: readAttested(proof, bodyId, trail), proof, request, trail, now };
  }
  if (bodyId === undefined) throw unread(trail, 'no client authentication in the request');
  if (bodySecret === undefined) return { mechanism: 'none', clientId: bodyId, proof: '', request, trail, now };
  return { mechanism: 'client_secret_post', clientId: bodyId, proof: bodySecret, request, trail, now };
}

/** Whom the assertion speaks for: its `sub`, and `client_id` is that too or is not there (RFC 7521 §4.2, RFC 7523 §3). Nothing is verified yet. */
function readAsserted(form: Form, assertion: string, bodyId: string | undefined, trail: Trail): string {
  if (form.get('client_assertion_type') !== JWT_BEARER) throw unread(trail, 'client_assertion_type is not one that is supported');
  const sub = readJwt(assertion)?.payload['sub'];
  if (typeof sub !== 'string') throw unread(trail, 'the client assertion does not read as a signed JWT with a sub');
  if (bodyId !== undefined && bodyId !== sub) throw unread(trail, 'client_id in the body is not the sub of the client assertion');
  return sub;
}

/** Whom the attestation is about, which `client_id` is too or is not there (Attestation-Based Client Authentication §7.5). Nothing is verified yet. */
function readAttested(text: string, bodyId: string | undefined, trail: Trail): string {
  const read = readClientAttestation(text);
  if (read.kind === 'refused') throw unread(trail, `the attestation ${read.reason}`);
  const { clientId } = read.attestation;
  if (bodyId !== undefined && bodyId !== clientId) throw unread(trail, 'client_id in the body is not the sub of the attestation');
  return clientId;
}

function unread(trail: Trail, detail: string): OAuthError {
  trail.at('client_authentication');
  return new OAuthError('invalid_client', CLIENT_REFUSED, { detail });
}
