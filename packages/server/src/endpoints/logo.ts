import { type Client, findClient } from '../clients.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { PageError, pageRefusal } from '../interaction/page-error.ts';
import { fetchOutbound, type OutboundReply } from '../outbound/fetch-outbound.ts';

const MAX_BYTES = 65_536;
const TIMEOUT_MS = 3_000;
/** A logo that could not be had is asked for again after so long. */
const RETRY_MS = 60_000;
const FRESH_MS = 86_400_000;
const MAX_KEPT = 200;
const TYPES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml']);

interface Kept {
  readonly logo: Promise<OutboundReply | undefined>;
  readonly untilMs: number;
}

const kept = new WeakMap<Context, Map<Client, Kept>>();

/**
 * Our copy of a client's logo, so that a page of ours makes nobody else's server learn who signs in (attacks RED-24, XSS-04). An SVG is
 * served so that it can be a picture and nothing else.
 */
export async function logo(ctx: Context, http: HttpRequest, clientId: string): Promise<HttpReply> {
  const trail = new Trail();
  trail.at('client_known');
  const client = await findClient(ctx, clientId);
  const uri = client?.metadata.logoUri?.untagged ?? client?.metadata.logoUri?.tagged[0]?.[1];
  const copy = client === undefined || uri === undefined ? undefined : await logoOf(ctx, client, uri, http.nowMs);
  if (copy === undefined) return pageRefusal(ctx, 'logo', http, trail, new PageError('not_found', 'no logo to be had'));
  return {
    status: 200,
    headers: {
      'content-type': copy.contentType,
      'cache-control': 'public, max-age=3600',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
    },
    body: copy.body,
  };
}

function logoOf(ctx: Context, client: Client, uri: string, nowMs: number): Promise<OutboundReply | undefined> {
  let copies = kept.get(ctx);
  if (copies === undefined) kept.set(ctx, (copies = new Map()));
  const there = copies.get(client);
  if (there !== undefined && there.untilMs > nowMs) return there.logo;
  if (copies.size >= MAX_KEPT) copies.clear();
  const fetched = fetchLogo(ctx, uri);
  const entries = copies;
  entries.set(client, { logo: fetched, untilMs: nowMs + RETRY_MS });
  return fetched.then((copy) => {
    if (copy !== undefined) entries.set(client, { logo: fetched, untilMs: nowMs + FRESH_MS });
    return copy;
  });
}

async function fetchLogo(ctx: Context, uri: string): Promise<OutboundReply | undefined> {
  try {
    const reply = await fetchOutbound(uri, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, allow: ctx.config.policies.outboundAllowHosts });
    const [type = ''] = reply.contentType.toLowerCase().split(';', 1);
    return reply.status === 200 && TYPES.has(type.trim()) ? { ...reply, contentType: type.trim() } : undefined;
  } catch (error) {
    ctx.log.warn('outbound.refused', { purpose: 'logo', reason: error instanceof Error ? error.message.slice(0, 200) : '' });
    return undefined;
  }
}
