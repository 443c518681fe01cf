import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EdgeDecisions } from '../decisions.ts';
import type { OwnEndpoints } from '../pipeline.ts';
import { linger } from '../proxy/linger.ts';
import { type Refusal, refuse } from '../proxy/refusal.ts';
import type { Target } from '../proxy/target.ts';
import type { Timers } from '../proxy/timers.ts';
import { writeRefusal } from '../proxy/write-refusal.ts';
import { answerEndpoint, type Endpoint, findEndpoint } from './endpoints.ts';
import type { EdgeReply } from './messages.ts';
import { readForm } from './read-form.ts';
import type { TokenHandler } from './token-handler.ts';

export interface EndpointParts {
  readonly decisions: EdgeDecisions;
  readonly timers: Timers;
  /**
   * Looks for sessions that were ended, before an answer goes out that may have ended one: whoever reads it may rely on that at this gateway at once. Where it
   * rejects, nothing is remembered for long anyway.
   */
  readonly ended?: () => Promise<void>;
}

/** What pages of other origins may ask for. */
const FOR_PAGES = new Set(['/edge/session', '/edge/logout']);
/** What may end a session: a new sign-in ends the one before it. */
const ENDING = new Set(['/edge/callback', '/edge/logout', '/edge/backchannel-logout']);
const FAILED = refuse(500, 'server_error', 'something went wrong at the edge');

/** The edge's own endpoints over HTTP, at the host of its sessions alone. What they refuse is kept as any refusal of the edge is. */
export function serveEndpoints(handler: TokenHandler, { decisions, timers, ended }: EndpointParts): OwnEndpoints {
  const { hostname } = new URL(handler.settings.origin);
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

  function turnDown(request: IncomingMessage, response: ServerResponse, refusal: Refusal, cause?: string): void {
    const { status, code, detail } = refusal;
    const id = decisions.refuse({ check: 'edge_endpoint', status, code, detail, cause, route: undefined, clientId: undefined });
    const headers = [...(refusal.headers ?? []), 'referrer-policy', 'no-referrer'];
    writeRefusal(request, response, { ...refusal, headers }, id, timers);
  }

  async function serve(request: IncomingMessage, response: ServerResponse, target: Target, endpoint: Endpoint): Promise<void> {
    const cors = FOR_PAGES.has(target.path) ? corsOf(handler, request) : [];
    if (request.method === 'OPTIONS') {
      response.writeHead(204, cors.includes('access-control-allow-origin') ? [...cors, ...PREFLIGHT] : [...cors]).end();
      return linger(request, timers);
    }
    const form = request.method === 'POST' ? await readForm(request, response, timers) : { kind: 'form' as const, text: undefined };
    if (form.kind === 'gone') return;
    if (form.kind === 'refused') return turnDown(request, response, { ...form, headers: cors });
    const reply = await answerEndpoint(endpoint, handler, {
      method: request.method ?? '',
      query: new URLSearchParams(target.query),
      header(name) {
        const value = request.headers[name];
        return typeof value === 'string' ? value : value?.[0];
      },
      ...(form.text !== undefined && { body: form.text }),
    });
    if (ENDING.has(target.path)) await ended?.().catch(() => undefined);
    if (reply.refused === undefined) return write(request, response, reply, [...failureOf(reply), ...cors]);
    const { code, detail } = reply.refused;
    const told = reply.headers.filter(([name]) => name === 'retry-after' || name === 'allow').flat();
    turnDown(request, response, refuse(reply.status, code, detail, [...told, ...cors]));
  }

  /** The id that goes with an answer that tells of a failure in its own way, as a redirect to the page does. */
  function failureOf({ status, failed }: EdgeReply): readonly string[] {
    if (failed === undefined) return [];
    const id = decisions.refuse({ check: 'edge_endpoint', status, ...failed, route: undefined, clientId: undefined });
    return ['hufu-decision', id];
  }

  function write(request: IncomingMessage, response: ServerResponse, { status, headers, body }: EdgeReply, more: readonly string[]): void {
    const bytes = Buffer.from(body);
    response.writeHead(status, [...headers.flat(), 'content-length', String(bytes.length), ...more]);
    response.end(bytes);
    linger(request, timers);
  }

  return {
    takes: (target) => target.host === host && findEndpoint(target.path) !== undefined,
    answer(request, response, target) {
      const endpoint = findEndpoint(target.path);
      if (endpoint === undefined) throw new TypeError(`there is no endpoint ${target.path}`);
      serve(request, response, target, endpoint).catch((error: unknown) => {
        turnDown(request, response, FAILED, error instanceof Error ? error.message : undefined);
      });
    },
  };
}

/** For pages of the origins that are listed, and of this one, which needs none of it (Fetch §3.2.3). */
function corsOf({ settings }: TokenHandler, { headers: { origin } }: IncomingMessage): readonly string[] {
  if (settings.origins.length === 0) return [];
  if (origin === undefined || !settings.origins.includes(origin)) return ['vary', 'Origin'];
  const readable = 'Hufu-Decision, Retry-After';
  return [
    'vary',
    'Origin',
    'access-control-allow-origin',
    origin,
    'access-control-allow-credentials',
    'true',
    'access-control-expose-headers',
    readable,
  ];
}

const PREFLIGHT = [
  'access-control-allow-methods',
  'GET, POST',
  'access-control-allow-headers',
  'x-csrf, x-hufu-session',
  'access-control-max-age',
  '600',
];
