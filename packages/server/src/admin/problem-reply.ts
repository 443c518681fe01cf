import type { AnyOperation } from '@hufu/protocol/admin/operation';
import type { OperationName } from '@hufu/protocol/admin/operations';
import { PROBLEMS, type Problem } from '@hufu/protocol/admin/problem';
import { scopesFor } from '@hufu/protocol/admin/roles';
import { type BearerChallenge, formatBearerChallenge, formatDpopChallenge } from '@hufu/protocol/bearer';
import { DPOP_ALGS } from '@hufu/protocol/dpop';
import { OAuthError, toDescription } from '@hufu/protocol/errors';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { toOAuthError } from '../reply.ts';
import { AdminRefusal, problemOf } from './refusal.ts';
import { RECENT_SECONDS } from './require-caller.ts';

/** What was thrown as problem details (RFC 9457 §3), recorded as a decision; what is wrong with a token with its challenge (RFC 6750 §3, RFC 9470 §3). */
export function problemReply(
  ctx: Context,
  name: OperationName,
  operation: AnyOperation,
  request: HttpRequest,
  trail: Trail,
  thrown: unknown,
): HttpReply {
  const refusal = thrown instanceof AdminRefusal ? thrown : toOAuthError(ctx, thrown, request);
  const isProof = refusal.code === 'invalid_dpop_proof' || refusal.code === 'use_dpop_nonce';
  const status = isProof ? 401 : refusal.status;
  const detail = refusal instanceof AdminRefusal ? refusal.more.detail : refusal.detail;
  const { code, description } = refusal;
  const decision = ctx.decisions.record(endpointName(name), status, { code, description, detail }, trail, request.nowMs);
  const kind = problemOf(code, status);
  const { errors, version, headers = {} } = refusal instanceof AdminRefusal ? refusal.more : {};
  const problem: Problem = {
    type: `urn:hufu:problem:${kind}`,
    title: PROBLEMS[kind].title,
    status,
    detail: description,
    error: code,
    error_description: toDescription(description),
    decision_id: decision,
    ...(errors === undefined ? {} : { errors }),
    ...(version === undefined ? {} : { version }),
  };
  const all: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'hufu-decision': decision,
    ...headers,
  };
  if (refusal instanceof OAuthError && (status === 401 || status === 403))
    all['www-authenticate'] = challengeOf(refusal, operation, request, isProof);
  if (refusal instanceof OAuthError && refusal.retryAfterSeconds !== undefined) all['retry-after'] = String(refusal.retryAfterSeconds);
  return { status, headers: all, body: JSON.stringify(problem) };
}

/** The endpoint as decisions name it. */
export function endpointName(name: OperationName): string {
  return `admin_${name.replaceAll('.', '_')}`;
}

function challengeOf(error: OAuthError, operation: AnyOperation, request: HttpRequest, isProof: boolean): string {
  const challenge: BearerChallenge = {
    error,
    ...(error.code === 'insufficient_scope' ? { scope: scopesFor(operation).slice(0, 1) } : {}),
    ...(error.code === 'insufficient_user_authentication' ? { maxAgeSeconds: RECENT_SECONDS } : {}),
  };
  return isProof || request.headers['dpop'] !== undefined ? formatDpopChallenge(challenge, DPOP_ALGS) : formatBearerChallenge(challenge);
}
