import { type Answer, ask, malformed, refusal } from './ask.ts';
import type { Client } from './client.ts';
import { dpopProof } from './dpop.ts';
import type { EndpointName } from './server-metadata.ts';

export interface ClientRequest {
  /** Names and values; those that are undefined are left out, those that repeat are sent as often. */
  readonly parameters: Iterable<readonly [name: string, value: string | undefined]>;
  /** What the tokens are to be bound to (RFC 9449 §5). */
  readonly dpopKey?: CryptoKeyPair | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A token answer as it came: JSON with status 200 and without `error`; its members are not checked yet (RFC 6749 §5.1). */
export interface RawTokenAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970 before the request was sent: from then on the tokens' lives are counted. */
  readonly sentAt: number;
}

/** Asks the token endpoint (RFC 6749 §3.2). Throws `ClientError`; `refused` carries the server's code. */
export async function requestTokens(client: Client, grantType: string, request: ClientRequest): Promise<RawTokenAnswer> {
  const sentAt = client.nowMs();
  const answer = await callEndpoint(client, 'token_endpoint', {
    ...request,
    parameters: [['grant_type', grantType], ...request.parameters],
  });
  // Some servers refuse with status 200.
  if (answer.status !== 200 || answer.body?.['error'] !== undefined) throw refusal(answer, 'the token endpoint');
  if (answer.body === undefined) throw malformed('the token endpoint answered with something that is no JSON object', answer.status);
  return { body: answer.body, sentAt };
}

/**
 * Sends a form to an endpoint that wants to know the client, whatever it answers. Where it asks for a nonce in the proof (RFC 9449 §8), it
 * gets a second request with it.
 */
export async function callEndpoint(client: Client, name: EndpointName, request: ClientRequest): Promise<Answer> {
  const { authentication, issuer, clientId } = client;
  const metadata = await client.metadata(request.signal);
  const url = metadata.endpoint(name, authentication.method.endsWith('tls_client_auth') ? 'mtls' : undefined);
  const send = async (): Promise<{ readonly answer: Answer; readonly isNonceOther: boolean }> => {
    const nowMs = client.nowMs();
    const parameters = new URLSearchParams();
    for (const [field, value] of request.parameters) if (value !== undefined) parameters.append(field, value);
    const headers = new Headers();
    await authentication.apply({ issuer, clientId, parameters, headers, nowMs });
    const nonce = client.nonces.of(url);
    if (request.dpopKey !== undefined) headers.set('dpop', await dpopProof(request.dpopKey, { method: 'POST', url, nowMs, nonce }));
    headers.set('content-type', 'application/x-www-form-urlencoded');
    const answer = await ask(client.fetch, url, { method: 'POST', headers, body: parameters.toString() }, request.signal);
    return { answer, isNonceOther: request.dpopKey !== undefined && client.nonces.keep(url, answer.headers.get('dpop-nonce'), nonce) };
  };
  const { answer, isNonceOther } = await send();
  return isNonceOther && answer.body?.['error'] === 'use_dpop_nonce' ? (await send()).answer : answer;
}
