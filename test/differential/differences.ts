import { AUTHORIZATION_DIFFERENCES } from './differences-of-authorization.ts';
import { CLIENT_DIFFERENCES } from './differences-of-clients.ts';
import { DOCUMENT_DIFFERENCES } from './differences-of-documents.ts';
import { LOGOUT_DIFFERENCES } from './differences-of-logout.ts';
import { REGISTRATION_DIFFERENCES } from './differences-of-registration.ts';
import { TOKEN_DIFFERENCES } from './differences-of-tokens.ts';
import type { KnownDifference } from './known-difference.ts';

/** Every difference that was looked at. A difference that shows a defect of ours is none of these: it is mended. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  ...DOCUMENT_DIFFERENCES,
  ...AUTHORIZATION_DIFFERENCES,
  ...CLIENT_DIFFERENCES,
  ...TOKEN_DIFFERENCES,
  ...REGISTRATION_DIFFERENCES,
  ...LOGOUT_DIFFERENCES,
];
