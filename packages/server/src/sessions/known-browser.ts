import { equalText } from '@hufu/protocol/equal-text';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { readCookie, writeCookie } from './cookies.ts';

const BROWSER_ID = /^[A-Za-z0-9_-]{24}$/;
const MARK_LENGTH = 22;
/** A browser remembers so many accounts that have signed in from it. */
const MAX_KNOWN = 8;
const YEAR = 31_536_000;

/** The browser's own id, which forms are bound to; made when there is none. */
export function browserOf(ctx: Context, request: HttpRequest): { readonly id: string; readonly cookie: string | undefined } {
  const cookie = readCookie(ctx, request, 'browser');
  if (cookie !== undefined && BROWSER_ID.test(cookie)) return { id: cookie, cookie: undefined };
  const id = ctx.random.text(24);
  return { id, cookie: browserCookie(ctx, id) };
}

/** The browser's id as a cookie, for a year from now. */
export function browserCookie(ctx: Context, id: string): string {
  return writeCookie(ctx, 'browser', id, YEAR);
}

/** The browser's id if this account has signed in from it before. */
export function knownBrowser(ctx: Context, request: HttpRequest, account: string): string | undefined {
  const id = readCookie(ctx, request, 'browser');
  if (id === undefined || !BROWSER_ID.test(id)) return undefined;
  const mark = markOf(ctx, id, account);
  return marksOf(ctx, request).some((known) => equalText(known, mark)) ? id : undefined;
}

/** The cookie that remembers a sign-in to this account. */
export function rememberBrowser(ctx: Context, request: HttpRequest, browserId: string, account: string): string {
  const mark = markOf(ctx, browserId, account);
  const others = marksOf(ctx, request).filter((known) => known !== mark);
  return writeCookie(ctx, 'known', [mark, ...others].slice(0, MAX_KNOWN).join('.'), YEAR);
}

function marksOf(ctx: Context, request: HttpRequest): readonly string[] {
  return (readCookie(ctx, request, 'known') ?? '').split('.', MAX_KNOWN).filter((mark) => mark.length === MARK_LENGTH);
}

function markOf(ctx: Context, browserId: string, account: string): string {
  return ctx.keys.keyedHash('known_browser', `${browserId}\n${account}`).slice(0, MARK_LENGTH);
}
