import { ROLES, type Role } from '@hufu/protocol/admin/roles';
import { foldUsername } from '@hufu/store/username';
import { appearanceShape } from './appearance-shape.ts';
import { authorizationDetailsShape } from './authorization-details-shape.ts';
import { botCheckShape } from './bot-check-shape.ts';
import { list, mapping, object, optional, withDefault } from './collection-shapes.ts';
import type { Policies } from './config.ts';
import { devicesShape } from './devices-shape.ts';
import { duration } from './duration-shape.ts';
import { readAllowedHost } from './network.ts';
import { placesShape } from './places-shape.ts';
import { profileShape } from './profile-shape.ts';
import { choice, textAs, wholeNumber } from './scalar-shapes.ts';
import type { Shape } from './shape.ts';
import { signInShape } from './sign-in-shape.ts';
import { softwareStatementsShape } from './software-statements-shape.ts';
import { forwardedCertificatesShape } from './tls-shape.ts';
import { trustedAttestersShape } from './trusted-attesters-shape.ts';
import { trustedIssuersShape } from './trusted-issuers-shape.ts';

const administrators: Shape<readonly (readonly [name: string, role: Role])[]> = mapping(choice([...ROLES]), {
  max: 1_000,
  names: /^.{1,255}$/u,
  allowed: 'a user name of this file',
});

const outbound: Shape<Policies['outboundAllowHosts']> = object({
  keys: {
    allow_hosts: withDefault(
      list(textAs({ allowed: ['a host name', 'a network (10.0.0.0/8)', 'an address'], maxLength: 253, read: readAllowedHost }), {
        max: 1000,
      }),
      [],
      'Hosts and networks that the server may fetch from although their addresses are private.',
    ),
  },
  build: ({ allow_hosts }) => allow_hosts,
});

const sessions: Shape<Policies['sessions']> = object({
  keys: { absolute: withDefault(duration('1m', '400d'), '14d', 'Longest time that a sign-in lasts in a browser.') },
  build: ({ absolute }) => ({ absoluteSeconds: absolute }),
});

const codes: Shape<Policies['codes']> = object({
  keys: { ttl: withDefault(duration('5s', '60s'), '60s', 'Time to exchange an authorization code.') },
  build: ({ ttl }) => ({ ttlSeconds: ttl }),
});

const refreshTokens: Shape<Policies['refreshTokens']> = object({
  keys: {
    absolute: withDefault(duration('1m', '3650d'), '365d', 'Longest time from the sign-in to the last refresh.'),
    idle: withDefault(duration('1m', '3650d'), '180d', 'Longest time between two refreshes.'),
    overlap: withDefault(
      duration('0s', '10m'),
      '60s',
      'How long after a refresh the refresh token before it still brings the same successor, for public clients.',
    ),
  },
  build: ({ absolute, idle, overlap }) => ({ absoluteSeconds: absolute, idleSeconds: idle, overlapSeconds: overlap }),
});

const passwords: Shape<Policies['passwords']> = object({
  keys: {
    min_length: withDefault(
      wholeNumber(8, 64),
      15,
      'Fewest characters of a password that people choose. 15 where it is all that they prove themselves with (NIST SP 800-63B-4).',
    ),
    on_change: withDefault(
      choice(['all', 'others']),
      'all',
      'What ends when somebody changes their password: all other sessions and every refresh token, or all but what lives in the session that changes it.',
    ),
  },
  build: ({ min_length, on_change }) => ({ minLength: min_length, onChange: on_change }),
});

const registeredClients: Shape<Policies['registeredClients']> = object({
  keys: {
    max: withDefault(
      wholeNumber(1, 1_000_000),
      10_000,
      'How many there may be at a time, and of clients described by documents as many again.',
    ),
    unused: withDefault(duration('1h', '3650d'), '90d', 'Time without a sign-in after which one is removed.'),
    profile: optional(
      choice(['oauth21', 'mcp']),
      'The profile that they live by: oauth21 (PKCE for everybody, no implicit grant), or mcp, which names the resource in each request as well.',
    ),
  },
  build: ({ max, unused, profile }) => ({ max, unusedSeconds: unused, profile }),
});

/** `policies`: what the server allows and for how long. */
export const policiesShape: Shape<Policies> = object({
  keys: {
    registration: withDefault(
      choice(['off', 'token', 'open']),
      'off',
      'Dynamic client registration (RFC 7591): off, token for those whom hufu client invite gave an initial access token, or open to everybody.',
    ),
    client_id_metadata_documents: optional(
      choice(['on', 'off']),
      'Whether a client_id may be an https URL whose document describes the client. By default on where registration is open, else off.',
    ),
    software_statements: withDefault(
      softwareStatementsShape,
      [],
      'Whose software statements count (RFC 7591); without any they are ignored.',
    ),
    authorization_details: withDefault(
      authorizationDetailsShape,
      [],
      'Types of authorization details that clients may ask for (RFC 9396); without any there are none.',
    ),
    trusted_issuers: withDefault(
      trustedIssuersShape,
      [],
      'Whose assertions are taken for grants and exchanged for tokens (RFC 7523, RFC 7522, RFC 8693).',
    ),
    trusted_attesters: withDefault(
      trustedAttestersShape,
      [],
      'Who vouches for instances of clients that prove themselves with attest_jwt_client_auth (OAuth Attestation-Based Client Authentication, a draft).',
    ),
    registered_clients: withDefault(registeredClients, {}, 'Clients that registered themselves.'),
    administrators: withDefault(
      administrators,
      {},
      'Roles in administration by user name, of users in this file: read, support, security or owner.',
    ),
    outbound: withDefault(outbound, {}, 'Requests that the server makes itself.'),
    sign_up: withDefault(choice(['off', 'open']), 'off', 'Whether people make accounts of their own: off, or open to everybody.'),
    sign_in: withDefault(signInShape, {}, 'How people sign in.'),
    sign_up_verification: optional(
      choice(['off', 'required']),
      'required: whoever makes an account shows first, by a mail, that their address is theirs. By default where mail is configured, else off.',
    ),
    passwords: withDefault(passwords, {}, 'Passwords that people choose.'),
    profile: withDefault(profileShape, {}, 'What people say of themselves.'),
    brute_force: withDefault(
      choice(['on', 'off'], { testOnly: ['off'] }),
      'on',
      'Slows down guessing of passwords and secrets. off in mode test alone.',
    ),
    bot_check: optional(
      botCheckShape,
      'How programs are kept from signing up, recovering and, after failures, signing in. Nothing is asked by default.',
    ),
    forwarded_certificates: optional(
      forwardedCertificatesShape,
      'How trusted proxies, which terminate TLS, tell of client certificates (RFC 8705). They have to remove the header from what clients send.',
    ),
    devices: withDefault(devicesShape, {}, 'Devices that people sign in at.'),
    places: withDefault(placesShape, {}, 'The coarse place of a sign-in, as people see it in their account.'),
    sessions: withDefault(sessions, {}, 'Browser sessions.'),
    codes: withDefault(codes, {}, 'Authorization codes.'),
    appearance: withDefault(appearanceShape, {}, 'Name, mark, accent and words of pages and mails.'),
    refresh_tokens: withDefault(refreshTokens, {}, 'Refresh tokens.'),
  },
  build: ({ registration, outbound, brute_force, sessions, codes, refresh_tokens, ...more }, _checked, spot) => ({
    registration,
    clientIdDocuments: more.client_id_metadata_documents ?? (registration === 'open' ? 'on' : 'off'),
    softwareStatements: more.software_statements,
    authorizationDetails: more.authorization_details,
    trustedIssuers: more.trusted_issuers,
    trustedAttesters: more.trusted_attesters,
    registeredClients: more.registered_clients,
    administrators: new Map(more.administrators.map(([name, role]) => [foldUsername(name), role])),
    signUp: more.sign_up,
    signIn: more.sign_in,
    signUpVerification: more.sign_up_verification ?? (spot.reading.hasMail ? 'required' : 'off'),
    passwords: more.passwords,
    profile: more.profile,
    bruteForce: brute_force,
    botCheck: more.bot_check,
    outboundAllowHosts: outbound,
    forwardedCertificates: more.forwarded_certificates,
    devices: more.devices,
    places: more.places,
    sessions,
    codes,
    appearance: more.appearance,
    refreshTokens: refresh_tokens,
  }),
});
