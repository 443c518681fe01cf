import { usesClientSecret } from '@hufu/protocol/client-jose';
import { CLIENT_REGISTRIES, type ClientMetadata } from '@hufu/protocol/client-metadata';
import { equalText } from '@hufu/protocol/equal-text';
import type { ClientRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';

/** What scanners and people recognise a registration access token by. */
const PREFIX = 'hfg_';

/** A `client_secret`: 43 random characters. */
export function newClientSecret(ctx: Context): string {
  return ctx.random.text(44).slice(1);
}

/** A registration access token (RFC 7592 §3): only its hash is kept. */
export function newRegistrationToken(ctx: Context): string {
  return PREFIX + ctx.random.text(44).slice(1);
}

/** The hash under which a client's registration access token is kept. */
export function hashRegistrationToken(ctx: Context, clientId: string, token: string): string {
  return ctx.keys.keyedHash('registration_access_token', `${clientId}\n${token}`);
}

/** Whether the token is the one that this client was given. The same work where there is no such client. */
export function checkRegistrationToken(ctx: Context, clientId: string, token: string, record: ClientRecord | undefined): boolean {
  const presented = hashRegistrationToken(ctx, clientId, token);
  const kept = record?.source === 'registered' && record.enabled ? record.registrationHash : undefined;
  return equalText(kept ?? ''.padEnd(presented.length, '.'), presented);
}

/** Whether the client has a secret: to prove itself with, or because an algorithm is keyed with it (OpenID Connect Core §10.1). */
export function hasSecret(metadata: ClientMetadata): boolean {
  return CLIENT_REGISTRIES.authMethods[metadata.tokenEndpointAuthMethod]?.secret === 'needed' || usesClientSecret(metadata);
}
