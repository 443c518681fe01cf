import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OAuthError } from '@hufu/protocol/errors';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { clientAddress } from './client-address.ts';
import type { Context } from './context.ts';
import { Trail } from './decisions/trail.ts';
import type { HttpReply, HttpRequest } from './http.ts';
import { PageError, pageRefusal } from './interaction/page-error.ts';
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
        if (method === 'HEAD' && route.methods.GET !== undefined) return answer(ctx, route.methods.GET, route, request, reply);
        if (method === 'OPTIONS') return preflight(route, allow, reply);
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
  let result: HttpReply;
  if (http.path.length + http.query.length > MAX_URL) result = { status: 414, headers: {}, body: '' };
  else {
    const given = endpoint(http);
    result = given instanceof Promise ? await given : given;
  }
  reply.hijack();
  send(reply.raw, result, route?.crossOrigin === 'public' && request.headers.origin !== undefined, request.method === 'HEAD');
}

function send(raw: ServerResponse, { status, headers, body }: HttpReply, crossOrigin: boolean, headOnly: boolean): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  const all: Record<string, string | number | readonly string[]> = { ...headers, 'content-length': length };
  if (crossOrigin) {
    all['access-control-allow-origin'] = '*';
    all['access-control-expose-headers'] = 'WWW-Authenticate, Hufu-Decision, Retry-After';
  }
  if (status === 304) delete all['content-length'];
  raw.writeHead(status, all as Record<string, string | number | string[]>);
  if (headOnly || status === 304) raw.end();
  else raw.end(body);
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

/** CORS (Fetch §3.2): `*` and never with credentials, so that no cookie of ours ever counts across origins. */
function preflight(route: Route, allow: string, reply: FastifyReply): void {
  reply.hijack();
  if (route.crossOrigin === 'none') {
    reply.raw.writeHead(405, { allow }).end();
    return;
  }
  reply.raw
    .writeHead(204, {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': allow,
      'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
      'access-control-max-age': '600',
    })
    .end();
}

function allowOf(route: Route): string {
  const methods = Object.keys(route.methods);
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), ...(route.crossOrigin === 'public' ? ['OPTIONS'] : [])].join(', ');
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
