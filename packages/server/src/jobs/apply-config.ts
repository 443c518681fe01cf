import { readClientMetadata } from '@hufu/protocol/client-metadata';
import { equalText } from '@hufu/protocol/equal-text';
import type { ClientId } from '@hufu/protocol/ids';
import { verifiedAddress } from '@hufu/store/email-address';
import type { ClientRecord, ClientSecret, Store, UserRecord } from '@hufu/store/port';
import { foldUsername } from '@hufu/store/username';
import { normalizePassword } from '../accounts/normalize-password.ts';
import { actingAs } from '../audit/acting.ts';
import { clientSecretRecord } from '../client-keys/client-secret.ts';
import { overlapping } from '../client-keys/overlapping.ts';
import type { ClientConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { sectorOf } from '../tokens/subject.ts';

const PAGE = 200;

/**
 * Brings the store in line with `hufu.yaml`: its clients are written, those of an earlier file that are no longer in it are disabled, its
 * users are made where they are missing. Passwords of users who are there already stay theirs.
 */
export async function applyConfig(ctx: Context, now: number, builtIn: readonly ClientConfig[] = []): Promise<void> {
  const clients = [...ctx.config.clients, ...builtIn];
  for (const client of clients) await applyClient(ctx, client, now);
  const kept = new Set<string>(clients.map((client) => client.clientId));
  const disabled = await disableOthers(ctx, kept, now);
  let created = 0;
  for (const user of ctx.config.users) {
    const known = await ctx.store.findUserByName(ctx.tenant, user.username);
    if (known !== undefined) {
      // Their name, and not their claims: whoever took it by signing up, or came with it from elsewhere, is nobody whom the file speaks of.
      if (known.source !== 'config') ctx.log.warn('config.user_taken', { username: user.username, sub: known.sub });
      else await applyClaims(ctx, known, user.claims, now);
      continue;
    }
    const passwordHash =
      user.password.kind === 'hash'
        ? user.password.phc.reveal()
        : await ctx.passwords.hash(normalizePassword(user.password.value.reveal()));
    const sub = user.sub ?? ctx.random.text(20);
    const made = await createUser(ctx, { sub, username: user.username, passwordHash, claims: user.claims }, now);
    if (made.kind === 'created') created++;
    // Unless another node was faster, the file has given somebody's subject identifier another name.
    else if (made.user.source !== 'config' || foldUsername(made.user.username) !== foldUsername(user.username))
      ctx.log.warn('config.user_taken', { sub });
  }
  ctx.log.info('config.applied', { clients: clients.length, disabled, usersCreated: created });
}

/** What the file says is changed in its name. */
function fromFile(ctx: Context, user?: UserRecord): Store {
  const who = { kind: 'system', id: 'hufu.yaml' } as const;
  return actingAs(ctx, { actor: who, ...(user === undefined ? {} : { about: user }) });
}

/** Where somebody else has shown that the address is theirs, without the word that it is this user's: told, as `applyClaims` does. */
async function createUser(ctx: Context, user: NewUser, now: number): ReturnType<Context['store']['createUser']> {
  const made = await fromFile(ctx).createUser(ctx.tenant, user, now);
  const isAnother = made.user.sub !== user.sub && foldUsername(made.user.username) !== foldUsername(user.username);
  if (made.kind === 'created' || !isAnother) return made;
  ctx.log.warn('config.email_taken', { username: user.username, sub: user.sub });
  return await fromFile(ctx).createUser(ctx.tenant, { ...user, claims: { ...user.claims, email_verified: false } }, now);
}

type NewUser = Parameters<Context['store']['createUser']>[1];

/** Also where only the address is not theirs yet: the version before wrote claims and no address. One that is somebody else's by now stays theirs: all else is as the file says. */
async function applyClaims(ctx: Context, known: UserRecord, claims: UserRecord['claims'], now: number): Promise<void> {
  const address = verifiedAddress(claims);
  const isSame = JSON.stringify(known.claims) === JSON.stringify(claims);
  if (isSame && (address === undefined || (await ctx.store.findUserByEmail(ctx.tenant, address))?.id === known.id)) return;
  const done = await fromFile(ctx, known).setClaims(ctx.tenant, known.id, claims, now);
  if (done !== 'email_taken') return;
  ctx.log.warn('config.email_taken', { username: known.username, sub: known.sub });
  await fromFile(ctx, known).setClaims(ctx.tenant, known.id, { ...claims, email_verified: false }, now);
}

async function applyClient(ctx: Context, client: ClientConfig, now: number): Promise<void> {
  const before = await ctx.store.findClient(ctx.tenant, client.clientId);
  const secrets = client.clientSecret === undefined ? [] : secretsOf(ctx, client, client.clientSecret.reveal(), before, now);
  // What was bound to one way of proving oneself must not be had by a weaker one (attacks REF-13), nor a user's token have two subjects.
  // Before the change, so that a start that is cut off in between does it again; and after it, for what another node issued meanwhile.
  const changed = before !== undefined && identityOf(before.metadata) !== identityOf(client.metadata);
  if (changed) await fromFile(ctx).revokeClient(ctx.tenant, client.clientId, now);
  await fromFile(ctx).putClient(
    ctx.tenant,
    { clientId: client.clientId, metadata: client.metadata, secrets, enabled: true, source: 'config' },
    now,
  );
  if (changed) await fromFile(ctx).revokeClient(ctx.tenant, client.clientId, now);
}

/** The secret of the file, and those that it replaced for as long as they overlap. */
function secretsOf(ctx: Context, client: ClientConfig, secret: string, before: ClientRecord | undefined, now: number): ClientSecret[] {
  const read = readClientMetadata(client.metadata, { source: 'store' });
  if (read.kind === 'refused') throw new TypeError(`the client ${client.clientId} does not read: ${read.faults[0]?.message ?? ''}`);
  const record = clientSecretRecord(ctx, client.clientId, read.metadata, secret, now);
  const kept = before?.secrets.find(({ hash }) => equalText(hash, record.hash));
  const readable = record.sealed !== undefined;
  const others = before?.secrets.filter((other) => other !== kept).map((other) => keepCopy(other, readable)) ?? [];
  const current: ClientSecret =
    kept === undefined
      ? record
      : {
          hash: kept.hash,
          createdAt: kept.createdAt,
          expiresAt: 0,
          // Encrypted anew it would be another text each time, and each start a new version of the client.
          ...(record.sealed === undefined ? {} : { sealed: kept.sealed ?? record.sealed }),
        };
  return [current, ...overlapping(others, read.metadata.settings.secretOverlapSeconds, now)];
}

/** With the copy that can be read, as long as an algorithm of the client needs it. */
function keepCopy({ sealed, ...hashed }: ClientSecret, readable: boolean): ClientSecret {
  return readable && sealed !== undefined ? { ...hashed, sealed } : hashed;
}

/** How the client proves itself, and by what `sub` it knows users: a grant of one does not fit the other. */
function identityOf(metadata: Readonly<Record<string, unknown>>): string {
  const read = readClientMetadata(metadata, { source: 'store' });
  if (read.kind === 'refused') return '';
  const { tokenEndpointAuthMethod, subjectType } = read.metadata;
  return `${tokenEndpointAuthMethod} ${subjectType} ${sectorOf(read.metadata) ?? ''}`;
}

async function disableOthers(ctx: Context, kept: ReadonlySet<string>, now: number): Promise<number> {
  let disabled = 0;
  let after = '';
  for (;;) {
    const page = await ctx.store.listClients(ctx.tenant, after, PAGE);
    for (const client of page) {
      if (client.source !== 'config' || !client.enabled || kept.has(client.clientId)) continue;
      const { clientId, metadata, secrets, source } = client;
      await fromFile(ctx).putClient(ctx.tenant, { clientId, metadata, secrets, source, enabled: false }, now);
      disabled++;
    }
    const last: ClientId | undefined = page.at(-1)?.clientId;
    if (last === undefined || page.length < PAGE) return disabled;
    after = last;
  }
}
