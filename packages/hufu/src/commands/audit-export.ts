import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { exportAudit } from '@hufu/server/audit/export-audit';
import { auditSealer } from '@hufu/server/audit/sealer';
import { usualSigner } from '@hufu/server/keys/require-signer';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { onlyOptions, withReadOnlyContext } from '../local.ts';

/** Writes the audit log as JSON lines that can be verified anywhere. */
export const auditExport: Command = {
  name: 'audit export',
  summary: 'writes the audit log as JSON lines, with a checkpoint of its end',
  usage: 'hufu audit export [--after SEQ] [--out FILE] [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config, options } = await onlyOptions(call, ['after', 'out']);
    const after = Number(options['after'] ?? 0);
    if (!Number.isSafeInteger(after) || after < 0) throw new UsageError('--after is the number of the last entry that you have');
    const { out } = options;
    await withReadOnlyContext(
      call,
      config,
      async (ctx, now, madeKids) => {
        // A key that is there for this command alone would vouch for nothing.
        const isKept = !madeKids.has(usualSigner(ctx, now).kid);
        const { seq, hash } = await auditSealer(ctx).seal(isKept ? 'now' : 'never');
        if (after > seq) throw new RefusedError(`the audit log ends with ${seq}`);
        if (out === undefined) {
          for await (const line of exportAudit(ctx, after)) call.out(line);
          return;
        }
        // Never over an older one, which may be what the log is held to.
        const file = createWriteStream(out, { flags: 'wx', mode: 0o600 });
        const written = finished(file);
        for await (const line of exportAudit(ctx, after)) if (!file.write(`${line}\n`)) await Promise.race([once(file, 'drain'), written]);
        file.end();
        await written;
        call.out(
          json
            ? JSON.stringify({ out, seq, hash })
            : `The audit log up to ${seq} is in ${out}. Keep its last checkpoint elsewhere: ${seq}:${hash}`,
        );
      },
      ['sealAudit', 'putAuditCheckpoint'],
    );
    return 0;
  },
};
