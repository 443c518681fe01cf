import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Soon, soon } from '@hufu/resource/soon';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import type { EdgeCheck, EdgeDecisions } from './decisions.ts';
import { type Identify, type Identity, setCookies, type Unidentified } from './identify/identify.ts';
import type { GatewayIssuer } from './identify/issuers.ts';
import type { EndpointLimits } from './limits/endpoint-limits.ts';
import type { AnswerHeaderRules } from './proxy/answer-headers.ts';
import type { CookieCut } from './proxy/cookies.ts';
import { forward } from './proxy/forward.ts';
import type { ForwardTask, ForwardWatcher, HeadCheck, OpenStream } from './proxy/forward-task.ts';
import { forwardedHeaders, type Origin, plainAddress, readOrigin } from './proxy/forwarded.ts';
import type { HeaderNames } from './proxy/header-names.ts';
import { linger } from './proxy/linger.ts';
import { stripPrefix } from './proxy/path.ts';
import { type Refusal, refuse } from './proxy/refusal.ts';
import { requestHeaders } from './proxy/request-headers.ts';
import type { Framing } from './proxy/strict.ts';
import type { Target } from './proxy/target.ts';
import type { Timers } from './proxy/timers.ts';
import { upgrade } from './proxy/upgrade.ts';
import { writeRefusal } from './proxy/write-refusal.ts';
import type { RouteCounts } from './route-counts.ts';
import type { GatewayHost, Route } from './routes/route.ts';
import type { RouteTable } from './routes/route-table.ts';
import type { Streams } from './streams.ts';
import { traceHeaders } from './trace.ts';

/** Says inside who a request is from. */
export interface PassportSource {
  /** Names (lower case) and values in turn; or why there is no Passport good enough for the route. */
  headers(identity: Identity, route: Route): Soon<IssuedPassport>;
  /** Where services find what they verify it with. */
  readonly endpoint?: OwnEndpoints;
}

type IssuedPassport = readonly string[] | StatedPassport | Refusal;

/** A Passport of which the service may state something in its answer. */
export interface StatedPassport {
  readonly kind: 'stated';
  readonly lines: readonly string[];
  readonly onAnswer: HeadCheck;
}

/** Paths of the edge's own: sign-in, session, keys. */
export interface OwnEndpoints {
  /** Whether it answers by itself. */
  takes(target: Target): boolean;
  answer(request: IncomingMessage, response: ServerResponse, target: Target): void;
}

/** What limits are asked with. */
export interface LimitedRequest {
  readonly route: Route;
  readonly address: string;
  readonly method: string;
  /** Undefined at the first point. */
  readonly identity: Identity | undefined;
  readonly request: IncomingMessage;
}

/** There is room for the request. */
export interface LimitsPassed {
  readonly kind: 'passed';
  /** For the answer, whatever that is: names and values in turn. */
  readonly headers: readonly string[];
  /** How long it has to wait before it goes on. */
  readonly delayMs: number;
}

/** There is none, with what only the log may see. */
export interface LimitRefusal extends Refusal {
  readonly cause: string;
}

type Limited = LimitsPassed | LimitRefusal | undefined;

/** Asked twice: before anybody is identified, by address and route, and after it. Undefined: nothing is said of such requests. */
export interface EdgeLimits {
  /** There are none now: nothing has to be asked. */
  readonly isEmpty: boolean;
  first(request: LimitedRequest): Soon<Limited>;
  second(request: LimitedRequest): Soon<Limited>;
  /** Nobody could be identified: it costs the address more. */
  failed(request: LimitedRequest): void;
}

/** What all requests of a gateway share. */
export interface PipelineParts {
  readonly table: RouteTable;
  readonly names: HeaderNames;
  readonly cookies: CookieCut;
  /** Undefined for routes that take nobody's token. */
  identifierOf(route: Route, host: GatewayHost): Identify | undefined;
  issuerOf(identity: Identity): GatewayIssuer | undefined;
  readonly streams: Streams;
  readonly decisions: EdgeDecisions;
  readonly counts: RouteCounts;
  readonly timers: Timers;
  readonly isTrusted: (address: string) => boolean;
  /** 48 hexadecimal digits of chance. */
  readonly newTrace: () => string;
  readonly passport: PassportSource | undefined;
  readonly endpoints: OwnEndpoints | undefined;
  readonly endpointLimits: EndpointLimits;
  readonly limits: EdgeLimits | undefined;
  readonly websocketIdleMs: number;
}

/** One request on its way through the gateway: admit → identify → limit → authorize → forward. */
export class Exchange implements ForwardWatcher {
  readonly #parts: PipelineParts;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #target: Target;
  readonly #framing: Framing;
  /** What came behind the head of a handshake; undefined for other requests. */
  readonly #head: Buffer | undefined;
  readonly #origin: Origin;
  #route: Route | undefined;
  #identity: Identity | undefined;
  #check: EdgeCheck = 'edge_route';
  #unwatch: (() => void) | undefined;
  /** What limits say on the answer. */
  #told: readonly string[] = [];

  constructor(
    parts: PipelineParts,
    request: IncomingMessage,
    response: ServerResponse,
    { target, framing, head }: { readonly target: Target; readonly framing: Framing; readonly head: Buffer | undefined },
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#response = response;
    this.#target = target;
    this.#framing = framing;
    this.#head = head;
    const { socket, rawHeaders } = request;
    const peer = { address: socket.remoteAddress ?? '', isEncrypted: 'encrypted' in socket };
    this.#origin = readOrigin(rawHeaders, peer, parts.isTrusted);
  }

  /** Never throws. */
  start(): void {
    const { endpoints, endpointLimits, table } = this.#parts;
    if (this.#head === undefined && endpoints?.takes(this.#target) === true) {
      this.#check = 'edge_endpoint';
      const tooMany = endpointLimits(this.#origin.address, this.#target.path);
      if (tooMany !== undefined) {
        this.refuse(tooMany);
        return;
      }
      this.#response.once('finish', () => linger(this.#request, this.#parts.timers));
      endpoints.answer(this.#request, this.#response, this.#target);
      return;
    }
    if (this.#answersPreflight()) return;
    const { host, path } = this.#target;
    const found = table.find(host, path, this.#request.method ?? 'GET');
    if (found.kind === 'refused') {
      this.refuse(found);
      return;
    }
    this.#route = found.route;
    this.#parts.counts.came(found.route);
    try {
      const admitted = this.#admit(found.route, found.host);
      if (admitted instanceof Promise) admitted.catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** There is nothing to pass on. */
  refuse(refusal: Refusal | Unidentified): void {
    const { decisions, counts, timers } = this.#parts;
    const { status, code, detail } = refusal;
    if (this.#route !== undefined) counts.refused(this.#route);
    const id = decisions.refuse({
      check: this.#check,
      status,
      code,
      detail,
      cause: 'cause' in refusal ? refusal.cause : undefined,
      route: this.#route?.name,
      clientId: this.#identity?.token.clientId,
    });
    const ours = this.#route === undefined ? [] : [...corsHeaders(this.#route, this.#request), ...this.#told];
    const more = [...ours, ...setCookies(this.#identity?.cookies?.() ?? [])];
    const told = more.length === 0 ? refusal : { ...refusal, headers: [...(refusal.headers ?? []), ...more] };
    writeRefusal(this.#request, this.#response, told, id, timers);
  }

  onStream(stream: OpenStream): void {
    const { streams, issuerOf } = this.#parts;
    if (this.#route === undefined) return;
    const identity = this.#identity;
    const follower = identity === undefined ? undefined : issuerOf(identity)?.follower;
    this.#unwatch ??= streams.open(stream, { identity, address: this.#origin.address, route: this.#route, follower });
  }

  onEnd(): void {
    this.#unwatch?.();
  }

  /** All of it at once where nobody has to be asked. */
  #admit(route: Route, host: GatewayHost): Soon<void> {
    const { limits: all, identifierOf } = this.#parts;
    const limits = all?.isEmpty === false ? all : undefined;
    const identify = identifierOf(route, host);
    if (limits === undefined) return this.#identify(route, identify, limits);
    this.#check = 'edge_limits';
    return soon(this.#passes(limits.first(this.#limited(route))), (passes) =>
      passes ? this.#identify(route, identify, limits) : undefined,
    );
  }

  #identify(route: Route, identify: Identify | undefined, limits: EdgeLimits | undefined): Soon<void> {
    if (identify === undefined) return this.#forward(route, NO_LINES);
    this.#check = 'edge_identity';
    const found = identify(this.#request, this.#target, this.#head === undefined ? 'request' : 'websocket');
    return soon(found, (identity) => this.#onIdentified(route, identity, limits));
  }

  #onIdentified(route: Route, found: Identity | Unidentified, limits: EdgeLimits | undefined): Soon<void> {
    if (found.kind === 'refused') {
      if (found.status < 500) limits?.failed(this.#limited(route));
      return this.refuse(found);
    }
    this.#identity = found;
    if (limits === undefined) return this.#addPassport(route, found);
    this.#check = 'edge_known_limits';
    return soon(this.#passes(limits.second(this.#limited(route))), (passes) => (passes ? this.#addPassport(route, found) : undefined));
  }

  #addPassport(route: Route, identity: Identity): Soon<void> {
    this.#check = 'edge_passport';
    return soon(this.#parts.passport?.headers(identity, route) ?? NO_LINES, (issued) => {
      if (!('kind' in issued)) return this.#forward(route, issued);
      if (issued.kind === 'refused') return this.refuse(issued);
      this.#forward(route, issued.lines, issued.onAnswer);
    });
  }

  /** Whether it goes on, after it has waited for as long as limits say. */
  #passes(asked: Soon<Limited>): Soon<boolean> {
    return soon(asked, (said): Soon<boolean> => {
      if (said === undefined) return true;
      if (said.kind === 'refused') {
        this.refuse(said);
        return false;
      }
      if (said.headers.length > 0) this.#told = [...this.#told, ...said.headers];
      const { timers } = this.#parts;
      if (said.delayMs <= 0) return true;
      return new Promise<void>((resolve) => timers.later(said.delayMs, resolve)).then(() => this.#isStillKnown());
    });
  }

  /** Of who has waited: a token may have been revoked by then, or be over. */
  #isStillKnown(): boolean {
    const { streams, issuerOf } = this.#parts;
    const [identity, route] = [this.#identity, this.#route];
    if (identity === undefined || route === undefined) return true;
    if (!streams.hasEnded({ identity, route, follower: issuerOf(identity)?.follower })) return true;
    this.refuse({ ...ENDED, cause: 'its token or session has ended while it waited for its turn' });
    return false;
  }

  #limited(route: Route): LimitedRequest {
    const request = this.#request;
    return { route, address: this.#origin.address, method: request.method ?? 'GET', identity: this.#identity, request };
  }

  #forward(route: Route, passport: readonly string[], onHead?: HeadCheck): void {
    this.#check = 'edge_upstream';
    const plain = this.#task(route, passport);
    const task = onHead === undefined ? plain : { ...plain, onHead };
    if (this.#head === undefined) forward(this.#request, this.#response, task);
    else upgrade(this.#request, this.#response, this.#head, { ...task, idleMs: this.#parts.websocketIdleMs });
  }

  #task(route: Route, passport: readonly string[]): ForwardTask {
    const { names, cookies, newTrace, isTrusted, timers } = this.#parts;
    const { rawHeaders, headers, socket } = this.#request;
    const { host, named, length, isChunked, expectsContinue } = this.#framing;
    const { traceparent } = headers;
    const parent = typeof traceparent === 'string' && isTrusted(plainAddress(socket.remoteAddress)) ? traceparent : undefined;
    const ours = [...forwardedHeaders(this.#origin, host), ...traceHeaders(parent, newTrace()).lines, ...passport];
    const credentials = route.forwardToken && this.#identity?.session === undefined ? 'forward' : 'drop';
    const { path, query } = this.#target;
    return {
      upstream: route.upstream,
      target: (route.stripPrefix === undefined ? path : stripPrefix(path, route.stripPrefix)) + query,
      headers: requestHeaders(rawHeaders, named, { names, cookies, credentials }, ours),
      length,
      isChunked,
      expectsContinue,
      bodyLimit: route.bodyLimit,
      identity: this.#name(),
      times: route.times,
      answer: this.#answerRules(route),
      timers,
      watcher: this,
    };
  }

  #answerRules(route: Route): AnswerHeaderRules {
    const { cookies } = this.#parts;
    const told = [...corsHeaders(route, this.#request), ...this.#told];
    const caching = route.cacheable ? 'cacheable' : this.#identity === undefined ? 'anonymous' : 'identified';
    const ours = this.#identity === undefined ? told : [...told, ...this.#identity.headers];
    const rules = { cookies, caching, varyByCookie: route.session, answersCors: route.corsOrigins !== undefined, ours } as const;
    const renewed = this.#identity?.cookies;
    if (renewed === undefined) return rules;
    // Read when the head is written: a session may have ended since, and a cookie is for nobody else.
    return {
      ...rules,
      get caching() {
        return renewed().length === 0 ? caching : 'identified';
      },
      get ours() {
        return [...ours, ...setCookies(renewed())];
      },
    };
  }

  /** Who is behind a request, for counting by different ones. */
  #name(): string {
    const token = this.#identity?.token;
    return token === undefined ? this.#origin.address : `${token.issuer} ${token.subject}`;
  }

  #answersPreflight(): boolean {
    if (this.#head !== undefined || !isPreflight(this.#request)) return false;
    const { host, path } = this.#target;
    const found = this.#parts.table.find(host, path, this.#request.headers['access-control-request-method'] ?? '');
    if (found.kind === 'refused' || found.route.corsOrigins === undefined) return false;
    this.#response.writeHead(204, [...preflightHeaders(found.route, this.#request)]);
    this.#response.end();
    this.#request.resume();
    linger(this.#request, this.#parts.timers);
    return true;
  }

  /** A mistake of ours. */
  #fail(error: unknown): void {
    const cause = error instanceof Error ? error.message : 'not an error';
    this.refuse({ kind: 'refused', status: 500, code: 'server_error', detail: 'something went wrong at the edge', cause });
  }
}

const NO_LINES: readonly string[] = [];
/** Whoever comes again is told why. */
const ENDED = refuse(503, 'ended_meanwhile', 'what the request was let in by has ended while it waited', ['retry-after', '1']);
