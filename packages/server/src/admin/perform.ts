import type { OperationName } from '@hufu/protocol/admin/operations';
import type { Perform } from './call.ts';
import { ADMINISTRATORS } from './operations/administrators.ts';
import { APPEARANCE } from './operations/appearance.ts';
import { AUDIT } from './operations/audit.ts';
import { CLIENTS } from './operations/clients.ts';
import { GATEWAY } from './operations/gateway.ts';
import { GRANTS } from './operations/grants.ts';
import { LIMITS } from './operations/limits.ts';
import { METRICS } from './operations/metrics.ts';
import { POLICIES } from './operations/policies.ts';
import { SECURITY } from './operations/security.ts';
import { SETTINGS } from './operations/settings.ts';
import { TOKENS } from './operations/tokens.ts';
import { UPSTREAMS } from './operations/upstreams.ts';
import { USERS } from './operations/users.ts';
import { WEBHOOKS } from './operations/webhooks.ts';

/** What each operation does: one for every one of the table, or nothing builds. */
export const PERFORM: { readonly [N in OperationName]: Perform<N> } = {
  ...ADMINISTRATORS,
  ...CLIENTS,
  ...USERS,
  ...GRANTS,
  ...SECURITY,
  ...TOKENS,
  ...LIMITS,
  ...METRICS,
  ...SETTINGS,
  ...GATEWAY,
  ...UPSTREAMS,
  ...POLICIES,
  ...APPEARANCE,
  ...AUDIT,
  ...WEBHOOKS,
};
