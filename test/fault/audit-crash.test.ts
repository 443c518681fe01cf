import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyStore } from '@hufu/server/audit/verify-audit';
import { systemClock } from '@hufu/server/clock';
import { loadConfig } from '@hufu/server/config/load-config';
import { jsonLog } from '@hufu/server/log';
import { openContext } from '@hufu/server/open-context';
import { openStore } from '@hufu/store/open';
import pg from 'pg';
import { Agent, authorizeAs } from '../support/agent.ts';
import { ENGINES, freshDatabase } from '../support/databases.ts';
import { freePort, USER } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';
import { rounds } from '../support/seeds.ts';

const ROUNDS = rounds(3, 30);
const RP = { clientId: 'rp', redirectUri: 'https://rp.example/cb', scope: 'openid' };
const YAML = `
policies: { brute_force: off }
clients:
  - { client_id: rp, token_endpoint_auth_method: none, redirect_uris: ['${RP.redirectUri}'], grant_types: [authorization_code], scope: openid, hufu: { first_party: true } }
users: [{ username: ${USER.username}, password: ${USER.password} }]
`;

async function count(url: string, sql: string): Promise<number> {
  if (url.startsWith('sqlite:')) {
    const db = new DatabaseSync(url.slice('sqlite:'.length));
    const found = Number(db.prepare(sql).get()?.['n']);
    db.close();
    return found;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ n: string }>(sql);
  await client.end();
  return Number(rows[0]?.n);
}

for (const engine of ENGINES) {
  test(`kill -9 after a sign-in on ${engine}: its entry is there, sealed at the latest after the next start, and the chain is whole (attacks ADM-12, REL-01), ${ROUNDS} rounds`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hufu-audit-crash-'));
    const database = await freshDatabase(engine);
    const options = { directory, port: await freePort(), database: database.url, mode: 'test', yaml: YAML } as const;
    let hufu: HufuProcess | undefined;
    try {
      for (let round = 1; round <= ROUNDS; round += 1) {
        hufu = await startProcess(options);
        // At once after its answer: as often as not nobody has sealed it.
        await authorizeAs(new Agent(hufu.origin), RP, USER);
        await hufu.kill();
        const opened = "WHERE action = 'session.opened'";
        const before = await count(
          database.url,
          `SELECT (SELECT count(*) FROM audit_inbox ${opened}) + (SELECT count(*) FROM audit_log ${opened}) AS n`,
        );
        assert.equal(before, round);
        hufu = await startProcess(options);
        while ((await count(database.url, 'SELECT count(*) AS n FROM audit_inbox')) > 0) await sleep(50);
        assert.equal(await count(database.url, `SELECT count(*) AS n FROM audit_log ${opened}`), round);
        await hufu.stop();
      }
      const config = await loadConfig(hufu?.file ?? '', {});
      const store = await openStore(database.url);
      const clock = systemClock();
      const ctx = await openContext({ config, store, clock, log: jsonLog(() => undefined, clock.nowMs), masterKey: undefined });
      const verdict = await verifyStore(ctx);
      assert.deepEqual([verdict.faults, verdict.entries === verdict.to], [[], true]);
      await ctx.passwords.close();
      await store.close();
    } finally {
      await hufu?.kill();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    }
  });
}
