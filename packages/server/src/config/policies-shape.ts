import { anyMapping, list, object, withDefault } from './collection-shapes.ts';
import type { Policies } from './config.ts';
import { duration } from './duration-shape.ts';
import { readAllowedHost } from './network.ts';
import { choice, isTestMode, refuseOutsideTest, textAs } from './scalar-shapes.ts';
import type { Shape } from './shape.ts';

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

/** `policies`: what the server allows and for how long. */
export const policiesShape: Shape<Policies> = object({
  keys: {
    registration: withDefault(
      choice(['off'], { later: ['token', 'open'] }),
      'off',
      'Dynamic client registration (RFC 7591). token and open are reserved: not supported by this version yet.',
    ),
    outbound: withDefault(outbound, {}, 'Requests that the server makes itself.'),
    brute_force: withDefault(
      choice(['on', 'off'], { testOnly: ['off'] }),
      'on',
      'Slows down guessing of passwords and secrets. off in mode test alone.',
    ),
    sessions: withDefault(sessions, {}, 'Browser sessions.'),
    codes: withDefault(codes, {}, 'Authorization codes.'),
    refresh_tokens: withDefault(refreshTokens, {}, 'Refresh tokens.'),
  },
  build: ({ registration, outbound, brute_force, sessions, codes, refresh_tokens }) => ({
    registration,
    bruteForce: brute_force,
    outboundAllowHosts: outbound,
    sessions,
    codes,
    refreshTokens: refresh_tokens,
  }),
});

/** `limits`: nothing can be set yet, but tests may switch them off. */
export const limitsShape: Shape<'off'> = {
  schema: { anyOf: [{ const: 'off' }, anyMapping.schema, { $ref: '#/$defs/variable' }] },
  read(node, spot) {
    if (node.kind === 'map') return spot.report(node.place, 'is not supported by this version yet', 'a mapping', ['off (in mode test)']);
    if (node.kind !== 'scalar' || node.value !== 'off')
      return spot.refuse(node, 'is not one of the allowed values', ['off (in mode test)']);
    return isTestMode(spot) ? 'off' : refuseOutsideTest(node, spot, ['leave it out']);
  },
};
