import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { refresh } from '../attack/sign-ins.ts';
import { Agent, authorizeAs, exchange, type Page } from '../support/agent.ts';
import { ENGINES, freshDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { startProcesses } from '../support/hufu-process.ts';

const SPA = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid' } as const;
const ALICE = { username: 'alice', password: 'open sesame' } as const;

function yaml(max: number, onExceed: string): string {
  return `
policies: { brute_force: off, devices: { max: ${max}, on_exceed: ${onExceed} } }
signing: { algorithms: [ES256] }
clients:
  - { client_id: spa, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb], grant_types: [authorization_code, refresh_token], hufu: { first_party: true } }
users:
  - username: alice
    password_hash: $argon2id$v=19$m=64,t=1,p=1$SPqh+mVUV+PQlE3PDCt43w$S4NLHClwL/B7wojoI58lw5MVzDamURxxBPQXtORjXF4
`;
}

/** Fifty browsers that sign in at the same moment, half of them at each of two processes. */
async function race(
  engine: (typeof ENGINES)[number],
  max: number,
  onExceed: 'replace' | 'refuse',
  act: (race: Race) => Promise<void>,
): Promise<void> {
  const database = await freshDatabase(engine);
  const directory = await mkdtemp(join(tmpdir(), 'hufu-devices-'));
  const ports = [await freePort(), await freePort()];
  const options = {
    directory,
    issuer: `http://127.0.0.1:${ports[0]}`,
    database: database.url,
    mode: 'test',
    yaml: yaml(max, onExceed),
  } as const;
  const processes = await startProcesses(options, ports);
  const origins = processes.map(({ origin }) => origin);
  try {
    const agents = Array.from({ length: 50 }, (_, index) => new Agent(origins[index % 2] ?? assert.fail()));
    const forms = await Promise.all(agents.map((agent) => agent.get('/signin')));
    const replies = await Promise.all(agents.map((agent, index) => agent.submit(forms[index] ?? assert.fail(), ALICE)));
    await act({ agents, replies, origins });
  } finally {
    await Promise.all(processes.map((process) => process.stop()));
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Race {
  readonly agents: readonly Agent[];
  readonly replies: readonly Page[];
  readonly origins: readonly string[];
}

/** Those that are signed in, as the other process sees it. */
async function signedIn({ agents, origins }: Race): Promise<readonly Agent[]> {
  const known = await Promise.all(
    agents.map(async (agent, index) => {
      const elsewhere = new Agent(origins[(index + 1) % 2] ?? assert.fail());
      for (const [name, value] of agent.cookies) elsewhere.cookies.set(name, value);
      return (await elsewhere.get('/account')).status === 200;
    }),
  );
  return agents.filter((_, index) => known[index]);
}

for (const engine of ENGINES) {
  describe(`devices at two processes on one ${engine}`, () => {
    for (const max of [1, 3]) {
      test(`of fifty who sign in at once where ${max} may, ${max} are left, and no refresh brings another back (attacks SES-14)`, async () => {
        await race(engine, max, 'replace', async (all) => {
          for (const reply of all.replies) assert.equal(reply.status, 303);
          assert.equal((await signedIn(all)).length, max);
          const [first] = await signedIn(all);
          const agent = first ?? assert.fail();
          const tokens = await exchange(agent, SPA, await authorizeAs(agent, SPA, ALICE));
          assert.equal(tokens.status, 200);
          const racing = Array.from({ length: 8 }, async (_, index) => {
            const other = new Agent(all.origins[index % 2] ?? assert.fail());
            await other.submit(await other.get('/signin'), ALICE);
          });
          let token = String(tokens.body['refresh_token']);
          for (let step = 0; step < 8; step += 1) {
            const reply = await refresh(all.origins[step % 2] ?? assert.fail(), token, SPA);
            if (reply.status === 200) token = String(reply.body['refresh_token']);
          }
          await Promise.all(racing);
          for (const origin of all.origins) {
            const late = await refresh(origin, token, SPA);
            assert.deepEqual([late.status, late.body['error']], [400, 'invalid_grant']);
            assert.match(String(late.body['error_description']), /^session_replaced: /);
          }
        });
      });

      test(`of fifty who sign in at once where ${max} may, ${max} are let in, and each of the others may sign out one and go on`, async () => {
        await race(engine, max, 'refuse', async (all) => {
          const full = all.replies.filter((reply) => reply.location.startsWith('/signin/devices?'));
          assert.equal(full.length, 50 - max);
          assert.equal((await signedIn(all)).length, max);
          const index = all.replies.findIndex((reply) => reply.location.startsWith('/signin/devices?'));
          const agent = all.agents[index] ?? assert.fail();
          const page = await agent.get(all.replies[index]?.location ?? '');
          assert.equal(page.name, 'devices');
          const [, value = ''] = /name="device" value="([^"]+)"/.exec(page.text) ?? [];
          assert.equal((await agent.submit(page, { go: 'go' })).status, 400, 'without a choice there is no room');
          const done = await agent.submit(page, { device: value, go: 'go' });
          assert.equal(done.status, 303);
          assert.equal((await signedIn(all)).length, max);
          assert.ok((await signedIn(all)).includes(agent));
        });
      });
    }
  });
}
