import { isIP } from 'node:net';
import type { Context } from '../context.ts';

/** What passkeys of this server are bound to (WebAuthn §4 "RP ID"). */
export interface RelyingParty {
  /** Host of the issuer. */
  readonly id: string;
  /** Where alone they are taken: scheme, host and port of the issuer. */
  readonly origin: string;
}

/** Undefined where the issuer's host is an IP address: browsers make passkeys for names alone (WebAuthn §5.1.3). */
export function relyingParty(ctx: Pick<Context, 'issuer'>): RelyingParty | undefined {
  const { hostname, origin } = new URL(ctx.issuer);
  return hostname.startsWith('[') || isIP(hostname) !== 0 ? undefined : { id: hostname, origin };
}
