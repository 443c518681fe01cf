import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { Readable } from 'node:stream';
import type { Fetch } from './ask.ts';

/** A certificate and its key, as PEM. */
export interface ClientCertificate {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly passphrase?: string;
  /** Whose certificates the server's may be of; otherwise those that Node trusts. */
  readonly ca?: string | Buffer;
}

/**
 * A `fetch` that shows a certificate (RFC 8705), for `createClient({ fetch, authentication: tlsClientAuth() })`. It follows no redirects, and
 * takes text alone as a body.
 */
export function mutualTlsFetch(certificate: ClientCertificate): Fetch {
  const agent = new Agent({ ...certificate, keepAlive: true, maxSockets: 16 });
  return (url, { method = 'GET', headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const options: RequestOptions = { agent, method, headers: Object.fromEntries(new Headers(headers)), ...(signal && { signal }) };
      const sent = request(url, options, (reply) => {
        try {
          resolve(toResponse(reply));
        } catch (error) {
          // A status that is none, say: nobody but the caller may fall over it.
          reply.destroy();
          reject(error);
        }
      });
      sent.on('error', reject);
      sent.end(typeof body === 'string' ? body : undefined);
    });
}

function toResponse(reply: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(reply.headersDistinct)) for (const value of values ?? []) headers.append(name, value);
  const { statusCode: status = 502 } = reply;
  const isEmpty = status === 204 || status === 205 || status === 304;
  if (isEmpty) reply.resume();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two declarations of the same class
  return new Response(isEmpty ? null : (Readable.toWeb(reply) as ReadableStream<Uint8Array>), { status, headers });
}
