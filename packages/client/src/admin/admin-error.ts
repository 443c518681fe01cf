import { PROBLEMS, type ProblemCode, type ProblemPart } from '@hufu/protocol/admin/problem';
import { type Answer, refusal } from '../ask.ts';
import { ClientError } from '../client-error.ts';
import { readTokenChallenges } from '../session/challenge.ts';

const MAX_DETAIL = 1_000;
const MAX_PARTS = 100;

/** What the server says of a refusal beside its code. */
export interface Refusal {
  /** Why, in the server's words: untrusted text without what a terminal would obey. */
  readonly detail: string;
  /** What is wrong with the request, part by part. */
  readonly errors: readonly ProblemPart[];
  /** Seconds that a sign-in may be old (RFC 9470 §3), where the last one is too long ago. */
  readonly maxAge: number | undefined;
  /** Of limits that have changed. */
  readonly version: number | undefined;
}

/**
 * A refusal of the admin API (RFC 9457). `code` is one of `PROBLEMS` where the server is one of ours, `decision` what `hufu why` and `decisions.get` explain it by. What is
 * no answer of the API (no network, another server) is a plain `ClientError`.
 */
export class AdminError extends ClientError implements Refusal {
  override readonly name: string = 'AdminError';
  readonly detail: string;
  readonly errors: readonly ProblemPart[];
  readonly maxAge: number | undefined;
  readonly version: number | undefined;

  constructor({ kind, code, message, status, description, retryAfterSeconds, decision }: ClientError, refused: Refusal) {
    super(kind, code, refused.detail === '' ? message : refused.detail, { status, description, retryAfterSeconds, decision });
    this.detail = refused.detail;
    this.errors = refused.errors;
    this.maxAge = refused.maxAge;
    this.version = refused.version;
  }
}

/** Whether something thrown is this refusal of the admin API. */
export function isProblem(error: unknown, code: ProblemCode): error is AdminError {
  return error instanceof AdminError && error.code === code;
}

/** What an answer other than the expected one is: `AdminError` where it is a problem of the API, else `ClientError`. */
export function readRefusal(answer: Answer, what: string): ClientError {
  const error = refusal(answer, what);
  const { body, headers } = answer;
  if (body === undefined || !Object.hasOwn(PROBLEMS, error.code)) return error;
  const { detail, errors, version } = body;
  return new AdminError(error, {
    detail: readText(detail),
    errors: (Array.isArray(errors) ? errors.slice(0, MAX_PARTS) : []).map(readPart),
    maxAge: readTokenChallenges(headers.get('www-authenticate')).find(({ maxAge }) => maxAge !== undefined)?.maxAge,
    version: typeof version === 'number' ? version : undefined,
  });
}

function readPart(value: unknown): ProblemPart {
  const { pointer, detail }: Readonly<Record<string, unknown>> = Object(value);
  return { pointer: readText(pointer), detail: readText(detail) };
}

/** In any language, without control characters and without what turns the direction of writing. */
function readText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_DETAIL).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?') : '';
}
