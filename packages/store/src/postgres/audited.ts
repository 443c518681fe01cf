import { tenantId } from '@hufu/protocol/ids';
import { AUDITED, type AuditedVerb, mayTell } from '../audit/audited-verbs.ts';
import { entryOf, signEntry } from '../audit/write-entry.ts';
import type { Bell } from '../bell.ts';
import { newLatency } from '../port/latency.ts';
import type { Acting, Store } from '../port.ts';
import { administrators } from './administrators.ts';
import { insertEntry } from './audit.ts';
import { challenges } from './challenges.ts';
import { clients } from './clients.ts';
import { consents } from './consents.ts';
import { grantCreation } from './create-grant.ts';
import type { Database, Session } from './database.ts';
import { devices } from './devices.ts';
import { factors } from './factors.ts';
import { identities } from './identities.ts';
import { keys } from './keys.ts';
import { limitRules } from './limit-rules.ts';
import { pendingAuthorizations } from './pending-authorizations.ts';
import type { Purge } from './purge.ts';
import { queueByKey } from './queue.ts';
import type { ReservedIds, ReservedName } from './reserved-ids.ts';
import { revocations } from './revocation-log.ts';
import { revokedTokens } from './revoked-tokens.ts';
import { sessions } from './sessions.ts';
import type { Statistics } from './statistics.ts';
import { tries } from './tries.ts';
import { userCredentials } from './user-credentials.ts';
import { users } from './users.ts';
import { webhooks } from './webhooks.ts';

/** What rooms are opened with. */
export interface Parts {
  readonly db: Database;
  readonly ids: ReservedIds;
  readonly purge: Purge;
  readonly statistics: Statistics;
  readonly bell: Bell;
}

/** Those that go through a transaction of their own; revocations one by one go together, with their entries (`grants.ts`). */
type OwnVerb = Exclude<AuditedVerb, 'revokeGrant'>;

/** The audited verbs of somebody. */
export type AuditedVerbs = Pick<Store, OwnVerb>;

/**
 * Audited verbs for PostgreSQL: the whole verb, whatever statements and transactions it is made of, runs in one transaction, and its entry is the last statement in that. What it tells others once
 * it is done (bells, purges) waits for the COMMIT; ids are taken before, since whoever holds a connection must not wait for another.
 */
export function auditedVerbs(parts: Parts): (acting: Acting) => AuditedVerbs {
  const queue = queueByKey();

  async function call(acting: Acting, name: OwnVerb, args: readonly unknown[]): Promise<unknown> {
    if (!mayTell(name, args)) return await applyVerb(name, parts, args);
    const tenant = tenantId(Number(args[0]));
    const taken = await takeIds(parts.ids, tenant, [...(IDS[name] ?? []), 'audit']);
    const act = async (): Promise<unknown> => {
      const { answer, after } = await parts.db.transact(async (session) => await noted(session, { acting, name, args, taken }));
      for (const effect of after) effect();
      return answer;
    };
    // Many who sign in as one user would hold connections while each waits for the one before.
    return name === 'openSession' ? await queue(`${tenant} ${Object(args[1]).userId}`, act) : await act();
  }

  async function noted(
    session: Session,
    {
      acting,
      name,
      args,
      taken,
    }: { readonly acting: Acting; readonly name: OwnVerb; readonly args: readonly unknown[]; readonly taken: ReadonlyMap<string, number> },
  ): Promise<{ readonly answer: unknown; readonly after: readonly (() => void)[] }> {
    const after: (() => void)[] = [];
    const inside = within(session);
    const answer = await applyVerb(
      name,
      {
        ...parts,
        db: inside.db,
        ids: takenIds(taken),
        purge: { ...parts.purge, count: (...counted) => void after.push(() => parts.purge.count(...counted)) },
        statistics: { ...parts.statistics, inserted: (...counted) => void after.push(() => parts.statistics.inserted(...counted)) },
      },
      args,
    );
    const entry = inside.isUnchanged() ? undefined : entryOf(acting, name, args, answer);
    const tenant = Number(args[0]);
    if (entry !== undefined) await insertEntry(session, tenant, signEntry(acting, tenant, requireId(taken, 'audit'), entry));
    return { answer, after };
  }

  return (acting) => {
    const verbs = OWN.map((name) => [name, async (...args: unknown[]) => await call(acting, name, args)]);
    return Object.fromEntries(verbs) as AuditedVerbs;
  };
}

const OWN: readonly OwnVerb[] = AUDITED.filter((name) => name !== 'revokeGrant');

async function applyVerb(name: OwnVerb, parts: Parts, args: readonly unknown[]): Promise<unknown> {
  const room = ROOMS[name](parts);
  const verb: unknown = Object(room)[name];
  if (typeof verb !== 'function') throw new Error(`${name} is in another room`);
  return await Reflect.apply(verb, room, args);
}

/** The transaction around them is timed. */
const UNREAD = newLatency();

/** One transaction as a database: what would be one of its own is a part of it. */
function within(session: Session): { readonly db: Database; isUnchanged(): boolean } {
  let isUnchanged = false;
  const inner: Session = {
    run: async (statement, values) => await session.run(statement, values),
    unchanged: () => {
      isUnchanged = true;
    },
  };
  const db: Database = {
    latency: UNREAD,
    ...inner,
    runTogether: async (steps) => await Promise.all(steps.map(async ({ statement, values }) => await inner.run(statement, values))),
    transact: async (act) => await act(inner),
    close: () => Promise.resolve(),
  };
  return { db, isUnchanged: () => isUnchanged };
}

async function takeIds(
  ids: ReservedIds,
  tenant: Parameters<ReservedIds['take']>[0],
  names: readonly ReservedName[],
): Promise<ReadonlyMap<string, number>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await ids.take(tenant, name)] as const)));
}

function takenIds(taken: ReadonlyMap<string, number>): ReservedIds {
  return { take: (_, name) => Promise.resolve(requireId(taken, name)) };
}

function requireId(taken: ReadonlyMap<string, number>, name: string): number {
  const id = taken.get(name);
  if (id === undefined) throw new Error(`no id was taken for ${name}`);
  return id;
}

/** What a verb numbers. */
const IDS: Partial<Record<OwnVerb, readonly ReservedName[]>> = {
  openSession: ['session', 'device'],
  addFactor: ['factor'],
  approvePending: ['grant'],
  openChallenge: ['challenge'],
};

const inClients = ({ db, purge, statistics }: Parts) => clients(db, purge, statistics);
const inUsers = ({ db, purge, statistics }: Parts) => users(db, purge, statistics);
const inCredentials = ({ db, purge }: Parts) => userCredentials(db, purge);
const inSessions = ({ db, ids, purge, statistics }: Parts) => sessions(db, ids, purge, statistics);
const inDevices = ({ db, purge }: Parts) => devices(db, purge);
const inConsents = ({ db, purge }: Parts) => consents(db, purge);
const inPendings = ({ db, ids, purge, statistics }: Parts) => pendingAuthorizations(db, ids, purge, grantCreation(ids, purge, statistics));
const inKeys = ({ db, purge }: Parts) => keys(db, purge);
const inFactors = ({ db, ids, statistics }: Parts) => factors(db, ids, statistics);
const inIdentities = ({ db, purge, statistics }: Parts) => identities(db, purge, statistics);
const inLimits = ({ db }: Parts) => limitRules(db);
const inAdministrators = ({ db }: Parts) => administrators(db);
const inWebhooks = ({ db }: Parts) => webhooks(db);

/** Where a verb is. */
const ROOMS: { readonly [V in OwnVerb]: (parts: Parts) => Pick<Store, V> } = {
  putClient: inClients,
  changeClient: inClients,
  removeClient: inClients,
  revokeClient: inClients,
  createUser: inUsers,
  setClaims: inUsers,
  setUserEnabled: inUsers,
  lockUser: inUsers,
  deleteUser: inUsers,
  revokeUser: inUsers,
  openChallenge: ({ db, ids, purge }) => challenges(db, ids, purge),
  changePassword: inCredentials,
  verifyEmail: inCredentials,
  openSession: inSessions,
  endSession: inSessions,
  endOtherSessions: inSessions,
  giveConsent: inConsents,
  withdrawConsent: inConsents,
  revokeToken: ({ db, purge }) => revokedTokens(db, purge),
  approvePending: inPendings,
  denyPending: inPendings,
  addKey: inKeys,
  retireKey: inKeys,
  removeKey: inKeys,
  revokeKey: inKeys,
  renewRevocationEpoch: ({ db, bell }) => revocations(db, bell),
  renameDevice: inDevices,
  trustDevice: inDevices,
  removeDevice: inDevices,
  signOutClient: inDevices,
  distrustDevices: inDevices,
  addFactor: inFactors,
  renameFactor: inFactors,
  removeFactor: inFactors,
  removeFactors: inFactors,
  putRecoveryCodes: inFactors,
  takeRecoveryCode: inFactors,
  takeTry: ({ db, purge }) => tries(db, purge),
  linkIdentity: inIdentities,
  unlinkIdentity: inIdentities,
  putLimitRule: inLimits,
  removeLimitRule: inLimits,
  putAdministrator: inAdministrators,
  removeAdministrator: inAdministrators,
  createWebhook: inWebhooks,
  changeWebhook: inWebhooks,
  removeWebhook: inWebhooks,
  redeliverWebhook: inWebhooks,
};
