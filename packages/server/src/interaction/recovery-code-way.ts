import { readRecoveryCode, takeRecoveryCode } from '../accounts/recovery-codes.ts';
import { forgetFailures, takeRecoveryTry } from '../accounts/second-tries.ts';
import { tellUser } from '../accounts/tell-user.ts';
import type { SecondWay } from './second-way.ts';

/** A recovery code: gone with its use, and told. */
export const recoveryCodeWay: SecondWay = {
  name: 'recovery_code',
  isOpen: ({ recoveryCodes }) => recoveryCodes > 0,
  async prove(ctx, http, form, { user }, trail) {
    const code = readRecoveryCode(form.get('code') ?? '');
    if (code === undefined) return { kind: 'wrong' };
    const now = Math.floor(http.nowMs / 1000);
    trail.at('second_factor_throttle');
    const taken = await takeRecoveryTry(ctx, user, now);
    if (taken.kind !== 'taken') return taken;
    trail.at('second_factor');
    const isRight = await takeRecoveryCode(ctx, user, code).catch(async (error: unknown) => {
      await taken.untold().catch(() => undefined);
      throw error;
    });
    if (!isRight) return { kind: 'wrong' };
    await taken.right();
    await forgetFailures(ctx, user);
    await tellUser(ctx, user, 'recovery_code_used');
    return { kind: 'proved', method: { method: 'recovery_code', at: now } };
  },
};
