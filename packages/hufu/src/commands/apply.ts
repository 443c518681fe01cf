import { parseArgs } from 'node:util';
import { type Command, RefusedError, UsageError } from '../command.ts';

/** Does what `hufu plan` shows. */
export const apply: Command = {
  name: 'apply',
  summary: 'does what hufu plan shows, after asking',
  usage:
    'hufu apply [--config hufu.yaml | --state state.yaml [--prune] | --plan plan.json] [--secrets-out secrets.json] [--issuer https://id.example] [--yes] [--json]',
  async run(call) {
    const words = readWords(call.args);
    const { state, plan, config, prune, issuer, secretsOut, yes, json } = words;
    // Here, so that a server that starts does not load it.
    const { askAtTerminal } = await import('../admin/ask-first.ts');
    const ask = yes ? () => Promise.resolve(true) : askAtTerminal(call, 'hufu plan');
    if (state !== undefined || plan !== undefined)
      return (await import('../state/run-state.ts')).runApply(call, { state, plan, prune, issuer, secretsOut, json }, ask);
    if (prune || issuer !== undefined || secretsOut !== undefined)
      throw new UsageError('--prune, --issuer and --secrets-out go with --state or --plan');
    const { applyConfigNow } = await import('../state/config-plan.ts');
    const { text, changes } = await applyConfigNow(call, config, async (shown) => {
      if (!json) call.out(shown);
      if (!(await ask('Clients and users of the store change now; everything else of the file holds from the next start on.')))
        throw new RefusedError('nothing was done');
    });
    call.out(json ? JSON.stringify({ changes }) : text);
    return 0;
  },
};

interface ApplyWords {
  readonly config: string | undefined;
  readonly state: string | undefined;
  readonly plan: string | undefined;
  readonly secretsOut: string | undefined;
  readonly issuer: string | undefined;
  readonly prune: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

function readWords(args: readonly string[]): ApplyWords {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { config: text, state: text, plan: text, 'secrets-out': text, issuer: text, prune: flag, yes: flag, json: flag },
    });
    const { config, state, plan, issuer, prune, yes, json } = values;
    if ([config, state, plan].filter((one) => one !== undefined).length > 1) throw new UsageError('one of --config, --state and --plan');
    if (plan !== undefined && prune) throw new UsageError('--prune goes with --state: a plan says what it removes');
    return { config, state, plan, secretsOut: values['secrets-out'], issuer: issuer?.replace(/\/$/, ''), prune, yes, json };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the words do not read');
  }
}
