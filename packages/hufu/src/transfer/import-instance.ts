import { isRole } from '@hufu/protocol/admin/roles';
import { readClientMetadata } from '@hufu/protocol/client-metadata';
import { clientId, isClientId } from '@hufu/protocol/ids';
import { MAX_ADMINISTRATORS } from '@hufu/server/admin/administrator-role';
import { readClaims } from '@hufu/server/admin/read-claims';
import { isSubject } from '@hufu/server/config/claims-shape';
import type { Json } from '@hufu/server/config/node';
import { readPasswordHash } from '@hufu/server/config/password-hash';
import { Refused } from '@hufu/server/config/shape';
import { isUsername } from '@hufu/server/config/user-shape';
import type { Context } from '@hufu/server/context';
import { setLimit } from '@hufu/server/limits/set-limit';
import { hasSecret } from '@hufu/server/registration/credentials';
import { sameJson } from '@hufu/store/encoding';
import { foldUsername } from '@hufu/store/username';
import { RefusedError } from '../command.ts';
import { readAnyLimit } from '../state/read-any-limit.ts';
import { instanceOf } from './export-instance.ts';
import type { Exported, ExportedClient, ExportedUser } from './exported.ts';

/** What came of one thing of an export. */
export interface Imported {
  readonly about: string;
  /** `same`: it is there as it is. `other`: something else is there under the name; it stays. */
  readonly outcome: 'added' | 'same' | 'other';
  /** What did not come along, and what to do. */
  readonly note?: string;
}

/**
 * Adds what an export has and the store has not. What is there stays as it is: an import twice does nothing the second time. Throws `RefusedError` before anything is written where something of it cannot be
 * what it says.
 */
export async function importInstance(
  ctx: Context,
  exported: Exported,
  options: { readonly dryRun: boolean },
  now: number,
): Promise<readonly Imported[]> {
  const faults = faultsOf(exported);
  if (faults.length > 0)
    throw new RefusedError(
      `nothing was imported:\n${faults
        .slice(0, 20)
        .map((fault) => `  ${fault}`)
        .join('\n')}`,
    );
  const isSame = exported.instance === instanceOf(ctx);
  const all: Imported[] = [];
  for (const client of exported.clients) all.push(await importClient(ctx, client, { ...options, keepsSecrets: isSame }, now));
  for (const user of exported.users) all.push(await importUser(ctx, user, options, now));
  for (const { name, rule } of exported.limits) all.push(await importLimit(ctx, name, rule as Json, options));
  return all;
}

function faultsOf({ clients, users, limits }: Exported): readonly string[] {
  return [
    ...twice(clients.map(({ client_id: id }) => `client ${id}`)),
    ...twice(users.map(({ username }) => `user ${foldUsername(username)}`)),
    ...twice(users.map(({ sub }) => `subject ${sub}`)),
    ...twice(limits.map(({ name }) => `limit ${name}`)),
    ...clients.flatMap(({ client_id: id, metadata }) => {
      if (!isClientId(id)) return [`client ${id.slice(0, 60)}: is no client id`];
      const read = readClientMetadata(metadata, { source: 'store' });
      return read.kind === 'read' ? [] : [`client ${id}: ${read.faults[0]?.path.join('.') ?? ''} ${read.faults[0]?.message ?? ''}`];
    }),
    ...users.flatMap(({ sub, username, claims, password_hash: hash, role }) => [
      ...(isUsername(username) ? [] : [`user ${username.slice(0, 60)}: is no user name`]),
      ...(isSubject(sub) ? [] : [`user ${username.slice(0, 60)}: a subject that is none`]),
      ...(isClaims(claims) ? [] : [`user ${username}: claims that are none`]),
      ...(hash !== undefined && readPasswordHash(hash) instanceof Refused ? [`user ${username}: a password hash that is none`] : []),
      ...(role !== undefined && !isRole(role) ? [`user ${username}: ${role} is no role`] : []),
    ]),
    ...limits.flatMap(({ name, rule }) => {
      const read = readAnyLimit(name, rule);
      return read.kind === 'refused' ? [`limit ${name}: ${read.reason}`] : [];
    }),
  ];
}

/** Of two under one name the second would be another one than the first, though both are the file's. */
function twice(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.size === seen.add(name).size).map((name) => `${name.slice(0, 80)}: is there twice`);
}

function isClaims(claims: Readonly<Record<string, unknown>>): boolean {
  try {
    readClaims(claims);
    return true;
  } catch {
    return false;
  }
}

interface Options {
  readonly dryRun: boolean;
}

async function importClient(
  ctx: Context,
  client: ExportedClient,
  { dryRun, keepsSecrets }: Options & { readonly keepsSecrets: boolean },
  now: number,
): Promise<Imported> {
  const about = `client ${client.client_id}`;
  const id = clientId(client.client_id);
  const there = await ctx.store.findClient(ctx.tenant, id);
  if (there !== undefined) {
    const isSame = there.source === client.source && there.enabled === client.enabled && sameJson(there.metadata, client.metadata);
    return { about, outcome: isSame ? 'same' : 'other' };
  }
  const kept = keepsSecrets ? (client.secrets ?? []) : [];
  const secrets = kept.map(({ hash, created_at, expires_at, sealed }) => ({
    hash,
    createdAt: created_at,
    expiresAt: expires_at,
    ...(sealed === undefined ? {} : { sealed }),
  }));
  const read = readClientMetadata(client.metadata, { source: 'store' });
  const lacks = secrets.length === 0 && read.kind === 'read' && hasSecret(read.metadata);
  if (!dryRun) {
    const { metadata, source, enabled } = client;
    const registrationHash = keepsSecrets ? client.registration_hash : undefined;
    const made = await ctx.store.changeClient(
      ctx.tenant,
      { clientId: id, metadata, secrets, enabled, source, registrationHash },
      undefined,
      now,
    );
    if (made.kind === 'changed') return { about, outcome: 'other' };
  }
  return { about, outcome: 'added', ...(lacks ? { note: `it has no secret: hufu client secret ${client.client_id}` } : {}) };
}

async function importUser(ctx: Context, user: ExportedUser, { dryRun }: Options, now: number): Promise<Imported> {
  const { sub, username, claims, source, enabled, locked_until: lockedUntil, password_hash: passwordHash, role } = user;
  const about = `user ${username}`;
  const there = (await ctx.store.findUserBySub(ctx.tenant, sub)) ?? (await ctx.store.findUserByName(ctx.tenant, username));
  if (there !== undefined) {
    const isSame =
      there.sub === sub &&
      foldUsername(there.username) === foldUsername(username) &&
      there.enabled === enabled &&
      sameJson(there.claims, claims);
    if (!isSame || role === undefined) return { about, outcome: isSame ? 'same' : 'other' };
    // An import that was ended before it came to that; or somebody has changed it since. Nobody gets a role for being in a file twice.
    const found = await ctx.store.findAdministrator(ctx.tenant, there.id);
    return found?.role === role ? { about, outcome: 'same' } : { about, outcome: 'other', note: `they do not have the role ${role} here` };
  }
  const notes = noteOn(user);
  if (!dryRun) {
    // In one act: a disabled user who has a password is never enabled, whenever this ends.
    const made = await ctx.store.createUser(
      ctx.tenant,
      { sub, username, passwordHash, claims, source, enabled, ...(lockedUntil === undefined ? {} : { lockedUntil }) },
      now,
    );
    if (made.kind !== 'created') return { about, outcome: 'other' };
    if (role !== undefined) {
      const administrator = { userId: made.user.id, role, changedAt: now, changedBy: 'cli' };
      const put = await ctx.store.putAdministrator(ctx.tenant, administrator, 'none', MAX_ADMINISTRATORS);
      if (put !== 'done') return { about, outcome: 'added', note: `they do not have the role ${role}: there are too many administrators` };
    }
  }
  return { about, outcome: 'added', ...(notes.length === 0 ? {} : { note: notes.join('; ') }) };
}

function noteOn({ second_factor: secondFactor, source, password_hash: passwordHash, role }: ExportedUser): readonly string[] {
  const way = secondFactor
    ? ['their second factors do not come along, nor does their password: they set it anew by mail']
    : source === 'upstream'
      ? ['their account elsewhere is not linked here']
      : passwordHash === undefined
        ? ['they have no password here']
        : [];
  return [...(role === undefined ? [] : [`with the role ${role}`]), ...way];
}

async function importLimit(ctx: Context, name: string, rule: Json, { dryRun }: Options): Promise<Imported> {
  const about = `limit ${name}`;
  const there = (await ctx.store.listLimitRules(ctx.tenant)).rules.find((one) => one.name === name);
  if (there !== undefined) return { about, outcome: sameJson(JSON.parse(there.rule), rule) ? 'same' : 'other' };
  if (dryRun) return { about, outcome: 'added' };
  const set = await setLimit(ctx, name, rule, { by: 'cli', version: undefined, nowMs: ctx.clock.nowMs() });
  return { about, outcome: set.kind === 'done' ? 'added' : 'other' };
}
