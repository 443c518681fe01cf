import { type MadeCertificate, makeCertificate } from '@hufu/server/testing/certificates';
import type { TestCertificate } from '../../support/certificate.ts';
import { type ClientKey, clientKey } from './keys.ts';
import { USER } from './provider-config.ts';

export type FapiAuth = 'private_key_jwt' | 'mtls';

/** A client of a FAPI plan as hufu.yaml has it. Each has a certificate, whatever it proves itself with: its tokens are bound to it. */
export interface FapiClient {
  readonly clientId: string;
  readonly auth: FapiAuth;
  readonly redirectUri: string;
  /** For PS256. */
  readonly key: ClientKey;
  readonly certificate: TestCertificate;
  /** How its ID tokens are signed. */
  readonly idTokenAlg: string;
}

/** Of two. The suite has the second one use a redirect URI with a query. */
export type Which = 'first' | 'second';

/** Beside the user of the other plans: a different redirect URI for the second client. */
const QUERY = '?dummy1=lorem&dummy2=ipsum';
const AUTHORITY = makeCertificate({ subject: [['CN', 'Clients of the conformance tests']], isAuthority: true });

/** PEM: who issues the certificates of the clients. */
export const CLIENTS_CA: string = AUTHORITY.cert;

/** @param kind what tells the clients of a variant from those of the others */
export function fapiClient(base: string, auth: FapiAuth, kind: string, which: Which): FapiClient {
  return {
    clientId: `fapi-${auth === 'mtls' ? 'mtls' : 'pkjwt'}-${kind}-${which}`,
    auth,
    redirectUri: `${base}/callback${which === 'second' ? QUERY : ''}`,
    key: psKey(which),
    certificate: certificateOf(which),
    idTokenAlg: 'PS256',
  };
}

/** The metadata of such a client, for hufu.yaml. `members` come in place of what stands here. */
export function fapiMetadata(
  client: FapiClient,
  base: string,
  members: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const which = client.certificate === certificateOf('first') ? 'first' : 'second';
  const auth =
    client.auth === 'mtls'
      ? { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: `CN=${which},O=Conformance` }
      : { token_endpoint_auth_method: 'private_key_jwt' };
  return {
    client_id: client.clientId,
    client_name: `Conformance (${client.clientId})`,
    redirect_uris: [`${base}/callback`, `${base}/callback${QUERY}`],
    jwks: { keys: [client.key.jwk] },
    id_token_signed_response_alg: 'PS256',
    tls_client_certificate_bound_access_tokens: true,
    scope: 'openid email',
    ...auth,
    hufu: { profile: 'fapi1_advanced', pkce: 'optional' },
    ...members,
  };
}

/** hufu.yaml of a FAPI plan, without what the harness writes. JSON is YAML. */
export function fapiYaml(clients: readonly Readonly<Record<string, unknown>>[], allowHost: string): string {
  const members = {
    limits: 'off',
    policies: { brute_force: 'off', outbound: { allow_hosts: [allowHost] } },
    signing: { algorithms: ['PS256', 'ES256', 'RS256'] },
    users: [{ ...USER, claims: { name: 'Tiger Tally', email: 'tiger@example.com', email_verified: true } }],
    clients,
  };
  return Object.entries(members)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('');
}

function psKey(which: Which): ClientKey {
  const key = clientKey(which === 'first' ? 0 : 1, 'thumbprint');
  // For any algorithm, so that the profile alone says which.
  const { alg: _, ...jwk } = key.jwk;
  return { ...key, jwk };
}

const certificates = new Map<Which, MadeCertificate>();

function certificateOf(which: Which): MadeCertificate {
  const known = certificates.get(which);
  if (known !== undefined) return known;
  const subject = [
    ['O', 'Conformance'],
    ['CN', which],
  ] as const;
  const made = makeCertificate({ subject, issuer: AUTHORITY });
  certificates.set(which, made);
  return made;
}
