import { clientId, grantId } from '@hufu/protocol/ids';
import { about } from '@hufu/server/audit/acting';
import { grantAt, placeOf, readPlace, writePlace } from '@hufu/server/status/place';
import { type Command, type CommandCall, type ExitCode, RefusedError, UsageError } from '../command.ts';
import { oneWord, withContext } from '../local.ts';

/** One grant, by its list and place in the Token Status List (`/` or `-` between them): its code, refresh tokens and access tokens. */
export const revokeGrant: Command = {
  name: 'revoke grant',
  summary: 'revokes one grant with every token of it',
  usage: 'hufu revoke grant <id> [--config hufu.yaml] [--json]',
  async run(call) {
    const { word, json, config } = await oneWord(call, 'a grant id (see hufu grant list)');
    // A number alone is what the server's log names it by.
    const place = /^[1-9][0-9]{0,13}$/.test(word) ? Number(word) : readPlace(word.replace('-', '/'));
    if (place === undefined) throw new UsageError('a grant id is two numbers, as 8741/310299 (see hufu grant list)');
    const { grant, result } = await withContext(call, config, async (ctx, now) => {
      const id = typeof place === 'number' ? place : grantAt(ctx, place);
      const result = id === 0 ? 'unknown' : await ctx.store.revokeGrant(ctx.tenant, grantId(id), 'revoked_by_admin', now);
      return { grant: writePlace(placeOf(ctx, id)), result };
    });
    if (result === 'unknown') throw new RefusedError(`there is no grant ${word}`);
    return say(call, json, { grant, result }, result === 'already' ? `Grant ${grant} was revoked already.` : `Grant ${grant} is revoked.`);
  },
};

/** Every session and grant of a user. */
export const revokeUser: Command = {
  name: 'revoke user',
  summary: 'signs a user out everywhere and revokes all their grants',
  usage: 'hufu revoke user <username> [--config hufu.yaml] [--json]',
  async run(call) {
    const { word, json, config } = await oneWord(call, 'a user name');
    const result = await withContext(call, config, async (ctx, now) => {
      const user = await ctx.store.findUserByName(ctx.tenant, word);
      if (user === undefined) return undefined;
      await about(ctx, user).distrustDevices(ctx.tenant, user.id);
      return await about(ctx, user).revokeUser(ctx.tenant, user.id, 'revoked_by_admin', now);
    });
    if (result === undefined) throw new RefusedError(`there is no user ${word}`);
    return say(call, json, { user: word, ...result }, `${word} is signed out everywhere; ${result.revokedGrants} grants are revoked.`);
  },
};

/** Every grant of a client, whoever gave it. */
export const revokeClient: Command = {
  name: 'revoke client',
  summary: 'revokes every grant of a client',
  usage: 'hufu revoke client <client_id> [--config hufu.yaml] [--json]',
  async run(call) {
    const { word, json, config } = await oneWord(call, 'a client id');
    const result = await withContext(call, config, (ctx, now) => ctx.store.revokeClient(ctx.tenant, clientId(word), now));
    if (result === 'unknown') throw new RefusedError(`there is no client ${word}`);
    return say(call, json, { client: word, result }, `Every grant of ${word} is revoked.`);
  },
};

function say(call: CommandCall, json: boolean, value: object, text: string): ExitCode {
  call.out(json ? JSON.stringify(value) : text);
  return 0;
}
