/** A request to one of the edge's own endpoints, as it was admitted. */
export interface EdgeRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  /** One value; undefined where it is not there. Names in lower case. `cookie` is all of them, joined by `; `. */
  header(name: string): string | undefined;
  /** A form, at most 64 KiB. */
  readonly body?: string;
}

/** What it answers. */
export interface EdgeReply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** It is a refusal, in words for whoever writes those of the edge. */
  readonly refused?: { readonly code: string; readonly detail: string };
  /** It goes out as it is, but something failed: kept under the id that goes with it. `cause` is for the log alone. */
  readonly failed?: Failure;
}

export interface Failure {
  readonly code: string;
  readonly detail: string;
  readonly cause: string;
}

/** Nothing of it is kept anywhere, and no address is told to others. */
const PRIVATE = [
  ['cache-control', 'no-store'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
] as const;

/** On to somewhere else, by GET (RFC 9110 §15.4.4). */
export function seeOther(location: string, cookies: readonly string[] = []): EdgeReply {
  return { status: 303, headers: [['location', location], ...PRIVATE, ...setCookies(cookies)], body: '' };
}

export function jsonReply(status: number, body: object, cookies: readonly string[] = []): EdgeReply {
  return { status, headers: [['content-type', 'application/json'], ...PRIVATE, ...setCookies(cookies)], body: JSON.stringify(body) };
}

/** A refusal (RFC 9457). */
export function problem(status: number, code: string, detail: string, retryAfterSeconds?: number): EdgeReply {
  const headers: EdgeReply['headers'] = [
    ['content-type', 'application/problem+json'],
    ...PRIVATE,
    ...(retryAfterSeconds === undefined ? [] : [['retry-after', String(retryAfterSeconds)] as const]),
  ];
  return { status, headers, body: JSON.stringify({ status, code, detail }), refused: { code, detail } };
}

/** A method that the endpoint does not take (RFC 9110 §15.5.6). */
export function notAllowed(allowed: 'GET' | 'POST', detail: string): EdgeReply {
  const reply = problem(405, 'method', detail);
  return { ...reply, headers: [...reply.headers, ['allow', allowed]] };
}

/**
 * A page that goes on by itself: the navigation begins here, on our own site, so that a `SameSite=Strict` cookie goes with it. No script.
 */
export function goOnPage(location: string, cookies: readonly string[]): EdgeReply {
  const address = location.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return {
    status: 200,
    headers: [
      ['content-type', 'text/html; charset=utf-8'],
      ['content-security-policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"],
      ...PRIVATE,
      ...setCookies(cookies),
    ],
    body: `<!doctype html><meta charset="utf-8"><title>Signed in</title><meta http-equiv="refresh" content="0;url=${address}"><a href="${address}">Go on</a>`,
  };
}

function setCookies(cookies: readonly string[]): (readonly [string, string])[] {
  return cookies.map((cookie) => ['set-cookie', cookie] as const);
}
