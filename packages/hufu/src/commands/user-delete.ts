import { about } from '@hufu/server/audit/acting';
import { foldUsername } from '@hufu/store/username';
import { type Command, RefusedError } from '../command.ts';
import { oneWord, withContext } from '../local.ts';

/** Removes an account and all that is kept of it. Nothing of it comes back, nor does its subject identifier. */
export const userDelete: Command = {
  name: 'user delete',
  summary: 'deletes a user for good: sessions, grants and everything that is kept of them',
  usage: 'hufu user delete <username> [--config hufu.yaml] [--json]',
  async run(call) {
    const { word: name, json, config } = await oneWord(call, 'one user name');
    // The next start would make them anew.
    if (config.users.some(({ username }) => foldUsername(username) === foldUsername(name)))
      throw new RefusedError(`${name} stands in the configuration: take them out of it first`);
    const found = await withContext(call, config, async (ctx, now) => {
      const user = await ctx.store.findUserByName(ctx.tenant, name);
      return user === undefined ? 'unknown' : about(ctx, user).deleteUser(ctx.tenant, user.id, now);
    });
    if (found === 'unknown') throw new RefusedError(`there is no user ${name}`);
    call.out(json ? JSON.stringify({ user: name, state: 'deleted' }) : `${name} is deleted.`);
    return 0;
  },
};
