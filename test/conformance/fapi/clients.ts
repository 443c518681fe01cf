import { makeCertificate } from '@hufu/server/testing/certificates';
import type { TestCertificate } from '../../support/certificate.ts';
import type { Client } from '../suite/client.ts';
import type { HttpsClient } from '../suite/https-client.ts';
import type { Json } from '../suite/json.ts';
import { type ClientKey, clientKey } from '../suite/keys.ts';
import { userYaml } from '../suite/provider-config.ts';
import { makeProofKey, type ProofKey } from './proof.ts';
import { CLIENT_VARIANTS, type ClientVariant } from './variant.ts';

/** A client with keys. `auth` says nothing here: the variant does. */
export interface FapiClient extends Client {
  /** Connects with its certificate. */
  readonly certified: HttpsClient;
  readonly proofKey: ProofKey;
}

export type Which = 'first' | 'second';

const authority = makeCertificate({ subject: [['CN', 'Conformance clients']], isAuthority: true });
const certificates = {
  first: makeCertificate({ subject: [['CN', 'conformance-first']], issuer: authority }),
  second: makeCertificate({ subject: [['CN', 'conformance-second']], issuer: authority }),
} as const;

/** PEM: who issues the clients' certificates. */
export const CLIENT_CA: string = authority.cert;
/** What the second client's redirect URI has in its query. */
const QUERY = '?dummy1=lorem&dummy2=ipsum';

export function certificateOf(which: Which): TestCertificate {
  const { cert, key } = certificates[which];
  return { cert, key };
}

export function fapiClient(variant: ClientVariant, which: Which, base: string, certified: HttpsClient): FapiClient {
  return {
    clientId: clientIdOf(variant, which),
    secret: undefined,
    auth: 'private_key_jwt',
    redirectUri: `${base}/callback${which === 'second' ? QUERY : ''}`,
    postLogoutRedirectUri: `${base}/post_logout_redirect`,
    key: signingKey(which),
    registration: {},
    idTokenAlg: ALGS[which],
    certified,
    proofKey: makeProofKey('ES256'),
  };
}

/**
 * hufu.yaml for the FAPI 2.0 plans, without what the harness writes. JSON is YAML.
 * @param base where the clients' addresses begin
 */
export function fapiYaml(base: string): string {
  const clients = CLIENT_VARIANTS.flatMap((variant) => (['first', 'second'] as const).map((which) => registration(variant, which, base)));
  const members = {
    limits: 'off',
    policies: { brute_force: 'off' },
    signing: { algorithms: ['ES256', 'PS256', 'RS256'] },
    clients,
  };
  const lines = Object.entries(members).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  return lines.join('') + userYaml();
}

/** What we sign for each of them. */
const ALGS: Readonly<Record<Which, string>> = { first: 'PS256', second: 'ES256' };

function registration(variant: ClientVariant, which: Which, base: string): Json {
  const { clientAuth, senderConstrain, request, answer } = variant;
  const { jwk } = signingKey(which);
  return {
    client_id: clientIdOf(variant, which),
    client_name: `Conformance (${which})`,
    redirect_uris: [`${base}/callback`, `${base}/callback${QUERY}`],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    ...(clientAuth === 'mtls' ? byCertificate(senderConstrain, which) : { token_endpoint_auth_method: 'private_key_jwt' }),
    jwks: { keys: [jwk, { ...certificates[which].publicKey.export({ format: 'jwk' }), kid: `certificate-${which}` }] },
    id_token_signed_response_alg: ALGS[which],
    ...(senderConstrain === 'dpop' ? { dpop_bound_access_tokens: true } : { tls_client_certificate_bound_access_tokens: true }),
    ...(request === 'signed' ? { require_signed_request_object: true } : {}),
    ...(answer === 'jarm' ? { authorization_signed_response_alg: ALGS[which] } : {}),
    hufu: { profile: request === 'signed' || answer === 'jarm' ? 'fapi2_message_signing' : 'fapi2_security' },
  };
}

/** RFC 8705 has two ways; the variants that bind tokens to certificates as well take the second. */
function byCertificate(senderConstrain: ClientVariant['senderConstrain'], which: Which): Json {
  if (senderConstrain === 'mtls') return { token_endpoint_auth_method: 'self_signed_tls_client_auth' };
  return { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: `CN=conformance-${which}` };
}

function clientIdOf({ clientAuth, senderConstrain, request, answer }: ClientVariant, which: Which): string {
  return ['fapi', clientAuth, senderConstrain, request, answer, which].join('-');
}

/** An RSA key, as with another the suite could not try RS256; which it does not say it is not for, so that the profile has to. */
function signingKey(which: Which): ClientKey {
  const { jwk, ...key } = clientKey(which === 'first' ? 0 : 1, 'thumbprint');
  const { alg: _, ...unbound } = jwk;
  return { ...key, jwk: unbound };
}
