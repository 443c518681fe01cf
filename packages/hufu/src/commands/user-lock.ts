import { DURATION_FORMS, readDuration } from '@hufu/protocol/duration';
import { about } from '@hufu/server/audit/acting';
import { NEVER } from '@hufu/store/retention';
import { type Command, type CommandCall, type ExitCode, RefusedError, UsageError } from '../command.ts';
import { readLocalWords, withContext } from '../local.ts';
import { when } from '../table.ts';

/** Nothing of a user's is taken until then; nothing of it ends. */
export const userLock: Command = {
  name: 'user lock',
  summary: 'locks a user for a while: nothing of theirs is taken, and nothing ends',
  usage: 'hufu user lock <username> [--for 12h] [--config hufu.yaml] [--json]',
  run: (call) => lock(call, 'locked'),
};

/** Everything that did not end by itself goes on. */
export const userUnlock: Command = {
  name: 'user unlock',
  summary: 'lets a locked user go on where they were',
  usage: 'hufu user unlock <username> [--config hufu.yaml] [--json]',
  run: (call) => lock(call, 'unlocked'),
};

async function lock(call: CommandCall, state: 'locked' | 'unlocked'): Promise<ExitCode> {
  const { positionals, json, options, config } = await readLocalWords(call, state === 'locked' ? ['for'] : []);
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new UsageError('one user name is needed');
  const seconds = options['for'] === undefined ? undefined : readSeconds(options['for']);
  const { found, until } = await withContext(call, config, async (ctx, now) => {
    const end = state === 'unlocked' ? undefined : seconds === undefined ? NEVER : now + seconds;
    const user = await ctx.store.findUserByName(ctx.tenant, name);
    return { found: user === undefined ? 'unknown' : await about(ctx, user).lockUser(ctx.tenant, user.id, end, now), until: end };
  });
  if (found === 'unknown') throw new RefusedError(`there is no user ${name}`);
  const end = until === undefined || until === NEVER ? undefined : until;
  if (json) call.out(JSON.stringify({ user: name, state, ...(end === undefined ? {} : { until: end }) }));
  else call.out(`${name} is ${state}${end === undefined ? '' : ` until ${when(end)}`}.`);
  return 0;
}

function readSeconds(text: string): number {
  const seconds = readDuration(/^[0-9]{1,9}$/.test(text) ? Number(text) : text);
  if (seconds === undefined || seconds < 1) throw new UsageError(`--for is ${DURATION_FORMS}`);
  return seconds;
}
