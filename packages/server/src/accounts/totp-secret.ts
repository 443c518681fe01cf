import { createHmac } from 'node:crypto';
import { equalText } from '@hufu/protocol/equal-text';
import { openSteps, TOTP_SECRET_BYTES, totpCode } from '@hufu/protocol/totp';
import type { FactorRecord, UserRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';

const NAME_LENGTH = 24;

/** A new secret (RFC 6238 §5.1): 160 random bits. */
export function newTotpSecret(ctx: Pick<Context, 'random'>): Uint8Array {
  return new Uint8Array(Buffer.from(ctx.random.text(28), 'base64url').subarray(0, TOTP_SECRET_BYTES));
}

/** As a row keeps it: sealed for this user and this factor, so that it opens in the place of no other. */
export function sealTotpSecret(ctx: Context, user: Pick<UserRecord, 'id'>, secret: Uint8Array): FactorRecord['data'] {
  const name = ctx.random.text(NAME_LENGTH);
  return { name, sealed: ctx.keys.sealSecret(Buffer.from(secret).toString('base64url'), contextOf(ctx, user, name)) };
}

/**
 * The step that a code is of, among those that are open after the last accepted one; undefined for a wrong code. It is not accepted yet: `useFactor` does that, once.
 * @throws MasterKeyError where the row was moved or changed
 */
export function findStep(ctx: Context, user: Pick<UserRecord, 'id'>, factor: FactorRecord, code: string, now: number): number | undefined {
  const { name, sealed } = factor.data;
  if (typeof name !== 'string' || typeof sealed !== 'string') throw new TypeError('a factor without its secret');
  return findStepOf(Buffer.from(ctx.keys.openSecret(sealed, contextOf(ctx, user, name)), 'base64url'), code, now, factor.counter);
}

/** The same with a secret that is no factor yet. */
export function findStepOf(secret: Uint8Array, code: string, now: number, lastStep: number): number | undefined {
  const mac = (message: Uint8Array): Uint8Array => createHmac('sha1', secret).update(message).digest();
  // Each of them is computed and compared, whichever is right.
  return openSteps(now, lastStep).filter((step) => equalText(totpCode(mac, step), code))[0];
}

function contextOf({ tenant }: Pick<Context, 'tenant'>, { id }: Pick<UserRecord, 'id'>, name: string): string {
  return `totp ${tenant} ${id} ${name}`;
}
