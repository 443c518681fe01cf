import { createHash } from 'node:crypto';
import { CLIENT_REGISTRIES } from '@hufu/protocol/client-metadata';
import { CODE_CHALLENGE_METHODS } from '@hufu/protocol/pkce';
import { buildOauthMetadata, buildOpenidConfiguration, type ServerDescription } from '@hufu/protocol/server-metadata';
import { PROMPTS } from './authorize/check-prompt.ts';
import { RESPONSE_MODES } from './authorize/check-response-mode.ts';
import { RESPONSE_TYPES } from './authorize/check-response-type.ts';
import type { Config } from './config/config.ts';
import { grantTypes } from './grants/registry.ts';
import { LOCALES } from './interaction/pages/messages/locale.ts';
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
      end_session_endpoint: '/oauth/logout',
    },
    scopes: [...OPENID_SCOPES, ...new Set(config.resources.flatMap((resource) => resource.scopes))],
    responseTypes: RESPONSE_TYPES,
    responseModes: RESPONSE_MODES,
    grantTypes: [...grantTypes.keys()],
    authMethods: Object.keys(CLIENT_REGISTRIES.authMethods),
    codeChallengeMethods: CODE_CHALLENGE_METHODS,
    idTokenAlgs: config.signing.algorithms,
    subjectTypes: ['public'],
    prompts: PROMPTS,
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

function toDocument(metadata: object): StaticDocument {
  const body = Buffer.from(JSON.stringify(metadata));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
