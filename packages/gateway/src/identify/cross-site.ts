import type { IncomingHttpHeaders } from 'node:http';
import { type Refusal, refuse } from '../proxy/refusal.ts';

const HEADER = refuse(403, 'csrf_header', 'requests with a session carry the header X-CSRF: 1');
const ORIGIN = refuse(403, 'origin', 'the origin of the request may not use the session');

/**
 * Whether a page that may use a session sent a request (draft-ietf-oauth-browser-based-apps §6.1.3.3, attacks SES-07): a header that no form and
 * no link can carry, and an Origin, where there is one, that is listed. An EventSource and a WebSocket cannot carry headers: the Origin says it then.
 */
export function findForeignRequest(
  headers: IncomingHttpHeaders,
  how: 'request' | 'websocket',
  { method, origins }: { readonly method: string; readonly origins: ReadonlySet<string> },
): Refusal | undefined {
  const { origin } = headers;
  const isListed = origin !== undefined && origins.has(origin);
  if (how === 'websocket') return isListed ? undefined : ORIGIN;
  if (origin !== undefined && !isListed) return ORIGIN;
  if (headers['x-csrf'] === '1') return undefined;
  const isEventStream = method === 'GET' && headers.accept === 'text/event-stream';
  return isEventStream && (isListed || headers['sec-fetch-site'] === 'same-origin') ? undefined : HEADER;
}
