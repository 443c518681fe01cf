import type { IncomingMessage } from 'node:http';
import type { ProtectedRequest } from './protect.ts';

/**
 * A request of node:http as it is looked at. Node drops a second Authorization header; whoever sends two means to be read in two ways, so both are
 * handed over, and refused.
 *
 * @param url path and query as they were sent, where a framework has taken off a prefix.
 */
export function fromNode(request: IncomingMessage, url: string | undefined = request.url): ProtectedRequest {
  const { headers, rawHeaders, method, socket } = request;
  const authorizations: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.length === NAME.length && rawHeaders[at]?.toLowerCase() === NAME) authorizations.push(rawHeaders[at + 1] ?? '');
  }
  return { headers: authorizations.length > 1 ? { ...headers, authorization: authorizations } : headers, method, url, socket };
}

const NAME = 'authorization';
