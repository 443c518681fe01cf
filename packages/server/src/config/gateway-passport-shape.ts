import { isLevel, PASSPORT_ACTIONS, type PassportLevel } from '@hufu/protocol/passport';
import { list, mapping, object, optional, withDefault } from './collection-shapes.ts';
import { duration } from './duration-shape.ts';
import type { GatewayPassportConfig, GatewayPassportLevels, GatewayRoutePassport, GatewayService } from './gateway-passport-config.ts';
import { edgeSecret } from './gateway-session-shape.ts';
import { jwksShape } from './jwks-shape.ts';
import { choice, flag, text, wholeNumber } from './scalar-shapes.ts';
import { FAILED, type Shape } from './shape.ts';

const level: Shape<PassportLevel> = {
  schema: wholeNumber(0, 3).schema,
  read(node, spot) {
    const value = wholeNumber(0, 3).read(node, spot);
    return value === FAILED || !isLevel(value) ? FAILED : value;
  },
};
const levelsByName: Shape<readonly (readonly [string, PassportLevel])[]> = mapping(level, {
  max: 100,
  names: /^[\x21-\x7e]{1,255}$/,
  allowed: 'a name without spaces',
});

const levels: Shape<GatewayPassportLevels> = object({
  keys: {
    session: optional(level, 'Of whoever comes with a session of a browser; 2 by default.'),
    bearer: optional(level, 'With a token that anybody could show who has it; 2 by default.'),
    dpop: optional(level, 'With a token and the DPoP key that it is bound to; 2 by default.'),
    mtls: optional(level, 'With a token and the certificate that it is bound to; 2 by default.'),
    device_dpop: optional(level, 'Of a device that a DPoP key stands for; 3 by default.'),
    device_mtls: optional(level, 'Of a device that a certificate stands for; 3 by default.'),
    device_claim: optional(level, 'Of a device that a claim of the token names (device_claims); 2 by default.'),
    acr: withDefault(levelsByName, {}, 'Classes of authentication, each with the level that it lifts a user to.'),
    issuers: withDefault(levelsByName, {}, 'Issuers, each with the most that its tokens come to.'),
    rule: withDefault(
      choice(['min', 'user']),
      'min',
      'min: a Passport is as good as the weaker of user and device. user: the device is told, and does not count.',
    ),
  },
  build: ({ device_dpop, device_mtls, device_claim, ...rest }) => ({
    ...rest,
    deviceDpop: device_dpop,
    deviceMtls: device_mtls,
    deviceClaim: device_claim,
  }),
});

const deviceClaims: Shape<NonNullable<GatewayPassportConfig['deviceClaims']>> = object({
  keys: {
    id: withDefault(text(255), 'device_id', 'The claim with its id.'),
    type: optional(text(255), 'The claim with its kind.'),
  },
  build: (values) => values,
});

/** @param name of an upstream */
function serviceShape(name: Shape<string>): Shape<Omit<GatewayService, 'name'>> {
  return object({
    keys: {
      upstreams: optional(list(name, { min: 1, max: 100, unique: [{ path: [] }] }), 'Its upstreams; by default the one of its name.'),
      secret: optional(edgeSecret, 'Signs its Passports (HS256) instead of the key of the edge: for services that can fetch no keys.'),
      jwks: optional(jwksShape, 'Public keys, each with a kid, that it signs what it states with.'),
      actions: withDefault(
        list(choice(PASSPORT_ACTIONS), { max: PASSPORT_ACTIONS.length, unique: [{ path: [] }] }),
        [],
        'What it may ask of the edge, on routes with passport.actions.',
      ),
    },
    build: (values) => values,
  });
}

/** `gateway.passport`. @param name of an upstream */
export function gatewayPassportShape(name: Shape<string>, names: RegExp): Shape<GatewayPassportConfig> {
  return object({
    keys: {
      ttl: withDefault(duration('2s', '2m'), '1m', 'How long a Passport is good.'),
      levels: optional(
        levels,
        'How much is known of whom: 0 nothing, 1 something that may be out of date, 2 who it is, 3 that it is shown strongly.',
      ),
      device_claims: optional(deviceClaims, 'Which claims of a token name a device. Left out, only keys do.'),
      services: withDefault(
        mapping(serviceShape(name), { max: 1_000, names, allowed: 'letters, digits, -, _ and .' }),
        {},
        'Services that are more than the name of an upstream, by the name that their Passports are for.',
      ),
    },
    build: ({ ttl, levels: known, device_claims, services }) => ({
      ttlSeconds: ttl,
      levels: known,
      deviceClaims: device_claims,
      services: services.map(([called, one]) => ({ name: called, ...one })),
    }),
  });
}

/** `passport` of a route. */
export const routePassportShape: Shape<GatewayRoutePassport> = object({
  keys: {
    send: withDefault(flag, true, 'A Passport goes inside with each request that is somebody’s.'),
    min_level: withDefault(level, 0, 'The least level that passes.'),
    actions: withDefault(flag, false, 'The service may answer with Passport-Action.'),
  },
  build: ({ min_level, ...rest }) => ({ ...rest, minLevel: min_level }),
});
