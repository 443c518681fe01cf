import type { OperationName } from '@hufu/protocol/admin/operations';
import { BUSY_ADMIN, BUSY_TARGET, RARE_ACTION } from './audit-rows.ts';
import type { Sizes } from './sizes.ts';
import { BUSY_USER, FIRST_GRANT, HUGE_CLIENT, IDLE_CLIENT, OLD_CLIENT, OLD_USER, RARE_ERROR, REVOKED_CLIENT, subOf } from './skew.ts';

/** A question to the admin API. */
export interface Listing {
  readonly name: OperationName;
  readonly query: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  /** What the page before ended with, where a page in the middle is asked for as well. */
  readonly middle?: string;
  /** Whether nothing is to be found. */
  readonly isEmpty?: boolean;
}

/** What else has to be known of a seeded database. */
export interface Known {
  readonly now: number;
  readonly sizes: Sizes;
  /** A decision in the middle of all. */
  readonly decision: string;
  readonly grantPlace: string;
  readonly parentPlace: string;
}

/** Every list of the admin API by each of its filters, by those pairs that somebody asks for, and by what does not exist. */
export function listings(known: Known): readonly Listing[] {
  return [
    ...users(known),
    ...clients(),
    ...grants(known),
    ...decisions(known),
    ...audit(known),
    { name: 'revocations.list', query: {}, middle: String(Math.floor(known.sizes.revocations / 2)) },
    { name: 'revocations.get', query: {}, params: { seq: String(known.sizes.revocations) } },
    { name: 'administrators.list', query: {} },
    { name: 'keys.list', query: {} },
    { name: 'limits.list', query: {} },
  ];
}

function users({ sizes }: Known): readonly Listing[] {
  const middle = `muser${String(Math.floor(sizes.users / 2)).padStart(7, '0')}`;
  const of = { sub: subOf(BUSY_USER) };
  return [
    { name: 'users.list', query: {}, middle },
    { name: 'users.list', query: { prefix: 'muser' }, middle },
    { name: 'users.list', query: { prefix: 'nobody-' }, isEmpty: true },
    { name: 'users.list', query: { state: 'disabled' }, middle },
    { name: 'users.list', query: { state: 'locked' } },
    { name: 'users.list', query: { state: 'locked', prefix: 'nobody-' }, isEmpty: true },
    { name: 'users.list', query: { state: 'disabled', prefix: 'muser' } },
    { name: 'users.list', query: { email: 'p77@example.com' } },
    { name: 'users.list', query: { email: 'nobody@example.com' }, isEmpty: true },
    { name: 'users.sessions.list', query: {}, params: of },
    { name: 'users.devices.list', query: {}, params: of },
    { name: 'users.factors.list', query: {}, params: of, isEmpty: true },
    { name: 'users.get', query: {}, params: of },
  ];
}

function clients(): readonly Listing[] {
  return [
    { name: 'clients.list', query: {}, middle: 'client-02500' },
    { name: 'clients.list', query: { prefix: 'client-03' } },
    { name: 'clients.list', query: { prefix: 'nobody-' }, isEmpty: true },
    { name: 'clients.list', query: { source: 'registered' }, middle: 'client-02500' },
    { name: 'clients.list', query: { source: 'document', prefix: 'client-04' } },
    { name: 'clients.list', query: { enabled: 'false' } },
    { name: 'clients.list', query: { enabled: 'true' }, middle: 'client-02500' },
    { name: 'clients.list', query: { source: 'document', enabled: 'false' }, isEmpty: true },
    { name: 'clients.list', query: { enabled: 'false', prefix: 'client-049' } },
  ];
}

function grants({ sizes, grantPlace, parentPlace }: Known): readonly Listing[] {
  const middle = String(FIRST_GRANT + Math.floor(sizes.grants / 2));
  const early = String(FIRST_GRANT + Math.floor(sizes.grants / 20));
  return [
    { name: 'grants.list', query: {}, middle },
    { name: 'grants.list', query: { user: subOf(BUSY_USER) }, middle },
    { name: 'grants.list', query: { user: subOf(OLD_USER) }, middle: early },
    { name: 'grants.list', query: { user: subOf(4242) } },
    { name: 'grants.list', query: { client_id: HUGE_CLIENT }, middle },
    { name: 'grants.list', query: { client_id: OLD_CLIENT }, middle: early },
    { name: 'grants.list', query: { client_id: 'client-00778' } },
    { name: 'grants.list', query: { client_id: REVOKED_CLIENT }, isEmpty: true },
    { name: 'grants.list', query: { client_id: IDLE_CLIENT }, isEmpty: true },
    { name: 'grants.list', query: { user: subOf(BUSY_USER), client_id: HUGE_CLIENT }, middle },
    { name: 'grants.list', query: { user: subOf(OLD_USER), client_id: OLD_CLIENT }, middle: early },
    { name: 'grants.list', query: { user: subOf(BUSY_USER), client_id: OLD_CLIENT }, isEmpty: true },
    { name: 'grants.get', query: {}, params: { grant_id: grantPlace } },
    { name: 'grants.lineage', query: {}, params: { grant_id: grantPlace } },
    { name: 'grants.lineage', query: {}, params: { grant_id: parentPlace } },
    { name: 'clients.revoke', query: { dry_run: 'true' }, params: { client_id: HUGE_CLIENT } },
    { name: 'clients.revoke', query: { dry_run: 'true' }, params: { client_id: REVOKED_CLIENT } },
    { name: 'users.revoke', query: { dry_run: 'true' }, params: { sub: subOf(BUSY_USER) } },
    { name: 'grants.revoke', query: { dry_run: 'true' }, params: { grant_id: parentPlace } },
  ];
}

function decisions({ now, decision: middle }: Known): readonly Listing[] {
  const since = String(now - 600);
  return [
    { name: 'decisions.list', query: {}, middle },
    { name: 'decisions.list', query: { since } },
    { name: 'decisions.list', query: { until: String(now - 86_400) } },
    { name: 'decisions.list', query: { client_id: HUGE_CLIENT }, middle },
    { name: 'decisions.list', query: { client_id: 'client-00778' }, middle },
    { name: 'decisions.list', query: { client_id: IDLE_CLIENT }, isEmpty: true },
    { name: 'decisions.list', query: { error: 'invalid_token' }, middle },
    { name: 'decisions.list', query: { error: RARE_ERROR } },
    { name: 'decisions.list', query: { error: 'unheard_of' }, isEmpty: true },
    { name: 'decisions.list', query: { endpoint: 'edge' }, middle },
    { name: 'decisions.list', query: { endpoint: 'unheard_of' }, isEmpty: true },
    { name: 'decisions.list', query: { error: 'invalid_client', endpoint: 'token' }, middle },
    { name: 'decisions.list', query: { error: 'invalid_token', endpoint: 'token' }, isEmpty: true },
    { name: 'decisions.list', query: { error: 'invalid_grant', endpoint: 'userinfo' }, isEmpty: true },
    { name: 'decisions.list', query: { error: RARE_ERROR, endpoint: 'token' } },
    { name: 'decisions.list', query: { error: 'invalid_token', endpoint: 'token', since }, isEmpty: true },
    { name: 'decisions.list', query: { client_id: HUGE_CLIENT, error: 'invalid_grant' }, middle },
    { name: 'decisions.list', query: { client_id: HUGE_CLIENT, error: 'invalid_token' }, isEmpty: true },
    { name: 'decisions.list', query: { client_id: HUGE_CLIENT, endpoint: 'token' }, middle },
    { name: 'decisions.list', query: { client_id: HUGE_CLIENT, endpoint: 'userinfo' }, isEmpty: true },
    { name: 'decisions.list', query: { client_id: 'client-00778', error: 'invalid_token', since } },
    { name: 'decisions.list', query: { client_id: HUGE_CLIENT, error: 'invalid_grant', endpoint: 'token' }, middle },
    { name: 'decisions.list', query: { client_id: HUGE_CLIENT, error: 'invalid_grant', endpoint: 'userinfo' }, isEmpty: true },
  ];
}

function audit({ now, sizes }: Known): readonly Listing[] {
  const middle = String(Math.floor(sizes.audit / 2));
  const since = String(now - 600);
  const admin = { actor_kind: 'admin', actor: BUSY_ADMIN };
  const self = { actor_kind: 'user', actor: BUSY_TARGET };
  const target = { target_kind: 'user', target: BUSY_TARGET };
  return [
    { name: 'audit.list', query: {}, middle },
    { name: 'audit.list', query: { since } },
    { name: 'audit.list', query: { until: String(now - 86_400) } },
    { name: 'audit.list', query: admin, middle },
    { name: 'audit.list', query: { actor_kind: 'user', actor: 'nobody' }, isEmpty: true },
    { name: 'audit.list', query: { ...admin, since } },
    { name: 'audit.list', query: target, middle },
    { name: 'audit.list', query: { target_kind: 'user', target: 'nobody' }, isEmpty: true },
    { name: 'audit.list', query: { action: 'session.opened' }, middle },
    { name: 'audit.list', query: { action: RARE_ACTION } },
    { name: 'audit.list', query: { action: 'unheard.of' }, isEmpty: true },
    { name: 'audit.list', query: { action: 'session.opened', since } },
    { name: 'audit.list', query: { ...admin, action: 'user.locked' }, middle },
    { name: 'audit.list', query: { ...admin, action: 'session.opened' }, isEmpty: true },
    { name: 'audit.list', query: { ...admin, action: RARE_ACTION }, isEmpty: true },
    { name: 'audit.list', query: { ...target, action: 'session.opened' }, middle },
    { name: 'audit.list', query: { ...target, action: 'grant.revoked' }, isEmpty: true },
    { name: 'audit.list', query: { ...self, ...target }, middle },
    { name: 'audit.list', query: { ...admin, ...target }, isEmpty: true },
    { name: 'audit.list', query: { ...self, ...target, action: 'session.opened' }, middle },
    { name: 'audit.list', query: { ...self, ...target, action: 'grant.revoked' }, isEmpty: true },
    { name: 'audit.get', query: {}, params: { seq: middle } },
    { name: 'audit.checkpoints', query: {}, middle },
    { name: 'audit.state', query: {} },
  ];
}
