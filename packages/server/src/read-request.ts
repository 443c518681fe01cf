import type { IncomingMessage } from 'node:http';
import { clientAddress, isTrustedPeer } from './client-address.ts';
import type { Context } from './context.ts';
import type { HttpRequest } from './http.ts';
import type { CertificateReader } from './sender/client-certificate.ts';
import type { PlaceSource } from './sessions/places/place-source.ts';

/** Bytes of a body (attacks HTP-01). */
const BODY_LIMIT = 65_536;

/** What is read of a request only when somebody asks; undefined where nobody can. */
export interface Readers {
  readonly certificates: CertificateReader | undefined;
  readonly places: PlaceSource | undefined;
}

/** A request as a plain value; the clock is read here. */
export function toHttpRequest(
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

/** Hands over the body as text, or undefined once it is longer than the limit. A body that never ends is never handed over. */
export function readBody(raw: IncomingMessage, done: (body: string | undefined) => void): void {
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

/** Whether a body comes that is not known to end within the limit. */
export function mayBeTooLong(raw: IncomingMessage): boolean {
  return hasBody(raw) && !(Number(raw.headers['content-length']) <= BODY_LIMIT);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}
