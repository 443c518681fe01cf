import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Refusal, refuse } from '../proxy/refusal.ts';
import type { Timers } from '../proxy/timers.ts';

const MAX_BYTES = 65_536;
const WITHIN_MS = 10_000;
const LARGE: Refusal = { ...refuse(413, 'body_too_large', 'the body is too large'), ends: true };
const SLOW: Refusal = { ...refuse(408, 'body_timeout', 'the body did not come in time'), ends: true };

/** What a request to one of the edge's own endpoints brings. */
export type ReadForm = { readonly kind: 'form'; readonly text: string } | { readonly kind: 'gone' } | Refusal;

/** Reads a body whole: 64 KiB at most (attacks HTP-01), within ten seconds. `gone`: there is nobody left to answer. */
export function readForm(request: IncomingMessage, response: ServerResponse, timers: Timers): Promise<ReadForm> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BYTES) return Promise.resolve(LARGE);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (read: ReadForm): void => {
      stop();
      request.off('data', take);
      request.resume();
      resolve(read);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > MAX_BYTES) done(LARGE);
      else chunks.push(chunk);
    };
    const stop = timers.later(WITHIN_MS, () => done(SLOW));
    request.on('data', take);
    request.once('end', () => done({ kind: 'form', text: Buffer.concat(chunks).toString() }));
    request.once('close', () => done({ kind: 'gone' }));
    // RFC 9110 §10.1.1.
    if (request.headers.expect !== undefined) response.writeContinue();
  });
}
