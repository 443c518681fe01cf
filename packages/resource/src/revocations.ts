import type { TokenMarks } from './marks.ts';

/** What is known of an issuer's revocations: a follower of its feed, or its status lists. */
export interface Revocations {
  readonly issuer: string;
  /** Whether a token was revoked, as far as is known now. Never throws or rejects. */
  look(token: TokenMarks): Finding | Promise<Finding>;
  /** Calls `act` whenever the issuer has given up a key: another one signs from now on. Left out by who hears of no keys. */
  onKeyGivenUp?(act: () => void): void;
}

export type Finding =
  | { readonly kind: 'fine' }
  /** `reason`: a word of the issuer's. `at`: seconds since 1970, where another device has taken the place of this one: its user may be told when. */
  | { readonly kind: 'revoked'; readonly reason: string | undefined; readonly at?: number }
  /** It cannot be told at the moment. */
  | { readonly kind: 'unknown'; readonly cause: string }
  /** It can never be told of this token: it does not say by what it could be revoked. */
  | { readonly kind: 'unmarked' };

export const FINE: Finding = Object.freeze({ kind: 'fine' });
