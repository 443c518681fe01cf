import { formatBearerChallenge } from '@hufu/protocol/bearer';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { json, toOAuthError } from '../reply.ts';

/**
 * A refusal of the registration endpoints (RFC 7591 §3.2.2, RFC 7592 §2), with the decision that explains it. A token that is missing or
 * wrong is answered as RFC 6750 §3 has it.
 */
export function registrationRefusal(ctx: Context, endpoint: string, http: HttpRequest, trail: Trail, thrown: unknown): HttpReply {
  const error = toOAuthError(ctx, thrown, http);
  const headers: Record<string, string> = { 'hufu-decision': ctx.decisions.record(endpoint, error.status, error, trail, http.nowMs) };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  if (error.status === 401) {
    headers['www-authenticate'] = formatBearerChallenge(http.headers['authorization'] === undefined ? { realm: 'hufu' } : { error });
  }
  const code = error.code === 'slow_down' ? 'temporarily_unavailable' : error.code;
  return json(error.status, { error: code, error_description: error.description }, headers);
}
