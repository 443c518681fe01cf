import { readFetchedJwks } from '@hufu/protocol/client-jwks';
import type { Context } from '../context.ts';
import { fetchOutbound } from '../outbound/fetch-outbound.ts';
import { freshSeconds } from '../outbound/fresh-seconds.ts';
import { type ClientKey, importKeys } from './client-key.ts';

/** The keys of a client as they are known here, and what was wrong with the last attempt to have them. */
export interface KeySet {
  readonly keys: readonly ClientKey[];
  /** For decision records; undefined where nothing was. */
  readonly fault: string | undefined;
}

/** Whether its URL was asked just now. */
export interface RemoteKeySet extends KeySet {
  readonly asked: boolean;
}

/** Bytes of a JWK Set. */
const MAX_BYTES = 65_536;
const TIMEOUT_MS = 3_000;
/** Seconds between two attempts after a failure, and between two that a `kid` that we don't know calls for. */
const COOL_DOWN = 10;
/** Seconds that an old copy serves beyond its time while its URL is down. */
const STALE = 86_400;
const MAX_URLS = 1_000;

interface Copy {
  set: KeySet;
  /** Times in seconds; `-Infinity`: never. */
  fetchedAt: number;
  freshUntil: number;
  failedAt: number;
  forcedAt: number;
  /** The fetch under way. */
  fetching: Promise<void> | undefined;
}

const kept = new WeakMap<Context, Map<string, Copy>>();

/**
 * The JWK Set behind a client's `jwks_uri`, through the guard: a copy while it is fresh (`freshSeconds`), else a new one; when that cannot be
 * had, the old one for a day at most. So a key that its owner has removed is refused after `max-age`, five minutes by default (attacks
 * TOK-14). One fetch at a time for each URL, 1,000 URLs.
 *
 * @param want `newer`: the copy does not have the key in question, so it is fetched anew unless that has just been done
 *   (OpenID Connect Core §10.1.1).
 */
export async function remoteKeys(ctx: Context, url: string, want: 'any' | 'newer', now: number): Promise<RemoteKeySet> {
  const copy = copyOf(ctx, url);
  const asked = copy.fetching !== undefined || isDue(copy, want, now);
  if (asked) {
    if (want === 'newer') copy.forcedAt = now;
    copy.fetching ??= refresh(ctx, url, copy, now).finally(() => {
      copy.fetching = undefined;
    });
    await copy.fetching;
  }
  return { keys: now < copy.freshUntil + STALE ? copy.set.keys : [], fault: copy.set.fault, asked };
}

/** What of a `jwks_uri` is here already, for whoever only looks: nothing is fetched, and no other copy falls for it. */
export function peekRemoteKeys(ctx: Context, url: string, now: number): KeySet & { readonly fetchedAt: number | undefined } {
  const copy = kept.get(ctx)?.get(url);
  if (copy === undefined) return { ...NOTHING, fetchedAt: undefined };
  const { set, fetchedAt, freshUntil } = copy;
  return {
    keys: now < freshUntil + STALE ? set.keys : [],
    fault: set.fault,
    fetchedAt: Number.isFinite(fetchedAt) ? fetchedAt : undefined,
  };
}

function isDue(copy: Copy, want: 'any' | 'newer', now: number): boolean {
  if (within(copy.failedAt, COOL_DOWN, now)) return false;
  return want === 'newer' ? !within(copy.forcedAt, COOL_DOWN, now) : copy.freshUntil <= now;
}

function within(since: number, seconds: number, now: number): boolean {
  return since <= now && now < since + seconds;
}

function copyOf(ctx: Context, url: string): Copy {
  let copies = kept.get(ctx);
  if (copies === undefined) kept.set(ctx, (copies = new Map()));
  const there = copies.get(url);
  const copy = there ?? {
    set: NOTHING,
    fetchedAt: -Infinity,
    freshUntil: -Infinity,
    failedAt: -Infinity,
    forcedAt: -Infinity,
    fetching: undefined,
  };
  // Used last, falls last.
  copies.delete(url);
  copies.set(url, copy);
  if (copies.size > MAX_URLS) {
    for (const oldest of copies.keys()) {
      copies.delete(oldest);
      break;
    }
  }
  return copy;
}

const NOTHING: KeySet = { keys: [], fault: undefined };

/** Never rejects: what went wrong stands in the copy. */
async function refresh(ctx: Context, url: string, copy: Copy, now: number): Promise<void> {
  try {
    const reply = await fetchOutbound(url, {
      maxBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      allow: ctx.config.policies.outboundAllowHosts,
    });
    if (reply.status !== 200) throw new TypeError(`its host answered ${reply.status}`);
    const read = readFetchedJwks(JSON.parse(reply.body.toString()));
    if (read.kind === 'refused') throw new TypeError(read.reason);
    copy.set = { keys: importKeys(read.jwks), fault: undefined };
    copy.fetchedAt = now;
    copy.freshUntil = now + freshSeconds(reply.cacheControl);
    copy.failedAt = -Infinity;
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is no JSON' : error instanceof Error ? error.message.slice(0, 200) : '';
    copy.set = { keys: copy.set.keys, fault: reason };
    copy.failedAt = now;
    ctx.log.warn('outbound.refused', { purpose: 'jwks_uri', reason });
  }
}
