/** What the cases of pending authorizations stand on. */
import assert from 'node:assert/strict';
import type { NewGrant, PendingAuthorization, PendingAuthorizations } from '../port.ts';
import { APP, type Bench, type CodeChange, hashText, NOW, type Scene, someCode } from './bench.ts';

export type NewPending = Parameters<PendingAuthorizations['openPending']>[1];

export const LIMITS: Parameters<PendingAuthorizations['openPending']>[2] = { maxOpen: 1000, maxOpenOfUser: 1000 };

/** Asked for on a device (RFC 8628 §3.1). */
export function someDevice(change: Partial<NewPending> = {}): NewPending {
  return {
    kind: 'device',
    clientId: APP,
    secretHash: hashText('device'),
    userCodeHash: hashText('user-code'),
    userId: undefined,
    request: { scopes: ['openid'], address: '192.0.2.1', user_agent: 'TV/1' },
    expiresAt: NOW + 600,
    intervalSeconds: 5,
    ...change,
  };
}

/** Asked of a user by the server (CIBA §7.1). */
export function someBackchannel({ user }: Scene, change: Partial<NewPending> = {}): NewPending {
  return {
    ...someDevice(),
    kind: 'backchannel',
    userCodeHash: undefined,
    userId: user.id,
    request: { scopes: ['openid'], binding_message: 'ä', notify: true },
    ...change,
  };
}

export async function open(b: Bench, pending: NewPending, now: number = NOW): Promise<number> {
  const opened = await b.store.openPending(b.tenant, pending, LIMITS, now);
  assert.ok(opened.kind === 'opened', opened.kind);
  return opened.id;
}

/** The grant of an approval: its code is the secret of what was asked for. */
export function someApproval(scene: Scene, change: CodeChange = {}): NewGrant {
  return someCode(scene, { sessionId: undefined, offline: true, codeHash: hashText('device'), expiresAt: NOW + 600, ...change });
}

export async function mustFindPending(b: Bench, id: number): Promise<PendingAuthorization> {
  const pending = await b.store.findPending(b.tenant, id);
  assert.ok(pending !== undefined, `${id} is not there`);
  assert.deepEqual(await b.second.findPending(b.tenant, id), pending);
  return pending;
}
