import type { FactorRecord, UserRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';

/** What somebody has beside a password. */
export interface SecondFactors {
  readonly totp: readonly FactorRecord[];
  readonly passkeys: readonly FactorRecord[];
  /** How many are left. */
  readonly recoveryCodes: number;
}

export async function findSecondFactors(ctx: Context, { id }: Pick<UserRecord, 'id'>): Promise<SecondFactors> {
  const factors = await ctx.store.listFactors(ctx.tenant, id);
  return {
    totp: factors.filter(({ kind }) => kind === 'totp'),
    passkeys: factors.filter(({ kind }) => kind === 'passkey'),
    // They exist only beside a factor.
    recoveryCodes: factors.length === 0 ? 0 : await ctx.store.countRecoveryCodes(ctx.tenant, id),
  };
}

export function hasSecondFactor({ totp, passkeys }: SecondFactors): boolean {
  return totp.length + passkeys.length > 0;
}
