import { PROBLEMS, type ProblemCode, type ProblemPart } from '@hufu/protocol/admin/problem';
import type { ErrorCode } from '@hufu/protocol/errors';

export interface RefusalDetail {
  readonly errors?: readonly ProblemPart[];
  /** For the log and the decision record alone. */
  readonly detail?: string;
  /** Headers that go with it. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of limits that have changed. */
  readonly version?: number;
}

/** A refusal that only the admin API has a word for; all others are `OAuthError`s. The description is public. */
export class AdminRefusal extends Error {
  override readonly name = 'AdminRefusal';
  readonly code: ProblemCode;
  readonly status: number;
  readonly description: string;
  readonly more: RefusalDetail;

  constructor(code: ProblemCode, description: string, more: RefusalDetail = {}) {
    super(`${code}: ${description}`);
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.description = description;
    this.more = more;
  }
}

export function notFound(what: string): AdminRefusal {
  return new AdminRefusal('not_found', `there is no such ${what}`);
}

export function conflict(description: string): AdminRefusal {
  return new AdminRefusal('conflict', description);
}

/** What is wrong with a request, part by part. */
export function invalid(errors: readonly ProblemPart[]): AdminRefusal {
  const [first] = errors;
  const description = first === undefined ? 'the request is not well formed' : `${first.pointer} ${first.detail}`.trim();
  return new AdminRefusal('invalid_request', description, { errors });
}

/** The kind of problem that an error of OAuth is. */
export function problemOf(code: ErrorCode | ProblemCode, status: number): ProblemCode {
  if (status === 404) return 'not_found';
  if (status === 429) return 'too_many_requests';
  if (Object.hasOwn(PROBLEMS, code)) return Object.keys(PROBLEMS).find(isNamed(code)) ?? 'invalid_request';
  return status === 401 ? 'invalid_token' : 'invalid_request';
}

function isNamed(code: string): (name: string) => name is ProblemCode {
  return (name): name is ProblemCode => name === code;
}
