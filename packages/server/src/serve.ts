import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { OAuthError } from '@hufu/protocol/errors';
import { clientAddress, isTrustedPeer } from './client-address.ts';
import { atEndOfTurn, monotonicMs } from './clock.ts';
import type { Context } from './context.ts';
import { Trail } from './decisions/trail.ts';
import { type BodyStream, type HttpReply, type HttpRequest, MAX_ADDRESS } from './http.ts';
import { PageError, pageRefusal } from './interaction/page-error.ts';
import { refuseFirst, telling, waitFor } from './limits/admit.ts';
import { limitedRoute } from './limits/limited-routes.ts';
import type { RequestStage } from './limits/request-limits.ts';
import { endpointLabel } from './metrics/endpoint-labels.ts';
import { endpointIndex } from './metrics/meter.ts';
import { isKnownOrigin } from './origins.ts';
import { findHeader } from './raw-headers.ts';
import { refusal } from './reply.ts';
import type { Endpoint, Route } from './route.ts';
import { type CertificateReader, certificateReader } from './sender/client-certificate.ts';
import type { PlaceSource } from './sessions/places/place-source.ts';
import { placeSource } from './sessions/places/places.ts';
import { originForm, type Target, targets } from './target.ts';

/** Bytes of a body (attacks HTP-01). */
const BODY_LIMIT = 65_536;

/** A route as the rim uses it. */
interface Mounted {
  readonly route: Route;
  readonly allow: string;
  /** As limits call it; undefined: none is about it. */
  readonly limited: string | undefined;
  /** As it is counted. */
  readonly counted: number;
}

/** A path that is nowhere, as it is counted. */
const NOWHERE = endpointIndex('none');

/**
 * The rim: bytes in, plain values out (docs/decisions/0006). Finds the route, bounds and reads the body, reads the clock once, and writes
 * the reply with what concerns every reply. What a request means is the endpoints' business.
 */
export function serve(ctx: Context, table: readonly Route[]): RequestListener {
  const exact = new Map<string, Mounted>();
  const below = new Map<string, Mounted>();
  const deep: (readonly [folder: string, mounted: Mounted])[] = [];
  for (const route of table) {
    const mounted = { route, allow: allowOf(route), limited: limitedRoute(route.path), counted: endpointIndex(endpointLabel(route.path)) };
    if (route.path.endsWith('/**')) deep.push([route.path.slice(0, -2), mounted]);
    else if (route.path.endsWith('/*')) below.set(route.path.slice(0, -1), mounted);
    else exact.set(route.path, mounted);
  }
  const judge = targets(ctx.issuer);
  const readers: Readers = { certificates: certificateReader(ctx.config), places: placeSource(ctx.config) };
  return (raw, reply) => {
    const begunMs = monotonicMs();
    const url = originForm(raw.url ?? '/');
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const mounted =
      exact.get(path) ??
      below.get(folder) ??
      exact.get(withAnyParent(path)) ??
      below.get(`${withAnyParent(folder.slice(0, -1))}/`) ??
      deep.find(([above]) => path.startsWith(above))?.[1];
    const target = judge(raw, () => isTrustedPeer(raw.socket.remoteAddress ?? '', ctx.config.trustedProxies));
    const tooLong = url.length > MAX_ADDRESS && mounted?.route.longAddress !== 'answered';
    const endpoint = tooLong
      ? (http: HttpRequest) => tooMuch(ctx, http, 414, 'the address is too long')
      : target !== 'ours'
        ? (http: HttpRequest) => misdirected(ctx, http, target)
        : mounted === undefined
          ? (http: HttpRequest) => notFound(ctx, http)
          : endpointOf(ctx, mounted, raw.method ?? 'GET');
    const query = mark < 0 ? '' : url.slice(mark + 1);
    const call: Call = { ctx, raw, reply, path, query, readers, route: mounted?.route, counted: mounted?.counted ?? NOWHERE, begunMs };
    const isLimited = target === 'ours' && !tooLong && mounted?.limited !== undefined;
    const stage = isLimited ? ctx.limits.requests.findFirst(mounted.limited, raw.method ?? 'GET') : undefined;
    if (stage === undefined) goOn(call, endpoint, undefined);
    else admit(call, endpoint, stage);
  };
}

/** A request on its way to the endpoint. */
interface Call {
  readonly ctx: Context;
  readonly raw: IncomingMessage;
  readonly reply: ServerResponse;
  readonly path: string;
  readonly query: string;
  readonly readers: Readers;
  /** Undefined: there is none. */
  readonly route: Route | undefined;
  /** As it is counted. */
  readonly counted: number;
  /** Of `monotonicMs`. */
  readonly begunMs: number;
}

/** @param first what limits have seen of it. */
function goOn(call: Call, endpoint: Endpoint, first: HttpRequest | undefined): void {
  const { ctx, raw, reply, route } = call;
  if (raw.method === 'GET' || raw.method === 'HEAD') {
    const http = wholeOf(call, '', first);
    answer(call, endpoint, route?.takesTime === true ? { ...http, whenGone: (act) => onceClosed(reply, act) } : http);
    return;
  }
  readBody(raw, (body) => {
    const http = wholeOf(call, body ?? '', first);
    answer(call, () => refuseBody(ctx, http, body) ?? endpoint(http), http);
  });
}

/** The time is that of the end of the body: whoever sends slowly, or is paced, stays within no deadline by it. */
function wholeOf({ ctx, raw, path, query, readers }: Call, body: string, first: HttpRequest | undefined): HttpRequest {
  return first === undefined ? toHttpRequest(ctx, raw, path, query, body, readers) : { ...first, body, nowMs: ctx.clock.nowMs() };
}

/** Asks the limits that need no more than an address and headers, before the body is read. What they tell goes beside the answer's own headers. */
function admit(call: Call, endpoint: Endpoint, stage: RequestStage): void {
  const { ctx, raw, reply, path, query, readers, route } = call;
  const http = toHttpRequest(ctx, raw, path, query, '', readers);
  const judge = async (): Promise<void> => {
    const admission = await stage.admit(http);
    if (admission.allowed) {
      if (admission.delayMs > 0) await waitFor(admission);
      goOn(call, async (whole) => telling(await endpoint(whole), admission.headers), http);
      return;
    }
    // Nobody reads on to find the next request behind a body that has no end.
    if (hasBody(raw) && !(Number(raw.headers['content-length']) <= BODY_LIMIT)) reply.shouldKeepAlive = false;
    const crossOrigin = route?.crossOrigin ?? 'none';
    answer(call, () => refuseFirst(ctx, http, admission, { asPage: wantsPage(http), crossOrigin }), http);
  };
  judge().catch((error: unknown) => fail(call, http, error));
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/** The path with `*` in place of its part before the last. */
function withAnyParent(path: string): string {
  const last = path.lastIndexOf('/');
  return `${path.slice(0, path.lastIndexOf('/', last - 1) + 1)}*${path.slice(last)}`;
}

function endpointOf(ctx: Context, { route, allow }: Mounted, method: string): Endpoint {
  const endpoint = method === 'GET' || method === 'POST' || method === 'PUT' || method === 'DELETE' ? route.methods[method] : undefined;
  if (endpoint !== undefined) return endpoint;
  if (method === 'HEAD' && route.methods.GET !== undefined && isDocument(route)) return route.methods.GET;
  if (method === 'OPTIONS') return (http) => preflight(ctx, route, allow, http);
  return (http) => methodNotAllowed(ctx, http, allow);
}

/** Hands over the body as text, or undefined once it is longer than the limit. A body that never ends is never handed over. */
function readBody(raw: IncomingMessage, done: (body: string | undefined) => void): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let length = 0;
  raw.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > BODY_LIMIT) {
      if (length - chunk.length <= BODY_LIMIT) done(undefined);
      return;
    }
    if (first === undefined) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  raw.on('end', () => {
    if (length <= BODY_LIMIT) done((more === undefined ? first : Buffer.concat(more))?.toString() ?? '');
  });
}

function answer(call: Call, endpoint: Endpoint, http: HttpRequest): void {
  try {
    const given = endpoint(http);
    if (!(given instanceof Promise)) send(call, given, http);
    else {
      // Written with the others of this turn: whoever waits for them wakes once (half the cost of a token under load).
      given.then(
        (reply) => atEndOfTurn(() => sendOrFail(call, reply, http)),
        (error: unknown) => fail(call, http, error),
      );
    }
  } catch (error) {
    fail(call, http, error);
  }
}

function sendOrFail(call: Call, reply: HttpReply, http: HttpRequest): void {
  try {
    send(call, reply, http);
  } catch (error) {
    fail(call, http, error);
  }
}

/** An endpoint that threw: a bug of ours, told as fixed text with a decision. */
function fail(call: Call, http: HttpRequest, error: unknown): void {
  const { ctx, reply } = call;
  if (reply.headersSent) {
    reply.destroy();
    return;
  }
  send(call, refusal(ctx, 'http', http, new Trail(), error), http, 'none');
}

/** What no endpoint has to see: bodies without end, and encodings that nobody honest sends. */
function refuseBody(ctx: Context, http: HttpRequest, body: string | undefined): HttpReply | undefined {
  if (body === undefined) return tooMuch(ctx, http, 413, 'the body is too large');
  const encoding = http.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return tooMuch(ctx, http, 415, 'encoded bodies are not taken');
  return undefined;
}

/** RFC 9112 §3.2, RFC 9110 §15.5.20. */
function misdirected(ctx: Context, http: HttpRequest, target: Exclude<Target, 'ours'>): HttpReply {
  const trail = new Trail();
  trail.at('host');
  const text = target === 'malformed' ? 'the request needs one Host, the one of its target' : 'there is no server of that name here';
  const detail = `Host: ${(http.headers.host ?? '').toString().slice(0, 200)}`;
  const status = target === 'malformed' ? 400 : 421;
  return refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', text, { detail, status }));
}

function tooMuch(ctx: Context, http: HttpRequest, status: 413 | 414 | 415, text: string): HttpReply {
  const trail = new Trail();
  trail.at('request_size');
  return refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', text, { status }));
}

function send(
  { ctx, reply: raw, counted, begunMs, route }: Call,
  { status, headers, body, origins, stream }: HttpReply,
  http: HttpRequest,
  crossOrigin: Route['crossOrigin'] = route?.crossOrigin ?? 'none',
): void {
  let lines = linesOf(ctx, headers, crossOrigin === 'any');
  if (stream === undefined && headers['content-length'] === undefined) {
    lines = [...lines, 'content-length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.length)];
  }
  if (crossOrigin === 'client') lines = [...lines, ...allowOrigin(origins, http, headers)];
  // The rest of a body that is too large is not worth a connection.
  if (status === 413) raw.shouldKeepAlive = false;
  // What was changed was changed, whatever the sender had (RFC 9110 §13.1.2).
  const reads = http.method === 'GET' || http.method === 'HEAD';
  // What nobody may keep, nobody has: the tag is for their next change alone.
  const mayHave = status === 200 && reads && headers['cache-control'] !== 'no-store';
  const had = mayHave && isHad(raw.req.rawHeaders, headers['etag']);
  raw.writeHead(had ? 304 : status, lines as string[]);
  if (stream !== undefined) stream(bodyStream(raw));
  else if (had || http.method === 'HEAD') raw.end();
  else raw.end(body);
  // What waits because whoever asked wants it to says nothing of how fast we are.
  if (route?.takesTime === true) ctx.metrics.meter.streamed(counted, had ? 304 : status);
  else ctx.metrics.meter.requested(counted, had ? 304 : status, monotonicMs() - begunMs);
}

function bodyStream(raw: ServerResponse): BodyStream {
  return {
    write: (text) => raw.write(text),
    onRoom: (act) => void raw.on('drain', act),
    onClose: (act) => onceClosed(raw, act),
    end: () => void raw.end(),
    cut: () => void raw.destroy(),
  };
}

/** At once where it is closed already: whoever asked may be gone before anybody listens. */
function onceClosed(raw: ServerResponse, act: () => void): void {
  if (raw.closed) act();
  else raw.once('close', act);
}

/** RFC 9110 §13.1.2: whether the sender has what would be sent. A list, `*`, and tags that a proxy has made weak on its way. */
function isHad(rawHeaders: readonly string[], etag: string | readonly string[] | undefined): boolean {
  if (etag === undefined) return false;
  const asked = findHeader(rawHeaders, 'if-none-match').flatMap((value) => value.split(',').map((tag) => tag.trim()));
  return asked.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);
}

/** For replies that are no pages (those bring their own): nothing in them is a document, nobody frames them, and only scripts that CORS lets read them. */
const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** Names and values in turn: what Node writes fastest. */
type HeaderLine = string | readonly string[];

type KnownLines = WeakMap<HttpReply['headers'], readonly HeaderLine[]>;
const known: Readonly<Record<'secure' | 'plain', Readonly<Record<'open' | 'closed', KnownLines>>>> = {
  secure: { open: new WeakMap(), closed: new WeakMap() },
  plain: { open: new WeakMap(), closed: new WeakMap() },
};

/** A reply's headers with those that every reply has. Those that are frozen are the same each time, and gathered once. */
function linesOf(ctx: Context, headers: HttpReply['headers'], open: boolean): readonly HeaderLine[] {
  const secure = ctx.issuer.startsWith('https:');
  const gathered = known[secure ? 'secure' : 'plain'][open ? 'open' : 'closed'];
  const there = gathered.get(headers);
  if (there !== undefined) return there;
  const all: HttpReply['headers'] = secure ? { ...SECURITY, ...STRICT_TRANSPORT, ...headers } : { ...SECURITY, ...headers };
  const lines: HeaderLine[] = [];
  for (const name in all) lines.push(name, all[name] ?? '');
  if (open) lines.push('access-control-allow-origin', '*');
  if (Object.isFrozen(headers)) gathered.set(headers, lines);
  return lines;
}

const STRICT_TRANSPORT = { 'strict-transport-security': 'max-age=31536000' } as const;

function allowOrigin(origins: readonly string[] | undefined, http: HttpRequest, headers: HttpReply['headers']): readonly HeaderLine[] {
  const origin = http.headers['origin'];
  if (origin === undefined) return [];
  if (typeof origin !== 'string' || origins?.includes(origin) !== true) return ['vary', 'Origin'];
  const more = headers['ratelimit-policy'] === undefined ? '' : ', RateLimit, RateLimit-Policy';
  const exposed = `WWW-Authenticate, DPoP-Nonce, Hufu-Decision, Retry-After${more}`;
  return ['vary', 'Origin', 'access-control-allow-origin', origin, 'access-control-expose-headers', exposed];
}

/** What is read of a request only when somebody asks; undefined where nobody can. */
interface Readers {
  readonly certificates: CertificateReader | undefined;
  readonly places: PlaceSource | undefined;
}

function toHttpRequest(
  ctx: Context,
  raw: IncomingMessage,
  path: string,
  query: string,
  body: string,
  { certificates, places }: Readers,
): HttpRequest {
  const peer = raw.socket.remoteAddress ?? '';
  const address = clientAddress(peer, raw, ctx.config.trustedProxies);
  return {
    method: raw.method ?? 'GET',
    path,
    query,
    headers: raw.headers,
    body,
    address,
    certificate: certificates === undefined ? undefined : () => certificates(raw),
    place:
      places === undefined
        ? undefined
        : () => places({ headers: raw.headers, isProxied: isTrustedPeer(peer, ctx.config.trustedProxies), address }),
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
    : refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', 'the method is not allowed here', { status: 405 }));
  return { ...reply, headers: { ...reply.headers, allow } };
}

function notFound(ctx: Context, http: HttpRequest): HttpReply {
  const trail = new Trail();
  trail.at('route');
  if (wantsPage(http)) return pageRefusal(ctx, 'http', http, trail, new PageError('not_found', http.path.slice(0, 200)));
  return refusal(ctx, 'http', http, trail, new OAuthError('invalid_request', 'there is nothing here', { status: 404 }));
}

function wantsPage(http: HttpRequest): boolean {
  return typeof http.headers['accept'] === 'string' && http.headers['accept'].includes('text/html');
}
