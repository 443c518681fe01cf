import { existsSync } from 'node:fs';
import type { OperationName } from '@hufu/protocol/admin/operations';
import type { Command, CommandCall } from '../command.ts';
import { mayReachAdmin } from './reach.ts';

/**
 * A command that works on the store here, or through the admin API: on the store with `--config`, or where a `hufu.yaml` or the environment names one; through the API with `--issuer`, or where somebody is signed
 * in for administration; else on the store, as ever.
 */
export function either(local: Command, operation: OperationName): Command {
  return {
    ...local,
    operation,
    usage: `${local.usage}; or with --issuer https://id.example through the admin API`,
    async run(call) {
      if (!(await isRemote(call))) return local.run(call);
      // Here, so that a server that starts does not load it.
      return (await import('./run-operation.ts')).runOperation(call, operation);
    },
  };
}

async function isRemote(call: CommandCall): Promise<boolean> {
  const has = (name: string): boolean => call.args.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  if (has('config')) return false;
  if (has('issuer')) return true;
  // Whoever names a store in the environment means that one.
  if (call.env['HUFU_DATABASE'] !== undefined || call.env['HUFU_DATA_DIR'] !== undefined || existsSync('hufu.yaml')) return false;
  return mayReachAdmin(call);
}
