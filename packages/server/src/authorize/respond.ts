import type { OAuthError } from '@hufu/protocol/errors';
import { appendToRedirect } from '@hufu/protocol/redirect-uri';
import { brandOf } from '../appearance/brand.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { localeOf } from '../interaction/page-locale.ts';
import { formPostPage } from '../interaction/pages/form-post.ts';
import { pageHeaders } from '../interaction/pages/headers.ts';
import { answerJwt } from './answer-jwt.ts';
import type { ReturnPath } from './authorization-request.ts';
import type { AnswerField } from './issue-answer.ts';

/** The answer, sent back to the client (RFC 6749 §4.1.2, §4.2.2) with `iss` (RFC 9207 §2). */
export async function respondWithAnswer(
  ctx: Context,
  request: HttpRequest,
  path: ReturnPath,
  answer: readonly AnswerField[],
): Promise<HttpReply> {
  return await respond(ctx, request, path, [...answer, ['state', path.state], ['iss', ctx.issuer]]);
}

/** An error, sent back to the client (RFC 6749 §4.1.2.1) with `iss` (RFC 9207 §2). */
export async function respondWithError(
  ctx: Context,
  request: HttpRequest,
  path: ReturnPath,
  error: OAuthError,
  trail: Trail,
): Promise<HttpReply> {
  const reply = await respond(ctx, request, path, [
    ['error', error.code],
    ['error_description', error.description],
    ['state', path.state],
    ['iss', ctx.issuer],
  ]);
  const decision = ctx.decisions.record('authorize', error.status, error, trail, request.nowMs);
  return { ...reply, headers: { ...reply.headers, 'hufu-decision': decision } };
}

async function respond(ctx: Context, request: HttpRequest, path: ReturnPath, answer: readonly AnswerField[]): Promise<HttpReply> {
  const { mode, jwt } = MODES[path.mode];
  // Nothing beside the JWT: whoever reads the answer has verified it (JARM §2.3).
  const fields: readonly AnswerField[] = jwt
    ? [['response', await answerJwt(ctx, path.client, answer, Math.floor(request.nowMs / 1000))]]
    : answer;
  if (mode !== 'form_post') return seeOther(appendToRedirect(path.redirectUri, fields, mode));
  const scriptNonce = ctx.random.text(24);
  const body = formPostPage({
    locale: localeOf(request, undefined),
    brand: brandOf(ctx),
    languages: [],
    action: path.redirectUri,
    fields: fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    scriptNonce,
  });
  return { status: 200, headers: pageHeaders({ issuer: ctx.issuer, scriptNonce, opener: 'popup' }), body };
}

const MODES = {
  query: { mode: 'query', jwt: false },
  fragment: { mode: 'fragment', jwt: false },
  form_post: { mode: 'form_post', jwt: false },
  'query.jwt': { mode: 'query', jwt: true },
  'fragment.jwt': { mode: 'fragment', jwt: true },
  'form_post.jwt': { mode: 'form_post', jwt: true },
} as const satisfies Record<ReturnPath['mode'], unknown>;

/**
 * 303, so that a form's fields never follow to the next address (RFC 9700 §4.12). The opener policy of a redirect counts as well: a client's
 * popup keeps its tie on the way through.
 */
export function seeOther(location: string, headers: Readonly<Record<string, string | readonly string[]>> = {}): HttpReply {
  return {
    status: 303,
    headers: { location, 'cache-control': 'no-store', 'cross-origin-opener-policy': 'unsafe-none', ...headers },
    body: '',
  };
}
