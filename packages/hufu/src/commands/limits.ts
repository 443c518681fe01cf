import { readFile } from 'node:fs/promises';
import type { Context } from '@hufu/server/context';
import { describeLimits, type LimitView } from '@hufu/server/limits/describe-limits';
import { resetLimit, setLimit } from '@hufu/server/limits/set-limit';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { onlyOptions, readLocalWords, withContext, withReadOnlyContext } from '../local.ts';
import { table, when } from '../table.ts';

/** Every limit that there is, and who says so. */
export const limitsList: Command = {
  name: 'limits list',
  summary: 'lists the limits of flow control, and where each comes from',
  usage: 'hufu limits list [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config } = await onlyOptions(call);
    const all = await withReadOnlyContext(call, config, describeLimits);
    // A command counts nothing: servers do.
    if (json) call.out(JSON.stringify(all, (key, value: unknown) => (key === 'counts' ? undefined : value)));
    else call.out(table(['name', 'source', 'since', 'by', 'rule'], all.limits.map(rowOf)));
    return 0;
  },
};

/** Sets a limit for every server on the store, which heed it within a second. */
export const limitsSet: Command = {
  name: 'limits set',
  summary: 'sets a limit for running servers, in place of what the configuration says',
  usage: "hufu limits set <name> '<rule as JSON>' | --file rule.json [--config hufu.yaml] [--json]",
  async run(call) {
    const { positionals, json, options, config } = await readLocalWords(call, ['file']);
    const [name, text] = positionals;
    const { file } = options;
    if (name === undefined || positionals.length > 2 || (text === undefined) === (file === undefined))
      throw new UsageError('the name of a limit is needed, and a rule or a --file with one');
    const rule = parse(text ?? (await readFile(file ?? '', 'utf8').catch(() => unreadable(file ?? ''))));
    const set = await withContext(call, config, async (ctx: Context) =>
      setLimit(ctx, name, rule, { by: 'cli', version: undefined, nowMs: ctx.clock.nowMs() }),
    );
    if (set.kind === 'refused') throw new RefusedError(set.reason);
    if (set.kind === 'changed') throw new RefusedError('others keep on changing limits: try again');
    if (set.kind !== 'done') throw new RefusedError('there are as many limits as there may be');
    call.out(json ? JSON.stringify({ limit: name, version: set.version }) : `${name} is set. Servers heed it within a second.`);
    return 0;
  },
};

/** What the configuration says holds again. */
export const limitsReset: Command = {
  name: 'limits reset',
  summary: 'takes back what was set with limits set or the admin API',
  usage: 'hufu limits reset <name> [--config hufu.yaml] [--json]',
  async run(call) {
    const { positionals, json, config } = await readLocalWords(call);
    const [name] = positionals;
    if (name === undefined || positionals.length > 1) throw new UsageError('the name of a limit is needed');
    const reset = await withContext(call, config, async (ctx: Context) => resetLimit(ctx, name, { by: 'cli', version: undefined }));
    if (reset.kind !== 'done') throw new RefusedError(`nothing was set for ${name}`);
    call.out(json ? JSON.stringify({ limit: name, version: reset.version }) : `${name} is as the configuration has it.`);
    return 0;
  },
};

function rowOf({ name, source, rule, changed_at, changed_by, problem }: LimitView): readonly string[] {
  const since = changed_at === undefined ? '' : when(changed_at);
  return [name, source, since, changed_by ?? '', problem === undefined ? JSON.stringify(rule) : `what was set does not hold: ${problem}`];
}

type Rule = Parameters<typeof setLimit>[2];

function parse(text: string): Rule {
  try {
    return JSON.parse(text) as Rule;
  } catch {
    throw new UsageError('the rule is not JSON');
  }
}

function unreadable(file: string): never {
  throw new UsageError(`${file} cannot be read`);
}
