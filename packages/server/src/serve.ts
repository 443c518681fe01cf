import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isTrustedPeer } from './client-address.ts';
import { atEndOfTurn, monotonicMs } from './clock.ts';
import type { Context } from './context.ts';
import { Trail } from './decisions/trail.ts';
import { type HttpReply, type HttpRequest, MAX_ADDRESS } from './http.ts';
import { refuseFirst, telling, waitFor } from './limits/admit.ts';
import type { RequestStage } from './limits/request-limits.ts';
import { endpointIndex } from './metrics/meter.ts';
import { endpointOf, mountRoutes } from './mounted-routes.ts';
import { mayBeTooLong, type Readers, readBody, toHttpRequest } from './read-request.ts';
import { refusal } from './reply.ts';
import { misdirected, notFound, refuseBody, tooMuch, wantsPage } from './rim-replies.ts';
import type { Endpoint, Route } from './route.ts';
import { onceClosed, sendReply } from './send-reply.ts';
import { certificateReader } from './sender/client-certificate.ts';
import { placeSource } from './sessions/places/places.ts';
import { originForm, targets } from './target.ts';

/** A path that is nowhere, as it is counted. */
const NOWHERE = endpointIndex('none');

/**
 * The rim: bytes in, plain values out (docs/decisions/0006). Finds the route, bounds and reads the body, reads the clock once, and writes
 * the reply with what concerns every reply. What a request means is the endpoints' business.
 */
export function serve(ctx: Context, table: readonly Route[]): RequestListener {
  const find = mountRoutes(table);
  const judge = targets(ctx.issuer);
  const readers: Readers = { certificates: certificateReader(ctx.config), places: placeSource(ctx.config) };
  return (raw, reply) => {
    const begunMs = monotonicMs();
    const url = originForm(raw.url ?? '/');
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const mounted = find(path);
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
    if (mayBeTooLong(raw)) reply.shouldKeepAlive = false;
    const crossOrigin = route?.crossOrigin ?? 'none';
    answer(call, () => refuseFirst(ctx, http, admission, { asPage: wantsPage(http), crossOrigin }), http);
  };
  judge().catch((error: unknown) => fail(call, http, error));
}

function answer(call: Call, endpoint: Endpoint, http: HttpRequest): void {
  try {
    const given = endpoint(http);
    if (!(given instanceof Promise)) sendReply(call, given, http);
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
    sendReply(call, reply, http);
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
  sendReply(call, refusal(ctx, 'http', http, new Trail(), error), http, 'none');
}
