import { equalText } from '@hufu/protocol/equal-text';
import type { UserRecord } from '@hufu/store/port';
import { asUser } from '../audit/acting.ts';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { sha256 } from '../tokens/secrets.ts';
import type { BrowserSession } from './browser-session.ts';
import { readCookie, writeCookie } from './cookies.ts';
import { browserHash } from './device-of.ts';
import { browserOf } from './known-browser.ts';

/** Users that one browser is trusted for. */
const MAX_TRUSTED = 4;
/** 256 bits, rounded up to what comes in whole characters. */
const SECRET_LENGTH = 44;
const MARK_LENGTH = 22;

/**
 * Whether this browser is trusted for that user: its cookie has the secret that stands in the store, in time and under the user's present `authVersion`. Each use exchanges the
 * secret, so that of two copies of a cookie one is worth nothing. @returns the cookie with the next secret
 */
export async function useTrustedBrowser(ctx: Context, http: HttpRequest, user: UserRecord): Promise<string | undefined> {
  const { id } = browserOf(ctx, http);
  const mark = markOf(ctx, id, user);
  const secret = partsOf(ctx, http)
    .find((part) => equalText(part.slice(0, MARK_LENGTH), mark))
    ?.slice(MARK_LENGTH);
  if (secret === undefined) return undefined;
  const next = ctx.random.text(SECRET_LENGTH);
  const now = Math.floor(http.nowMs / 1000);
  const used = await ctx.store.useTrust(ctx.tenant, user.id, browserHash(ctx, id), sha256(secret), sha256(next), now);
  return used === 'used' ? trustCookie(ctx, http, mark, next) : undefined;
}

/**
 * Trusts the browser of a session that somebody has just opened with a second factor. It is no method: it is told in no token, and raises nothing.
 * @returns the cookie; undefined where the policy trusts no device, or something changed meanwhile
 */
export async function trustBrowser(ctx: Context, http: HttpRequest, { session, user }: BrowserSession): Promise<string | undefined> {
  const { secondFactor, trustedDeviceSeconds } = ctx.config.policies.signIn;
  if (secondFactor !== 'new_device' || session.deviceId === undefined) return undefined;
  const secret = ctx.random.text(SECRET_LENGTH);
  const now = Math.floor(http.nowMs / 1000);
  const until = now + trustedDeviceSeconds;
  const trusted = await asUser(ctx, user).trustDevice(ctx.tenant, user.id, session.deviceId, user.authVersion, sha256(secret), until, now);
  return trusted === 'done' ? trustCookie(ctx, http, markOf(ctx, browserOf(ctx, http).id, user), secret) : undefined;
}

function trustCookie(ctx: Context, http: HttpRequest, mark: string, secret: string): string {
  const others = partsOf(ctx, http).filter((part) => !part.startsWith(mark));
  const parts = [`${mark}${secret}`, ...others].slice(0, MAX_TRUSTED);
  return writeCookie(ctx, 'trust', parts.join('.'), ctx.config.policies.signIn.trustedDeviceSeconds);
}

function partsOf(ctx: Context, http: HttpRequest): readonly string[] {
  const parts = (readCookie(ctx, http, 'trust') ?? '').split('.', MAX_TRUSTED);
  return parts.filter((part) => part.length === MARK_LENGTH + SECRET_LENGTH);
}

/** Whose part it is, without saying so. */
function markOf(ctx: Context, browserId: string, { id }: UserRecord): string {
  return ctx.keys.keyedHash('trusted_browser', `${browserId}\n${id}`).slice(0, MARK_LENGTH);
}
