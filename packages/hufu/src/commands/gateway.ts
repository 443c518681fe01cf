import { parseArgs } from 'node:util';
import { systemClock } from '@hufu/server/clock';
import { loadConfig } from '@hufu/server/config/load-config';
import { renderProblem } from '@hufu/server/config/problem';
import { jsonLog } from '@hufu/server/log';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { stopSignal } from '../stop-signal.ts';

/** The gateway alone, on a machine of its own: it needs no store. */
export const gateway: Command = {
  name: 'gateway',
  summary: 'starts the edge gateway alone',
  usage: 'hufu gateway [--config hufu.yaml] [--json]',
  async run({ args, env, out, err }) {
    const config = await loadConfig(readFile(args), env);
    for (const warning of config.warnings) err(renderProblem(warning));
    if (config.gateway === undefined) throw new RefusedError(`${config.file} has no gateway`);
    const log = jsonLog(out, systemClock().nowMs);
    // Loaded only when it is wanted: a start should not read what it does not run.
    const { runEdge } = await import('../edge/run-edge.ts');
    const edge = await runEdge(config, config.gateway, log);
    await stopSignal();
    await edge.close();
    return 0;
  },
};

function readFile(args: readonly string[]): string {
  try {
    // It says nothing but its log, and that is JSON lines with --json and without.
    const options = { config: { type: 'string' }, json: { type: 'boolean' } } as const;
    return parseArgs({ args: [...args], options }).values.config ?? 'hufu.yaml';
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the words do not read');
  }
}
