import { type Client, findStoredClient } from './clients.ts';
import type { Context } from './context.ts';

const PAGE = 500;
/** Clients that are looked through for an origin. */
const MAX_CLIENTS = 20_000;
const FRESH_MS = 2_000;

const origins = new WeakMap<Client, readonly string[]>();
const known = new WeakMap<Context, { readonly atMs: number; readonly all: Promise<ReadonlySet<string>> }>();

/** The origins of a public web client's redirect URIs: where its scripts run. A confidential client's secret stands in none. */
export function originsOf(client: Client): readonly string[] {
  const cached = origins.get(client);
  if (cached !== undefined) return cached;
  const found = new Set<string>();
  const { tokenEndpointAuthMethod, applicationType, redirectUris } = client.metadata;
  for (const uri of tokenEndpointAuthMethod === 'none' && applicationType === 'web' ? redirectUris : []) {
    const url = URL.parse(uri);
    if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) found.add(url.origin);
  }
  const list = [...found];
  origins.set(client, list);
  return list;
}

/** Whether any client has that origin: for a preflight, which names none. Looked up anew every two seconds at most. */
export async function isKnownOrigin(ctx: Context, origin: string, nowMs: number): Promise<boolean> {
  let entry = known.get(ctx);
  if (entry === undefined || nowMs - entry.atMs > FRESH_MS) {
    entry = { atMs: nowMs, all: allOrigins(ctx) };
    known.set(ctx, entry);
  }
  return (await entry.all).has(origin);
}

async function allOrigins(ctx: Context): Promise<ReadonlySet<string>> {
  const all = new Set<string>();
  let after = '';
  for (let seen = 0; seen < MAX_CLIENTS; seen += PAGE) {
    const page = await ctx.store.listClients(ctx.tenant, after, PAGE);
    for (const record of page) {
      const client = record.enabled ? await findStoredClient(ctx, record.clientId) : undefined;
      if (client !== undefined) for (const origin of originsOf(client)) all.add(origin);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = last.clientId;
  }
  return all;
}
