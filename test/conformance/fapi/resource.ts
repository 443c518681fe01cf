import assert from 'node:assert/strict';
import { type HttpReply, textOf } from '../suite/https-client.ts';
import type { FapiClient } from './clients.ts';
import type { FapiRun } from './fapi-run.ts';
import { makeProof, type ProofChanges, type ProofKey } from './proof.ts';

export interface ResourceOptions {
  readonly url?: string;
  /** As it stands before the token. */
  readonly scheme?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: ProofKey;
  readonly proof?: ProofChanges;
  /** What becomes of the proof; no lines: none is sent. */
  readonly send?: (proof: string) => readonly string[];
  /** The header's name. */
  readonly proofHeader?: string;
}

/** The protected resource of mode test. */
export function resourceUrl({ run }: FapiRun): string {
  return `${run.issuer}/test/resource`;
}

/** Calls a resource with what the token is bound to (RFC 9449 §7, RFC 8705 §3). */
export function callResource(fapi: FapiRun, client: FapiClient, accessToken: string, options: ResourceOptions = {}): Promise<HttpReply> {
  const { run, variant } = fapi;
  const { url = resourceUrl(fapi), headers = {}, key = client.proofKey, proof, send = (text): readonly string[] => [text] } = options;
  const dpop = variant.senderConstrain === 'dpop';
  const { scheme = dpop ? 'DPoP' : 'Bearer', proofHeader = 'DPoP' } = options;
  const request = { method: 'GET', url, nowSeconds: run.provider.nowSeconds(), jti: run.random(20), accessToken };
  const proofs = dpop ? send(makeProof(key, request, proof)) : [];
  const http = dpop ? run.http : client.certified;
  const proving = proofs.length === 0 ? {} : { [proofHeader]: proofs };
  return http.send(url, { headers: { authorization: `${scheme} ${accessToken}`, ...headers, ...proving } });
}

/** It has to let the client in, and say when (RFC 9110 §6.6.1). */
export async function requireResource(
  fapi: FapiRun,
  client: FapiClient,
  accessToken: string,
  options: ResourceOptions = {},
): Promise<HttpReply> {
  const reply = await callResource(fapi, client, accessToken, options);
  assert.equal(reply.status, 200, `the resource: ${reply.headers['www-authenticate'] ?? textOf(reply)}`);
  assert.ok(Number.isFinite(Date.parse(reply.headers['date'] ?? '')), 'the resource does not say when');
  return reply;
}
