import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admission, Protection } from './protect.ts';
import type { LiveToken } from './verification.ts';

/** A listener of node:http that is handed the token of the request. */
export type TokenListener = (request: IncomingMessage, response: ServerResponse, token: LiveToken) => void | Promise<void>;

/**
 * Puts a protection before a listener of node:http: `createServer(withToken(protect(verifier, { scope: 'notes:read' }), listener))`.
 * What is refused is answered here (RFC 6750 §3), with the error as JSON too; what the listener throws stays the server's to handle.
 */
export function withToken(
  protection: Protection,
  listener: TokenListener,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const admission = await protection(request);
    if (admission.kind === 'refused') return refuseRequest(response, admission);
    for (const [name, value] of Object.entries(admission.headers)) response.setHeader(name, value);
    await listener(request, response, admission.token);
  };
}

function refuseRequest(response: ServerResponse, { status, headers, error }: Extract<Admission, { kind: 'refused' }>): void {
  if (error === undefined) {
    response.writeHead(status, { ...headers, 'content-length': 0 }).end();
    return;
  }
  const body = JSON.stringify({ error: error.code, error_description: error.description });
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}
