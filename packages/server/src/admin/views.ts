import type { ClientSummary, ClientView, SecretView } from '@hufu/protocol/admin/clients';
import { isRole } from '@hufu/protocol/admin/roles';
import type { UserSummary, UserView } from '@hufu/protocol/admin/users';
import type { ClientRecord, ClientSecret, UserRecord } from '@hufu/store/port';
import { readClientRecord } from '../client-record.ts';
import type { Context } from '../context.ts';
import { sha256 } from '../tokens/secrets.ts';
import { findRole } from './administrator-role.ts';

export function clientSummary(record: ClientRecord): ClientSummary {
  const { clientId, metadata, source, enabled, createdAt, version } = record;
  const name = metadata['client_name'];
  return {
    client_id: clientId,
    name: typeof name === 'string' ? name : clientId,
    source,
    enabled,
    auth_method: readClientRecord(record).metadata.tokenEndpointAuthMethod,
    created_at: createdAt,
    version,
  };
}

/** Without hashes: a secret is called by what is made of its hash, one way. */
export function clientView(ctx: Context, record: ClientRecord, now: number): ClientView {
  const good = record.secrets.filter(({ expiresAt }) => expiresAt === 0 || expiresAt > now);
  const secrets = good.toSorted((one, other) => other.createdAt - one.createdAt).map((secret) => secretView(ctx, record, secret));
  return { ...clientSummary(record), metadata: record.metadata, secrets };
}

export function secretView(
  ctx: Context,
  { clientId }: Pick<ClientRecord, 'clientId'>,
  { hash, createdAt, expiresAt }: ClientSecret,
): SecretView {
  const id = ctx.keys.keyedHash('client_secret_name', `${clientId}\n${hash}`).slice(0, 16);
  return { id, created_at: createdAt, ...(expiresAt === 0 ? {} : { expires_at: expiresAt }) };
}

export function userSummary(user: UserRecord, now: number): UserSummary {
  const { name, email } = user.claims;
  const { sub, username, source, enabled, lockedUntil, createdAt } = user;
  return {
    sub,
    username,
    source,
    enabled,
    ...(lockedUntil === undefined || lockedUntil <= now ? {} : { locked_until: lockedUntil }),
    created_at: createdAt,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof email === 'string' ? { email } : {}),
  };
}

export async function userView(ctx: Context, user: UserRecord, now: number): Promise<UserView> {
  const role = await findRole(ctx, user);
  return {
    ...userSummary(user, now),
    claims: user.claims,
    has_password: user.passwordHash !== undefined,
    password_changed_at: user.passwordChangedAt,
    updated_at: user.updatedAt,
    ...(isRole(role) ? { role } : {}),
  };
}

/** Of what is told of a thing that has no version. */
export function tagOf(view: object): string {
  return `"${sha256(JSON.stringify(view)).slice(0, 22)}"`;
}
