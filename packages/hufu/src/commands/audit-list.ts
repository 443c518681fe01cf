import { entryLine } from '@hufu/server/audit/export-audit';
import { auditSealer } from '@hufu/server/audit/sealer';
import type { AuditFilter } from '@hufu/store/port';
import { type Command, UsageError } from '../command.ts';
import { onlyOptions, withReadOnlyContext } from '../local.ts';
import { table, when } from '../table.ts';

const USUAL = 50;
const MOST = 1_000;

/** Who changed what, newest first. */
export const auditList: Command = {
  name: 'audit list',
  summary: 'lists who changed what, newest first',
  usage: 'hufu audit list [--actor KIND:ID] [--action A] [--target KIND:ID] [--limit N] [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config, options } = await onlyOptions(call, ['actor', 'action', 'target', 'limit']);
    const limit = Number(options['limit'] ?? USUAL);
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST) throw new UsageError(`--limit is a number from 1 to ${MOST}`);
    const [actor, target] = [readPair(options['actor'], 'actor'), readPair(options['target'], 'target')];
    const { action } = options;
    const filter: AuditFilter = {
      ...(actor === undefined ? {} : { actor }),
      ...(action === undefined ? {} : { action }),
      ...(target === undefined ? {} : { target }),
    };
    const entries = await withReadOnlyContext(
      call,
      config,
      async (ctx) => {
        // What a server beside this has not sealed yet, or nobody has.
        await auditSealer(ctx).seal('never');
        return ctx.store.listAudit(ctx.tenant, filter, limit);
      },
      ['sealAudit'],
    );
    call.out(
      json
        ? JSON.stringify(entries.map(entryLine))
        : table(
            ['seq', 'when', 'who', 'action', 'what', 'details'],
            entries.map(({ seq, atMs, actor: by, action: act, target: what, details }) => [
              String(seq),
              when(Math.floor(atMs / 1000)),
              `${by.kind} ${by.id}`.trim(),
              act,
              `${what.kind} ${what.id}`.trim(),
              details === '{}' ? '' : details,
            ]),
          ),
    );
    return 0;
  },
};

/** `KIND:ID`; the id may have colons. */
function readPair(text: string | undefined, name: string): { readonly kind: string; readonly id: string } | undefined {
  if (text === undefined) return undefined;
  const at = text.indexOf(':');
  if (at < 1) throw new UsageError(`--${name} is KIND:ID, as in ${name === 'actor' ? 'cli: or user:SUB' : 'client:app'}`);
  return { kind: text.slice(0, at), id: text.slice(at + 1) };
}
