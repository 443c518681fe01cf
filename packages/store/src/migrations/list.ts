import { migration as first } from './0001-first.ts';
import { migration as openIdConnect } from './0002-openid-connect.ts';
import { migration as oauthComplete } from './0003-oauth-complete.ts';
import { migration as accounts } from './0004-accounts.ts';
import { migration as revocations } from './0005-revocations.ts';
import { migration as limitRules } from './0006-limit-rules.ts';
import { migration as edgeSessions } from './0007-edge-sessions.ts';
import { migration as administration } from './0008-administration.ts';
import { migration as audit } from './0009-audit.ts';
import { migration as webhooks } from './0010-webhooks.ts';
import { migration as sizes } from './0011-sizes.ts';
import { migration as metrics } from './0012-metrics.ts';
import { migration as history } from './0013-history.ts';
import { migration as forgottenConsents } from './0014-forgotten-consents.ts';
import type { Migration } from './migrate.ts';

/** Every migration, in order. A new one is a file `NNNN-name.ts` and a line here; what is here never changes. */
export const MIGRATIONS: readonly Migration[] = [
  first,
  openIdConnect,
  oauthComplete,
  accounts,
  revocations,
  limitRules,
  edgeSessions,
  administration,
  audit,
  webhooks,
  sizes,
  metrics,
  history,
  forgottenConsents,
];
