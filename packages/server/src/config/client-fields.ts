import { CLIENT_REGISTRIES } from '@hufu/protocol/client-metadata';
import { AUTHENTICATION_CLASSES } from '@hufu/protocol/client-settings';
import { MAX_CLIENT_DEVICES } from '@hufu/protocol/device-settings';
import { DURATION_FORMS } from '@hufu/protocol/duration';
import { MAC_ALGS } from '@hufu/protocol/jose-algorithms';
import { RESPONSE_TYPES } from '@hufu/protocol/response-type';
import { signingAlgorithms } from '../keys/algorithms.ts';
import { orVariable } from './scalar-shapes.ts';
import type { JsonSchema } from './shape.ts';

/** A member of client metadata as editors see it. What it may hold is judged by the protocol's own reader. */
export interface ClientField {
  readonly doc: string;
  readonly schema: JsonSchema;
}

/** One of some words, which come from the protocol's registries. */
const oneOf = (words: readonly string[]): JsonSchema => orVariable({ enum: words });
// A title says what is allowed, to editors and in messages.
const WEB_URI = 'https://…, or http on localhost, 127.0.0.1 and [::1]';
const webUri: JsonSchema = { type: 'string', title: WEB_URI, maxLength: 2048 };
const redirectUri: JsonSchema = {
  type: 'string',
  title: `${WEB_URI}, or com.example.app:/… where application_type is native`,
  maxLength: 2048,
};
const identifier: JsonSchema = { type: 'string', title: 'identifier of a resource', maxLength: 2048 };
const label: JsonSchema = { type: 'string', maxLength: 200 };
const yesNo: JsonSchema = orVariable({ type: 'boolean' });
const duration: JsonSchema = {
  title: `a duration: ${DURATION_FORMS}`,
  anyOf: [{ type: 'string', pattern: '^[0-9]+[smhd]$' }, { type: 'integer', minimum: 1 }, { $ref: '#/$defs/variable' }],
};
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

const record = (fields: Readonly<Record<string, ClientField>>): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(fields).map(([name, { doc, schema }]) => [name, { description: doc, ...schema }])),
  additionalProperties: false,
});

const refreshToken: Readonly<Record<string, ClientField>> = {
  absolute: { doc: 'Longest time from the sign-in to the last refresh.', schema: duration },
  idle: { doc: 'Longest time between two refreshes.', schema: duration },
  rotation: { doc: 'Whether each refresh brings a new refresh token.', schema: orVariable({ enum: ['on', 'off', true, false] }) },
};

const idJag: Readonly<Record<string, ClientField>> = {
  audience: { doc: 'Issuer of the foreign authorization server.', schema: webUri },
  client_id: { doc: 'How that server knows the client.', schema: { type: 'string', maxLength: 255 } },
  scopes: { doc: 'Scopes of that server that may be asked for.', schema: listOf({ type: 'string', maxLength: 255 }) },
};

const tokenExchange: Readonly<Record<string, ClientField>> = {
  audiences: { doc: 'Identifiers of the resources that it may get tokens for.', schema: listOf(identifier) },
  scopes: {
    doc: 'The most that such a token says; what the subject token says is the other bound.',
    schema: listOf({ type: 'string', maxLength: 255 }),
  },
  impersonation: { doc: 'Whether tokens say nothing of the client where it names no actor.', schema: yesNo },
  id_jag: { doc: 'Foreign authorization servers that it may carry its users’ identity to (ID-JAG).', schema: listOf(record(idJag)) },
};

const signIn: Readonly<Record<string, ClientField>> = {
  acr: {
    doc: 'The weakest authentication that it takes: urn:hufu:acr:2 is two factors, urn:hufu:acr:3 two of which one is a passkey.',
    schema: oneOf(AUTHENTICATION_CLASSES),
  },
};

const devices: Readonly<Record<string, ClientField>> = {
  max: {
    doc: 'How many devices of a user may have live tokens of it; as many as they like by default.',
    schema: orVariable({ type: 'integer', minimum: 1, maximum: MAX_CLIENT_DEVICES }),
  },
  per: {
    doc: 'What max counts: all devices together, or those of each type (desktop, mobile with tablets, others).',
    schema: oneOf(['all', 'type']),
  },
  on_exceed: {
    doc: 'Over max: replace takes the tokens of the device that came first, refuse gives the new one none.',
    schema: oneOf(['replace', 'refuse']),
  },
  binding: {
    doc: 'The key that every token and refresh has to come with: of DPoP proofs (RFC 9449) or of a client certificate (RFC 8705). Only that proves a device; none by default.',
    schema: oneOf(['none', 'dpop', 'mtls']),
  },
};

const hufu: Readonly<Record<string, ClientField>> = {
  resource_server_of: { doc: 'Identifiers of the resources whose tokens it may introspect.', schema: listOf(identifier) },
  follows_revocations: {
    doc: 'Whether it may follow the revocation log; whoever has resource_server_of may anyway.',
    schema: yesNo,
  },
  profile: {
    doc: 'A profile that tightens the rules: of its registration, and of each of its requests.',
    schema: oneOf(CLIENT_REGISTRIES.profiles),
  },
  first_party: { doc: 'Our own application: its users are not asked for consent.', schema: yesNo },
  pkce: {
    doc: 'Whether a code needs a code_challenge (RFC 7636). required by default; public clients always need one.',
    schema: oneOf(['required', 'optional']),
  },
  dpop_nonce: {
    doc: 'Whether each of its DPoP proofs needs a nonce of the server (RFC 9449 §8). optional by default.',
    schema: oneOf(['required', 'optional']),
  },
  access_token_ttl: { doc: 'Lifetime of its access tokens; that of the resource by default.', schema: duration },
  refresh_token: { doc: 'Its refresh tokens; policies.refresh_tokens by default.', schema: record(refreshToken) },
  max_grants_per_user: {
    doc: 'Live grants of one user, those with refresh tokens and those without counted apart; the oldest falls.',
    schema: orVariable({ type: 'integer', minimum: 1, maximum: 10_000, default: 100 }),
  },
  secret_overlap: {
    doc: 'How long a client_secret stays good after this file has another; at most 90d, not at all by default.',
    schema: duration,
  },
  token_exchange: { doc: 'What it may exchange tokens for (RFC 8693); without it nothing.', schema: record(tokenExchange) },
  sign_in: { doc: 'How its users sign in.', schema: record(signIn) },
  devices: { doc: 'On how many devices of a user it may be used, and how its tokens are held to one.', schema: record(devices) },
  unsafe_password_grant: {
    doc: 'Whether it may send passwords of users (grant_types: password), which teaches users to type them anywhere (RFC 9700 §2.4).',
    schema: yesNo,
  },
};

/** Of these there may be variants in other languages: `client_name#zh-CN` (RFC 7591 §2.2). */
const LOCALIZED: Readonly<Record<string, ClientField>> = {
  client_name: { doc: 'Name that users see. client_name#zh-CN is the name in Chinese.', schema: label },
  client_uri: { doc: 'Home page.', schema: webUri },
  logo_uri: { doc: 'Picture.', schema: webUri },
  policy_uri: { doc: 'Privacy policy.', schema: webUri },
  tos_uri: { doc: 'Terms of service.', schema: webUri },
};
export const LOCALIZED_VARIANT: RegExp = new RegExp(`^(${Object.keys(LOCALIZED).join('|')})#`);

const ID_TOKEN_ALGS: readonly string[] = [...signingAlgorithms.keys(), ...MAC_ALGS];

function encryption(prefix: string, what: string): Readonly<Record<string, ClientField>> {
  return {
    [`${prefix}_alg`]: { doc: `How the key that encrypts ${what} is agreed or wrapped.`, schema: oneOf(CLIENT_REGISTRIES.encryptionAlgs) },
    [`${prefix}_enc`]: {
      doc: `How ${what} are encrypted.`,
      schema: { ...oneOf(CLIENT_REGISTRIES.contentEncryptionAlgs), default: 'A128CBC-HS256' },
    },
  };
}

/** Client metadata of RFC 7591 §2 and OpenID Connect Registration §2 that the protocol's reader knows, and `hufu`. */
export const CLIENT_FIELDS: Readonly<Record<string, ClientField>> = {
  ...LOCALIZED,
  redirect_uris: { doc: 'Where answers may go, compared character by character.', schema: listOf(redirectUri) },
  post_logout_redirect_uris: { doc: 'Where browsers may go after signing out.', schema: listOf(redirectUri) },
  grant_types: {
    doc: 'Grant types that it uses.',
    schema: { ...listOf(oneOf(Object.keys(CLIENT_REGISTRIES.grantTypes))), default: ['authorization_code'] },
  },
  response_types: {
    doc: 'Response types that it uses; by default code where it uses authorization_code.',
    schema: listOf(oneOf([...RESPONSE_TYPES.keys()])),
  },
  response_modes: { doc: 'Response modes that it may ask for; all by default.', schema: listOf(oneOf(CLIENT_REGISTRIES.responseModes)) },
  token_endpoint_auth_method: {
    doc: 'How it authenticates. none is a public client: an app in a browser or on a phone, which can keep no secret.',
    schema: { ...oneOf(Object.keys(CLIENT_REGISTRIES.authMethods)), default: 'client_secret_basic' },
  },
  scope: { doc: 'Scopes that it may ask for, with a space between them; all by default.', schema: { type: 'string', maxLength: 2048 } },
  application_type: {
    doc: 'native: private-use schemes and loopback redirects are allowed.',
    schema: { ...oneOf(['web', 'native']), default: 'web' },
  },
  contacts: { doc: 'Whom to ask about it.', schema: listOf(label) },
  initiate_login_uri: { doc: 'Where a sign-in that begins elsewhere goes.', schema: webUri },
  subject_type: {
    doc: 'pairwise: each sector knows users by another sub (OpenID Connect Core §8.1).',
    schema: { ...oneOf(['public', 'pairwise']), default: 'public' },
  },
  sector_identifier_uri: { doc: 'Its host is the sector of a pairwise client whose redirect URIs have several.', schema: webUri },
  request_uris: { doc: 'Where its request objects may be fetched from.', schema: listOf(webUri) },
  require_pushed_authorization_requests: { doc: 'Its authorization requests come ahead, by request_uri (RFC 9126).', schema: yesNo },
  authorization_details_types: {
    doc: 'Types of authorization_details that it may ask for (RFC 9396); all by default.',
    schema: listOf(label),
  },
  frontchannel_logout_uri: { doc: 'Loaded in a frame when a session ends.', schema: webUri },
  frontchannel_logout_session_required: { doc: 'Whether it needs iss and sid there; they are always sent.', schema: yesNo },
  backchannel_logout_uri: { doc: 'Gets a logout token when a session ends.', schema: webUri },
  backchannel_logout_session_required: { doc: 'Whether it needs sid in the logout token; it is always there.', schema: yesNo },
  backchannel_token_delivery_mode: {
    doc: 'How it learns what a user decided whom it asked (CIBA): it polls, is told to ask, or is sent the tokens.',
    schema: oneOf(['poll', 'ping', 'push']),
  },
  backchannel_client_notification_endpoint: { doc: 'Where ping and push go.', schema: webUri },
  backchannel_authentication_request_signing_alg: {
    doc: 'The algorithm that all its CIBA requests are signed with; they may be plain where there is none.',
    schema: oneOf(CLIENT_REGISTRIES.verificationAlgs.filter((alg) => !MAC_ALGS.includes(alg))),
  },
  backchannel_user_code_parameter: { doc: 'Only false: user codes of CIBA are not supported.', schema: yesNo },
  default_acr_values: { doc: 'acr_values of requests that have none.', schema: listOf(label) },
  userinfo_signed_response_alg: {
    doc: 'Algorithm that signs its userinfo answers, which are plain JSON otherwise.',
    schema: oneOf(ID_TOKEN_ALGS),
  },
  ...encryption('id_token_encrypted_response', 'its ID tokens'),
  ...encryption('userinfo_encrypted_response', 'its userinfo answers'),
  authorization_signed_response_alg: {
    doc: 'Algorithm that signs its answers where they are JWTs (JARM). RS256 by default, or the first of signing.algorithms where RS256 is not among them.',
    schema: oneOf(ID_TOKEN_ALGS),
  },
  ...encryption('authorization_encrypted_response', 'its answers that are JWTs'),
  request_object_signing_alg: {
    doc: 'The only algorithm of its request objects; any but none by default.',
    schema: oneOf(['none', ...CLIENT_REGISTRIES.verificationAlgs]),
  },
  introspection_signed_response_alg: {
    doc: 'Algorithm that signs its introspection answers where it asks for JWTs (RFC 9701). RS256 by default, or the first of signing.algorithms.',
    schema: oneOf(ID_TOKEN_ALGS),
  },
  ...encryption('introspection_encrypted_response', 'its introspection answers'),
  dpop_bound_access_tokens: {
    doc: 'It always sends a DPoP proof (RFC 9449): it never gets a token that somebody without its key could use.',
    schema: yesNo,
  },
  tls_client_certificate_bound_access_tokens: {
    doc: 'Its access tokens are bound to the certificate of its connection (RFC 8705 §3).',
    schema: yesNo,
  },
  tls_client_auth_subject_dn: {
    doc: 'Subject of its certificate (RFC 4514: CN=…,O=…) for tls_client_auth.',
    schema: { type: 'string', maxLength: 1000 },
  },
  tls_client_auth_san_dns: { doc: 'DNS name in its certificate, for tls_client_auth.', schema: { type: 'string', maxLength: 253 } },
  tls_client_auth_san_uri: { doc: 'URI in its certificate, for tls_client_auth.', schema: { type: 'string', maxLength: 2048 } },
  tls_client_auth_san_ip: { doc: 'IP address in its certificate, for tls_client_auth.', schema: { type: 'string', maxLength: 45 } },
  tls_client_auth_san_email: { doc: 'Mail address in its certificate, for tls_client_auth.', schema: { type: 'string', maxLength: 320 } },
  ...encryption('request_object_encryption', 'its request objects'),
  require_signed_request_object: { doc: 'Nothing outside a signed request object is heard (RFC 9101 §10.5).', schema: yesNo },
  token_endpoint_auth_signing_alg: { doc: 'The only algorithm of its assertions.', schema: oneOf(CLIENT_REGISTRIES.verificationAlgs) },
  jwks: {
    doc: 'Its public keys (RFC 7517).',
    schema: {
      type: 'object',
      properties: { keys: { description: 'Public keys (RFC 7517).', ...listOf({ type: 'object' }) } },
      required: ['keys'],
    },
  },
  jwks_uri: { doc: 'Where its public keys are.', schema: webUri },
  software_id: { doc: 'What software it is, whatever the version.', schema: label },
  software_version: { doc: 'Version of that software.', schema: label },
  id_token_signed_response_alg: {
    doc: 'Algorithm that signs its ID tokens, one of signing.algorithms. RS256 by default, or the first of them where RS256 is not among them.',
    schema: oneOf(ID_TOKEN_ALGS),
  },
  default_max_age: { doc: 'Seconds after which its users sign in again.', schema: orVariable({ type: 'integer', minimum: 0 }) },
  require_auth_time: { doc: 'Whether ID tokens always say when the user signed in.', schema: yesNo },
  hufu: { doc: 'Settings of this server beside the standards.', schema: record(hufu) },
};
