import type { UserRecord } from '@hufu/store/port';
import type { World } from './world.ts';

/** A directory, and an upstream that a browser is sent to. Nobody is there to be asked. */
export const UPSTREAMS: string = `
upstreams:
  - { name: directory, kind: ldap, url: 'ldaps://ldap.example', base_dn: dc=example }
  - { name: corp, kind: oidc, issuer: https://corp.example, client_id: c, client_secret: s }
`;
/** The same, while they are off. */
export const UPSTREAMS_OFF: string = UPSTREAMS.replaceAll(' }', ', enabled: false }');

/** Makes `lin`, who has no password of ours and an account at each of these upstreams. */
export async function linkedUser({ store, tenant, now }: World, upstreams: readonly string[]): Promise<UserRecord> {
  const lin = { sub: 'lin-sub', username: 'lin', passwordHash: undefined, claims: {}, source: 'upstream' } as const;
  const made = await store.createUser(tenant, lin, now());
  if (made.kind !== 'created') throw new Error(made.kind);
  const { user } = made;
  for (const [version, upstream] of upstreams.entries()) {
    const identity = { upstream, issuer: `https://${upstream}.example`, subject: '1', label: 'lin' };
    const linked = await store.linkIdentity(tenant, user.id, version, identity, undefined, now());
    if (linked.kind !== 'done') throw new Error(linked.kind);
  }
  return { ...user, authVersion: upstreams.length };
}
