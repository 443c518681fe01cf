import { list, maybe, object, type Shape, text, whole } from './shape.ts';

/** Why a request of the admin API was refused, with its status. The one table. */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not well formed' },
  invalid_token: { status: 401, title: 'The access token does not do' },
  insufficient_user_authentication: { status: 401, title: 'The sign-in is too long ago' },
  insufficient_scope: { status: 403, title: 'The access token lacks a scope' },
  access_denied: { status: 403, title: 'The role does not allow it' },
  not_found: { status: 404, title: 'There is no such thing' },
  conflict: { status: 409, title: 'It cannot be done as things are' },
  still_running: { status: 409, title: 'The same request has begun' },
  precondition_failed: { status: 412, title: 'It has changed since it was read' },
  idempotency_mismatch: { status: 422, title: 'The Idempotency-Key came with another request' },
  precondition_required: { status: 428, title: 'If-Match is needed' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  server_error: { status: 500, title: 'An error on our side' },
  temporarily_unavailable: { status: 503, title: 'The server cannot answer now' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** One thing that is wrong with a request, and where (RFC 6901): in the body, or as `query/NAME`, `header/NAME`. */
export interface ProblemPart {
  readonly pointer: string;
  readonly detail: string;
}

/** A refusal (RFC 9457 §3.1). `error` and `error_description` are what RFC 6750 §3 has. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly error: string;
  readonly error_description: string;
  readonly decision_id: string;
  readonly errors?: readonly ProblemPart[];
  /** Of limits that have changed. */
  readonly version?: number;
}

export const PROBLEM: Shape<Problem> = object<Problem>('Problem', {
  type: text('A name of the kind of problem that stays: `urn:hufu:problem:` and the error.'),
  title: text('The kind of problem in words.'),
  status: whole('The status of the reply.', { min: 400, max: 599 }),
  detail: text('What is wrong.'),
  error: text('A code: one of OAuth’s where it has one.'),
  error_description: text('`detail` in the characters that RFC 6750 §3 allows.'),
  decision_id: text('What `hufu why` and `decisions.get` explain it by.'),
  errors: maybe(
    list(
      'What is wrong with the request, part by part.',
      object<ProblemPart>('', {
        pointer: text('A JSON Pointer into the body, or `query/NAME`, `header/NAME`.'),
        detail: text('What is wrong there.'),
      }),
    ),
  ),
  version: maybe(whole('The version that limits have now.')),
});
