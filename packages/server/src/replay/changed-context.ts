import type { ClientId } from '@hufu/protocol/ids';
import { AUDITED_VERBS } from '@hufu/store/audit/audited-verbs';
import type { ClientRecord, Store } from '@hufu/store/port';
import type { ClientConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { type ConfigChange, planConfig } from '../jobs/plan-config.ts';
import { NO_REQUEST_LIMITS } from '../limits/request-limits.ts';
import type { ServerLimits } from '../limits/server-limits.ts';
import { NotJudged, WouldTake } from './judgement.ts';

/** A context as a start with the changed configuration would make it, over a store that writes nothing. */
export interface ChangedContext {
  readonly ctx: Context;
  /** Whose grants would end: they would prove themselves in another way, or know their users by other names. */
  readonly ends: ReadonlySet<string>;
  /** Whose secrets change: whether they would know the new ones nobody can say. */
  readonly secretsChange: readonly string[];
  /** With some verbs that answer otherwise: with what was so when a request came. */
  with(verbs: Partial<Store>): Context;
}

/** The verbs with which a request takes what it was allowed: everything has been judged before. */
const TAKING: ReadonlySet<string> = new Set(['createGrant', 'ownGrant', 'exchangeCode', 'rotate']);

/**
 * @param ctx with the changed configuration.
 * @param builtIn see `planConfig`.
 */
export async function changedContext(ctx: Context, now: number, builtIn: readonly ClientConfig[]): Promise<ChangedContext> {
  const changes = await planConfig(ctx, now, builtIn);
  const store = (verbs: Partial<Store>): Store => readingStore(ctx, { findClient: changedClients(ctx, changes, now), ...verbs });
  const passwords = { ...ctx.passwords, verify: () => Promise.resolve(true), isOutdated: () => false };
  const log = { ...ctx.log, info: () => undefined, warn: () => undefined };
  const changed = { ...ctx, keys: mutedKeys(ctx.keys), passwords, log, limits: NO_LIMITS };
  const withVerbs = (verbs: Partial<Store>): Context => ({ ...changed, store: store(verbs) });
  return {
    ctx: withVerbs({}),
    ends: new Set(changes.flatMap((change) => (change.kind === 'grants_end' ? [change.clientId] : []))),
    secretsChange: changes.flatMap((change) => (change.kind === 'client_changed' && change.secretsChange ? [change.clientId] : [])),
    with: withVerbs,
  };
}

/** Knows every credential, and signs nothing: no token comes of a replay. */
function mutedKeys(keys: Context['keys']): Context['keys'] {
  const mute = (): never => {
    throw new WouldTake('all of it was judged');
  };
  return new Proxy(keys, {
    get: (_, name) => (name === 'signerFor' || name === 'openSecret' ? mute : Reflect.get(keys, name)),
  });
}

/** Reads what is there; says where something would be taken, and fails where anything else would be written. */
function readingStore({ store: real }: Context, verbs: Partial<Store>): Store {
  const reading: Store = new Proxy(real, {
    get(_, name) {
      if (name === 'actingAs') return () => reading;
      if (Object.hasOwn(verbs, name)) return Reflect.get(verbs, name);
      if (TAKING.has(String(name)))
        return () => {
          throw new WouldTake('all of it was judged');
        };
      // A refusal that ends a grant.
      if (name === 'revokeGrant') return () => Promise.resolve('revoked');
      if (Reflect.get(AUDITED_VERBS, name) !== 'reads') throw new TypeError(`a replay knows nothing of ${String(name)}`);
      const verb: unknown = Reflect.get(real, name);
      return typeof verb === 'function' ? verb.bind(real) : verb;
    },
  });
  return reading;
}

/** Clients as they would be: of the store, with what the file makes of them. The same record for the same client, and none that another context has seen. */
function changedClients({ store, tenant }: Context, changes: readonly ConfigChange[], now: number): Store['findClient'] {
  const known = new Map<string, Promise<ClientRecord | undefined>>();
  const find = async (id: ClientId): Promise<ClientRecord | undefined> => {
    let client = await store.findClient(tenant, id);
    // Its document may be another one by now, and nothing is fetched for a replay.
    if (client?.source === 'document' || (client === undefined && id.startsWith('http'))) throw new NotJudged('a document describes it');
    for (const change of changes) {
      if (!('clientId' in change) || change.clientId !== id) continue;
      if (change.kind === 'client_added') client = { ...NEW, clientId: id, metadata: change.metadata, createdAt: now };
      else if (client === undefined) continue;
      else if (change.kind === 'client_changed') client = { ...client, metadata: change.after, enabled: true, source: 'config' };
      else if (change.kind === 'client_disabled') client = { ...client, enabled: false };
    }
    return client && { ...client };
  };
  return (_, id) => {
    const found = known.get(id) ?? find(id);
    if (known.size < MAX_CLIENTS) known.set(id, found);
    return found;
  };
}

const MAX_CLIENTS = 10_000;
const NEW = { secrets: [], enabled: true, source: 'config', epoch: 0, version: 1 } as const;

const NOTHING = { kind: 'taken', refund: () => undefined } as const;
/** How often anybody failed is not judged again. */
const NO_LIMITS: ServerLimits = {
  take: () => Promise.resolve(NOTHING),
  takeNow: () => NOTHING,
  isWorn: () => Promise.resolve(false),
  snapshot: () => [],
  requests: NO_REQUEST_LIMITS,
  change: () => undefined,
};
