import type { Client } from '../clients.ts';

/** How strictly the request objects of a client are read, beyond what RFC 9101 §6 demands of all. */
export interface RequestObjectRules {
  /** Its `typ` (RFC 9101 §10.8). */
  readonly typ: 'any' | 'oauth-authz-req+jwt';
  /** Whether `aud`, `exp` and `nbf` must be there, `exp` at most an hour after `nbf`, and `nbf` at most an hour ago. */
  readonly times: 'optional' | 'bounded';
  readonly audience: 'optional' | 'required';
  /** JOSE `alg`s; undefined: any that the client registered, `none` too where an administrator allowed it. */
  readonly algs: readonly string[] | undefined;
}

const PLAIN: RequestObjectRules = { typ: 'any', times: 'optional', audience: 'optional', algs: undefined };

/** PS256, ES256 and EdDSA, under both of its names (FAPI 2.0 Security Profile §5.4.1, FAPI 1.0 Advanced §8.6). */
const FAPI_ALGS: readonly string[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519'];

/** By `hufu.profile`. */
const OF_PROFILE: ReadonlyMap<string, RequestObjectRules> = new Map([
  // FAPI 1.0 Advanced §5.2.2 items 13 to 17 say nothing of typ.
  ['fapi1_advanced', { typ: 'any', times: 'bounded', audience: 'required', algs: FAPI_ALGS }],
  // FAPI 2.0 Message Signing §5.3.1
  ['fapi2_message_signing', { typ: 'oauth-authz-req+jwt', times: 'bounded', audience: 'required', algs: FAPI_ALGS }],
]);

/** Those of the client's profile. */
export function requestObjectRules({ metadata }: Client): RequestObjectRules {
  return OF_PROFILE.get(metadata.settings.profile ?? '') ?? PLAIN;
}
