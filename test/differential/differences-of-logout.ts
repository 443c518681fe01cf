import { free, type KnownDifference } from './known-difference.ts';

/** At the end session endpoint. */
export const LOGOUT_DIFFERENCES: readonly KnownDifference[] = [
  free(
    /^\/oauth\/logout: /,
    'first',
    ['does not ask', 'asks'],
    'OpenID Connect RP-Initiated Logout §2',
    'A server should ask, and has to where the hint is missing or not of this session. With the hint of this very session nobody else could have sent the user here.',
  ),
  free(
    /^\/oauth\/logout: (with an address alone|an empty hint)$/,
    'outcome',
    ['error 400, then still signed in', 'signed-out, then signed out'],
    'OpenID Connect RP-Initiated Logout §2',
    'Without a hint or a client there is nobody whose address this could be. Neither goes there; ours says why.',
  ),
  free(
    '/oauth/logout: with an unknown client_id',
    'outcome',
    ['signed-out, then signed out', 'error 400, then still signed in'],
    'OpenID Connect RP-Initiated Logout §2',
    'The user wants to sign out and may.',
  ),
];
