import { hash } from 'node:crypto';

/** What an assertion is remembered by (`takeOnce`). */
export interface AssertionMark {
  readonly kind: 'client_assertion' | 'assertion';
  readonly value: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** The reason is for the decision record. */
export interface RefusedAssertion {
  readonly kind: 'refused';
  readonly reason: string;
}

/** By what a client's assertion is remembered, whatever it was shown for. */
export function nameAssertion(clientId: string, jti: string): string {
  return hash('sha256', `${clientId}\n${jti}`, 'base64url');
}
