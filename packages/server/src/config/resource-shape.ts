import { isScopeToken } from '@hufu/protocol/scope';
import { usualAlgorithm } from '../keys/usual-algorithm.ts';
import { list, object, optional, required, withDefault } from './collection-shapes.ts';
import type { ResourceConfig } from './config.ts';
import { duration } from './duration-shape.ts';
import { choice, textAs } from './scalar-shapes.ts';
import { FAILED, Refused, type Shape } from './shape.ts';
import { signingAlgorithm } from './signing-shape.ts';

/** RFC 8707 §2: an absolute URI without a fragment. */
const identifier: Shape<string> = textAs({
  allowed: ['an absolute URI without a fragment, as https://api.example.com or urn:example:api'],
  pattern: '^[A-Za-z][A-Za-z0-9+.-]*:[^#\\s]+$',
  maxLength: 2048,
  read(value) {
    if (value.includes('#')) return new Refused('has a fragment');
    if (!/^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]+$/.test(value)) return new Refused('is not an absolute URI');
    return URL.canParse(value) ? value : new Refused('is not an absolute URI');
  },
});

/** RFC 6749 §3.3. */
const scope: Shape<string> = textAs({
  allowed: ['visible ASCII without spaces, quotes and backslashes'],
  pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$',
  maxLength: 255,
  read: (value) => (isScopeToken(value) ? value : new Refused('is not a scope token')),
});

/** One of the algorithms that this configuration uses. */
const usedAlgorithm: Shape<string> = {
  schema: signingAlgorithm.schema,
  read(node, spot) {
    const algorithm = signingAlgorithm.read(node, spot);
    if (algorithm === FAILED || spot.reading.algorithms.includes(algorithm)) return algorithm;
    return spot.refuse(node, 'is not among signing.algorithms', spot.reading.algorithms);
  },
};

const resource: Shape<ResourceConfig> = object({
  keys: {
    identifier: required(identifier, 'What clients name in `resource` (RFC 8707) and what is in `aud` of the tokens.'),
    scopes: withDefault(
      list(scope, { max: 200, unique: [{ path: [] }] }),
      [],
      'Scopes that it offers. A request that names no resource gets the first one that offers the scopes.',
    ),
    token_format: withDefault(choice(['jwt', 'opaque']), 'jwt', 'jwt: verified on the spot (RFC 9068). opaque: introspected (RFC 7662).'),
    signing_alg: optional(
      usedAlgorithm,
      'Algorithm that signs its tokens, one of signing.algorithms. ES256 by default, or the first of them where ES256 is not among them.',
    ),
    token_ttl: withDefault(duration('5s', '24h'), '10m', 'Lifetime of an access token: seconds, or 90s, 10m, 12h.'),
  },
  build: ({ identifier, scopes, token_format, signing_alg, token_ttl }, _checked, spot) => ({
    identifier,
    scopes,
    tokenFormat: token_format,
    signingAlg: signing_alg ?? usualAlgorithm(spot.reading.algorithms, 'ES256'),
    tokenTtlSeconds: token_ttl,
  }),
});

/** `resources`. */
export const resourcesShape: Shape<readonly ResourceConfig[]> = list(resource, { max: 1000, unique: [{ path: ['identifier'] }] });
