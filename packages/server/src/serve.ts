import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OAuthError } from '@hufu/protocol/errors';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { clientAddress } from './client-address.ts';
import type { Context } from './context.ts';
import { Trail } from './decisions/trail.ts';
import type { HttpReply, HttpRequest } from './http.ts';
import { PageError, pageRefusal } from './interaction/page-error.ts';
import { isKnownOrigin } from './origins.ts';
import { refusal } from './reply.ts';
import type { Endpoint, Route } from './routes.ts';

/** Bytes of a body (attacks HTP-01). */
const BODY_LIMIT = 65_536;
/** Bytes of a request line and headers. */
const HEADER_LIMIT = 16_384;
const MAX_URL = 8_192;

/**
 * The rim: sockets in, plain values out. Fastify reads the bytes, bounds them and keeps the connections; what a request means is the
 * endpoints' business. The clock is read once per request, here.
 */
export function serve(ctx: Context, table: readonly Route[]): FastifyInstance {
  const { tls } = ctx.config;
  const app: FastifyInstance = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    // Slow headers and slow bodies end here (attacks HTP-02).
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 65_000,
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false, maxParamLength: 256 },
    exposeHeadRoutes: false,
    http: { maxHeaderSize: HEADER_LIMIT, headersTimeout: 10_000 },
    ...(tls === undefined ? {} : { https: tlsOptions(tls) }),
    clientErrorHandler: answerClientError,
    return503OnClosing: false,
  });
  app.removeAllContentTypeParsers();
  // A wrong content type is the endpoint's to refuse, with its own error (RFC 6749 §5.2): here any body is text.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  for (const route of table) {
    const allow = allowOf(route);
    app.route({
      method: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'],
      url: route.path,
      handler: (request, reply) => {
        const { method } = request;
        const endpoint = method === 'GET' || method === 'POST' || method === 'PUT' ? route.methods[method] : undefined;
        if (endpoint !== undefined) return answer(ctx, endpoint, route, request, reply);
        if (method === 'HEAD' && route.methods.GET !== undefined && isDocument(route)) return answer(ctx, route.methods.GET, route, request, reply);
        if (method === 'OPTIONS') return answer(ctx, (http) => preflight(ctx, route, allow, http), route, request, reply);
        return answer(ctx, (http) => methodNotAllowed(ctx, http, allow), route, request, reply);
      },
    });
  }
  app.setNotFoundHandler((request, reply) => answer(ctx, (http) => notFound(ctx, http), undefined, request, reply));
  app.setErrorHandler((error: { readonly statusCode?: number; readonly code?: string }, request, reply) =>
    answer(ctx, (http) => badRequest(ctx, http, error), undefined, request, reply),
  );
  return app;
}

async function answer(ctx: Context, endpoint: Endpoint, route: Route | undefined, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const http = toHttpRequest(ctx, request);
  const given = refuseEarly(ctx, http) ?? endpoint(http);
  const result = given instanceof Promise ? await given : given;
  reply.hijack();
  send(ctx, reply.raw, result, route?.crossOrigin ?? 'none', http);
}

/** What no endpoint has to see: addresses and encodings that nobody honest sends. */
function refuseEarly(ctx: Context, http: HttpRequest): HttpReply | undefined {
  if (http.path.length + http.query.length > MAX_URL) return tooMuch(ctx, http, 414, 'the address is too long');
  const encoding = http.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return tooMuch(ctx, http, 415, 'encoded bodies are not taken');
  return undefined;
}

function tooMuch(ctx: Context, http: HttpRequest, status: number, text: string): HttpReply {
  const trail = new Trail();
  trail.at('request_size');
  return { ...refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', text)), status };
}

function send(ctx: Context, raw: ServerResponse, { status, headers, body, origins }: HttpReply, crossOrigin: Route['crossOrigin'], http: HttpRequest): void {
  const all: Record<string, string | number | readonly string[]> = { ...SECURITY, ...headers };
  all['content-length'] = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (ctx.issuer.startsWith('https:')) all['strict-transport-security'] = 'max-age=31536000';
  if (crossOrigin !== 'none') allowOrigin(all, crossOrigin, origins, http);
  raw.writeHead(status, all as Record<string, string | number | string[]>);
  if (http.method === 'HEAD' || status === 304) raw.end();
  else raw.end(body);
}

/** For replies that are no pages (those bring their own): nothing in them is a document, and nobody frames them. */
const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

function allowOrigin(all: Record<string, string | number | readonly string[]>, crossOrigin: 'any' | 'client', origins: readonly string[] | undefined, http: HttpRequest): void {
  if (crossOrigin === 'any') {
    all['access-control-allow-origin'] = '*';
    return;
  }
  const origin = http.headers['origin'];
  if (origin === undefined) return;
  all['vary'] = 'Origin';
  if (typeof origin !== 'string' || origins?.includes(origin) !== true) return;
  all['access-control-allow-origin'] = origin;
  all['access-control-expose-headers'] = 'WWW-Authenticate, Hufu-Decision, Retry-After';
}

function toHttpRequest(ctx: Context, request: FastifyRequest): HttpRequest {
  const url = request.raw.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: request.method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers: request.headers,
    body: typeof request.body === 'string' ? request.body : '',
    address: clientAddress(request.raw.socket.remoteAddress ?? '', request.headers, ctx.config.trustedProxies),
    nowMs: ctx.clock.nowMs(),
  };
}

/** CORS preflight (Fetch §4.8): for origins that some client has, and never with credentials. */
async function preflight(ctx: Context, route: Route, allow: string, http: HttpRequest): Promise<HttpReply> {
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

/** Methods as `Allow` names them. HEAD is for documents alone: what also takes a POST does things. */
function allowOf(route: Route): string {
  const methods = Object.keys(route.methods);
  return [...methods, ...(isDocument(route) ? ['HEAD'] : []), ...(route.crossOrigin === 'none' ? [] : ['OPTIONS'])].join(', ');
}

function isDocument(route: Route): boolean {
  return route.methods.GET !== undefined && route.methods.POST === undefined;
}

function methodNotAllowed(ctx: Context, http: HttpRequest, allow: string): HttpReply {
  const trail = new Trail();
  trail.at('route');
  const reply = wantsPage(http)
    ? pageRefusal(ctx, 'http', http, trail, new PageError('method_not_allowed', http.method))
    : { ...refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', 'the method is not allowed here')), status: 405 };
  return { ...reply, headers: { ...reply.headers, allow } };
}

function notFound(ctx: Context, http: HttpRequest): HttpReply {
  const trail = new Trail();
  trail.at('route');
  if (wantsPage(http)) return pageRefusal(ctx, 'http', http, trail, new PageError('not_found', http.path.slice(0, 200)));
  return { ...refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', 'there is nothing here')), status: 404 };
}

/** What Fastify refused before an endpoint saw it: bodies that are too large or not what their length says. */
function badRequest(ctx: Context, http: HttpRequest, error: { readonly statusCode?: number; readonly code?: string }): HttpReply {
  const trail = new Trail();
  trail.at('request_size');
  const status = error.statusCode ?? 500;
  if (status >= 500) return refusal(ctx, 'http', http, trail, error);
  const text = status === 413 ? 'the body is too large' : 'the request is malformed';
  return { ...refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', text, { detail: error.code ?? '' })), status };
}

function wantsPage(http: HttpRequest): boolean {
  return typeof http.headers['accept'] === 'string' && http.headers['accept'].includes('text/html');
}

/** What Node's parser refused: there is no request to explain, only a connection to close. */
function answerClientError(error: NodeJS.ErrnoException, socket: IncomingMessage['socket']): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** TLS 1.2 limited to the four suites that FAPI allows; TLS 1.3 as it is. */
function tlsOptions(tls: NonNullable<Context['config']['tls']>): object {
  return {
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
    minVersion: 'TLSv1.2',
    ciphers:
      'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384',
    ...(tls.clientCa === undefined ? {} : { ca: readFileSync(tls.clientCa) }),
    requestCert: tls.clientCertificates === 'optional',
    rejectUnauthorized: false,
  };
}
