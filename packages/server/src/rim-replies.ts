import { OAuthError } from '@hufu/protocol/errors';
import type { Context } from './context.ts';
import { Trail } from './decisions/trail.ts';
import type { HttpReply, HttpRequest } from './http.ts';
import { PageError, pageRefusal } from './interaction/page-error.ts';
import { isKnownOrigin } from './origins.ts';
import { refusal } from './reply.ts';
import type { Route } from './route.ts';
import type { Target } from './target.ts';

/** CORS preflight (Fetch §4.8): for origins that some client has, and never with credentials. */
export async function preflight(ctx: Context, route: Route, allow: string, http: HttpRequest): Promise<HttpReply> {
  const origin = http.headers['origin'];
  if (route.crossOrigin === 'none' || typeof origin !== 'string') return methodNotAllowed(ctx, http, allow);
  const known = route.crossOrigin === 'any' || (await isKnownOrigin(ctx, origin, http.nowMs));
  return {
    status: 204,
    headers: known
      ? {
          'access-control-allow-methods': allow,
          'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
          'access-control-max-age': '600',
        }
      : {},
    body: '',
    origins: known ? [origin] : [],
  };
}

export function methodNotAllowed(ctx: Context, http: HttpRequest, allow: string): HttpReply {
  const trail = new Trail();
  trail.at('route');
  const reply = wantsPage(http)
    ? pageRefusal(ctx, 'http', http, trail, new PageError('method_not_allowed', http.method))
    : refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', 'the method is not allowed here', { status: 405 }));
  return { ...reply, headers: { ...reply.headers, allow } };
}

export function notFound(ctx: Context, http: HttpRequest): HttpReply {
  const trail = new Trail();
  trail.at('route');
  if (wantsPage(http)) return pageRefusal(ctx, 'http', http, trail, new PageError('not_found', http.path.slice(0, 200)));
  return refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', 'there is nothing here', { status: 404 }));
}

/** Whether whoever asks is to be shown a page. */
export function wantsPage(http: HttpRequest): boolean {
  return typeof http.headers['accept'] === 'string' && http.headers['accept'].includes('text/html');
}

/** What no endpoint has to see: bodies without end, and encodings that nobody honest sends. */
export function refuseBody(ctx: Context, http: HttpRequest, body: string | undefined): HttpReply | undefined {
  if (body === undefined) return tooMuch(ctx, http, 413, 'the body is too large');
  const encoding = http.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return tooMuch(ctx, http, 415, 'encoded bodies are not taken');
  return undefined;
}

/** RFC 9112 §3.2, RFC 9110 §15.5.20. */
export function misdirected(ctx: Context, http: HttpRequest, target: Exclude<Target, 'ours'>): HttpReply {
  const trail = new Trail();
  trail.at('host');
  const text = target === 'malformed' ? 'the request needs one Host, the one of its target' : 'there is no server of that name here';
  const detail = `Host: ${(http.headers.host ?? '').toString().slice(0, 200)}`;
  const status = target === 'malformed' ? 400 : 421;
  return refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', text, { detail, status }));
}

export function tooMuch(ctx: Context, http: HttpRequest, status: 413 | 414 | 415, text: string): HttpReply {
  const trail = new Trail();
  trail.at('request_size');
  return refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', text, { status }));
}
