import type { ClientMetadata } from '@hufu/protocol/client-metadata';
import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import { fetchOutbound } from '../outbound/fetch-outbound.ts';

const MAX_BYTES = 65_536;
const TIMEOUT_MS = 3_000;

/**
 * The document behind `sector_identifier_uri` is a JSON list of texts that holds every redirect URI of the client (OpenID Connect
 * Registration §5): otherwise anybody could put themselves into somebody's sector (attacks REG-11). Throws `invalid_client_metadata`, with
 * the same words whatever is behind the address.
 */
export async function requireSector(ctx: Context, { sectorIdentifierUri, redirectUris }: ClientMetadata): Promise<void> {
  if (sectorIdentifierUri === undefined) return;
  const listed = await readList(ctx, sectorIdentifierUri);
  const missing = redirectUris.find((uri) => !listed.includes(uri));
  if (missing !== undefined) throw refuse(`${missing.slice(0, 200)} is not in it`);
}

async function readList(ctx: Context, uri: string): Promise<readonly unknown[]> {
  let value: unknown;
  try {
    const reply = await fetchOutbound(uri, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, allow: ctx.config.policies.outboundAllowHosts });
    if (reply.status !== 200) throw new TypeError(`its host answered ${reply.status}`);
    value = JSON.parse(reply.body.toString());
  } catch (error) {
    throw refuse(error instanceof SyntaxError ? 'it is no JSON' : error instanceof Error ? error.message.slice(0, 200) : '');
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw refuse('it is no list of texts');
  return value;
}

function refuse(detail: string): OAuthError {
  return new OAuthError('invalid_client_metadata', 'sector_identifier_uri leads to no JSON list that holds every redirect URI', { detail });
}
