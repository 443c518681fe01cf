import type { UserRecord } from '@hufu/store/port';
import { Trail } from '../decisions/trail.ts';
import { type AssertedPasskey, assertionOptions, verifyAssertion, type WantedPasskey } from '../passkeys/assert.ts';
import { type RegisteredPasskey, registerPasskey, registrationOptions } from '../passkeys/register.ts';
import { type Lies, type SoftPasskey, type SoftPasskeyOptions, softPasskey } from './authenticator.ts';
import { BROWSER_ID } from './pages.ts';
import type { World } from './world.ts';

/** Where the passkeys of a world live. */
export const ORIGIN = 'https://id.example';

export async function userNamed(world: World, username = 'alice'): Promise<UserRecord> {
  const user = await world.store.findUserByName(world.tenant, username);
  if (user === undefined) throw new Error(`no user ${username}`);
  return user;
}

/** Tries to give somebody a passkey, as they are now. */
export async function tryRegistering(
  world: World,
  username: string,
  soft: SoftPasskey,
  lies: Lies & { readonly name?: string } = {},
): Promise<RegisteredPasskey> {
  const { ctx } = world;
  const holder = { user: await userNamed(world, username), root: 'session 1', session: undefined };
  const options = await registrationOptions(ctx, BROWSER_ID, holder, world.clock.nowMs());
  if (options === undefined) throw new Error('no passkeys here');
  const answer = { challenge: options.challenge, credential: soft.create(options, lies), name: lies.name ?? 'Phone' };
  return registerPasskey(ctx, BROWSER_ID, holder, answer, new Trail(), world.clock.nowMs());
}

/** A passkey of somebody, registered a moment ago. */
export async function passkeyOf(
  world: World,
  username = 'alice',
  kind: NonNullable<SoftPasskeyOptions['kind']> = 'counts',
): Promise<SoftPasskey> {
  const soft = softPasskey({ origin: ORIGIN, kind });
  const registered = await tryRegistering(world, username, soft);
  if (registered.kind !== 'added') throw new Error(registered.detail);
  return soft;
}

/** Asks for a passkey and judges what comes. */
export async function assertWith(
  world: World,
  soft: SoftPasskey,
  lies: Lies = {},
  wanted: WantedPasskey = { purpose: 'sign_in' },
): Promise<AssertedPasskey> {
  const options = await assertionOptions(world.ctx, BROWSER_ID, wanted, world.clock.nowMs());
  if (options === undefined) throw new Error('no passkeys here');
  const answer = { challenge: options.challenge, credential: soft.get(options, lies) };
  return verifyAssertion(world.ctx, BROWSER_ID, wanted, answer, new Trail(), world.clock.nowMs());
}
