import { clientId as asClientId, type ClientId, type UserId } from '@hufu/protocol/ids';
import { verifiedAddress } from '@hufu/store/email-address';
import { sameClient } from '@hufu/store/encoding';
import type { ClientRecord, Store, UserRecord } from '@hufu/store/port';
import type { ClientConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { applyConfig } from './apply-config.ts';

type Metadata = Readonly<Record<string, unknown>>;

/** What a start with this configuration would change in the store. Nothing secret is in it. */
export type ConfigChange =
  | { readonly kind: 'client_added'; readonly clientId: string; readonly metadata: Metadata }
  | {
      readonly kind: 'client_changed';
      readonly clientId: string;
      readonly before: Metadata;
      readonly after: Metadata;
      readonly secretsChange: boolean;
      /** It was disabled: what was granted to it goes on. */
      readonly comesBack: boolean;
      /** Who keeps it now, where that is not the configuration yet. */
      readonly takenFrom?: ClientRecord['source'];
    }
  /** It is no longer in the file: what was granted to it is suspended. */
  | ({ readonly kind: 'client_disabled'; readonly clientId: string } & Ending)
  /** It would prove itself in another way, or know its users by other names: what was granted to it ends. */
  | ({ readonly kind: 'grants_end'; readonly clientId: string } & Ending)
  | { readonly kind: 'user_added'; readonly username: string; readonly claims: Metadata }
  | { readonly kind: 'claims_changed'; readonly username: string; readonly before: Metadata; readonly after: Metadata }
  /** Something of the file will not be: somebody else has the name, or the address. */
  | { readonly kind: 'warning'; readonly event: 'config.user_taken' | 'config.email_taken'; readonly about: string };

/** Live grants, counted up to 10,000. */
interface Ending {
  readonly grants: number;
  readonly users: number;
  /** The names of some of them. */
  readonly usernames: readonly string[];
}

const MAX_COUNTED = 10_000;
const MAX_NAMED = 10;
/** Grants that are looked at for names. */
const MAX_SEEN = 200;

/**
 * What `applyConfig` would do: it is asked itself, with a store that answers as ours does and writes nothing. Changes are in its order. Throws `TypeError` where it wants something of the store
 * that this one does not know: a write is never let through.
 *
 * @param builtIn clients that a start brings along: they are not in the file, and no change of it
 */
export async function planConfig(ctx: Context, now: number, builtIn: readonly ClientConfig[] = []): Promise<readonly ConfigChange[]> {
  const changes: ConfigChange[] = [];
  const store = recordingStore(ctx, now, changes);
  const log = {
    ...ctx.log,
    info: () => undefined,
    warn: (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
      if (event === 'config.user_taken' || event === 'config.email_taken')
        changes.push({ kind: 'warning', event, about: String(fields['username'] ?? fields['sub']) });
    },
  };
  // Nobody signs in with what comes of it, and a real one takes its time.
  const passwords = { ...ctx.passwords, hash: () => Promise.resolve('') };
  await applyConfig({ ...ctx, store, log, passwords }, now, builtIn);
  const ours: ReadonlySet<string> = new Set(builtIn.map(({ clientId }) => clientId));
  return changes.filter((change) => !('clientId' in change) || !ours.has(change.clientId));
}

function recordingStore(ctx: Context, now: number, changes: ConfigChange[]): Store {
  const { store: real, tenant } = ctx;
  const ending = async (clientId: string): Promise<Ending> => {
    const of = { clientId: asClientId(clientId) };
    return { ...(await real.countGrants(tenant, of, MAX_COUNTED, now)), usernames: await namesOf(ctx, of.clientId, now) };
  };
  const verbs: Partial<Store> = {
    // Whoever it is, nothing of it happens.
    actingAs: () => planned,
    findClient: (...args) => real.findClient(...args),
    listClients: (...args) => real.listClients(...args),
    findUserByName: (...args) => real.findUserByName(...args),
    findUserByEmail: (...args) => real.findUserByEmail(...args),
    async putClient(_, client) {
      const before = await real.findClient(tenant, client.clientId);
      const { clientId, metadata } = client;
      if (before === undefined) changes.push({ kind: 'client_added', clientId, metadata });
      else if (!client.enabled) changes.push({ kind: 'client_disabled', clientId, ...(await ending(clientId)) });
      else if (!sameClient(before, client)) {
        const secretsChange = !sameClient({ ...before, metadata, enabled: true, source: client.source }, client);
        changes.push({
          kind: 'client_changed',
          clientId,
          before: before.metadata,
          after: metadata,
          secretsChange,
          comesBack: !before.enabled,
          ...(before.source === client.source ? {} : { takenFrom: before.source }),
        });
      }
      return { ...client, epoch: 0, version: 0, createdAt: now };
    },
    async revokeClient(_, clientId) {
      const told = changes.some((change) => change.kind === 'grants_end' && change.clientId === clientId);
      if (!told) changes.push({ kind: 'grants_end', clientId, ...(await ending(clientId)) });
      return 'revoked';
    },
    async createUser(_, user) {
      const address = verifiedAddress(user.claims);
      const taken =
        (await real.findUserBySub(tenant, user.sub)) ?? (address === undefined ? undefined : await real.findUserByEmail(tenant, address));
      if (taken !== undefined) return { kind: 'taken', user: taken };
      changes.push({ kind: 'user_added', username: user.username, claims: user.claims });
      return { kind: 'created', user: asRecord(user, now) };
    },
    async setClaims(_, id, claims) {
      const address = verifiedAddress(claims);
      const owner = address === undefined ? undefined : await real.findUserByEmail(tenant, address);
      if (owner !== undefined && owner.id !== id) return 'email_taken';
      const user = await real.findUser(tenant, id);
      if (user === undefined) return 'unknown';
      changes.push({ kind: 'claims_changed', username: user.username, before: user.claims, after: claims });
      return 'done';
    },
  };
  const planned: Store = new Proxy(real, {
    get(_, name) {
      const verb: unknown = Object.hasOwn(verbs, name) ? Reflect.get(verbs, name) : undefined;
      if (verb === undefined) throw new TypeError(`a plan knows nothing of ${String(name)}`);
      return verb;
    },
  });
  return planned;
}

/** Users who have live grants of a client, by their newest ones. */
async function namesOf({ store, tenant }: Context, clientId: ClientId, now: number): Promise<readonly string[]> {
  const grants = await store.listGrants(tenant, { clientId }, MAX_SEEN);
  const live = grants.filter(({ dead, expiresAt }) => dead === undefined && expiresAt > now);
  const ids = [...new Set(live.flatMap(({ userId }) => userId ?? []))].slice(0, MAX_NAMED);
  const users = await Promise.all(ids.map((id) => store.findUser(tenant, id)));
  return users.flatMap((user) => user?.username ?? []).toSorted();
}

function asRecord(user: Parameters<Store['createUser']>[1], now: number): UserRecord {
  return {
    id: 0 as UserId,
    sub: user.sub,
    username: user.username,
    passwordHash: undefined,
    claims: user.claims,
    source: 'config',
    enabled: true,
    createdAt: now,
    updatedAt: now,
    passwordChangedAt: now,
    authVersion: 0,
    lockedUntil: undefined,
  };
}
