import { createHash } from 'node:crypto';
import { ATTESTATION_ALGS, ATTESTATION_PROOF_ALGS } from '@hufu/protocol/client-attestation';
import { CLIENT_REGISTRIES } from '@hufu/protocol/client-metadata';
import { DPOP_ALGS } from '@hufu/protocol/dpop';
import { CONTENT_ENCRYPTION_ALGS, ENCRYPTION_ALGS, MAC_ALGS } from '@hufu/protocol/jose-algorithms';
import { CODE_CHALLENGE_METHODS } from '@hufu/protocol/pkce';
import { buildResourceMetadata } from '@hufu/protocol/resource-metadata';
import { RESPONSE_TYPES } from '@hufu/protocol/response-type';
import { buildOauthMetadata, buildOpenidConfiguration, type ServerDescription } from '@hufu/protocol/server-metadata';
import { DISPLAYS, promptValues } from './authorize/check-prompt.ts';
import { RESPONSE_MODES } from './authorize/check-response-mode.ts';
import type { Config } from './config/config.ts';
import { grantTypes } from './grants/registry.ts';
import { LOCALES } from './interaction/pages/messages/locale.ts';
import { signingAlgorithms } from './keys/algorithms.ts';
import { isUsable, seesCertificates } from './sender/certificates.ts';
import { ACR_VALUES } from './tokens/acr.ts';
import { OPENID_SCOPES } from './tokens/resources.ts';

/** A document that never changes while the process runs: bytes and `ETag`, made once. */
export interface StaticDocument {
  readonly body: Buffer;
  readonly etag: string;
}

/** What discovery says of this server: every list comes from the registry that the code itself reads. */
export function describeServer(config: Config): ServerDescription {
  const { issuer } = config;
  return {
    issuer,
    endpoints: {
      authorization_endpoint: '/oauth/authorize',
      token_endpoint: '/oauth/token',
      userinfo_endpoint: '/oauth/userinfo',
      jwks_uri: '/oauth/jwks',
      introspection_endpoint: '/oauth/introspect',
      revocation_endpoint: '/oauth/revoke',
      pushed_authorization_request_endpoint: '/oauth/par',
      end_session_endpoint: '/oauth/logout',
      check_session_iframe: '/oauth/check_session',
      device_authorization_endpoint: '/oauth/device_authorization',
      backchannel_authentication_endpoint: '/oauth/bc-authorize',
      ...(config.policies.registration === 'off' ? {} : { registration_endpoint: '/oauth/register' }),
    },
    scopes: [...OPENID_SCOPES, ...new Set(config.resources.flatMap((resource) => resource.scopes))],
    responseTypes: [...RESPONSE_TYPES.keys()],
    responseModes: RESPONSE_MODES,
    // `implicit` is no grant type of the token endpoint (OpenID Connect Discovery §3).
    // Nor is what RFC 9700 §2.4 forbids offered to whoever reads this.
    grantTypes: [...grantTypes.keys(), 'implicit'].filter((name) => name !== 'password'),
    authMethods: Object.keys(CLIENT_REGISTRIES.authMethods).filter((method) => isUsable(config, method)),
    codeChallengeMethods: CODE_CHALLENGE_METHODS,
    idTokenAlgs: [...config.signing.algorithms, ...MAC_ALGS],
    authorizationAlgs: [...config.signing.algorithms, ...MAC_ALGS],
    verificationAlgs: [...signingAlgorithms.keys(), ...MAC_ALGS],
    encryptionAlgs: ENCRYPTION_ALGS,
    decryptionAlgs: ENCRYPTION_ALGS,
    contentEncryptionAlgs: CONTENT_ENCRYPTION_ALGS,
    authorizationDetailsTypes: config.policies.authorizationDetails.map(({ type }) => type),
    dpopAlgs: DPOP_ALGS.filter((alg) => signingAlgorithms.has(alg)),
    clientCertificates: seesCertificates(config),
    ...(config.policies.trustedAttesters.length === 0
      ? {}
      : {
          attestation: {
            algs: ATTESTATION_ALGS.filter((alg) => signingAlgorithms.has(alg)),
            proofAlgs: ATTESTATION_PROOF_ALGS.filter((alg) => signingAlgorithms.has(alg)),
          },
        }),
    displays: DISPLAYS,
    clientIdDocuments: config.policies.clientIdDocuments === 'on',
    subjectTypes: ['public', 'pairwise'],
    acrValues: ACR_VALUES,
    prompts: promptValues(config),
    uiLocales: LOCALES,
  };
}

export function openidConfiguration(config: Config): StaticDocument {
  return toDocument(buildOpenidConfiguration(describeServer(config)));
}

/** RFC 8414. */
export function oauthMetadata(config: Config): StaticDocument {
  return toDocument(buildOauthMetadata(describeServer(config)));
}

/** What the server is as a resource: userinfo, whose tokens have the issuer as `aud` (RFC 9728 §2). */
export function ownResourceMetadata(config: Config): StaticDocument {
  return toDocument(
    buildResourceMetadata({
      resource: config.issuer,
      authorizationServers: [config.issuer],
      scopes: [...OPENID_SCOPES],
      bearerMethods: ['header', 'body'],
      dpopAlgs: DPOP_ALGS.filter((alg) => signingAlgorithms.has(alg)),
      ...(seesCertificates(config) ? { certificateBound: true } : {}),
    }),
  );
}

function toDocument(metadata: object): StaticDocument {
  const body = Buffer.from(JSON.stringify(metadata));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
