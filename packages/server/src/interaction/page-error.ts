import { OAuthError } from '@hufu/protocol/errors';
import { brandOf } from '../appearance/brand.ts';
import type { Context } from '../context.ts';
import type { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { refusal, toOAuthError } from '../reply.ts';
import { localeOf } from './page-locale.ts';
import { errorPage } from './pages/error.ts';
import { ERROR_KINDS, type ErrorKind } from './pages/error-kinds.ts';
import { pageHeaders } from './pages/headers.ts';

/** A refusal that ends on a page of ours, because there is nobody it could safely be sent to (RFC 6749 §4.1.2.1). */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly kind: ErrorKind;
  readonly detail: string;
  readonly received: readonly { readonly name: string; readonly value: string }[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    kind: ErrorKind,
    detail: string,
    received: readonly { readonly name: string; readonly value: string }[] = [],
    retryAfterSeconds?: number,
  ) {
    super(`${kind}: ${detail}`);
    this.kind = kind;
    this.detail = detail;
    this.received = received;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Any failure of a page as an error page with its decision. What is no refusal of ours is logged and shown as 500 or 503. */
export function pageRefusal(ctx: Context, endpoint: string, request: HttpRequest, trail: Trail, thrown: unknown): HttpReply {
  const error = thrown instanceof PageError ? thrown : toPageError(ctx, thrown, request);
  const { status, phrase } = ERROR_KINDS[error.kind];
  const decisionId = ctx.decisions.record(
    endpoint,
    status,
    { code: codeOf(error.kind), description: phrase, detail: error.detail },
    trail,
    request.nowMs,
  );
  const body = errorPage({
    locale: localeOf(request, undefined),
    brand: brandOf(ctx),
    languages: [],
    kind: error.kind,
    decisionId,
    received: error.received,
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  });
  const headers: Record<string, string> = { ...pageHeaders({ issuer: ctx.issuer, opener: 'popup' }), 'hufu-decision': decisionId };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  return { status, headers, body };
}

/** The same for what the script of a page asks for, which reads JSON. */
export function scriptRefusal(ctx: Context, endpoint: string, request: HttpRequest, trail: Trail, thrown: unknown): HttpReply {
  if (!(thrown instanceof PageError)) return refusal(ctx, endpoint, request, trail, thrown);
  const error = new OAuthError(codeOf(thrown.kind), ERROR_KINDS[thrown.kind].phrase, { detail: thrown.detail });
  return refusal(ctx, endpoint, request, trail, error);
}

function toPageError(ctx: Context, thrown: unknown, request: HttpRequest): PageError {
  const error = toOAuthError(ctx, thrown, request);
  const detail = error.detail ?? error.description;
  switch (error.code) {
    case 'access_denied':
      return new PageError('form_not_verified', detail);
    case 'temporarily_unavailable':
      return new PageError('temporarily_unavailable', detail, [], error.retryAfterSeconds ?? 1);
    case 'server_error':
      return new PageError('server_error', detail);
    default:
      return new PageError('request_malformed', detail);
  }
}

function codeOf(kind: ErrorKind): 'server_error' | 'temporarily_unavailable' | 'access_denied' | 'invalid_request' {
  if (kind === 'server_error' || kind === 'temporarily_unavailable') return kind;
  if (kind === 'upstream_unavailable') return 'temporarily_unavailable';
  return ERROR_KINDS[kind].status === 403 ? 'access_denied' : 'invalid_request';
}
