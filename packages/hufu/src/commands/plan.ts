import { parseArgs } from 'node:util';
import { type Command, type CommandCall, type ExitCode, UsageError } from '../command.ts';

/** What `hufu apply`, or the next start, would change. */
export const plan: Command = {
  name: 'plan',
  summary: 'shows what a configuration, or a state file, would change, and who would lose access',
  usage:
    'hufu plan [--config hufu.yaml | --state state.yaml [--prune] [--out plan.json] [--issuer https://id.example]] [--detailed-exitcode] [--json]',
  async run(call) {
    const words = readWords(call.args);
    // Here, so that a server that starts does not load it.
    if (words.state !== undefined) return (await import('../state/run-state.ts')).runPlan(call, { ...words, state: words.state });
    if (words.prune || words.out !== undefined || words.issuer !== undefined)
      throw new UsageError('--prune, --out and --issuer go with --state');
    return ofConfig(call, words);
  },
};

async function ofConfig(call: CommandCall, { config, json, detailed }: PlanWords): Promise<ExitCode> {
  const { planOfConfig } = await import('../state/config-plan.ts');
  const { text, changes } = await planOfConfig(call, config);
  call.out(json ? JSON.stringify({ changes }) : text);
  return detailed && changes.some(({ kind }) => kind !== 'warning') ? 2 : 0;
}

interface PlanWords {
  readonly config: string | undefined;
  readonly state: string | undefined;
  readonly out: string | undefined;
  readonly issuer: string | undefined;
  readonly prune: boolean;
  readonly detailed: boolean;
  readonly json: boolean;
}

function readWords(args: readonly string[]): PlanWords {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { config: text, state: text, out: text, issuer: text, prune: flag, 'detailed-exitcode': flag, json: flag },
    });
    const { config, state, out, issuer, prune, json } = values;
    if (config !== undefined && state !== undefined) throw new UsageError('either --config or --state');
    return { config, state, out, issuer: issuer?.replace(/\/$/, ''), prune, detailed: values['detailed-exitcode'], json };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the words do not read');
  }
}
