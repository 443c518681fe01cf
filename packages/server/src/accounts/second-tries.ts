import type { UserRecord } from '@hufu/store/port';
import { about } from '../audit/acting.ts';
import type { Context } from '../context.ts';

/** Codes of an app: ten in a quarter of an hour, of all browsers that don't know the account together, and as many of each that does. */
const CODES = { max: 10, seconds: 900 } as const;
/** Wrong codes since the last right one: then codes of an app are taken no more, until something stronger is shown. */
const FAILURES = { max: 100, seconds: 400 * 86_400 } as const;
const RECOVERY = { max: 10, seconds: 3_600 } as const;

/** A try that has been counted before anything was looked at; `right` says what it was. */
export type SecondTry =
  | { readonly kind: 'taken'; readonly right: () => Promise<void>; readonly untold: () => Promise<void> }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  /** Too many wrong ones in a row. */
  | { readonly kind: 'off' };

/**
 * Counts a try of an app's code in the store: nobody gets more by asking many nodes, or by beginning anew (attacks USR-13). A stranger who knows the password uses up the common
 * window alone: a browser that knows the account has one of its own.
 */
export async function takeCodeTry(
  ctx: Context,
  user: Pick<UserRecord, 'id' | 'sub'>,
  knownBrowser: string | undefined,
  now: number,
): Promise<SecondTry> {
  const { tenant } = ctx;
  const { id } = user;
  const store = about(ctx, user);
  if (ctx.config.policies.bruteForce === 'off') return NEVER_LIMITED;
  const subject = knownBrowser === undefined ? String(id) : `${id} ${knownBrowser}`;
  const taken = await store.takeTry(tenant, 'second_factor', subject, CODES.max, CODES.seconds, now);
  if (taken.kind === 'limited') return taken;
  const giveBack = (): Promise<void> => store.giveBackTry(tenant, 'second_factor', subject, now);
  const failures = await store.takeTry(tenant, 'totp_failures', String(id), FAILURES.max, FAILURES.seconds, now);
  if (failures.kind === 'limited') {
    await giveBack();
    return { kind: 'off' };
  }
  return {
    kind: 'taken',
    async right() {
      await giveBack();
      await forgetFailures(ctx, user);
    },
    async untold() {
      await giveBack();
      await store.giveBackTry(tenant, 'totp_failures', String(id), now);
    },
  };
}

/** Counts a try of a recovery code, of everybody together. */
export async function takeRecoveryTry(
  ctx: Context,
  user: Pick<UserRecord, 'id' | 'sub'>,
  now: number,
): Promise<Exclude<SecondTry, { kind: 'off' }>> {
  const { tenant } = ctx;
  const { id } = user;
  const store = about(ctx, user);
  if (ctx.config.policies.bruteForce === 'off') return NEVER_LIMITED;
  const taken = await store.takeTry(tenant, 'recovery_code', String(id), RECOVERY.max, RECOVERY.seconds, now);
  if (taken.kind === 'limited') return taken;
  const giveBack = (): Promise<void> => store.giveBackTry(tenant, 'recovery_code', String(id), now);
  return { kind: 'taken', right: giveBack, untold: giveBack };
}

/** Whether it is the first time in a day that somebody gets over a limit: what is told each time would push all else out of the account's events. */
export async function isFirstOverLimit(ctx: Context, { id }: Pick<UserRecord, 'id'>, now: number): Promise<boolean> {
  return (await ctx.store.takeTry(ctx.tenant, 'second_factor', `told ${id}`, 1, 86_400, now)).kind === 'taken';
}

/** Codes of an app are taken again: their owner has shown something else, or an administrator says so. */
export async function forgetFailures(ctx: Context, { id }: Pick<UserRecord, 'id'>): Promise<void> {
  await ctx.store.forgetTries(ctx.tenant, 'totp_failures', String(id));
}

const NEVER_LIMITED = { kind: 'taken', right: () => Promise.resolve(), untold: () => Promise.resolve() } as const;
