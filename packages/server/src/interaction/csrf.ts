import { equalText } from '@hufu/protocol/equal-text';
import { OAuthError } from '@hufu/protocol/errors';
import type { Form } from '@hufu/protocol/form';
import type { Context } from '../context.ts';
import type { HttpRequest } from '../http.ts';
import { readCookie } from '../sessions/cookies.ts';

/** The token of a form: bound to the browser's own cookie and to the page. */
export function csrfToken(ctx: Context, browserId: string, page: string): string {
  return ctx.keys.keyedHash('csrf', `${browserId}\n${page}`);
}

/**
 * Throws `access_denied` (403) unless the form was sent from our own page in this browser (RFC 9700 §4.7). `Origin` is not asked: with
 * `Referrer-Policy: no-referrer` browsers send `null` for our own forms; `Sec-Fetch-Site` is, where there is one.
 */
export function requireOwnForm(ctx: Context, request: HttpRequest, form: Form, page: string): void {
  requireOwnSite(request);
  const browser = readCookie(ctx, request, 'browser');
  if (browser === undefined) throw foreign('the browser sent no cookie of ours');
  const sent = form.get('csrf');
  if (sent === undefined || !equalText(sent, csrfToken(ctx, browser, page))) throw foreign('the form token is not the one of this browser');
}

/** Throws `access_denied` (403) where the browser says that a page of another site asks: enough for what changes nothing. */
export function requireOwnSite(request: HttpRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') throw foreign(`Sec-Fetch-Site is ${String(site).slice(0, 20)}`);
}

function foreign(detail: string): OAuthError {
  return new OAuthError('access_denied', 'the form could not be verified', { detail });
}
