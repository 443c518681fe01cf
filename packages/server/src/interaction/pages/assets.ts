import { ACCOUNT_SCRIPT, ACCOUNT_SCRIPT_PATH } from './account-script.ts';
import { BOT_SCRIPT, BOT_SCRIPT_PATH } from './bot-script.ts';
import { MARK_SVG } from './mark.ts';
import { PASSKEY_SCRIPT, PASSKEY_SCRIPT_PATH } from './passkey-script.ts';
import { STYLESHEET, STYLESHEET_PATH } from './style.ts';

/** A file that the pages load, with the headers that go with it. */
export interface Asset {
  readonly body: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything that the pages load, by path. There is nothing else: no font, nothing of anybody else's. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  [STYLESHEET_PATH, asset(STYLESHEET, 'text/css; charset=utf-8', 'public, max-age=31536000, immutable', "default-src 'none'")],
  [
    PASSKEY_SCRIPT_PATH,
    asset(PASSKEY_SCRIPT, 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable', "default-src 'none'"),
  ],
  [BOT_SCRIPT_PATH, asset(BOT_SCRIPT, 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable', "default-src 'none'")],
  [
    ACCOUNT_SCRIPT_PATH,
    asset(ACCOUNT_SCRIPT, 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable', "default-src 'none'"),
  ],
  // The icon brings its colours in a <style> of its own; opened as a document it can do nothing else.
  [
    '/assets/mark.svg',
    asset(MARK_SVG, 'image/svg+xml; charset=utf-8', 'public, max-age=86400', "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
  ],
]);

/** Nothing that is loaded can do anything by itself, wherever it is opened. */
export function asset(body: string | Uint8Array, type: string, caching: string, policy: string): Asset {
  const headers = {
    'content-type': type,
    'cache-control': caching,
    'content-security-policy': `${policy}; frame-ancestors 'none'`,
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  return Object.freeze({ body, headers: Object.freeze(headers) });
}
