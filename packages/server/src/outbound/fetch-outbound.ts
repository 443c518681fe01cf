import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AllowedHost } from '../config/config.ts';
import { nodeHttp } from '../node-http.ts';
import { type Guarded, guard } from './guard.ts';
import { OutboundRedirected, OutboundRefused } from './outbound-refused.ts';

/** What came back: complete, within the limits, not redirected. */
export interface OutboundReply {
  readonly status: number;
  readonly contentType: string;
  /** `Cache-Control`; '' where there is none. */
  readonly cacheControl: string;
  readonly body: Buffer;
}

export interface OutboundLimits {
  /** Of the body; 64 KiB by default. 0: nothing of it is read, however it comes, and what is answered has none. */
  readonly maxBytes?: number;
  /** From the look-up of the name to the last byte, however slowly they come. */
  readonly timeoutMs: number;
  /** `policies.outbound.allow_hosts`: exempt from the guard, and may be plain http. */
  readonly allow: readonly AllowedHost[];
}

const MAX_BYTES = 65_536;
const MAX_HEADER_BYTES = 8_192;

export { OutboundRedirected, OutboundRefused } from './outbound-refused.ts';

/**
 * GETs a URL that somebody else chose. The name is resolved once, every address it has must be public, and the connection goes to one of
 * those very addresses: there is no second look-up to answer differently. No redirect is followed, no cookie or credential sent, no proxy
 * variable heard, nothing decompressed; size and time are bounded. Throws `OutboundRefused`.
 */
export function fetchOutbound(text: string, limits: OutboundLimits): Promise<OutboundReply> {
  return call(text, { method: 'GET' }, limits);
}

/**
 * POSTs a form to a URL that somebody else chose, under the same guard and limits.
 *
 * @param form `application/x-www-form-urlencoded`, as it goes out; it stands in no error and no log.
 */
export function postOutbound(text: string, form: string, limits: OutboundLimits): Promise<OutboundReply> {
  return call(text, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form }, limits);
}

/**
 * POSTs JSON to a URL that somebody else chose, under the same guard and limits, with the token that its owner gave us for it (RFC 6750 §2.1).
 *
 * @param json as it goes out; neither it nor the token stands in any error or log.
 */
export function postJsonOutbound(text: string, json: string, bearer: string, limits: OutboundLimits): Promise<OutboundReply> {
  return call(
    text,
    { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` }, body: json },
    limits,
  );
}

/** What is sent where a library or a provider has its own way of asking. None of it stands in any error or log. */
export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The same for any request, under the same guard and limits. */
export function requestOutbound(text: string, request: OutboundRequest, limits: OutboundLimits): Promise<OutboundReply> {
  return call(text, request, limits);
}

async function call(
  text: string,
  { method, headers, body: posted }: OutboundRequest,
  { timeoutMs, allow, maxBytes = MAX_BYTES }: OutboundLimits,
): Promise<OutboundReply> {
  const { url, lookup }: Guarded = guard(text, allow);
  const body = posted === undefined ? undefined : Buffer.from(posted);
  const fixed = { 'accept-encoding': 'identity', 'user-agent': 'hufu' };
  const ofBody = body && { 'content-length': String(body.length) };
  const send = url.protocol === 'https:' ? httpsRequest : nodeHttp.request;
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown): void => reject(toRefusal(cause));
    const request = send(
      url,
      {
        method,
        headers: { accept: '*/*', ...headers, ...fixed, ...ofBody },
        lookup,
        signal: AbortSignal.timeout(timeoutMs),
        agent: false,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
      (reply) => {
        (maxBytes === 0 ? readHead(reply) : readReply(reply, maxBytes))
          .then(resolve, refuse)
          // Also what nobody reads any more gives its socket back.
          .finally(() => reply.destroy());
      },
    );
    request.on('error', refuse);
    request.end(body);
  });
}

function toRefusal(cause: unknown): OutboundRefused {
  if (cause instanceof OutboundRefused) return cause;
  return new OutboundRefused(`the request failed: ${cause instanceof Error ? cause.message : ''}`, { cause });
}

async function readHead(reply: IncomingMessage): Promise<OutboundReply> {
  return { ...headOf(reply), body: Buffer.alloc(0) };
}

function headOf({ statusCode: status = 0, headers }: IncomingMessage): Omit<OutboundReply, 'body'> {
  if (status >= 300 && status < 400) throw new OutboundRedirected(`a redirect (${status})`);
  return { status, contentType: headers['content-type'] ?? '', cacheControl: headers['cache-control'] ?? '' };
}

async function readReply(reply: IncomingMessage, maxBytes: number): Promise<OutboundReply> {
  const head = headOf(reply);
  // Nothing was said to be understood; a bomb must not reach anybody who would inflate it.
  const encoding = reply.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') throw new OutboundRefused('a compressed body');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of reply) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > maxBytes) throw new OutboundRefused(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return { ...head, body: Buffer.concat(chunks) };
}
