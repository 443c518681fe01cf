import { SessionError } from '@hufu/client/session/session-error';
import { ADMIN_PATH } from '@hufu/protocol/admin/operation';
import { OPERATION_NAMES, type OperationName, operationOf } from '@hufu/protocol/admin/operations';
import { callOperation } from '@hufu/server/admin/dispatch';
import type { Context } from '@hufu/server/context';
import type { HttpReply, HttpRequest } from '@hufu/server/http';
import { StoreUnavailable } from '@hufu/store/port';
import type { ConsoleSessions } from './console-sessions.ts';

/** Where the console's page finds the admin API. */
export const CONSOLE_API_PATH = '/console/admin/v1';

/** What goes on to the admin API of what the page has sent: neither cookies nor anything about who it is. */
const PASSED = ['accept', 'accept-language', 'content-type', 'if-match', 'idempotency-key', 'user-agent'] as const;

const MATCHERS: readonly { readonly method: string; readonly path: RegExp; readonly name: OperationName }[] = OPERATION_NAMES.map(
  (name) => {
    const { method, path } = operationOf(name);
    return { method, path: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`), name };
  },
);

/**
 * An operation of the admin API for whoever has a session: the cookie is exchanged for the session's access token, which the page never sees, and the operation is done in
 * this process. What it answers, the step-up challenge of RFC 9470 too, goes back as it is.
 */
export async function callForSession(ctx: Context, sessions: ConsoleSessions, http: HttpRequest): Promise<HttpReply> {
  const foreign = sessions.refuseForeign(http);
  if (foreign !== undefined) return foreign;
  const path = http.path.slice(CONSOLE_API_PATH.length);
  const name = MATCHERS.find((one) => one.method === http.method && one.path.test(path))?.name;
  if (name === undefined) return problem(404, 'not_found', 'there is no such operation');
  try {
    const answer = await sessions.find(http);
    if (answer.kind !== 'found')
      return problem(401, 'invalid_token', answer.kind === 'over' ? `the session is over: ${answer.reason}` : 'nobody is signed in');
    const headers = Object.fromEntries(PASSED.flatMap((one) => (http.headers[one] === undefined ? [] : [[one, http.headers[one]]])));
    return await callOperation(ctx, name, {
      ...http,
      path: ADMIN_PATH + path,
      headers: { ...headers, authorization: `Bearer ${answer.token}` },
    });
  } catch (error) {
    if (!isForNow(error)) throw error;
    return {
      ...problem(503, 'temporarily_unavailable', 'the session cannot be read now'),
      headers: { ...JSON_HEADERS, 'retry-after': '2' },
    };
  }
}

/** The store is away, or the token cannot be renewed now, or not in the time that somebody waits for it: nobody is signed out for that. */
function isForNow(error: unknown): boolean {
  return (
    error instanceof StoreUnavailable || error instanceof SessionError || (error instanceof DOMException && error.name === 'TimeoutError')
  );
}

const JSON_HEADERS = {
  'content-type': 'application/problem+json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

/** As the admin API writes them (RFC 9457), without a decision: nothing was asked of it. */
function problem(status: number, error: string, detail: string): HttpReply {
  const body = { type: `urn:hufu:problem:${error}`, title: detail, status, detail, error };
  return { status, headers: JSON_HEADERS, body: JSON.stringify(body) };
}
