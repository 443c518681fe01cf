import type { ClientOperations, ClientView } from '@hufu/protocol/admin/clients';
import { writeClientMetadata } from '@hufu/protocol/client-metadata';
import { clientId, isClientId } from '@hufu/protocol/ids';
import type { ClientRecord } from '@hufu/store/port';
import { knownKeys } from '../../client-keys/client-jwks.ts';
import { clientSecretRecord } from '../../client-keys/client-secret.ts';
import { overlapping } from '../../client-keys/overlapping.ts';
import { readClientRecord } from '../../client-record.ts';
import type { Context } from '../../context.ts';
import { hasSecret, newClientSecret } from '../../registration/credentials.ts';
import { profileOf, requireProfile } from '../../registration/profile.ts';
import { secretsFor } from '../../registration/replace-client.ts';
import { findServerFaults } from '../../registration/server-faults.ts';
import { changesTrust } from '../../registration/trust-change.ts';
import { type AdminCall, type Answer, type Perform, requireMatch } from '../call.ts';
import { clientKeysView, profileCheck } from '../client-checks.ts';
import { requireClientMetadata } from '../client-metadata.ts';
import { readPage } from '../cursor.ts';
import { countEffect } from '../effect.ts';
import { AdminRefusal, conflict, notFound } from '../refusal.ts';
import { clientSummary, clientView, secretView } from '../views.ts';

const ID_PREFIX = 'client_';
const USUAL_OVERLAP = 86_400;

export const CLIENTS: { readonly [N in keyof ClientOperations]: Perform<N> } = {
  'clients.list': async (call) => {
    const { ctx, query } = call;
    const page = readPage(call);
    const { prefix, source, enabled } = query;
    const filter = {
      ...(prefix === undefined ? {} : { prefix }),
      ...(source === undefined ? {} : { source }),
      ...(enabled === undefined ? {} : { enabled }),
      ...(page.after === undefined ? {} : { after: clientId(page.after) }),
    };
    const found = await ctx.store.searchClients(ctx.tenant, filter, page.limit + 1);
    return { body: page.cut(found, (record) => record.clientId, clientSummary) };
  },

  'clients.get': async (call) => answer(call, await requireClient(call)),

  'clients.check': async (call) => {
    const client = readClientRecord(await requireClient(call));
    const { config } = call.ctx;
    const own = profileOf(config, client);
    const profile = requireProfile(call.query.profile ?? own?.name ?? 'oauth21');
    return { body: profileCheck(client, profile, own === profile, findServerFaults(profile, config)) };
  },

  'clients.keys.list': async (call) => {
    const { metadata } = readClientRecord(await requireClient(call));
    return { body: clientKeysView(metadata, knownKeys(call.ctx, metadata, call.now)) };
  },

  'clients.create': async (call) => {
    const { ctx, body, now } = call;
    call.trail.at('client_metadata');
    const metadata = requireClientMetadata(ctx, body.metadata);
    const id = clientId(ID_PREFIX + ctx.random.text(24));
    const secret = hasSecret(metadata) ? newClientSecret(ctx) : undefined;
    const secrets = secret === undefined ? [] : [clientSecretRecord(ctx, id, metadata, secret, now)];
    const wire = { ...writeClientMetadata(metadata) };
    const made = await call.change({ target: { kind: 'client', id }, after: { metadata: wire } }, (store) =>
      store.changeClient(ctx.tenant, { clientId: id, metadata: wire, secrets, enabled: true, source: 'admin' }, undefined, now),
    );
    if (made.kind === 'changed') throw conflict('the id is taken: send it again');
    const client = clientView(ctx, made.client, now);
    return { body: { client, ...(secret === undefined ? {} : { client_secret: secret }) }, etag: etagOf(made.client) };
  },

  'clients.update': async (call) => {
    const { ctx, body, now } = call;
    const record = await requireClient(call);
    requireMatch(call, etagOf(record));
    requireOurs(record, 'changed');
    call.trail.at('client_metadata');
    const metadata = requireClientMetadata(ctx, body.metadata);
    const { secrets, issued } = secretsFor(ctx, record, metadata, undefined, now);
    const { clientId: id, source, enabled, registrationHash } = record;
    const wire = { ...writeClientMetadata(metadata) };
    const revokes = changesTrust(readClientRecord(record).metadata, metadata);
    const effect = revokes
      ? await countEffect(ctx, { clientId: id }, call.query, now)
      : { dry_run: call.query.dry_run === true, grants: 0, users: 0, capped: false };
    if (effect.dry_run) {
      // A secret that nobody gets is not shown as one that is there.
      const there = new Set(record.secrets);
      const would = { ...record, metadata: wire, secrets: secrets.filter((one) => there.has(one)) };
      return { body: { client: clientView(ctx, would, now), effect }, etag: etagOf(record) };
    }
    const put = await call.change(
      { target: { kind: 'client', id }, before: { metadata: record.metadata }, after: { metadata: wire } },
      async (store) => {
        // Before it, so that one that is cut off in between changes nothing unrevoked; and after it, for what was issued meanwhile. Each raises the version by one.
        if (revokes) await store.revokeClient(ctx.tenant, id, now, 'forgotten');
        const changed = await store.changeClient(
          ctx.tenant,
          { clientId: id, metadata: wire, secrets, enabled, source, registrationHash },
          record.version + (revokes ? 1 : 0),
          now,
        );
        if (revokes && changed.kind === 'done') await store.revokeClient(ctx.tenant, id, now, 'forgotten');
        return changed;
      },
    );
    if (put.kind === 'changed') throw changed();
    const there = await requireClient(call);
    return {
      body: { client: clientView(ctx, there, now), effect, ...(issued === undefined ? {} : { client_secret: issued }) },
      etag: etagOf(there),
    };
  },

  'clients.disable': async (call) => {
    const record = await requireClient(call);
    requireMatch(call, etagOf(record));
    if (record.source === 'config')
      throw conflict('hufu.yaml has it, and the next start would enable it: take it out of there, or revoke what was granted to it');
    const effect = await countEffect(call.ctx, { clientId: record.clientId }, call.query, call.now);
    if (!effect.dry_run) await setEnabled(call, record, false);
    return { body: effect };
  },

  'clients.enable': async (call) => {
    const record = await requireClient(call);
    requireMatch(call, etagOf(record));
    if (record.source === 'config') throw conflict('hufu.yaml says which of its clients are enabled');
    await setEnabled(call, record, true);
    return answer(call, await requireClient(call));
  },

  'clients.revoke': async (call) => {
    const { ctx, now } = call;
    const { clientId: id } = await requireClient(call);
    const effect = await countEffect(ctx, { clientId: id }, call.query, now);
    if (!effect.dry_run) await call.change({ target: { kind: 'client', id } }, (store) => store.revokeClient(ctx.tenant, id, now));
    return { body: effect };
  },

  'clients.delete': async (call) => {
    const { ctx, now } = call;
    const record = await requireClient(call);
    requireMatch(call, etagOf(record));
    const { clientId: id, source } = record;
    if (source === 'config') throw conflict('hufu.yaml has it: take it out of there');
    if (source === 'document') throw conflict('its document describes it: disable it instead');
    const effect = await countEffect(ctx, { clientId: id }, call.query, now);
    if (effect.dry_run) return { body: effect };
    const before = { metadata: record.metadata };
    const removed = await call.change({ target: { kind: 'client', id }, before }, (store) => store.removeClient(ctx.tenant, id, now));
    if (removed === 'unknown') throw notFound('client');
    return { body: effect };
  },

  'clients.secrets.create': async (call) => {
    const { ctx, body, now } = call;
    const record = await requireClient(call);
    if (record.source === 'config') throw conflict('hufu.yaml has its secret: change it there; hufu.secret_overlap keeps the old one good');
    const { metadata } = readClientRecord(record);
    if (!hasSecret(metadata)) throw conflict(`it has no secret: it proves itself by ${metadata.tokenEndpointAuthMethod}`);
    const secret = newClientSecret(ctx);
    const made = clientSecretRecord(ctx, record.clientId, metadata, secret, now);
    const kept = { ...made, expiresAt: body.expires_in === undefined ? 0 : now + body.expires_in };
    const secrets = [kept, ...overlapping(record.secrets, body.overlap ?? USUAL_OVERLAP, now)];
    const view = secretView(ctx, record, kept);
    await put(call, { ...record, secrets }, record, { secret: view });
    return { body: { ...view, client_secret: secret } };
  },

  'clients.secrets.delete': async (call) => {
    const { ctx, now } = call;
    const record = await requireClient(call);
    if (record.source === 'config') throw conflict('hufu.yaml has its secret: change it there');
    const good = record.secrets.filter(({ expiresAt }) => expiresAt === 0 || expiresAt > now);
    const found = good.find((secret) => secretView(ctx, record, secret).id === call.params.secret_id);
    if (found === undefined) throw notFound('secret of this client');
    if (good.length === 1) throw conflict('it is the only one: make another first, or disable the client');
    const secrets = record.secrets.filter((one) => one !== found);
    await put(call, { ...record, secrets }, record, undefined, { secret: secretView(ctx, record, found) });
    return { body: undefined };
  },
};

type ClientCall = Pick<AdminCall<'clients.get'>, 'ctx' | 'params' | 'trail' | 'now'>;

async function requireClient({ ctx, params, trail }: ClientCall): Promise<ClientRecord> {
  trail.at('admin_target');
  const { client_id: id } = params;
  const record = isClientId(id) ? await ctx.store.findClient(ctx.tenant, id) : undefined;
  if (record === undefined) throw notFound('client');
  return record;
}

function requireOurs({ source }: ClientRecord, done: string): void {
  if (source === 'config') throw conflict(`hufu.yaml has it: it is ${done} there`);
  if (source !== 'admin') throw conflict(`it describes itself: only clients that were made here are ${done} here`);
}

async function setEnabled(
  call: Pick<AdminCall<'clients.enable'>, 'ctx' | 'now' | 'change'>,
  record: ClientRecord,
  enabled: boolean,
): Promise<void> {
  await put(call, { ...record, enabled }, record, { enabled }, { enabled: record.enabled });
}

async function put(
  { ctx, now, change }: Pick<AdminCall<'clients.enable'>, 'ctx' | 'now' | 'change'>,
  next: ClientRecord,
  { version }: ClientRecord,
  after: unknown,
  before?: unknown,
): Promise<void> {
  const { clientId: id, metadata, secrets, enabled, source, registrationHash } = next;
  const done = await change({ target: { kind: 'client', id }, before, after }, (store) =>
    store.changeClient(ctx.tenant, { clientId: id, metadata, secrets, enabled, source, registrationHash }, version, now),
  );
  if (done.kind === 'changed') throw changed();
}

function changed(): AdminRefusal {
  return new AdminRefusal('precondition_failed', 'it has changed meanwhile: read it again');
}

function answer(
  { ctx, now }: { readonly ctx: Context; readonly now: number },
  record: ClientRecord,
): { readonly body: ClientView; readonly etag: string } & Answer<'clients.get'> {
  return { body: clientView(ctx, record, now), etag: etagOf(record) };
}

function etagOf({ version }: ClientRecord): string {
  return `"${version}"`;
}
