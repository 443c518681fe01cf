import { about } from '@hufu/server/audit/acting';
import { type Command, type CommandCall, type ExitCode, RefusedError, UsageError } from '../command.ts';
import { readLocalWords, withContext } from '../local.ts';

/** Ends a user's sessions and grants, and lets nobody sign in as them. */
export const userDisable: Command = {
  name: 'user disable',
  summary: 'disables a user: sessions and grants end at once',
  usage: 'hufu user disable <username> [--config hufu.yaml] [--json]',
  run: (call) => setEnabled(call, 'disabled'),
};

/** Lets a user sign in again. What ended stays ended. */
export const userEnable: Command = {
  name: 'user enable',
  summary: 'lets a disabled user sign in again; nothing that ended comes back',
  usage: 'hufu user enable <username> [--config hufu.yaml] [--json]',
  run: (call) => setEnabled(call, 'enabled'),
};

async function setEnabled(call: CommandCall, state: 'enabled' | 'disabled'): Promise<ExitCode> {
  const { positionals, json, config } = await readLocalWords(call);
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new UsageError('one user name is needed');
  const found = await withContext(call, config, async (ctx, now) => {
    const user = await ctx.store.findUserByName(ctx.tenant, name);
    return user === undefined ? 'unknown' : about(ctx, user).setUserEnabled(ctx.tenant, user.id, state === 'enabled', now);
  });
  if (found === 'unknown') throw new RefusedError(`there is no user ${name}`);
  call.out(json ? JSON.stringify({ user: name, state }) : `${name} is ${state}.`);
  return 0;
}
