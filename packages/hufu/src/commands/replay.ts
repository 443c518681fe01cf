import { parseArgs } from 'node:util';
import { readDuration } from '@hufu/protocol/duration';
import { type Command, UsageError } from '../command.ts';
import { painter } from '../diff.ts';

/** As long as what was asked is kept. */
const MAX_SECONDS = 86_400;

/** Which of the last requests a changed `hufu.yaml` would decide otherwise (docs/decisions/0040). */
export const replay: Command = {
  name: 'replay',
  summary: 'lists which requests of the last hour a changed configuration would decide otherwise, and whose',
  usage: 'hufu replay --config changed.yaml [--since 1h] [--detailed-exitcode] [--json]',
  async run(call) {
    const { config, sinceSeconds, json, detailed } = readWords(call.args);
    // Here, so that a server that starts does not load it.
    const { runReplay } = await import('../replay/run-replay.ts');
    const told = await runReplay(call, config, sinceSeconds);
    if (json) call.out(JSON.stringify(told));
    else call.out((await import('../replay/show-replay.ts')).showReplay(told, config, painter(call.env, process.stdout.isTTY)));
    const differs = told.differences.length > 0 || told.limits.some((one) => one.kind === 'judged' && one.refusedAtMost > 0);
    return detailed && differs ? 2 : 0;
  },
};

interface ReplayWords {
  readonly config: string;
  readonly sinceSeconds: number;
  readonly json: boolean;
  readonly detailed: boolean;
}

function readWords(args: readonly string[]): ReplayWords {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({ args: [...args], options: { config: text, since: text, 'detailed-exitcode': flag, json: flag } });
    const sinceSeconds = readDuration(values.since ?? '1h');
    if (values.config === undefined) throw new UsageError('--config names the changed file');
    if (sinceSeconds === undefined || sinceSeconds === 0 || sinceSeconds > MAX_SECONDS)
      throw new UsageError('--since is a time as 90s, 10m or 12h, 24h at most');
    return { config: values.config, sinceSeconds, json: values.json, detailed: values['detailed-exitcode'] };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : 'the words do not read');
  }
}
