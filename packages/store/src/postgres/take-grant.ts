import type { GrantId, TenantId } from '@hufu/protocol/ids';
import { isOver } from '../encoding.ts';
import { endOf, lineEnd } from '../lineage.ts';
import { type Exchanged, type GrantRecord, type Grants, type Redemption, StoreUnavailable, type Taken } from '../port.ts';
import { FALL_AFTER_SECONDS } from '../retention.ts';
import { batch } from './batch.ts';
import type { Database, Session, Statement } from './database.ts';
import { evict, leaveSessions, lookAtDevices } from './evict-devices.ts';
import { GRANT_COLUMNS, type GrantRow, readLivingGrant } from './grant-row.ts';
import { type Fallen, LIMIT_GRANTS, limitValues } from './limit-grants.ts';
import { ENDED_DELIVERIES, ENDED_ENTRIES, type Purge } from './purge.ts';
import { writeEntries } from './revocation-log.ts';

/** The guarded increments: one winner for each generation of a grant, many grants at once. */
export function takeGrant(db: Database, purge: Purge, findGrant: Grants['findGrant']): Pick<Grants, 'exchangeCode' | 'rotate'> {
  const rotateOnce = batch<Rotation, Rotated | undefined>({
    key: ({ tenant, keyId, now }) => `${tenant} ${keyId} ${now}`,
    send: (items) => rotateTogether(db, ROTATE, items),
  });
  const rotateInLine = batch<Rotation, Rotated | undefined>({
    key: ({ tenant, keyId, now }) => `${tenant} ${keyId} ${now}`,
    send: (items) => rotateTogether(db, ROTATE_IN_LINE, items),
  });
  const exchangeOnce = batch<Exchange, Redeemed | undefined>({
    key: ({ tenant, now }) => `${tenant} ${now}`,
    send: (items) => exchangeTogether(db, purge, EXCHANGE, items),
  });
  const exchangeInLine = batch<Exchange, Redeemed | undefined>({
    key: ({ tenant, now }) => `${tenant} ${now}`,
    send: (items) => exchangeTogether(db, purge, EXCHANGE_IN_LINE, items),
  });

  /**
   * What the UPDATE does not take is lost, and the row says why. If the row says that it could be taken, then what had kept it from that is
   * over (a client was enabled again), and it is tried once more: the record must never contradict the answer. A grant that comes from another
   * is none that `once` takes; from then on it is tried with its line.
   */
  async function take<Answer extends Rotated>(
    tenant: TenantId,
    id: GrantId,
    generation: number,
    now: number,
    once: () => Promise<Answer | undefined>,
    onceInLine: () => Promise<Answer | undefined>,
  ): Promise<({ readonly kind: 'taken' } & Answer) | Extract<Taken, { kind: 'lost' }>> {
    let act = once;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const taken = await act();
      if (taken !== undefined) return { kind: 'taken', ...taken };
      const grant = await findGrant(tenant, id);
      if (grant === undefined || grant.generation !== generation || isOver(grant, now)) return { kind: 'lost', grant };
      if (grant.parentId !== undefined) act = onceInLine;
    }
    throw new StoreUnavailable('the grant changes faster than it can be taken');
  }

  /** One at a time, in a transaction of its own: what counts is locked before it is counted. */
  async function exchangeUnderLimit(tenant: TenantId, id: GrantId, redemption: Redemption, now: number): Promise<Exchanged> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const exchanged = await db.transact((session) => exchangeAlone(session, { tenant, id, redemption, now }));
      if (exchanged.kind === 'too_many_devices') return { kind: 'refused', reason: 'too_many_devices' };
      if (exchanged.kind === 'taken') {
        purge.count(tenant, ENDED_ENTRIES, exchanged.told, now);
        purge.count(tenant, ENDED_DELIVERIES, exchanged.deliveries, now);
        return { kind: 'taken', grant: exchanged.grant, fell: exchanged.fell };
      }
      const grant = await findGrant(tenant, id);
      if (grant === undefined || grant.generation !== 0 || isOver(grant, now)) return { kind: 'lost', grant };
    }
    throw new StoreUnavailable('the grant changes faster than it can be taken');
  }

  return {
    async exchangeCode(tenant, id, redemption, now) {
      if (redemption.devices !== undefined) return await exchangeUnderLimit(tenant, id, redemption, now);
      const exchange = { tenant, id, redemption, now };
      return await take(
        tenant,
        id,
        0,
        now,
        () => exchangeOnce(exchange),
        () => exchangeInLine(exchange),
      );
    },

    async rotate(tenant, id, generation, keyId, now) {
      if (generation < 1) return { kind: 'lost', grant: await findGrant(tenant, id) };
      const rotation = { tenant, id, generation, keyId, now };
      return await take(
        tenant,
        id,
        generation,
        now,
        () => rotateOnce(rotation),
        () => rotateInLine(rotation),
      );
    },
  };
}

const MAX_ATTEMPTS = 3;

/** What a rotation answers. */
interface Rotated {
  readonly grant: GrantRecord;
}

/** What an exchange answers. */
interface Redeemed extends Rotated {
  readonly fell: number;
}

interface Rotation {
  readonly tenant: TenantId;
  readonly id: GrantId;
  readonly generation: number;
  readonly keyId: number;
  readonly now: number;
}

/** Of several that want one grant the first tries; whatever becomes of it, the others have lost. */
function firstOfEach<Item extends { readonly id: GrantId }>(items: readonly Item[]): Map<GrantId, Item> {
  const first = new Map<GrantId, Item>();
  for (const item of items) if (!first.has(item.id)) first.set(item.id, item);
  return first;
}

/** For each item the row that it has changed, if it has. */
function answerEach<Item extends { readonly id: GrantId }>(
  items: readonly Item[],
  tried: ReadonlyMap<GrantId, Item>,
  rows: readonly GrantRow[],
): (Rotated | undefined)[] {
  const changed = new Map(rows.map((row) => [row.id, row]));
  return items.map((item) => {
    const row = changed.get(item.id);
    return row === undefined || tried.get(item.id) !== item ? undefined : { grant: readLivingGrant(row) };
  });
}

async function rotateTogether(db: Database, statement: Statement, items: readonly Rotation[]): Promise<(Rotated | undefined)[]> {
  const tried = firstOfEach(items);
  const rotations = [...tried.values()];
  const generations = rotations.map(({ generation }) => generation);
  const rows = await db.run<GrantRow>(statement, [items[0]?.tenant, [...tried.keys()], generations, items[0]?.now, items[0]?.keyId]);
  return answerEach(items, tried, rows);
}

interface Exchange {
  readonly tenant: TenantId;
  readonly id: GrantId;
  readonly redemption: Redemption;
  readonly now: number;
}

function exchangeValues(tenant: TenantId, now: number, exchanges: readonly Pick<Exchange, 'id' | 'redemption'>[]): unknown[] {
  const redemptions = exchanges.map(({ redemption }) => redemption);
  return [
    tenant,
    now,
    exchanges.map(({ id }) => id),
    redemptions.map(({ keyId }) => keyId),
    redemptions.map(({ secretHash }) => secretHash),
    redemptions.map(({ accessHash }) => accessHash),
    redemptions.map(({ expiresAt }) => expiresAt),
    redemptions.map(({ idleSeconds }) => idleSeconds),
    redemptions.map(({ boundKey }) => boundKey ?? null),
  ];
}

async function exchangeTogether(
  db: Database,
  purge: Purge,
  statement: Statement,
  items: readonly Exchange[],
): Promise<(Redeemed | undefined)[]> {
  const tried = firstOfEach(items);
  const [first, ...others] = tried.values();
  if (first === undefined) return [];
  const { tenant, now } = first;
  const ids = [...tried.keys()];
  const newcomers = [first, ...others].map(({ id, redemption }) => ({ id, max: redemption.maxGrants }));
  const [, rows, revoked] = await db.runTogether([
    { statement: LOCK_USERS, values: [tenant, ids] },
    { statement, values: exchangeValues(tenant, now, [first, ...others]) },
    { statement: LIMIT_GRANTS, values: limitValues(tenant, now, newcomers) },
  ]);
  const fallen = (revoked ?? []) as Fallen[];
  purge.count(tenant, ENDED_ENTRIES, fallen.length, now);
  return answerEach(items, tried, (rows ?? []) as GrantRow[]).map((redeemed) =>
    redeemed === undefined ? undefined : { ...redeemed, fell: fallen.filter(({ newcomer }) => newcomer === redeemed.grant.id).length },
  );
}

async function exchangeAlone(session: Session, { tenant, id, redemption, now }: Exchange): Promise<ExchangedAlone> {
  const look = await lookAtDevices(session, tenant, id, redemption, now);
  if (look.kind !== 'evicted') return { kind: look.kind };
  const values = exchangeValues(tenant, now, [{ id, redemption }]);
  const [row] = await session.run<GrantRow>(look.isInLine ? EXCHANGE_IN_LINE : EXCHANGE, values);
  // Its client, or what it comes from, can have ended since it was looked at: then nobody has made room for it.
  if (row === undefined) return { kind: 'untakeable' };
  const entries = await evict(session, tenant, look.plan, 'session_replaced', now);
  const deliveries = await leaveSessions(session, tenant, look, now);
  const revoked = await session.run(LIMIT_GRANTS, limitValues(tenant, now, [{ id, max: redemption.maxGrants }]));
  await writeEntries(session, tenant, entries, now);
  return { kind: 'taken', grant: readLivingGrant(row), fell: revoked.length, told: entries.length + revoked.length, deliveries };
}

type ExchangedAlone =
  | ({ readonly kind: 'taken'; readonly told: number; readonly deliveries: number } & Redeemed)
  | { readonly kind: 'too_many_devices' | 'untakeable' };

/** True where the grant's client is enabled and has not been revoked since the grant began. A scalar, so that it stays one lookup a row. */
const CLIENT_LIVES = `(SELECT c.enabled = 1 AND c.epoch <= g.client_epoch FROM clients c WHERE c.tenant = g.tenant AND c.client_id = g.client_id)`;

/** Other statements take what comes from another grant, so that these need not look for it. */
const ALONE = 'g.parent_id IS NULL';
const IN_LINE = `g.parent_id IS NOT NULL AND ${lineEnd('g.tenant', 'g.parent_id')} IS NULL`;

/** The guarded increment, for many grants at once. Nothing that an index names changes, so the new version stays in its page. */
function rotateText(line: string): string {
  return `UPDATE grants g SET generation = g.generation + 1, rotated_at = $4::bigint, key_id = $5::bigint
    WHERE g.tenant = $1::bigint AND g.id = ANY ($2::bigint[]) AND g.generation = ($3::bigint[])[array_position($2::bigint[], g.id)]
      AND g.revoked_at IS NULL AND g.expires_at > $4::bigint AND coalesce(g.suspended_until, 0) <= $4::bigint AND (g.idle_seconds = 0 OR g.rotated_at + g.idle_seconds > $4::bigint)
      AND ${CLIENT_LIVES} AND ${line}
    RETURNING ${GRANT_COLUMNS}`;
}

const ROTATE: Statement = { name: 'rotate_grants', text: rotateText(ALONE) };
const ROTATE_IN_LINE: Statement = { name: 'rotate_grants_in_line', text: rotateText(IN_LINE) };

const LOCK_USERS: Statement = {
  name: 'lock_users_of_grants',
  text: `SELECT id FROM users
    WHERE tenant = $1::bigint AND id = ANY (ARRAY(SELECT user_id FROM grants WHERE tenant = $1::bigint AND id = ANY ($2::bigint[])))
    ORDER BY id FOR NO KEY UPDATE`,
};

/** `expiresAt` is the end that the row gets, for the end `w.expires_at` that was asked for. */
function exchangeText(line: string, expiresAt: string): string {
  return `UPDATE grants g SET generation = 1, redeemed = 1, rotated_at = $2::bigint, key_id = w.key_id, secret_hash = w.secret_hash,
      access_hash = w.access_hash, expires_at = ${expiresAt}, idle_seconds = w.idle_seconds, purge_at = ${expiresAt} + ${FALL_AFTER_SECONDS},
      bound_key = w.bound_key, redeemed_at = $2::bigint, code_request = NULL
    FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[])
      AS w (id, key_id, secret_hash, access_hash, expires_at, idle_seconds, bound_key)
    WHERE g.tenant = $1::bigint AND g.id = w.id AND g.generation = 0 AND g.revoked_at IS NULL AND g.expires_at > $2::bigint AND coalesce(g.suspended_until, 0) <= $2::bigint AND ${CLIENT_LIVES}
      AND ${line}
    RETURNING ${GRANT_COLUMNS}`;
}

const EXCHANGE: Statement = { name: 'exchange_codes', text: exchangeText(ALONE, 'w.expires_at') };
const EXCHANGE_IN_LINE: Statement = {
  name: 'exchange_codes_in_line',
  text: exchangeText(IN_LINE, `least(w.expires_at, ${endOf('g.tenant', 'g.parent_id')})`),
};
