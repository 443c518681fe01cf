import { checks } from '@hufu/server/decisions/checks';
import type { DecisionRecord } from '@hufu/store/port';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { readLocalWords, withReadOnlyContext } from '../local.ts';
import { when } from '../table.ts';

/** The ordered checks of a refusal, which one failed, and which setting to look at (M26). */
export const why: Command = {
  name: 'why',
  summary: 'explains a refusal by its Hufu-Decision id',
  usage: 'hufu why <id> [--config hufu.yaml] [--json]',
  async run(call) {
    const { positionals, json, config } = await readLocalWords(call);
    const [id] = positionals;
    if (id === undefined || positionals.length > 1) throw new UsageError('one decision id is needed');
    const record = await withReadOnlyContext(call, config, (ctx) => ctx.store.findDecision(ctx.tenant, id));
    if (record === undefined) throw new RefusedError(`no decision ${id.slice(0, 40)}: it never was, or is older than the newest 10,000`);
    call.out(json ? JSON.stringify({ ...record, record: JSON.parse(record.record) }) : explain(record));
    return 0;
  },
};

function explain(decision: DecisionRecord): string {
  const body = Object(JSON.parse(decision.record));
  const lines = [
    `${decision.id}  ${when(decision.at)}  ${decision.endpoint}  ${decision.status} ${decision.error}${decision.clientId === '' ? '' : `  client ${decision.clientId}`}`,
    String(body.description),
    ...(typeof body.route === 'string' ? [`route ${body.route}`] : []),
    ...(typeof body.times === 'number' ? [`${body.times} times by now, the last ${when(Number(body.last_at))}`] : []),
    '',
  ];
  const steps: readonly unknown[] = Array.isArray(body.checks) ? body.checks : [];
  for (const step of steps) {
    const { check, outcome, detail } = Object(step);
    const known = Object.entries(checks).find(([name]) => name === check)?.[1];
    lines.push(`  ${outcome === 'passed' ? '✓' : '✗'} ${known?.title ?? String(check)}`);
    if (outcome !== 'passed') {
      lines.push(`      ${String(detail ?? '')}`);
      if (known?.setting !== undefined) lines.push(`      setting: ${known.setting}`);
    }
  }
  return lines.join('\n');
}
