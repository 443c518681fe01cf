import { createPassports, type Passports } from '@hufu/gateway/passport/passports';
import type { PassportLevels, PassportService } from '@hufu/gateway/passport/settings';
import type { PassportEffects } from '@hufu/gateway/passport/statements';
import { readKeySet } from '@hufu/resource/key-set';
import type { GatewayConfig } from '@hufu/server/config/gateway-config';
import type { GatewayPassportConfig, GatewayPassportLevels, GatewayService } from '@hufu/server/config/gateway-passport-config';
import type { Context } from '@hufu/server/context';
import type { Log } from '@hufu/server/log';
import { RefusedError } from '../command.ts';
import { edgeSecrets } from './edge-secrets.ts';

export interface PassportGround {
  /** The one in this process; undefined: the gateway is alone. */
  readonly server: Context | undefined;
  /** Undefined: there are no sessions. */
  readonly effects: PassportEffects | undefined;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** Passports as a configuration has them. @throws {TypeError} or RefusedError that says what about it cannot be */
export function openPassports(gateway: GatewayConfig, passport: GatewayPassportConfig, ground: PassportGround): Passports {
  const { effects, nowMs, log } = ground;
  const { ttlSeconds, levels, deviceClaims, services } = passport;
  const settings = {
    edge: gateway.name,
    ttlSeconds,
    secrets: edgeSecrets(gateway, ground.server).map(({ secret }) => secret),
    ...(levels !== undefined && { levels: levelsOf(levels) }),
    ...(deviceClaims !== undefined && {
      deviceClaims: { id: deviceClaims.id, ...(deviceClaims.type !== undefined && { type: deviceClaims.type }) },
    }),
    services: services.map(serviceOf),
  };
  return createPassports(settings, {
    nowMs,
    upstreams: gateway.upstreams.map(({ name }) => name),
    ...(effects !== undefined && { effects }),
    onStatement({ service, action = '', outcome, reason = '' }) {
      const line = { service, action, outcome, reason: reason.slice(0, 200) };
      if (outcome === 'applied') log.info('edge.passport_action', line);
      else log.warn('edge.passport_action', line);
    },
  });
}

function levelsOf({ acr, issuers, rule, ...rest }: GatewayPassportLevels): Partial<PassportLevels> {
  const written = Object.fromEntries(Object.entries(rest).filter(([, level]) => level !== undefined));
  return { ...written, acr: new Map(acr), issuers: new Map(issuers), rule };
}

function serviceOf({ name, upstreams = [name], secret, jwks, actions }: GatewayService): PassportService {
  const keys = jwks === undefined ? undefined : readKeySet(jwks, new Map());
  if (jwks !== undefined && (keys === undefined || keys.size < jwks.keys.length || keys.has('')))
    throw new RefusedError(`gateway.passport.services.${name}.jwks: each key is a public one, and has a kid of its own`);
  return {
    name,
    upstreams,
    ...(secret !== undefined && { secret: Buffer.from(secret.reveal()) }),
    ...(keys !== undefined && { keys }),
    actions,
  };
}
