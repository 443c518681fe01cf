import { createHash } from 'node:crypto';
import type { Changes, Parameters } from '../suite/authorization.ts';
import type { Json } from '../suite/json.ts';
import { signJwt } from '../suite/jwt.ts';
import type { ClientKey } from '../suite/keys.ts';
import type { FapiClient } from './clients.ts';
import type { FapiRun } from './fapi-run.ts';

/** An authorization request with what its code will be redeemed with. */
export interface FapiRequest {
  readonly parameters: Parameters;
  readonly verifier: string;
}

/** What the suite's own set-up asks for; without `openid` the same is plain OAuth. */
const SCOPE = 'address email phone profile offline_access';

export function scopeOf({ variant }: FapiRun): string {
  return variant.openid === 'openid_connect' ? `openid ${SCOPE}` : SCOPE;
}

/** The usual request of the variant (FAPI 2.0 Security Profile §5.3.3.2). The second client's state is longer. */
export function fapiRequest(fapi: FapiRun, client: FapiClient, changes: Changes = {}): FapiRequest {
  const { run, variant, second } = fapi;
  const verifier = run.random(43);
  const request: Changes = {
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: scopeOf(fapi),
    state: run.random(client.clientId === second.clientId ? 128 : 10),
    nonce: variant.openid === 'openid_connect' ? run.random(10) : undefined,
    response_type: 'code',
    response_mode: variant.answer === 'jarm' ? 'jwt' : undefined,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(request)) if (value !== undefined) parameters[name] = value;
  return { parameters, verifier };
}

/** What is different about a request object. */
export interface ObjectChanges {
  /** Claims that differ; undefined takes one out. */
  readonly claims?: Json;
  readonly alg?: 'RS256' | 'PS256' | 'none';
  readonly key?: ClientKey;
  /** What becomes of the text that was signed. */
  readonly spoil?: (text: string) => string;
}

/** The request as a signed object (RFC 9101 §4, FAPI 2.0 Message Signing §5.3.1). The first client does not say its type, the second in odd letters. */
export function requestObject(fapi: FapiRun, client: FapiClient, parameters: Parameters, changes: ObjectChanges = {}): string {
  const { run, second } = fapi;
  const now = run.provider.nowSeconds();
  const { claims, alg = 'PS256', key = client.key, spoil = (text: string): string => text } = changes;
  const isSecond = client.clientId === second.clientId;
  const usual = {
    ...readable(parameters),
    ...(isSecond ? { iat: now } : {}),
    nbf: now,
    exp: now + 300,
    aud: run.issuer,
    iss: client.clientId,
  };
  const header = { alg, kid: alg === 'none' ? undefined : key.kid, typ: isSecond ? 'OAuth-authZ-REQ+jwt' : undefined };
  return spoil(signJwt(header, { ...usual, ...claims }, key.privateKey));
}

/** In an object `claims` is one itself. */
function readable({ claims, ...others }: Parameters): Json {
  return claims === undefined ? others : { ...others, claims: JSON.parse(claims) };
}
