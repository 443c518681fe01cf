import { StoreUnavailable } from '@hufu/store/port';
import { backchannelLogout } from './backchannel-logout.ts';
import { callback } from './callback.ts';
import { login } from './login.ts';
import { logout, logoutEnd } from './logout.ts';
import { type EdgeReply, type EdgeRequest, problem } from './messages.ts';
import { sessionEndpoint } from './session-endpoint.ts';
import type { TokenHandler } from './token-handler.ts';

/** One of the edge's own endpoints. Throws `StoreUnavailable`. */
export type Endpoint = (handler: TokenHandler, request: EdgeRequest) => Promise<EdgeReply>;

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  ['/login', login],
  ['/callback', callback],
  ['/session', sessionEndpoint],
  ['/logout', logout],
  ['/logout/end', logoutEnd],
  ['/backchannel-logout', backchannelLogout],
]);

/** The endpoint at a normalised path; undefined where there is none. */
export function findEndpoint(path: string, base = '/edge'): Endpoint | undefined {
  return path.startsWith(`${base}/`) ? ENDPOINTS.get(path.slice(base.length)) : undefined;
}

/** Its answer. A store that is away is 503: nobody is signed out for that. */
export async function answerEndpoint(endpoint: Endpoint, handler: TokenHandler, request: EdgeRequest): Promise<EdgeReply> {
  try {
    return await endpoint(handler, request);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return problem(503, 'sessions_unavailable', 'the sessions cannot be read or written now', 2);
  }
}
