import { list, object, optional, required, withDefault } from './collection-shapes.ts';
import { duration } from './duration-shape.ts';
import type { GatewaySessionConfig } from './gateway-session-config.ts';
import { findText, findValue, type MapNode } from './node.ts';
import { choice, flag, hidden, text, textAs } from './scalar-shapes.ts';
import type { Secret } from './secret.ts';
import { type Failed, Refused, type Shape, type Spot } from './shape.ts';
import { existingFile } from './tls-shape.ts';

/** Bytes of what keys are made of. */
const MIN_SECRET = 32;

/** A secret that all gateways of an edge know. */
export const edgeSecret: Shape<Secret<string>> = hidden(
  textAs({
    allowed: [`${MIN_SECRET} characters or more, of chance: openssl rand -base64 32`],
    maxLength: 1_024,
    read: (value) => (value.length >= MIN_SECRET ? value : new Refused('is too short')),
  }),
);

const scope: Shape<string> = textAs({
  allowed: ['scopes with openid among them, separated by spaces'],
  maxLength: 1_000,
  read: (value) => (value.split(' ').includes('openid') ? value : new Refused('lacks openid')),
});

/** `gateway.session`. @param origin an origin of a page */
export function gatewaySessionShape(origin: Shape<string>): Shape<GatewaySessionConfig> {
  return object({
    keys: {
      client_id: required(text(255), 'The client that the edge is at the issuer. Its redirect URI is <origin>/edge/callback.'),
      client_secret: optional(hidden(text(1_024)), 'Its secret. Best as ${VARIABLE}.'),
      private_key: optional(
        existingFile,
        'Its private key instead (private_key_jwt): a file as hufu client key create writes it, or a JWK with alg.',
      ),
      issuer: optional(text(2_048), 'Who signs people in. By default the issuer of this configuration.'),
      origin: optional(origin, 'Which one of origins has the sessions, where there are several: cookies are of one host.'),
      keep: withDefault(
        choice(['server', 'cookie']),
        'server',
        'Where sessions are kept: in the database, or sealed in cookies of the browser, which then hold their tokens too.',
      ),
      renewals: optional(
        choice(['memory', 'database']),
        'With keep: cookie, where tokens are that are newer than a cookie: in the memory of this gateway, if it is the only one, or in the database that all share.',
      ),
      grace: withDefault(
        duration('0s', '10m'),
        '1m',
        'For how long after its end a token is taken for what it was while its issuer is away: then a Passport says so, and its level is 1 at most. Not with keep: cookie.',
      ),
      scope: withDefault(scope, 'openid profile', 'What is asked for when somebody signs in.'),
      resource: optional(text(2_048), 'What access tokens are for (RFC 8707); the audience of the gateway by default.'),
      same_site: withDefault(
        choice(['lax', 'strict']),
        'lax',
        'SameSite of the cookie. strict: whoever follows a link from elsewhere is signed in only after the next click.',
      ),
      idle: withDefault(duration('0s', '400d'), '1d', 'A session that nobody uses for so long is over; 0: never for that.'),
      absolute: withDefault(duration('1m', '400d'), '30d', 'How long a session lives at most.'),
      claims: withDefault(
        list(text(255), { max: 50, unique: [{ path: [] }] }),
        ['name', 'preferred_username', 'picture'],
        'Claims of the ID token that /edge/session shows to the page.',
      ),
      origins: withDefault(
        list(origin, { max: 100, unique: [{ path: [] }] }),
        [],
        'Other origins whose pages may use the sessions: of the same site, such as https://www.example.com for https://api.example.com.',
      ),
      cross_site_login: withDefault(flag, false, 'Another site may begin a sign-in.'),
    },
    check: (node, spot) => requireProof(node, spot) ?? requireRenewals(node, spot),
    build: ({ client_id, client_secret, private_key, same_site, idle, absolute, grace, cross_site_login, ...rest }) => ({
      ...rest,
      clientId: client_id,
      clientSecret: client_secret,
      privateKey: private_key,
      sameSite: same_site,
      graceSeconds: grace,
      idleSeconds: idle,
      absoluteSeconds: absolute,
      crossSiteLogin: cross_site_login,
    }),
  });
}

/** Tokens stay in the gateway: its client has to prove that it is one (draft-ietf-oauth-browser-based-apps §6.1). */
function requireProof(node: MapNode, spot: Spot): Failed | undefined {
  const [secret, key] = [findValue(node, 'client_secret'), findValue(node, 'private_key')];
  if ((secret === undefined) !== (key === undefined)) return undefined;
  return spot.report((key ?? node).place, 'needs one of client_secret and private_key', '', ['client_secret', 'private_key']);
}

/** Two gateways that do not know of each other's renewals would end each other's sessions: nobody may have that by not saying anything. */
function requireRenewals(node: MapNode, spot: Spot): Failed | undefined {
  const isCookie = findText(findValue(node, 'keep')) === 'cookie';
  const renewals = findValue(node, 'renewals');
  if (isCookie === (renewals !== undefined)) return undefined;
  const place = (renewals ?? node).place;
  return spot.report(place, isCookie ? 'needs renewals where cookies keep sessions' : 'renewals is for keep: cookie', '', [
    'memory',
    'database',
  ]);
}
