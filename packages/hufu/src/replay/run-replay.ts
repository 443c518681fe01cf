import { loadConfig } from '@hufu/server/config/load-config';
import { builtInClients } from '@hufu/server/console-client';
import { type Replay, replay } from '@hufu/server/replay/replay';
import { type CommandCall, RefusedError } from '../command.ts';
import { isMissing, withReadOnlyContext } from '../local.ts';

/** What the store knows of was asked since then, judged by that file. A database that is not there is not made for it. */
export async function runReplay(call: CommandCall, file: string, sinceSeconds: number): Promise<Replay> {
  const config = await loadConfig(file, call.env);
  if (isMissing(config)) throw new RefusedError(`there is no database ${config.database.path}: the file has to name the one of the server`);
  return withReadOnlyContext(call, config, (ctx, now) => replay(ctx, { from: now - sinceSeconds, until: now }, builtInClients(ctx)));
}
