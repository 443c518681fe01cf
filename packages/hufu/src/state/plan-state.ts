import { type AdminTransport, allOf, callAdmin } from '@hufu/client/admin';
import type { ClientView } from '@hufu/protocol/admin/clients';
import type { LimitView } from '@hufu/protocol/admin/limits';
import type { Effect } from '@hufu/protocol/admin/operation';
import { readClientMetadata } from '@hufu/protocol/client-metadata';
import { changesTrust } from '@hufu/server/registration/trust-change';
import { sameJson } from '@hufu/store/encoding';
import { foldUsername } from '@hufu/store/username';
import { type Difference, differences } from '../diff.ts';
import { readAnyLimit } from './read-any-limit.ts';
import { type Members, nameOfMark, type State, type WantedClient } from './read-state.ts';

/** What ends with a change, and the names of some of those who lose it. */
export interface Ending extends Effect {
  readonly usernames: readonly string[];
}

/** One change, with what was seen when it was planned: of anything else it is refused. */
export type Step = { readonly differences: readonly Difference[]; readonly effect?: Ending } & (
  | { readonly kind: 'client_add'; readonly name: string; readonly metadata: Members }
  | { readonly kind: 'client_change'; readonly name: string; readonly clientId: string; readonly tag: string; readonly metadata: Members }
  | { readonly kind: 'client_remove'; readonly name: string; readonly clientId: string; readonly tag: string }
  | { readonly kind: 'user_add'; readonly username: string; readonly claims: Members }
  | { readonly kind: 'user_change'; readonly username: string; readonly sub: string; readonly tag: string; readonly claims: Members }
  | { readonly kind: 'role_put'; readonly username: string; readonly before: string | null; readonly role: string }
  | { readonly kind: 'role_remove'; readonly username: string; readonly before: string }
  | { readonly kind: 'limit_put'; readonly name: string; readonly rule: Members }
  | { readonly kind: 'limit_reset'; readonly name: string }
);

export interface Plan {
  readonly issuer: string;
  readonly owner: string;
  /** `ETag` of the limits when this was planned; they have one for all. */
  readonly limitsTag: string | undefined;
  readonly steps: readonly Step[];
  /** What is there, is ours to manage, and is not in the file: `--prune` removes it. */
  readonly leftovers: readonly string[];
  /** What of the file this cannot do. */
  readonly obstacles: readonly string[];
}

const MAX_CLIENTS = 10_000;
/** Grants that are looked at for names, and names that are told. */
const MAX_SEEN = 50;
const MAX_NAMED = 10;

/** Compares a state file with a server. Nothing is changed; what would end is asked by dry runs. `prune`: what is no longer in the file is to be removed. */
export async function planState(
  transport: AdminTransport,
  issuer: string,
  state: State,
  options: { readonly prune: boolean },
): Promise<Plan> {
  const found: Found = { steps: [], leftovers: [], obstacles: [] };
  const limitsTag = state.limits && (await planLimits(transport, state.limits, options, found));
  if (state.clients !== undefined) await planClients(transport, state.owner, state.clients, options, found);
  if (state.users !== undefined) await planUsers(transport, state.users, found);
  if (state.administrators !== undefined) await planRoles(transport, state.administrators, options, found);
  // What removes comes last: whatever stops before it has taken nothing away.
  const steps = [...found.steps.filter((step) => !removes(step)), ...found.steps.filter(removes)];
  return { issuer, owner: state.owner, limitsTag, ...found, steps };
}

export function removes({ kind }: Step): boolean {
  return kind === 'client_remove' || kind === 'role_remove' || kind === 'limit_reset';
}

/** The clients of a state file that the server has, by their names in the file. */
export async function clientsOf(
  transport: AdminTransport,
  owner: string,
): Promise<ReadonlyMap<string, { readonly client: ClientView; readonly tag: string }>> {
  const ours = new Map<string, { readonly client: ClientView; readonly tag: string }>();
  for await (const { client_id } of allOf(transport, 'clients.list', { query: { source: 'admin' } }, MAX_CLIENTS)) {
    const { body: client, etag: tag = '' } = await callAdmin(transport, 'clients.get', { params: { client_id } });
    const name = nameOfMark(owner, client.metadata['software_id']);
    if (name !== undefined) ours.set(ours.has(name) ? `${name} (again: ${client_id})` : name, { client, tag });
  }
  return ours;
}

interface Found {
  readonly steps: Step[];
  readonly leftovers: string[];
  readonly obstacles: string[];
}

interface Options {
  readonly prune: boolean;
}

async function planClients(
  transport: AdminTransport,
  owner: string,
  wanted: ReadonlyMap<string, WantedClient>,
  { prune }: Options,
  { steps, leftovers }: Found,
): Promise<void> {
  const there = await clientsOf(transport, owner);
  for (const [name, { metadata, kept }] of sorted(wanted)) {
    const found = there.get(name);
    if (found === undefined) {
      steps.push({ kind: 'client_add', name, metadata, differences: differences({}, kept) });
      continue;
    }
    const { client, tag } = found;
    const different = differences(client.metadata, withServersChoice(kept, metadata, client.metadata));
    if (different.length === 0) continue;
    const { client_id: clientId } = client;
    const effect = losesGrants(client.metadata, metadata) ? await endingOf(transport, clientId) : undefined;
    steps.push({ kind: 'client_change', name, clientId, tag, metadata, differences: different, ...(effect && { effect }) });
  }
  for (const [name, { client, tag }] of sorted(there)) {
    if (wanted.has(name)) continue;
    const { client_id: clientId } = client;
    if (!prune) leftovers.push(`client ${name} (${clientId})`);
    else steps.push({ kind: 'client_remove', name, clientId, tag, differences: [], effect: await endingOf(transport, clientId) });
  }
}

/** A server says itself how it signs ID tokens for those that do not. */
function withServersChoice(kept: Members, written: Members, there: Members): Members {
  const member = 'id_token_signed_response_alg';
  return member in written ? kept : { ...kept, [member]: there[member] };
}

/** As the server judges it when it is done. */
function losesGrants(before: Members, after: Members): boolean {
  const [was, is] = [readClientMetadata(before, { source: 'store' }), readClientMetadata(after, { source: 'store' })];
  return was.kind === 'read' && is.kind === 'read' && changesTrust(was.metadata, is.metadata);
}

async function endingOf(transport: AdminTransport, client_id: string): Promise<Ending> {
  const { body: effect } = await callAdmin(transport, 'clients.revoke', { params: { client_id }, query: { dry_run: true } });
  const names = new Set<string>();
  // The list knows a user as the client does; the grant by their name.
  for await (const { id, state } of allOf(transport, 'grants.list', { query: { client_id } }, MAX_SEEN)) {
    if (names.size === MAX_NAMED || effect.grants === 0) break;
    if (state !== 'live') continue;
    const { user } = (await callAdmin(transport, 'grants.get', { params: { grant_id: id.replace('/', '-') } })).body;
    if (user !== undefined) names.add(user.username);
  }
  return { ...effect, usernames: [...names].toSorted() };
}

async function planUsers(transport: AdminTransport, wanted: ReadonlyMap<string, Members>, { steps, obstacles }: Found): Promise<void> {
  for (const [username, claims] of sorted(wanted)) {
    const sub = await subOf(transport, username);
    if (sub === undefined) {
      steps.push({ kind: 'user_add', username, claims, differences: differences({}, claims) });
      continue;
    }
    const { body: user, etag: tag = '' } = await callAdmin(transport, 'users.get', { params: { sub } });
    const different = differences(user.claims, claims);
    if (different.length === 0) continue;
    if (user.source === 'config') obstacles.push(`user ${username} stands in hufu.yaml, and is changed there`);
    else steps.push({ kind: 'user_change', username, sub, tag, claims, differences: different });
  }
}

/** The user of that very name. */
export async function subOf(transport: AdminTransport, username: string): Promise<string | undefined> {
  const { body } = await callAdmin(transport, 'users.list', { query: { prefix: username, limit: 1 } });
  const [first] = body.items;
  return first !== undefined && foldUsername(first.username) === foldUsername(username) ? first.sub : undefined;
}

async function planRoles(
  transport: AdminTransport,
  wanted: ReadonlyMap<string, string>,
  { prune }: Options,
  { steps, leftovers, obstacles }: Found,
): Promise<void> {
  const { items } = (await callAdmin(transport, 'administrators.list', {})).body;
  const there = new Map(items.map((one) => [foldUsername(one.username), one]));
  for (const [username, role] of sorted(wanted)) {
    const found = there.get(foldUsername(username));
    if (found?.role === role) continue;
    const before = found?.role ?? null;
    const different = [{ path: 'role', before: before ?? undefined, after: role }];
    if (found?.source === 'config') obstacles.push(`${username} has the role ${found.role} in hufu.yaml, and is changed there`);
    else steps.push({ kind: 'role_put', username, before, role, differences: different });
  }
  const names = new Set([...wanted.keys()].map(foldUsername));
  for (const { username, role, source } of items.toSorted((a, b) => (a.username < b.username ? -1 : 1))) {
    if (source === 'config' || names.has(foldUsername(username))) continue;
    if (!prune) leftovers.push(`administrator ${username} (${role})`);
    else steps.push({ kind: 'role_remove', username, before: role, differences: [{ path: 'role', before: role, after: undefined }] });
  }
}

async function planLimits(
  transport: AdminTransport,
  wanted: ReadonlyMap<string, Members>,
  { prune }: Options,
  { steps, leftovers }: Found,
): Promise<string | undefined> {
  const { body, etag } = await callAdmin(transport, 'limits.list', {});
  const there = new Map(body.limits.map((limit) => [limit.name, limit]));
  for (const [name, rule] of sorted(wanted)) {
    const found = there.get(name);
    if (found !== undefined && isSameLimit(found, rule)) continue;
    steps.push({ kind: 'limit_put', name, rule, differences: differences(Object(found?.rule), rule) });
  }
  for (const { name, source } of body.limits) {
    if (source !== 'runtime' || wanted.has(name)) continue;
    if (!prune) leftovers.push(`limit ${name}`);
    else steps.push({ kind: 'limit_reset', name, differences: [] });
  }
  return etag;
}

function isSameLimit({ name, rule, problem }: LimitView, wanted: Members): boolean {
  return problem === undefined && sameJson(readAnyLimit(name, rule), readAnyLimit(name, wanted));
}

/** In the order of the names, whatever the file's: a plan of the same things reads the same. */
function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
