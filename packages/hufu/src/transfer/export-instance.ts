import { findSecondFactors, hasSecondFactor } from '@hufu/server/accounts/second-factors';
import type { Context } from '@hufu/server/context';
import type { ClientRecord, UserRecord } from '@hufu/store/port';
import { EXPORT_FORMAT, type Exported, type ExportedClient, type ExportedUser } from './exported.ts';

const PAGE = 500;

/** Everything of the store that can be moved: see `Exported`. Tokens, sessions, devices, consents, second factors and keys are not among it. */
export async function exportInstance(ctx: Context, options: { readonly withCredentials: boolean }, now: number): Promise<Exported> {
  const roles = new Map((await ctx.store.listAdministrators(ctx.tenant)).map(({ userId, role }) => [userId, role]));
  const clients: ExportedClient[] = [];
  for await (const client of allClients(ctx)) {
    const { source } = client;
    // Those of hufu.yaml are moved with hufu.yaml; a document's with its address.
    if (source === 'admin' || source === 'registered') clients.push(exportClient(client, source, options));
  }
  const users: ExportedUser[] = [];
  for await (const user of allUsers(ctx)) users.push(await exportUser(ctx, user, roles.get(user.id), options, now));
  const { rules } = await ctx.store.listLimitRules(ctx.tenant);
  return {
    format: EXPORT_FORMAT,
    issuer: ctx.issuer,
    exported_at: now,
    with_credentials: options.withCredentials,
    instance: instanceOf(ctx),
    clients,
    users,
    limits: rules.map(({ name, rule }) => ({ name, rule: JSON.parse(rule) })),
  };
}

/** The same for the same keys. */
export function instanceOf(ctx: Context): string {
  return ctx.keys.keyedHash('export', 'instance').slice(0, 22);
}

function exportClient(
  client: ClientRecord,
  source: ExportedClient['source'],
  { withCredentials }: { readonly withCredentials: boolean },
): ExportedClient {
  const { clientId, metadata, enabled, secrets, registrationHash } = client;
  const plain = { client_id: clientId, metadata, source, enabled };
  if (!withCredentials) return plain;
  return {
    ...plain,
    secrets: secrets.map(({ hash, createdAt, expiresAt, sealed }) => ({
      hash,
      created_at: createdAt,
      expires_at: expiresAt,
      ...(sealed === undefined ? {} : { sealed }),
    })),
    ...(registrationHash === undefined ? {} : { registration_hash: registrationHash }),
  };
}

async function exportUser(
  ctx: Context,
  user: UserRecord,
  role: string | undefined,
  { withCredentials }: { readonly withCredentials: boolean },
  now: number,
): Promise<ExportedUser> {
  const { sub, username, source, claims, enabled, lockedUntil, passwordHash } = user;
  const secondFactor = hasSecondFactor(await findSecondFactors(ctx, user));
  return {
    sub,
    username,
    source,
    claims,
    enabled,
    second_factor: secondFactor,
    ...(lockedUntil === undefined || lockedUntil <= now ? {} : { locked_until: lockedUntil }),
    // Alone it would open an account that wants more.
    ...(withCredentials && passwordHash !== undefined && !secondFactor ? { password_hash: passwordHash } : {}),
    ...(role === undefined ? {} : { role }),
  };
}

async function* allClients(ctx: Context): AsyncGenerator<ClientRecord> {
  for (let after = ''; ; ) {
    const page = await ctx.store.listClients(ctx.tenant, after, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.clientId;
  }
}

async function* allUsers(ctx: Context): AsyncGenerator<UserRecord> {
  for (let after = 0; ; ) {
    const page = await ctx.store.listUsers(ctx.tenant, after, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}
