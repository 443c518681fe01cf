import { OAuthError } from '@hufu/protocol/errors';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { fetchOutbound, OutboundRefused } from '../outbound/fetch-outbound.ts';

const MAX_BYTES = 32_768;
const TIMEOUT_MS = 3_000;
/** Fetched at the same time by one process: nobody has signed in yet, and each costs a socket here and a request there. */
const MAX_FETCHES = 16;

/**
 * The request object behind `request_uri` (OpenID Connect Core §6.2), as text: fetched only from where the client registered (Registration §2
 * `request_uris`), so that nobody else's address is called. Throws `request_uri_not_supported`, `invalid_request_uri`, `temporarily_unavailable`.
 */
export async function fetchRequestObject(ctx: Context, client: Client, uri: string): Promise<string> {
  const { requestUris } = client.metadata;
  if (requestUris.length === 0) throw new OAuthError('request_uri_not_supported', 'the client has registered no request_uris');
  const bare = uri.split('#', 1)[0] ?? '';
  if (!requestUris.some((registered) => registered === uri || (!registered.includes('#') && registered === bare)))
    throw invalidUri('it is not registered');
  return await once(ctx, bare);
}

const fetching = new WeakMap<Context, Map<string, Promise<string>>>();

/** One request at a time for each address, whoever waits for it. Throws `temporarily_unavailable` where too many are under way. */
function once(ctx: Context, uri: string): Promise<string> {
  let underWay = fetching.get(ctx);
  if (underWay === undefined) fetching.set(ctx, (underWay = new Map()));
  const there = underWay.get(uri);
  if (there !== undefined) return there;
  if (underWay.size >= MAX_FETCHES)
    throw new OAuthError('temporarily_unavailable', 'too many request objects are being fetched; try again', { retryAfterSeconds: 5 });
  const one = download(ctx, uri).finally(() => underWay.delete(uri));
  underWay.set(uri, one);
  return one;
}

async function download(ctx: Context, uri: string): Promise<string> {
  try {
    const reply = await fetchOutbound(uri, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, allow: ctx.config.policies.outboundAllowHosts });
    if (reply.status !== 200) throw invalidUri(`its host answered ${reply.status}`);
    return reply.body.toString('latin1').trim();
  } catch (error) {
    if (error instanceof OutboundRefused) throw invalidUri(error.message);
    throw error;
  }
}

function invalidUri(detail: string): OAuthError {
  return new OAuthError('invalid_request_uri', 'the request object could not be had from request_uri', { detail });
}
