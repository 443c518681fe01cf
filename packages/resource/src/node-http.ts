import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DescribedResource, metadataReply } from './metadata.ts';
import { fromNode } from './node-request.ts';
import type { Admission, Protection } from './protect.ts';
import { type Reply, refusalReply } from './reply.ts';
import { rememberToken } from './token-of.ts';
import type { LiveToken } from './verification.ts';

/** A listener of node:http that is handed the token of the request. */
export type TokenListener = (request: IncomingMessage, response: ServerResponse, token: LiveToken) => void | Promise<void>;

/** A listener of node:http. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/**
 * Puts a protection before a listener of node:http: `createServer(withToken(protect(verifier, { scope: 'notes:read' }), listener))`.
 * What is refused is answered here (RFC 6750 §3), with the error as JSON too, and what options of yours throw with 500, after `onError` has heard of it (by default a
 * warning of the process); what the listener throws stays the server's to handle.
 */
export function withToken(
  protection: Protection,
  listener: TokenListener,
  onError: (error: unknown) => void = warn,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const admission = await decide(protection, request, onError);
    if (isAnswered(response)) return;
    if (admission === undefined) return sendReply(response, FAILED);
    if (admission.kind === 'refused') return sendReply(response, refusalReply(admission));
    for (const [name, value] of Object.entries(admission.headers)) response.setHeader(name, value);
    rememberToken(admission.token, request);
    await listener(request, response, admission.token);
  };
}

const FAILED: Reply = { status: 500, headers: { 'cache-control': 'no-store' }, body: '' };

/** Undefined where it threw: nobody waits for what a listener promises. */
async function decide(protection: Protection, request: IncomingMessage, onError: (error: unknown) => void): Promise<Admission | undefined> {
  try {
    return await protection(fromNode(request));
  } catch (error) {
    onError(error);
    return undefined;
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** Whether somebody else has answered meanwhile, or the other side is gone. */
export function isAnswered(response: ServerResponse): boolean {
  return response.headersSent || response.writableEnded || response.destroyed;
}

/** Serves what a resource says of itself (RFC 9728 §3) before everything else. */
export function withMetadata(described: DescribedResource, listener: Listener): Listener {
  return (request, response) => {
    const reply = metadataReply(described, request.method ?? '', request.url ?? '');
    return reply === undefined ? listener(request, response) : sendReply(response, reply);
  };
}

/** Sends a whole answer; a body goes nowhere in answer to HEAD. */
export function sendReply(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}
