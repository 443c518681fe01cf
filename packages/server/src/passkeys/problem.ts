/**
 * Why a passkey did not do, in what a person can be told. `not_found` covers the unknown passkey, the wrong signature and the account that is disabled: whoever holds no
 * passkey of ours learns nothing about who does.
 */
export type PasskeyProblem =
  | 'expired'
  | 'wrong_site'
  | 'unverified'
  | 'not_found'
  | 'copied'
  | 'already_there'
  | 'full'
  | 'changed'
  | 'malformed';

export interface PasskeyRefusal {
  readonly kind: 'refused';
  readonly problem: PasskeyProblem;
  /** For the decision record. */
  readonly detail: string;
}

export function refusePasskey(problem: PasskeyProblem, detail: string): PasskeyRefusal {
  return { kind: 'refused', problem, detail };
}
