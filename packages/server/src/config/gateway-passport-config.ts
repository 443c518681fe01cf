import type { PublicJwks } from '@hufu/protocol/client-jwks';
import type { PassportAction, PassportLevel } from '@hufu/protocol/passport';
import type { Secret } from './secret.ts';

/** Passports of a gateway, as they are written. */
export interface GatewayPassportConfig {
  readonly ttlSeconds: number;
  readonly levels: GatewayPassportLevels | undefined;
  readonly deviceClaims: { readonly id: string; readonly type: string | undefined } | undefined;
  readonly services: readonly GatewayService[];
}

/** Undefined: as it is usual. */
export interface GatewayPassportLevels {
  readonly session: PassportLevel | undefined;
  readonly bearer: PassportLevel | undefined;
  readonly dpop: PassportLevel | undefined;
  readonly mtls: PassportLevel | undefined;
  readonly deviceDpop: PassportLevel | undefined;
  readonly deviceMtls: PassportLevel | undefined;
  readonly deviceClaim: PassportLevel | undefined;
  readonly acr: readonly (readonly [string, PassportLevel])[];
  readonly issuers: readonly (readonly [string, PassportLevel])[];
  readonly rule: 'min' | 'user';
}

export interface GatewayService {
  readonly name: string;
  /** Undefined: the one that is called as the service. */
  readonly upstreams: readonly string[] | undefined;
  readonly secret: Secret<string> | undefined;
  readonly jwks: PublicJwks | undefined;
  readonly actions: readonly PassportAction[];
}

/** What a route says of Passports. */
export interface GatewayRoutePassport {
  readonly send: boolean;
  readonly minLevel: PassportLevel;
  readonly actions: boolean;
}
