import type { Client } from '@hufu/client/client';
import type { Clock } from '@hufu/client/clock';
import type { TenantId } from '@hufu/protocol/ids';
import type { EdgeSessions } from '@hufu/store/port';
import { type CookieNames, cookieNames } from './cookie-jar.ts';
import type { EdgeKeys } from './edge-keys.ts';
import { RecentIds } from './recent-ids.ts';
import type { Replacement } from './replacement.ts';
import { type FollowedRevocations, LearntMarks } from './revoked-access.ts';

/** What an edge is told of its sessions. */
export interface TokenHandlerSettings {
  /** The name of the edge, 64 characters at most: all its gateways say the same. */
  readonly edge: string;
  /** Where browsers find it, such as `https://app.example`: `/edge/callback` there is the redirect URI. */
  readonly origin: string;
  /** Where its endpoints are, in place of `/edge`: a path that does not end in a slash. */
  readonly base?: string;
  /** Where a sign-in goes on to that names no page, or was not of whoever was here before; `/` where it is left out. */
  readonly home?: string;
  /** Where whoever has signed out goes on to; `home` where it is left out. */
  readonly signedOut?: string;
  readonly scope: string;
  /** What access tokens are for (RFC 8707 §2). */
  readonly resource?: string;
  readonly sameSite: 'lax' | 'strict';
  /** Where sessions are kept: by the gateway, which is usual, or sealed in the cookie. */
  readonly keep?: 'server' | 'cookie';
  /** Of sessions that cookies keep, how many the store has at a time; undefined: all of them. */
  readonly maxHeld?: number;
  /** For how many seconds after its end an access token is taken for what it was, while its issuer is away: up to 600; 0, or left out: for none. */
  readonly graceSeconds?: number;
  /** How long a session lives that nobody uses, and how long at most. */
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  /** Claims of the ID token that `/edge/session` shows to the page. */
  readonly claims: readonly string[];
  /** Other origins whose pages may use the sessions. */
  readonly origins: readonly string[];
  /** Whether a page of another site may begin a sign-in. */
  readonly crossSiteLogin: boolean;
}

/** What its endpoints work with. */
export interface TokenHandler {
  readonly settings: TokenHandlerSettings;
  /** A confidential client (draft-ietf-oauth-browser-based-apps §6.1): tokens never leave the gateway. */
  readonly client: Client;
  readonly store: EdgeSessions;
  readonly tenant: TenantId;
  readonly keys: EdgeKeys;
  readonly clock: Clock;
  readonly cookies: CookieNames;
  /** What the issuer has revoked, where somebody follows its feed. */
  readonly revocations?: FollowedRevocations;
  /** What was learnt of access tokens that are no JWTs. */
  readonly learnt: LearntMarks;
  /** Sessions whose place another device has taken, by their ids, the longest known first. */
  readonly replaced: Map<string, Replacement>;
  /** Ids of sessions that have ended lately, wherever that was. */
  readonly over: RecentIds;
  /** Ids of sessions of cookies that the store has, the longest unused first. */
  readonly held: Set<string>;
  /** 256 bits nobody can guess, as base64url. */
  newSecret(): string;
}

/** Throws `TypeError` for a client without a way to show who it is, and for settings that are out of bounds. */
export function tokenHandler(parts: Omit<TokenHandler, 'cookies' | 'learnt' | 'replaced' | 'over' | 'held'>): TokenHandler {
  const { client, settings } = parts;
  if (client.authentication.method === 'none') throw new TypeError('the client of an edge has a secret or a key (RFC 6749 §2.1)');
  if (client.dpop === 'always') throw new TypeError('tokens that stay in a gateway are bound to no key');
  if (!/^(?:\/[a-z-]+)+$/.test(baseOf({ settings }))) throw new TypeError('the endpoints of an edge are below a path of small letters');
  if (new URL(settings.origin).origin !== settings.origin) throw new TypeError('the origin of an edge has no path');
  const { idleSeconds, absoluteSeconds, graceSeconds = 0 } = settings;
  if (!(graceSeconds >= 0 && graceSeconds <= MAX_GRACE)) throw new TypeError(`the grace of a session is ${MAX_GRACE} seconds at most`);
  if (!(idleSeconds >= 0 && absoluteSeconds >= 60 && absoluteSeconds <= MAX_SECONDS))
    throw new TypeError('a session of an edge lives for a minute to 400 days');
  const cookies = cookieNames(client.issuer, client.clientId);
  return { ...parts, cookies, learnt: new LearntMarks(), replaced: new Map(), over: new RecentIds(MAX_RECENT), held: new Set() };
}

/** The path that the endpoints are below. */
export function baseOf({ settings }: Pick<TokenHandler, 'settings'>): string {
  return settings.base ?? '/edge';
}

/** Where somebody goes on who has named no page. */
export function homeOf({ settings }: Pick<TokenHandler, 'settings'>): string {
  return settings.home ?? '/';
}

const MAX_GRACE = 600;
const MAX_RECENT = 10_000;

/** Browsers keep no cookie for longer. */
const MAX_SECONDS = 400 * 86_400;

/** Where somebody goes on who has signed out. */
export function signedOutOf(handler: Pick<TokenHandler, 'settings'>): string {
  return handler.settings.signedOut ?? homeOf(handler);
}

/** Seconds since 1970. */
export function nowSeconds({ clock }: TokenHandler): number {
  return Math.floor(clock.nowMs() / 1_000);
}

/** `Lax` or `Strict`, as it stands in a cookie. */
export function sameSiteOf({ settings }: TokenHandler): 'Lax' | 'Strict' {
  return settings.sameSite === 'strict' ? 'Strict' : 'Lax';
}
