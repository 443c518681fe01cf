import { clientId, type UserId } from '@hufu/protocol/ids';
import type { Context } from '@hufu/server/context';
import { placeOf, writePlace } from '@hufu/server/status/place';
import { type Command, RefusedError } from '../command.ts';
import { onlyOptions, withReadOnlyContext } from '../local.ts';
import { table, when } from '../table.ts';

const PAGE = 500;

/** The registered clients. */
export const clientList: Command = {
  name: 'client list',
  summary: 'lists the clients',
  usage: 'hufu client list [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config } = await onlyOptions(call);
    const clients = await withReadOnlyContext(call, config, (ctx) =>
      pages(
        (after: string) => ctx.store.listClients(ctx.tenant, after, PAGE),
        '',
        (client) => client.clientId,
      ),
    );
    const rows = clients.map(({ clientId: id, metadata, enabled, source, createdAt }) => ({
      client_id: id,
      name: text(metadata['client_name']),
      auth: text(metadata['token_endpoint_auth_method']),
      enabled,
      source,
      created: when(createdAt),
    }));
    call.out(
      json
        ? JSON.stringify(rows)
        : table(
            ['client_id', 'name', 'auth', 'enabled', 'source', 'created'],
            rows.map((row) => Object.values(row).map(String)),
          ),
    );
    return 0;
  },
};

/** The users, without anything secret. */
export const userList: Command = {
  name: 'user list',
  summary: 'lists the users',
  usage: 'hufu user list [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config } = await onlyOptions(call);
    const users = await withReadOnlyContext(call, config, (ctx) =>
      pages(
        (after: number) => ctx.store.listUsers(ctx.tenant, after, PAGE),
        0,
        (user) => user.id,
      ),
    );
    const rows = users.map((user) => ({
      username: user.username,
      sub: user.sub,
      name: text(user.claims['name']),
      enabled: user.enabled,
      created: when(user.createdAt),
    }));
    call.out(
      json
        ? JSON.stringify(rows)
        : table(
            ['username', 'sub', 'name', 'enabled', 'created'],
            rows.map((row) => Object.values(row).map(String)),
          ),
    );
    return 0;
  },
};

/** The newest grants of a user or a client. */
export const grantList: Command = {
  name: 'grant list',
  summary: 'lists the newest grants of a user or a client',
  usage: 'hufu grant list [--user NAME] [--client CLIENT_ID] [--config hufu.yaml] [--json]',
  async run(call) {
    const { json, config, options } = await onlyOptions(call, ['user', 'client']);
    const rows = await withReadOnlyContext(call, config, async (ctx) => {
      const grants = await ctx.store.listGrants(
        ctx.tenant,
        {
          ...(options['user'] === undefined ? {} : { userId: await requireUser(ctx, options['user']) }),
          ...(options['client'] === undefined ? {} : { clientId: clientId(options['client']) }),
        },
        PAGE,
      );
      return grants.map((grant) => ({
        // As tokens, the revocation log and the admin API name it.
        id: writePlace(placeOf(ctx, grant.id)),
        client_id: grant.clientId,
        subject: grant.subject,
        scope: grant.scopes.join(' '),
        generation: grant.generation,
        created: when(grant.createdAt),
        state: grant.dead === undefined ? 'live' : grant.dead.reason,
      }));
    });
    call.out(
      json
        ? JSON.stringify(rows)
        : table(
            ['id', 'client_id', 'subject', 'scope', 'generation', 'created', 'state'],
            rows.map((row) => Object.values(row).map(String)),
          ),
    );
    return 0;
  },
};

async function requireUser(ctx: Context, name: string): Promise<UserId> {
  const user = await ctx.store.findUserByName(ctx.tenant, name);
  if (user === undefined) throw new RefusedError(`there is no user ${name}`);
  return user.id;
}

async function pages<T, K>(read: (after: K) => Promise<T[]>, first: K, keyOf: (row: T) => K): Promise<T[]> {
  const all: T[] = [];
  for (let after = first; ; ) {
    const page = await read(after);
    all.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return all;
    after = keyOf(last);
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
