import { readTotpCode } from '@hufu/protocol/totp';
import { foldUsername } from '@hufu/store/username';
import { takeCodeTry } from '../accounts/second-tries.ts';
import { findStep } from '../accounts/totp-secret.ts';
import type { Context } from '../context.ts';
import { knownBrowser } from '../sessions/known-browser.ts';
import type { SecondWay, Verifying } from './second-way.ts';

/** A code of an authenticator app (RFC 6238). All apps of the user are looked at under one try. */
export const totpWay: SecondWay = {
  name: 'totp',
  isOpen: ({ totp }) => totp.length > 0,
  async prove(ctx, http, form, verifying, trail) {
    const code = readTotpCode(form.get('code') ?? '');
    if (code === undefined) return { kind: 'wrong' };
    const now = Math.floor(http.nowMs / 1000);
    trail.at('second_factor_throttle');
    const known = knownBrowser(ctx, http, foldUsername(verifying.user.username));
    const taken = await takeCodeTry(ctx, verifying.user, known, now);
    if (taken.kind !== 'taken') return taken;
    trail.at('second_factor');
    const isRight = await accept(ctx, verifying, code, now).catch(async (error: unknown) => {
      // Nobody has judged it.
      await taken.untold().catch(() => undefined);
      throw error;
    });
    if (!isRight) return { kind: 'wrong' };
    await taken.right();
    return { kind: 'proved', method: { method: 'totp', at: now } };
  },
};

/** A step is accepted by one statement, for one caller (RFC 6238 §5.2). */
async function accept(ctx: Context, { user, having }: Verifying, code: string, now: number): Promise<boolean> {
  for (const factor of having.totp) {
    const step = findStep(ctx, user, factor, code, now);
    if (step !== undefined && (await ctx.store.useFactor(ctx.tenant, user.id, factor.id, step, now)) === 'used') return true;
  }
  return false;
}
