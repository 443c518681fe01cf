import { OAuthError } from '@hufu/protocol/errors';
import { RedirectError } from '../authorize/read-request.ts';
import type { Check } from '../decisions/checks.ts';
import type { Trail } from '../decisions/trail.ts';
import { PageError } from '../interaction/page-error.ts';

/** What becomes of a request that is judged again. */
export type Judgement =
  /** With these scopes, where that is known. */
  | { readonly kind: 'allowed'; readonly scopes: readonly string[] | undefined }
  | ({ readonly kind: 'refused' } & Cause)
  /** The user has to sign in or to show more first. */
  | ({ readonly kind: 'asked_more' } & Cause)
  /** It has passed these checks, and what comes after them is not known any more. */
  | { readonly kind: 'unknown'; readonly passed: readonly Check[] };

export interface Cause {
  readonly check: Check | '';
  readonly error: string;
  readonly detail: string;
  /** Where to look, if it is not what the check says. */
  readonly setting?: string;
}

/** Everything has been judged, and something would be taken: the request is allowed (validate, take, mint). */
export class WouldTake extends Error {
  override readonly name = 'WouldTake';
}

/** What comes next depends on something that is not written down. */
export class NotJudged extends Error {
  override readonly name = 'NotJudged';
}

/** What the server's own code made of it. What is no decision is thrown on. */
export function judgementOf(thrown: unknown, trail: Trail): Judgement {
  if (thrown instanceof WouldTake) return { kind: 'allowed', scopes: trail.scopes };
  const check = trail.reached.at(-1) ?? '';
  if (thrown instanceof NotJudged) return { kind: 'unknown', passed: [...trail.reached] };
  if (thrown instanceof PageError) return { kind: 'refused', check, error: 'invalid_request', detail: thrown.detail };
  const error = thrown instanceof RedirectError ? thrown.error : thrown;
  if (!(error instanceof OAuthError) || error.status >= 500) throw thrown;
  return { kind: 'refused', check, error: error.code, detail: error.detail ?? error.description };
}
