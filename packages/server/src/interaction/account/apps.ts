import type { Form } from '@hufu/protocol/form';
import { type ClientId, isClientId } from '@hufu/protocol/ids';
import type { GrantRecord } from '@hufu/store/port';
import { tellUser } from '../../accounts/tell-user.ts';
import { asUser } from '../../audit/acting.ts';
import { shownScopes } from '../../authorize/consent-scopes.ts';
import { seeOther } from '../../authorize/respond.ts';
import { displayName } from '../../client-name.ts';
import { isVouchedFor } from '../../client-record.ts';
import { findStoredClient } from '../../clients.ts';
import type { Context } from '../../context.ts';
import type { HttpReply, HttpRequest } from '../../http.ts';
import { findResource } from '../../tokens/resources.ts';
import { PageError } from '../page-error.ts';
import { type AppView, appsPage } from '../pages/account/apps.ts';
import { readReturnPlace } from '../pages/client-view.ts';
import { permissionsView } from '../permissions-view.ts';
import { accountReply, actOnAccount, hrefOf, marked, outcomeOf, readMarked, showAccount, type Visit } from './visit.ts';

/** Grants of a user that are looked at; a client and user have a hundred at most. */
const MAX_GRANTS = 1_000;
/** Apps on the page. */
const MAX_APPS = 100;

/** The apps that have access to an account. */
export function appsGet(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return showAccount(ctx, http, 'apps', async (visit) => {
    const entries = await findApps(visit);
    const apps = await viewApps(visit, entries.slice(0, MAX_APPS));
    const removed = await removedName(visit);
    return accountReply(visit, (frame) =>
      appsPage({
        ...frame,
        moment: visit.moment,
        csrf: visit.csrf,
        apps,
        more: Math.max(0, entries.length - MAX_APPS),
        outcome: outcomeOf(visit),
        removed,
      }),
    );
  });
}

export function appsPost(ctx: Context, http: HttpRequest): Promise<HttpReply> {
  return actOnAccount(ctx, http, 'apps', removeApp);
}

/** Takes an app's access away: its consent, grants and codes of this user, in one act (attacks CON-08). */
export async function removeApp(visit: Visit, form: Form): Promise<HttpReply> {
  const { ctx, session, now, locale } = visit;
  const clientId = form.get('client_id') ?? '';
  if (!isClientId(clientId)) throw new PageError('request_malformed', 'no client_id');
  const had = (await findApps(visit)).some((app) => app.clientId === clientId);
  await asUser(ctx, session.user).withdrawConsent(ctx.tenant, session.user.id, clientId, now);
  if (had) {
    const client = await findStoredClient(ctx, clientId);
    await tellUser(ctx, session.user, 'app_removed', { name: client === undefined ? clientId : displayName(client, locale) });
  }
  return seeOther(hrefOf(visit, visit.path, { removed: marked(visit, `${REMOVED} ${clientId}`) }));
}

/** The name of the app that has just been removed, as the address of `removeApp` says, if there is such a client. */
export async function removedName(visit: Visit): Promise<string | undefined> {
  const { ctx, query, locale } = visit;
  const [word, clientId] = readMarked(visit, query.get('removed'))?.split(' ', 2) ?? [];
  const gone = word !== REMOVED || clientId === undefined ? undefined : await findStoredClient(ctx, clientId);
  return gone && displayName(gone, locale);
}

const REMOVED = 'app_removed';

/** What one client has of one user. */
export interface AppEntry {
  readonly clientId: ClientId;
  readonly since: number;
  readonly usedAt: number;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly deviceIds: readonly number[];
  readonly details: readonly string[];
}

/** One entry for each client that has a consent or a live grant, the one that was used last first. */
export async function findApps({ ctx, session, now }: Visit): Promise<readonly AppEntry[]> {
  const { user } = session;
  const found = new Map<ClientId, Collected>();
  const entryOf = (clientId: ClientId, at: number): Collected => {
    const entry = found.get(clientId) ?? collected(at);
    entry.since = Math.min(entry.since, at);
    entry.usedAt = Math.max(entry.usedAt, at);
    found.set(clientId, entry);
    return entry;
  };
  for (const consent of await ctx.store.listConsents(ctx.tenant, user.id)) {
    const entry = entryOf(consent.clientId, consent.grantedAt);
    for (const scope of consent.scopes) entry.scopes.add(scope);
    for (const resource of consent.resources) entry.resources.add(resource);
  }
  for (const grant of await liveGrants(ctx, user.id, now)) {
    const entry = entryOf(grant.clientId, grant.createdAt);
    // When the generation began: nothing is written for it on the way of a token.
    entry.usedAt = Math.max(entry.usedAt, grant.rotatedAt);
    for (const scope of grant.scopes) entry.scopes.add(scope);
    for (const resource of grant.resources) entry.resources.add(resource);
    if (grant.deviceId !== undefined) entry.deviceIds.add(grant.deviceId);
    for (const detail of grant.authorizationDetails ?? []) entry.details.add(String(detail['type']));
  }
  return [...found]
    .map(([clientId, { since, usedAt, scopes, resources, deviceIds, details }]) => ({
      clientId,
      since,
      usedAt,
      scopes: [...scopes],
      resources: [...resources],
      deviceIds: [...deviceIds],
      details: [...details],
    }))
    .sort((one, other) => other.usedAt - one.usedAt);
}

/** What can still be used. */
export async function liveGrants(ctx: Context, user: NonNullable<GrantRecord['userId']>, now: number): Promise<readonly GrantRecord[]> {
  const grants = await ctx.store.listGrants(ctx.tenant, { userId: user }, MAX_GRANTS);
  return grants.filter(
    ({ dead, generation, expiresAt, idleSeconds, rotatedAt }) =>
      dead === undefined && generation > 0 && expiresAt > now && (idleSeconds === 0 || rotatedAt + idleSeconds > now),
  );
}

interface Collected {
  since: number;
  usedAt: number;
  readonly scopes: Set<string>;
  readonly resources: Set<string>;
  readonly deviceIds: Set<number>;
  readonly details: Set<string>;
}

function collected(at: number): Collected {
  return { since: at, usedAt: at, scopes: new Set(), resources: new Set(), deviceIds: new Set(), details: new Set() };
}

/** As the pages show them. */
export async function viewApps(visit: Visit, entries: readonly AppEntry[]): Promise<readonly AppView[]> {
  const { ctx, session } = visit;
  const names = new Map((await ctx.store.listDevices(ctx.tenant, session.user.id)).map(({ id, name }) => [id, name]));
  const views: AppView[] = [];
  for (const entry of entries) views.push(await viewOf(visit, entry, names));
  return views;
}

async function viewOf({ ctx, locale }: Visit, entry: AppEntry, deviceNames: ReadonlyMap<number, string>): Promise<AppView> {
  const { clientId, since, usedAt, details } = entry;
  const client = await findStoredClient(ctx, clientId);
  const record = await ctx.store.findClient(ctx.tenant, clientId);
  const resources = entry.resources.filter((identifier) => findResource(ctx, identifier) !== undefined);
  const place = client === undefined ? undefined : readReturnPlace(client.metadata.redirectUris[0] ?? '');
  return {
    clientId,
    since,
    usedAt,
    details,
    name: client === undefined ? '' : displayName(client, locale),
    logoSrc: client?.metadata.logoUri === undefined ? undefined : `/logo/${encodeURIComponent(clientId)}`,
    place: place?.kind === 'host' && place.host !== '' ? place.host : clientId,
    isUnregistered: record !== undefined && !isVouchedFor(record),
    devices: entry.deviceIds.map((id) => deviceNames.get(id)).filter((name) => name !== undefined),
    ...permissionsView(ctx, { scopes: entry.scopes, resources }, shownScopes(entry.scopes)),
  };
}
