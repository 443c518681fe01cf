import type { HttpReply, HttpRequest } from '../http.ts';
import { hiddenFieldsIn } from './hidden-fields.ts';
import type { World } from './world.ts';

/** The cookie of a browser that has been here before. */
export const BROWSER_ID = 'browser-id-of-24-charact';
export const BROWSER: string = `__Host-hufu_browser=${BROWSER_ID}`;

/** `data-page` of a page. */
export function pageOf(reply: HttpReply): string {
  return /<body[^>]* data-page="([^"]*)"/.exec(reply.body.toString())?.[1] ?? '';
}

/** The hidden fields of a page's forms. */
export function hiddenOf(reply: HttpReply): Readonly<Record<string, string>> {
  return hiddenFieldsIn(reply.body.toString());
}

/** A GET of the address that a reply redirects to, or of a path with a query. */
export function getOf(world: World, location: HttpReply | string, cookie: string = BROWSER): HttpRequest {
  const text = typeof location === 'string' ? location : String(location.headers['location']);
  const [path = '', query = ''] = text.split('?', 2);
  return world.http({ path, query, headers: { cookie } });
}

/** A form of ours, sent from our own page. */
export function postOf(
  world: World,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): HttpRequest {
  const own = { cookie: BROWSER, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', ...headers };
  return world.http({ method: 'POST', path, headers: own, body: new URLSearchParams(fields).toString() });
}

/** `name=value` of a `Set-Cookie` of the reply, ready for `Cookie`. */
export function cookieOf(reply: HttpReply, name: 'session' | 'browser' | 'known'): string | undefined {
  const all = reply.headers['set-cookie'] ?? [];
  const line = (typeof all === 'string' ? [all] : all).find((one) => one.includes(`hufu_${name}=`));
  return line?.slice(0, line.indexOf(';'));
}
