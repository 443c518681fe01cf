import { assertionRequests } from './assertion-requests.ts';
import { authorizationRequests } from './authorization-requests.ts';
import { documentRequests } from './document-requests.ts';
import { hintAndClaimsRequests } from './hint-and-claims-requests.ts';
import { lateRequests } from './late-requests.ts';
import { logoutRequests } from './logout-requests.ts';
import { refreshRequests } from './refresh-requests.ts';
import { registrationRequests } from './registration-requests.ts';
import type { DifferentialRequest } from './request.ts';
import { requestObjectRequests } from './request-object-requests.ts';
import { tokenManagementRequests } from './token-management-requests.ts';
import { tokenRequests } from './token-requests.ts';
import { userinfoRequests } from './userinfo-requests.ts';

/** Everything that is sent to both. */
export const REQUESTS: readonly DifferentialRequest[] = [
  ...documentRequests,
  ...authorizationRequests,
  ...hintAndClaimsRequests,
  ...requestObjectRequests,
  ...tokenRequests,
  ...assertionRequests,
  ...refreshRequests,
  ...tokenManagementRequests,
  ...userinfoRequests,
  ...registrationRequests,
  ...logoutRequests,
  ...lateRequests,
];
