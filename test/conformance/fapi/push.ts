import assert from 'node:assert/strict';
import { checkErrorText, type Parameters } from '../suite/authorization.ts';
import { type HttpReply, mediaType, objectOf } from '../suite/https-client.ts';
import { asNumber, asText } from '../suite/json.ts';
import { type Authentication, authenticationForm } from './authentication.ts';
import type { FapiClient } from './clients.ts';
import { assertUnguessable } from './entropy.ts';
import { endpoint, type FapiRun } from './fapi-run.ts';
import { makeProof, type ProofChanges } from './proof.ts';
import { type FapiRequest, type ObjectChanges, requestObject } from './request.ts';

export interface PushOptions {
  readonly authentication?: Authentication;
  readonly object?: ObjectChanges;
  /** `unsigned`: the parameters themselves, whatever the variant says. */
  readonly as?: 'unsigned';
  /** Beside the request, in the form. */
  readonly beside?: Parameters;
  /** A proof comes along, and binds the code (RFC 9449 §10.1). */
  readonly proof?: ProofChanges;
  readonly method?: string;
}

/** Pushes a request (RFC 9126 §2.1), with the certificate only where that says who the client is. */
export function push(
  fapi: FapiRun,
  client: FapiClient,
  { parameters }: FapiRequest,
  { authentication, object, as, beside, proof, method = 'POST' }: PushOptions = {},
): Promise<HttpReply> {
  const { run, variant } = fapi;
  const url = endpoint(fapi, 'pushed_authorization_request_endpoint');
  const signed = variant.request === 'signed' && as !== 'unsigned';
  const form = signed ? { client_id: client.clientId, request: requestObject(fapi, client, parameters, object) } : parameters;
  const http = variant.clientAuth === 'mtls' ? client.certified : run.http;
  const body = new URLSearchParams({ ...form, ...beside, ...authenticationForm(fapi, client, authentication) }).toString();
  const request = { method, url, nowSeconds: run.provider.nowSeconds(), jti: run.random(20) };
  return http.send(url, {
    method,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...(proof === undefined ? {} : { dpop: makeProof(client.proofKey, request, proof) }),
    },
    body,
  });
}

/** A pushed request's name (RFC 9126 §2.2). */
export function readPushed(reply: HttpReply): { readonly requestUri: string; readonly expiresIn: number } {
  const answer = objectOf(reply, 'pushed request');
  assert.equal(reply.status, 201, `pushed request: ${JSON.stringify(answer)}`);
  assert.equal(mediaType(reply), 'application/json', 'pushed request: content-type');
  assert.equal(answer['error'], undefined, 'pushed request: error');
  const requestUri = asText(answer['request_uri'], 'request_uri');
  assertUnguessable(requestUri, 'request_uri');
  const expiresIn = asNumber(answer['expires_in'], 'expires_in of a pushed request');
  assert.ok(Number.isInteger(expiresIn) && expiresIn >= 5 && expiresIn < 600, `expires_in ${expiresIn}`);
  return { requestUri, expiresIn };
}

/** A refusal (RFC 9126 §2.3). @returns its code */
export function readPushError(reply: HttpReply): string {
  assert.ok(reply.status === 400 || reply.status === 401, `a refusal of a pushed request, not ${reply.status}`);
  assert.equal(mediaType(reply), 'application/json', 'refusal of a pushed request: content-type');
  const answer = objectOf(reply, 'pushed request');
  assert.equal(answer['request_uri'], undefined, 'a refusal with a request_uri');
  checkErrorText(answer['error_description']);
  return asText(answer['error'], 'error of a pushed request');
}
