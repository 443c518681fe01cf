/**
 * The revocation log in a flood: `node --conditions=source bench/src/revocation-flood.ts [a second] [seconds] [grants]`. One server process on PostgreSQL with a million live grants, three APIs in
 * processes of their own that follow its feed, and another process that revokes a thousand grants a second in the store, as other nodes would. What counts: whether the rate is held, how far behind
 * the end of the log the followers are while it lasts, how soon after its end they have everything, without gaps, what they weigh, and how soon one that comes afterwards is fresh.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clientId } from '@hufu/protocol/ids';
import { openStore } from '@hufu/store/open';
import type { Store } from '@hufu/store/port';
import { Client } from 'pg';
import { freshDatabase } from '../../test/support/databases.ts';
import { type FollowerProcess, startFollower } from '../../test/support/followers.ts';
import { freePort } from '../../test/support/hufu.ts';
import { startProcess } from '../../test/support/hufu-process.ts';
import { epochSeconds } from './clock.ts';

const AUDIENCE = 'https://api.example/';
const SECRET = 'feed-secret-0123456789abcdef0123456789ab';
const USERS = 1_000;
const FALL_BEHIND_MS = 100;
const YAML = `
signing: { algorithms: [ES256] }
clients:
  - { client_id: app, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb] }
  - { client_id: api, client_secret: ${SECRET}, grant_types: [], hufu: { follows_revocations: true } }
resources: [{ identifier: '${AUDIENCE}', scopes: [read], token_format: jwt }]
`;

type TenantId = Awaited<ReturnType<Store['ensureTenant']>>['id'];

interface Seeded {
  readonly first: number;
  readonly count: number;
}

/** One grant by the store's verbs, and the others as rows like it. @returns the first id and how many follow */
async function seed(store: Store, url: string, tenant: TenantId, grants: number): Promise<Seeded> {
  const now = epochSeconds();
  const hash = 'h'.padEnd(43, 'A');
  const users: number[] = [];
  for (let index = 0; index < USERS; index++) {
    const made = await store.createUser(
      tenant,
      { sub: `sub-${index}`, username: `user-${index}`, passwordHash: undefined, claims: {} },
      now,
    );
    users.push(made.user.id);
  }
  const made = await store.createGrant(
    tenant,
    {
      userId: (await store.listUsers(tenant, 0, 1))[0]?.id,
      subject: 'sub-0',
      clientId: clientId('app'),
      sessionId: undefined,
      scopes: ['read'],
      resources: [AUDIENCE],
      authTime: now,
      amr: ['pwd'],
      offline: true,
      claims: undefined,
      keyId: 1,
      expiresAt: now + 60,
      needsConsent: false,
      participation: undefined,
      credential: { kind: 'code', codeHash: hash, codeRequest: {}, maxCodes: 50 },
    },
    now,
  );
  if (made.kind === 'refused') throw new Error(made.reason);
  const redemption = { secretHash: hash, accessHash: hash, keyId: 1, expiresAt: now + 30 * 86_400, idleSeconds: 86_400, maxGrants: 1_000 };
  await store.exchangeCode(tenant, made.id, redemption, now);
  const database = new Client({ connectionString: url });
  await database.connect();
  try {
    const { rows } = await database.query("SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'grants'");
    const names = rows.map(({ name }) => String(name));
    const values = names.map((name) => (name === 'id' ? 'g' : name === 'user_id' ? `(${users[0]} + g % ${USERS})` : `t.${name}`));
    await database.query(
      `INSERT INTO grants (${names.join(', ')}) SELECT ${values.join(', ')} FROM grants t, generate_series($1::bigint + 1, $1::bigint + $2::bigint) g WHERE t.id = $1`,
      [made.id, grants],
    );
    await database.query("UPDATE counters SET value = value + $1 WHERE name = 'grant'", [grants + 100_000]);
    await database.query('ANALYZE grants');
  } finally {
    await database.end();
  }
  return { first: made.id + 1, count: grants };
}

/** So many a second, for so long. @returns how many were revoked, and in how many seconds */
async function flood(
  store: Store,
  tenant: TenantId,
  { first, count }: Seeded,
  perSecond: number,
  seconds: number,
): Promise<{ count: number; seconds: number }> {
  const begun = performance.now();
  const under = new Set<Promise<unknown>>();
  let next = 0;
  const total = perSecond * seconds;
  while (next < total) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) * perSecond) / 1000));
    for (; next < due && under.size < 512; next++) {
      // Any of them, as people are thrown out.
      const id = first + ((next * 7_919) % count);
      const one: Promise<unknown> = store
        .revokeGrant(tenant, id as Parameters<Store['revokeGrant']>[1], 'revoked_by_admin', epochSeconds())
        .finally(() => under.delete(one));
      under.add(one);
    }
    await delay(2);
  }
  await Promise.all(under);
  return { count: total, seconds: (performance.now() - begun) / 1000 };
}

/** Entries that each follower is behind, every tenth of a second until `stop`. */
async function watch(store: Store, tenant: TenantId, apis: readonly FollowerProcess[], stop: AbortSignal): Promise<readonly number[]> {
  const behind: number[] = [];
  while (!stop.aborted) {
    const { seq } = await store.readRevocationHead(tenant);
    const heard = await Promise.all(apis.map((api) => api.heard()));
    behind.push(...heard.map(({ position }) => Math.max(0, seq - position)));
    await delay(FALL_BEHIND_MS);
  }
  return behind;
}

async function main(perSecond: number, seconds: number, grants: number): Promise<void> {
  const database = await freshDatabase('postgres');
  const directory = await mkdtemp(join(tmpdir(), 'hufu-flood-'));
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const start = (): ReturnType<typeof startProcess> => startProcess({ directory, issuer, database: database.url, yaml: YAML, port });
  // It makes the clients and the keys.
  await (await start()).stop();
  const store = await openStore(database.url);
  const apis: FollowerProcess[] = [];
  let server: Awaited<ReturnType<typeof start>> | undefined;
  try {
    const tenant = (await store.ensureTenant('default')).id;
    const seeded = await seed(store, database.url, tenant, grants);
    server = await start();
    for (let node = 0; node < 3; node++)
      apis.push(
        await startFollower({
          issuer,
          origin: server.origin,
          node: `flood-${node}`,
          audience: AUDIENCE,
          clientId: 'api',
          clientSecret: SECRET,
        }),
      );
    console.log(`${grants} live grants, three followers; machine's load ${loadavg()[0]?.toFixed(1)}`);
    const stop = new AbortController();
    const watching = watch(store, tenant, apis, stop.signal);
    const done = await flood(store, tenant, seeded, perSecond, seconds);
    const ended = performance.now();
    const { seq } = await store.readRevocationHead(tenant);
    let heard = await Promise.all(apis.map((api) => api.heard()));
    for (let tries = 0; heard.some(({ position }) => position < seq) && tries < 6_000; tries++) {
      await delay(5);
      heard = await Promise.all(apis.map((api) => api.heard()));
    }
    const caughtUp = performance.now() - ended;
    stop.abort();
    const behind = (await watching).toSorted((one, other) => one - other);
    const at = (part: number): number => behind[Math.floor(part * (behind.length - 1))] ?? 0;
    console.log(
      `${done.count} revocations in ${done.seconds.toFixed(1)} s: ${Math.round(done.count / done.seconds)} a second (asked for ${perSecond})`,
    );
    console.log(
      `  followers behind the end of the log while it lasted: p50 ${at(0.5)}, p99 ${at(0.99)}, at most ${at(1)} entries; everything ${caughtUp.toFixed(0)} ms after its end`,
    );
    const gapless = heard.every(({ isGapless, entries }) => isGapless && entries === seq);
    const same = new Set(heard.map(({ digest }) => digest)).size === 1;
    console.log(
      `  ${seq} entries, ${gapless ? 'without gaps' : 'WITH GAPS'}, ${same ? 'alike' : 'NOT ALIKE'}; followers weigh ${heard.map(({ rss }) => Math.round(rss / 1e6)).join(', ')} MB`,
    );
    const late = performance.now();
    const newcomer = await startFollower({
      issuer,
      origin: server.origin,
      node: 'late',
      audience: AUDIENCE,
      clientId: 'api',
      clientSecret: SECRET,
    });
    apis.push(newcomer);
    console.log(
      `  a follower that comes afterwards is fresh in ${(performance.now() - late).toFixed(0)} ms, with its start, by the snapshot`,
    );
    if (!gapless || !same || done.count / done.seconds < 0.99 * perSecond) process.exitCode = 1;
  } finally {
    await Promise.all(apis.map((api) => api.stop()));
    await server?.stop();
    await store.close();
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
}

const [perSecond = 1_000, seconds = 30, grants = 1_000_000] = process.argv.slice(2).map(Number);
await main(perSecond, seconds, grants);
