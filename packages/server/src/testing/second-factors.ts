import { createHmac } from 'node:crypto';
import { timeStep, totpCode } from '@hufu/protocol/totp';
import { makeRecoveryCodes } from '../accounts/recovery-codes.ts';
import { newTotpSecret, sealTotpSecret } from '../accounts/totp-secret.ts';
import type { World } from './world.ts';

/** An authenticator app. */
export interface App {
  /** Its code at the world's time, or so many steps later. */
  code(steps?: number): string;
  readonly recoveryCodes: readonly string[];
}

/** Gives somebody an authenticator app and recovery codes, without the pages. */
export async function giveApp(world: Pick<World, 'ctx' | 'store' | 'tenant' | 'now'>, username = 'alice'): Promise<App> {
  const { ctx, store, tenant } = world;
  const user = await store.findUserByName(tenant, username);
  if (user === undefined) throw new Error(`no user ${username}`);
  const secret = newTotpSecret(ctx);
  const factor = { kind: 'totp', name: '', lookup: undefined, data: sealTotpSecret(ctx, user, secret), counter: 0 } as const;
  const added = await store.addFactor(tenant, user.id, user.authVersion, factor, undefined, world.now());
  if (added.kind !== 'added') throw new Error(added.kind);
  const made = await makeRecoveryCodes(ctx, user, added.authVersion, undefined, world.now());
  if (made.kind !== 'made') throw new Error(made.kind);
  return { code: (steps = 0) => appCode(secret, timeStep(world.now()) + steps), recoveryCodes: made.codes };
}

/** What an app with that secret shows in a step. */
export function appCode(secret: Uint8Array, step: number): string {
  return totpCode((message) => createHmac('sha1', secret).update(message).digest(), step);
}

/** A code that is none of the next and last few. */
export function wrongCode(app: App): string {
  const right = new Set([-2, -1, 0, 1, 2].map((steps) => app.code(steps)));
  for (let i = 0; i < 10; i++) {
    const code = String(i).repeat(6);
    if (!right.has(code)) return code;
  }
  throw new Error('every code is right');
}
