import type { Command } from '../command.ts';
import { onlyOptions, withReadOnlyContext } from '../local.ts';
import { table, when } from '../table.ts';

/** The key pairs, without anything secret. */
export const keyList: Command = {
  name: 'key list',
  summary: 'lists the keys that sign tokens and those that clients encrypt to',
  usage: 'hufu key list [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config } = await onlyOptions(call);
    const keys = await withReadOnlyContext(call, config, async (ctx, now, madeKids) =>
      ctx.keys.list(now).filter(({ kid }) => !madeKids.has(kid)),
    );
    const rows = keys.map((key) => ({
      kid: key.kid,
      use: key.use,
      alg: key.alg,
      state: key.state,
      created: when(key.createdAt),
      active: when(key.activeAt),
      retires: key.retiredAt === 0 ? '' : when(key.retiredAt),
      expires: key.expiresAt === 0 ? '' : when(key.expiresAt),
    }));
    call.out(
      json
        ? JSON.stringify(rows)
        : table(
            ['kid', 'use', 'alg', 'state', 'created', 'active', 'retires', 'expires'],
            rows.map((row) => Object.values(row)),
          ),
    );
    return 0;
  },
};
