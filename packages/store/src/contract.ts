/**
 * The suite that every adapter passes. It registers tests with `node:test`, so call it from a `*.test.ts` file:
 * `contract('sqlite', openFreshDatabase)`.
 */
import { describe, test } from 'node:test';
import { accessGrantCases } from './contract/access-grants.ts';
import { addressCases } from './contract/addresses.ts';
import { administrationCases } from './contract/administration.ts';
import { admissionCases } from './contract/admission.ts';
import { auditCases } from './contract/audit.ts';
import { bench, type Case, type OpenStore } from './contract/bench.ts';
import { boundGrantCases } from './contract/bound-grants.ts';
import { challengeCases } from './contract/challenges.ts';
import { clientDeviceCases } from './contract/client-devices.ts';
import { clientCases } from './contract/clients.ts';
import { consentCases } from './contract/consents.ts';
import { decisionCases } from './contract/decisions.ts';
import { deliveryCases } from './contract/deliveries.ts';
import { descendantCases } from './contract/descendants.ts';
import { deviceLimitCases } from './contract/device-limits.ts';
import { deviceCases } from './contract/devices.ts';
import { edgeSessionCases } from './contract/edge-sessions.ts';
import { endingCases } from './contract/endings.ts';
import { factorCases } from './contract/factors.ts';
import { foreignSubjectCases } from './contract/foreign-subjects.ts';
import { forgottenConsentCases } from './contract/forgotten-consents.ts';
import { grantCases } from './contract/grants.ts';
import { historyCases } from './contract/history.ts';
import { identityCases } from './contract/identities.ts';
import { keyCases } from './contract/keys.ts';
import { limitRuleCases } from './contract/limit-rules.ts';
import { limitCases } from './contract/limits.ts';
import { lineageCases } from './contract/lineage.ts';
import { mailCases } from './contract/mails.ts';
import { markCases } from './contract/marks.ts';
import { metricCases } from './contract/metrics.ts';
import { notificationCases } from './contract/notifications.ts';
import { openingCases } from './contract/openings.ts';
import { ownGrantCases } from './contract/own-grants.ts';
import { participantCases } from './contract/participants.ts';
import { pendingCases } from './contract/pending.ts';
import { pendingRaceCases } from './contract/pending-races.ts';
import { purgeCases } from './contract/purge.ts';
import { pushedRequestCases } from './contract/pushed-requests.ts';
import { raceCases } from './contract/races.ts';
import { registeredClientCases } from './contract/registered-clients.ts';
import { revocationFollowerCases } from './contract/revocation-followers.ts';
import { revocationCases } from './contract/revocations.ts';
import { searchCases } from './contract/searches.ts';
import { sessionCases } from './contract/sessions.ts';
import { signOutCases } from './contract/sign-out.ts';
import { statusCases } from './contract/statuses.ts';
import { tenantCases } from './contract/tenants.ts';
import { tryCases } from './contract/tries.ts';
import { userEndingCases } from './contract/user-endings.ts';
import { userEventCases } from './contract/user-events.ts';
import { userCases } from './contract/users.ts';
import { webhookCases } from './contract/webhooks.ts';

export type { OpenStore, StoreUnderTest } from './contract/bench.ts';

/**
 * `open` answers a store on an empty, migrated database. It is called once a test, and what it answers is closed by the test.
 * Where it has a `second` store on the same database, half of every race runs through that one.
 */
export function contract(name: string, open: OpenStore): void {
  describe(`the store's contract: ${name}`, () => {
    const define: Case = (title, run) => {
      test(title, async () => {
        const subject = await open();
        try {
          await run(await bench(subject));
        } finally {
          await subject.close();
        }
      });
    };
    for (const cases of ALL) cases(define);
  });
}

const ALL: readonly ((define: Case) => void)[] = [
  tenantCases,
  clientCases,
  registeredClientCases,
  userCases,
  sessionCases,
  openingCases,
  deviceCases,
  deviceLimitCases,
  clientDeviceCases,
  participantCases,
  signOutCases,
  deliveryCases,
  consentCases,
  forgottenConsentCases,
  grantCases,
  accessGrantCases,
  admissionCases,
  ownGrantCases,
  boundGrantCases,
  foreignSubjectCases,
  descendantCases,
  lineageCases,
  pushedRequestCases,
  pendingCases,
  pendingRaceCases,
  notificationCases,
  limitCases,
  endingCases,
  revocationCases,
  revocationFollowerCases,
  statusCases,
  markCases,
  keyCases,
  decisionCases,
  historyCases,
  purgeCases,
  raceCases,
  factorCases,
  tryCases,
  challengeCases,
  mailCases,
  identityCases,
  userEventCases,
  addressCases,
  userEndingCases,
  limitRuleCases,
  edgeSessionCases,
  administrationCases,
  searchCases,
  metricCases,
  auditCases,
  webhookCases,
];
