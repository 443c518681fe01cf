import type { Config } from '@hufu/server/config/config';
import { builtInClients } from '@hufu/server/console-client';
import type { Context } from '@hufu/server/context';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { type ConfigChange, planConfig } from '@hufu/server/jobs/plan-config';
import { type CommandCall, RefusedError } from '../command.ts';
import { painter } from '../diff.ts';
import { isMissing, readLocalWords, withContext, withReadOnlyContext } from '../local.ts';
import { showConfigPlan } from './show-config-plan.ts';

export interface ConfigPlan {
  readonly text: string;
  readonly changes: readonly ConfigChange[];
}

/** What the next start would change in the store. A database that is not there yet is not made for it. */
export async function planOfConfig(call: CommandCall, file: string | undefined): Promise<ConfigPlan> {
  const config = await configOf(call, file);
  return withReadOnlyContext(call, config, (ctx, now) => planned(call, ctx, now));
}

/** Brings clients and users of the store in line with the file now, beside a server that may be running. `confirm` is shown the plan first. */
export async function applyConfigNow(
  call: CommandCall,
  file: string | undefined,
  confirm: (plan: string) => Promise<void>,
): Promise<ConfigPlan> {
  const config = await configOf(call, file);
  if (isMissing(config)) throw new RefusedError('there is no database yet: hufu start makes it');
  return withContext(call, config, async (ctx, now) => {
    const { text, changes } = await planned(call, ctx, now);
    if (changes.length === 0) return { text, changes };
    await confirm(text);
    await applyConfig(ctx, Math.floor(ctx.clock.nowMs() / 1000), builtInClients(ctx));
    return { text: 'Done.', changes };
  });
}

async function planned(call: CommandCall, ctx: Context, now: number): Promise<ConfigPlan> {
  const changes = await planConfig(ctx, now, builtInClients(ctx));
  return { text: showConfigPlan(changes, ctx.config.file, painter(call.env, process.stdout.isTTY)), changes };
}

async function configOf(call: CommandCall, file: string | undefined): Promise<Config> {
  return (await readLocalWords({ ...call, args: file === undefined ? [] : ['--config', file] })).config;
}
