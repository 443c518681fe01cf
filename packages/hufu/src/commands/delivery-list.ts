import type { Command } from '../command.ts';
import { onlyOptions, withReadOnlyContext } from '../local.ts';
import { table, when } from '../table.ts';

const MAX_DELIVERIES = 500;

/** Clients that could not be told of a session's end, for the 30 days that it is kept. */
export const deliveryList: Command = {
  name: 'delivery list',
  summary: 'lists the sign-outs that a client could not be told of',
  usage: 'hufu delivery list [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config } = await onlyOptions(call);
    const dead = await withReadOnlyContext(call, config, (ctx) => ctx.store.listDeadDeliveries(ctx.tenant, MAX_DELIVERIES));
    const rows = dead.map((delivery) => ({
      client_id: delivery.clientId,
      subject: delivery.subject,
      sid: delivery.sid,
      signed_out: when(delivery.createdAt),
      given_up: when(delivery.diedAt),
      attempts: delivery.attempt,
      error: delivery.error,
    }));
    call.out(
      json
        ? JSON.stringify(rows)
        : table(
            ['client_id', 'subject', 'sid', 'signed_out', 'given_up', 'attempts', 'error'],
            rows.map((row) => Object.values(row).map(String)),
          ),
    );
    return 0;
  },
};
