import { canonicalEntry, sealAfter } from '@hufu/store/audit/chain';
import type { AuditEntry, SealedEntry } from '@hufu/store/port';
import { subOf } from './skew.ts';

/** Does a tenth of everything, and never what people do. */
export const BUSY_ADMIN = 'sub-owner';
/** What a twentieth of everything was done to. */
export const BUSY_TARGET: string = subOf(1);
/** Once among all. */
export const RARE_ACTION = 'limit.reset';

const ACTIONS_OF_ADMINS = ['client.changed', 'user.locked', 'user.unlocked', 'user.disabled', 'grant.revoked'] as const;
const ACTIONS_OF_PEOPLE = [
  'session.opened',
  'session.opened',
  'session.ended',
  'consent.given',
  'password.changed',
  'factor.added',
] as const;
const EVERY_MS = 250;

/** The entries of the log in their order, in batches, each signed and chained as the store's sealer does it. `mac`: of the server. */
export function* auditBatches(
  head: { readonly seq: number; readonly hash: string },
  { count, tenant, users, nowMs, mac }: AuditSeed,
  size: number,
): Generator<readonly SealedEntry[]> {
  let at = head;
  const firstMs = nowMs - EVERY_MS * count - 1000;
  for (let done = 0; done < count; done += size) {
    const entries = Array.from({ length: Math.min(size, count - done) }, (_, index): AuditEntry => {
      const n = done + index + 1;
      const entry = { ...someEntry(n, count, users), id: head.seq + 1_000_000 + n, atMs: firstMs + n * EVERY_MS };
      return { ...entry, mac: mac(canonicalEntry(tenant, entry)) };
    });
    const sealed = sealAfter(at, tenant, entries);
    at = sealed.at(-1) ?? at;
    yield sealed;
  }
}

export interface AuditSeed {
  readonly count: number;
  readonly tenant: number;
  readonly users: number;
  readonly nowMs: number;
  mac(text: string): string;
}

function someEntry(n: number, count: number, users: number): Omit<AuditEntry, 'id' | 'atMs' | 'mac'> {
  const sub = n % 20 === 1 ? BUSY_TARGET : subOf(1 + ((n * 7919) % users));
  const plain = { via: '', requestId: `r${n}`, details: '{"reason":"revoked_by_admin"}' };
  if (n === Math.floor(count / 3))
    return { ...plain, actor: { kind: 'admin', id: 'sub-security' }, action: RARE_ACTION, target: { kind: 'limit', id: 'sign-in' } };
  if (n % 10 === 0)
    return {
      ...plain,
      actor: { kind: 'admin', id: BUSY_ADMIN },
      via: 'console',
      action: pick(ACTIONS_OF_ADMINS, n / 10),
      target:
        (n / 10) % 5 === 0
          ? { kind: 'client', id: `client-${String(1 + ((n / 10) % 5000)).padStart(5, '0')}` }
          : { kind: 'user', id: subOf(2 + ((n * 31) % (users - 1))) },
    };
  if (n % 10 < 3 && n % 20 !== 1)
    return {
      ...plain,
      actor: { kind: 'system', id: '' },
      action: 'grant.revoked',
      target: { kind: 'grant', id: `${n % 1000}/${n % 65_536}` },
    };
  return { ...plain, actor: { kind: 'user', id: sub }, via: 'web', action: pick(ACTIONS_OF_PEOPLE, n), target: { kind: 'user', id: sub } };
}

function pick(from: readonly string[], n: number): string {
  return from[n % from.length] ?? '';
}
