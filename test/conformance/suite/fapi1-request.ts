import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Fapi1Variant } from '../fapi1-plan.ts';
import { authorizationUrl, type Changes, type Parameters } from './authorization.ts';
import { type Proof, proofFields } from './fapi1-authentication.ts';
import type { FapiClient } from './fapi1-clients.ts';
import { connectionOf, type FapiRun, mutualEndpoint } from './fapi1-run.ts';
import { type HttpReply, mediaType, objectOf } from './https-client.ts';
import { asNumber, asText, type Json } from './json.ts';
import { signJwt } from './jwt.ts';

/** A run of a module of the plan for FAPI 1.0 Advanced. */
export interface Fapi1Run extends FapiRun {
  readonly variant: Fapi1Variant;
}

/** What differs from the usual authorization request. */
export interface Shape {
  /** Of the parameters, before the request object is made of them; undefined takes one out. */
  readonly changes?: Changes;
  /** Of the request object's claims; undefined takes one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Parameters beside the request object that are not as in it. */
  readonly outside?: Parameters;
  /** Signs the request object; with PS256 and the client's key by default. */
  readonly sign?: (claims: Json) => string;
  /** `bare`: beside the object, or the request_uri, stands client_id alone. `reversed`: in the other order. */
  readonly beside?: 'repeated' | 'reversed' | 'bare';
  /** Of the client at the endpoint for pushed requests. */
  readonly proof?: Proof;
  /** Who the client says it is to the browser, where that is not the client that pushed. */
  readonly sentAs?: FapiClient;
}

/** A request as the client has prepared it. */
export interface Prepared {
  readonly client: FapiClient;
  readonly parameters: Parameters;
  readonly object: string;
  readonly verifier: string;
}

/** A request that is on its way: the browser's address, or the refusal of a pushed one. */
export type Sent =
  | { readonly kind: 'address'; readonly url: string; readonly prepared: Prepared; readonly expiresIn: number | undefined }
  | { readonly kind: 'refused'; readonly reply: HttpReply };

/** The usual parameters, and the request object of them (FAPI 1.0 Advanced §5.2.3, RFC 9101 §4). */
export function prepare(bench: Fapi1Run, client: FapiClient, shape: Shape = {}): Prepared {
  const { run, variant } = bench;
  const isSecond = client === bench.clients.second;
  const verifier = run.random(43);
  const challenge = { code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' };
  const parameters = kept({
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: 'openid email',
    state: run.random(isSecond ? 128 : 10),
    nonce: run.random(isSecond ? 43 : 10),
    ...(variant.response === 'jarm' ? { response_type: 'code', response_mode: 'jwt' } : { response_type: 'code id_token' }),
    ...(variant.request === 'pushed' ? challenge : {}),
    ...shape.changes,
  });
  const now = run.provider.nowSeconds();
  const claims = kept({
    ...parameters,
    ...(isSecond ? { iat: now } : {}),
    nbf: now,
    exp: now + 300,
    aud: run.issuer,
    iss: client.clientId,
    ...shape.claims,
  });
  const header = { alg: 'PS256', kid: client.key.kid, typ: isSecond ? 'oauth-authz-req+jwt' : undefined };
  const object = shape.sign === undefined ? signJwt(header, claims, client.key.privateKey) : shape.sign(claims);
  return { client, parameters, object, verifier };
}

/** Pushes the request where the variant does so, and says where the browser is to go. */
export async function send(bench: Fapi1Run, client: FapiClient, shape: Shape = {}): Promise<Sent> {
  const prepared = prepare(bench, client, shape);
  if (bench.variant.request === 'by_value')
    return { kind: 'address', url: addressOf(bench, prepared, { request: prepared.object }, shape), prepared, expiresIn: undefined };
  const reply = await push(bench, prepared, shape.proof);
  if (reply.status >= 400) return { kind: 'refused', reply };
  const { requestUri, expiresIn } = readPushed(reply);
  return { kind: 'address', url: addressOf(bench, prepared, { request_uri: requestUri }, shape), prepared, expiresIn };
}

/** RFC 9126 §2.1. A client with an assertion needs no certificate there. */
export function push(
  bench: Fapi1Run,
  { client, object }: Prepared,
  proof: Proof = {},
  { more = {}, method = 'POST' }: { readonly more?: Parameters; readonly method?: string } = {},
): Promise<HttpReply> {
  const url = mutualEndpoint(bench, 'pushed_authorization_request_endpoint');
  const from = client.auth === 'mtls' ? connectionOf(bench, client) : bench.run.http;
  const body = new URLSearchParams({ request: object, ...more, ...proofFields(bench, client, bench.run.issuer, proof) }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  return from.send(url, { method, headers, body });
}

/** RFC 9126 §2.2 */
function readPushed(reply: HttpReply): { readonly requestUri: string; readonly expiresIn: number } {
  const body = objectOf(reply, 'pushed request');
  assert.equal(reply.status, 201, `pushed request: ${JSON.stringify(body)}`);
  assert.equal(mediaType(reply), 'application/json', 'pushed request: content-type');
  const requestUri = asText(body['request_uri'], 'request_uri');
  assert.ok(new Set(requestUri).size > 10 && requestUri.length >= 40, 'request_uri can be guessed');
  return { requestUri, expiresIn: asNumber(body['expires_in'], 'expires_in') };
}

const REPEATED: readonly string[] = ['response_type', 'client_id', 'scope', 'redirect_uri'];

/** What OAuth 2.0 demands stands beside the object too (OpenID Connect Core §6.1), unless it is to stand there `bare`. */
function addressOf(bench: Fapi1Run, { parameters }: Prepared, reference: Parameters, shape: Shape): string {
  const repeated = Object.entries(parameters).filter(
    ([name]) => name === 'client_id' || (shape.beside !== 'bare' && REPEATED.includes(name)),
  );
  const named = shape.sentAs === undefined ? {} : { client_id: shape.sentAs.clientId };
  const all = Object.entries({ ...Object.fromEntries(repeated), ...shape.outside, ...named, ...reference }).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return authorizationUrl(bench.run, Object.fromEntries(shape.beside === 'reversed' ? all.toReversed() : all));
}

function kept<T>(members: Readonly<Record<string, T | undefined>>): Readonly<Record<string, T>> {
  const left: Record<string, T> = {};
  for (const [name, value] of Object.entries(members)) if (value !== undefined) left[name] = value;
  return left;
}
