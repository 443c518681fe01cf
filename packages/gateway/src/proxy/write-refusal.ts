import type { IncomingMessage, ServerResponse } from 'node:http';
import { boundDrain, linger } from './linger.ts';
import type { Refusal } from './refusal.ts';
import type { Timers } from './timers.ts';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

/** How long a client may leave a refusal where it is. */
const STALL_MS = 10_000;
const COMMON = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/**
 * An answer of the edge's own: problem details (RFC 9457), or a page for a person who went there. It says no more than the refusal does, and the
 * id under which the rest is found. A request whose body has not come is read and forgotten for a while.
 */
export function writeRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
  decisionId: string,
  timers: Timers,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const isPage = isNavigation(request);
  const body = Buffer.from(isPage ? page(refusal, decisionId) : problem(refusal, decisionId));
  const lines = [
    'content-type',
    isPage ? 'text/html; charset=utf-8' : 'application/problem+json',
    'content-length',
    String(body.length),
    'hufu-decision',
    decisionId,
    ...COMMON,
    ...(isPage ? ['content-security-policy', PAGE_POLICY] : []),
    ...(refusal.headers ?? []),
  ];
  if (refusal.ends === true) response.shouldKeepAlive = false;
  response.writeHead(refusal.status, lines);
  response.end(request.method === 'HEAD' ? undefined : body);
  linger(request, timers);
  boundDrain(response, timers, STALL_MS);
}

function problem({ status, detail, code }: Refusal, decisionId: string): string {
  return JSON.stringify({ title: titleOf(status), status, detail, code, decision_id: decisionId });
}

function page({ status, detail }: Refusal, decisionId: string): string {
  const title = `${status} ${titleOf(status)}`;
  const style = 'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}small{color:#666}';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${style}</style><h1>${escape(title)}</h1><p>${escape(detail)}</p><small>${escape(decisionId)}</small></html>`;
}

function titleOf(status: number): string {
  return TITLES[status] ?? 'Error';
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Whether a person went there, and would see the answer (Fetch Metadata, or what browsers accept that send none). */
function isNavigation({ method, headers }: IncomingMessage): boolean {
  if (method !== 'GET') return false;
  const mode = headers['sec-fetch-mode'];
  return mode === undefined ? headers.accept?.includes('text/html') === true : mode === 'navigate';
}
