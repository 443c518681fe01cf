import { clientId, type GrantId } from '@hufu/protocol/ids';
import type { World } from './world.ts';

/** A grant that no browser stands behind (as of a device flow), and that can be refreshed. */
export async function giveGrant(
  { store, tenant, now }: World,
  {
    username = 'alice',
    client = 'spa',
    boundKey,
  }: { readonly username?: string; readonly client?: string; readonly boundKey?: string } = {},
): Promise<GrantId> {
  const user = await store.findUserByName(tenant, username);
  if (user === undefined) throw new Error(`no user ${username}`);
  const made = await store.createGrant(
    tenant,
    {
      userId: user.id,
      subject: user.sub,
      clientId: clientId(client),
      sessionId: undefined,
      scopes: ['openid'],
      resources: [],
      authTime: now(),
      amr: ['pwd'],
      offline: true,
      claims: undefined,
      keyId: 1,
      expiresAt: now() + 60,
      needsConsent: false,
      participation: undefined,
      credential: { kind: 'code', codeHash: 'c'.repeat(43), codeRequest: {}, maxCodes: 9 },
    },
    now(),
  );
  if (made.kind !== 'created') throw new Error(made.reason);
  const redemption = { secretHash: 's'.repeat(43), accessHash: 'a'.repeat(43), keyId: 1, boundKey, maxGrants: 9 };
  const taken = await store.exchangeCode(tenant, made.id, { ...redemption, expiresAt: now() + 86_400, idleSeconds: 3_600 }, now());
  if (taken.kind !== 'taken') throw new Error(taken.kind);
  return made.id;
}
