import { forgetFailures } from '@hufu/server/accounts/second-tries';
import { tellUser } from '@hufu/server/accounts/tell-user';
import { about } from '@hufu/server/audit/acting';
import { type Command, type CommandCall, type ExitCode, RefusedError, UsageError } from '../command.ts';
import { readLocalWords, withContext } from '../local.ts';

/** For somebody who has lost what they prove themselves with: removes it. Sessions go on, but what they had shown counts no more. */
export const userResetFactors: Command = {
  name: 'user reset-factors',
  summary: 'removes the second factors, passkeys and recovery codes of a user who has lost them',
  usage: 'hufu user reset-factors <username> [--config hufu.yaml] [--json]',
  run: resetFactors,
};

async function resetFactors(call: CommandCall): Promise<ExitCode> {
  const { positionals, json, config } = await readLocalWords(call);
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new UsageError('one user name is needed');
  const found = await withContext(call, config, async (ctx, now) => {
    const user = await ctx.store.findUserByName(ctx.tenant, name);
    if (user === undefined) return 'unknown';
    const removed = await about(ctx, user).removeFactors(ctx.tenant, user.id, now);
    // An app that is made anew begins with no failures.
    await ctx.store.forgetTries(ctx.tenant, 'totp_failures', String(user.id));
    await forgetFailures(ctx, user);
    if (removed === 'done') await tellUser(ctx, user, 'factor_removed');
    return removed;
  });
  if (found === 'unknown') throw new RefusedError(`there is no user ${name}`);
  call.out(json ? JSON.stringify({ user: name, factors: 0 }) : `${name} has no second factor any more.`);
  return 0;
}
