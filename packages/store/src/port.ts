/**
 * The store as a set of verbs. Each is one atomic act that answers with a union; none is a transaction that a caller holds open.
 * Three kinds decide races: *consume once* (`takeOnce`, `exchangeCode`), *guarded increment* (`rotate`), *reserve first*
 * (`createGrant`, `addKey`). A refusal that has effects (revoking on replay) is a verb of its own.
 *
 * Times are whole seconds of the server's clock (`now` is always handed in). A verb never throws for an expected outcome; it throws
 * `StoreUnavailable` when the store cannot answer, and the caller then knows nothing about whether the act happened.
 * Everything belongs to a tenant. No credential ever comes here: only its parts and hashes. Words in lists (scopes, resource URIs,
 * `amr`) have no spaces. Misuse (an unknown client where one must be there) is a `TypeError`.
 */
import type { Administrators } from './port/administrators.ts';
import type { Acting, Audit } from './port/audit.ts';
import type { Challenges } from './port/challenges.ts';
import type { Clients } from './port/clients.ts';
import type { Consents } from './port/consents.ts';
import type { Decisions } from './port/decisions.ts';
import type { Deliveries } from './port/deliveries.ts';
import type { Devices } from './port/devices.ts';
import type { EdgeSessions } from './port/edge-sessions.ts';
import type { Factors } from './port/factors.ts';
import type { Grants } from './port/grants.ts';
import type { History } from './port/history.ts';
import type { Identities } from './port/identities.ts';
import type { KeptReplies } from './port/kept-replies.ts';
import type { Keys } from './port/keys.ts';
import type { Latency } from './port/latency.ts';
import type { LimitRules } from './port/limit-rules.ts';
import type { Mails } from './port/mails.ts';
import type { Marks } from './port/marks.ts';
import type { Metrics } from './port/metrics.ts';
import type { PendingAuthorizations } from './port/pending-authorizations.ts';
import type { PushedRequests } from './port/pushed-requests.ts';
import type { Revocations } from './port/revocations.ts';
import type { Searches } from './port/searches.ts';
import type { Sessions } from './port/sessions.ts';
import type { Statuses } from './port/statuses.ts';
import type { Tenants } from './port/tenants.ts';
import type { Tries } from './port/tries.ts';
import type { UserEvents } from './port/user-events.ts';
import type { Users } from './port/users.ts';
import type { Webhooks } from './port/webhooks.ts';

export type * from './port/administrators.ts';
export type * from './port/audit.ts';
export type * from './port/challenges.ts';
export type * from './port/clients.ts';
export type * from './port/consents.ts';
export type * from './port/credential-change.ts';
export type * from './port/decisions.ts';
export type * from './port/deliveries.ts';
export type * from './port/devices.ts';
export type * from './port/edge-sessions.ts';
export type * from './port/factors.ts';
export type * from './port/grants.ts';
export type * from './port/history.ts';
export type * from './port/identities.ts';
export type * from './port/kept-replies.ts';
export type * from './port/keys.ts';
export type * from './port/limit-rules.ts';
export type * from './port/mails.ts';
export type * from './port/marks.ts';
export type * from './port/metrics.ts';
export type * from './port/open-ways.ts';
export type * from './port/participants.ts';
export type * from './port/pending-authorizations.ts';
export type * from './port/pushed-requests.ts';
export type * from './port/revocation-reason.ts';
export type * from './port/revocations.ts';
export type * from './port/searches.ts';
export type * from './port/sessions.ts';
export type * from './port/statuses.ts';
export type * from './port/tenants.ts';
export type * from './port/tries.ts';
export type * from './port/user-events.ts';
export type * from './port/users.ts';
export type * from './port/webhooks.ts';

export interface Store
  extends Tenants,
    Clients,
    Users,
    Sessions,
    Consents,
    Grants,
    PushedRequests,
    PendingAuthorizations,
    Marks,
    Keys,
    Decisions,
    Revocations,
    Statuses,
    Deliveries,
    Devices,
    Factors,
    Tries,
    Challenges,
    Mails,
    Identities,
    UserEvents,
    LimitRules,
    EdgeSessions,
    Administrators,
    KeptReplies,
    Searches,
    Metrics,
    History,
    Audit,
    Webhooks {
  /** `sqlite`, `postgres` or `memory`: for logs and `hufu doctor`. */
  readonly kind: string;
  /** How long the database took: a group of writes up to its commit (SQLite), each statement and transaction from its call to its answer (PostgreSQL). */
  readonly latency: Latency;
  /**
   * The same store, whose audited verbs (`AUDITED_VERBS`) write who it was in the same transaction as what they change: the entry cannot be written, the change does
   * not happen. A store on which this was never called says `system`, and signs nothing.
   */
  actingAs(acting: Acting): Store;
  /**
   * The store's own clock in milliseconds: the database's time, or the latest time an embedded database has ever been told.
   * The server's clock never runs behind it, so that a clock set back revives nothing.
   */
  time(): Promise<number>;
  /** Told once a minute at most by the server, so that `time()` survives a restart with a clock set back. Never goes back. A no-op where the database has a clock. */
  keepTime(nowMs: number): Promise<void>;
  close(): Promise<void>;
}

/** The store cannot answer now. The caller answers 503 with `Retry-After`, never `invalid_grant`. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
