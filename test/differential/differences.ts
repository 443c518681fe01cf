import { CLIENT_DIFFERENCES } from './differences-of-clients.ts';
import { AUTHORIZATION_DIFFERENCES } from './differences-of-authorization.ts';
import { TOKEN_DIFFERENCES } from './differences-of-tokens.ts';

/**
 * Why the two may differ. `demanded`: the section asks for what ours does. `free`: the section leaves it open, and the reason says why
 * ours chose so. `lacking`: the other one does not have the feature.
 */
export type Ground = 'demanded' | 'free' | 'lacking';

/** A difference that was looked at: which requests, in what, and what the standard says of it. */
export interface KnownDifference {
  /** The id of one request, or a pattern for those of several. */
  readonly requests: string | RegExp;
  readonly aspect: string;
  /** `nothing`: that one has nothing of the kind. */
  readonly ours: string;
  readonly theirs: string;
  readonly ground: Ground;
  readonly section: string;
  readonly because: string;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [...AUTHORIZATION_DIFFERENCES, ...CLIENT_DIFFERENCES, ...TOKEN_DIFFERENCES];
