import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { postForm } from '../support/agent.ts';
import { freshDatabase, type TestDatabase } from '../support/databases.ts';
import { type FollowerProcess, type Heard, startFollower } from '../support/followers.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';

const AUDIENCE = 'https://api.example/';
const SECRET = 'feed-secret-0123456789abcdef0123456789ab';
const YAML = `
signing: { algorithms: [ES256] }
clients:
  - { client_id: robot, client_secret: ${SECRET}, grant_types: [client_credentials], scope: read }
  - { client_id: api, client_secret: ${SECRET}, grant_types: [], hufu: { follows_revocations: true } }
  - { client_id: admin, client_secret: ${SECRET}, grant_types: [client_credentials], scope: hufu:admin:read }
resources: [{ identifier: '${AUDIENCE}', scopes: [read], token_format: jwt }]
`;
/** Revoked while all goes well, and while one process is gone. */
const COUNT = 150;

describe('three APIs in processes of their own follow two servers on one PostgreSQL', () => {
  let database: TestDatabase;
  let directory = '';
  let issuer = '';
  let ports: readonly number[] = [];
  const servers: HufuProcess[] = [];
  const apis: FollowerProcess[] = [];
  const start = (port: number): Promise<HufuProcess> => startProcess({ directory, issuer, database: database.url, yaml: YAML, port });

  before(async () => {
    database = await freshDatabase('postgres');
    directory = await mkdtemp(join(tmpdir(), 'hufu-followers-'));
    ports = [await freePort(), await freePort()];
    issuer = `http://127.0.0.1:${ports[0]}`;
    for (const port of ports) servers.push(await start(port));
    for (const [index, server] of [0, 0, 1].entries()) {
      const origin = servers[server]?.origin ?? '';
      apis.push(
        await startFollower({
          issuer,
          origin,
          node: `api-${index}`,
          audience: AUDIENCE,
          clientId: 'api',
          clientSecret: SECRET,
          maxAgeSeconds: 60,
        }),
      );
    }
  });
  after(async () => {
    await Promise.all(apis.map((api) => api.stop()));
    await Promise.all(servers.map((server) => server.stop()));
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  const send = (server: number, path: string, fields: Record<string, string>, client = 'robot'): ReturnType<typeof postForm> =>
    postForm(`${servers[server]?.origin}${path}`, fields, `${client}:${SECRET}`);

  async function issue(count: number, at: readonly number[]): Promise<readonly string[]> {
    const tokens: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const { body } = await send(at[index % at.length] ?? 0, '/oauth/token', { grant_type: 'client_credentials', scope: 'read' });
      tokens.push(String(body['access_token']));
    }
    return tokens;
  }

  /** Six at once. */
  async function revokeAll(tokens: readonly string[], at: readonly number[]): Promise<void> {
    const one = async (from: number): Promise<void> => {
      for (let index = from; index < tokens.length; index += 6) {
        const { status } = await send(at[index % at.length] ?? 0, '/oauth/revoke', { token: tokens[index] ?? '' });
        assert.equal(status, 200);
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(one));
  }

  /** What each has heard, once all are where the log ends. */
  async function atEnd(head: number): Promise<readonly Heard[]> {
    for (let round = 0; round < 1_500; round += 1) {
      const heard = await Promise.all(apis.map((api) => api.heard()));
      if (heard.every(({ position, isFresh }) => position === head && isFresh)) return heard;
      await sleep(20);
    }
    return assert.fail(`not everybody has reached ${head}`);
  }

  async function assertAlike(head: number, dead: readonly string[], live: readonly string[]): Promise<void> {
    for (const { entries, isGapless } of await atEnd(head)) assert.deepEqual([entries, isGapless], [head, true]);
    assert.equal(new Set((await atEnd(head)).map(({ digest }) => digest)).size, 1);
    for (const api of apis) {
      assert.deepEqual([...new Set(await api.verify(dead))], ['revoked']);
      assert.deepEqual([...new Set(await api.verify(live))], ['live']);
    }
  }

  test('under load nothing is missed: each ends with the same log, and refuses all of it and nothing else', async () => {
    const [dead, live] = [await issue(COUNT, [0, 1]), await issue(20, [0, 1])];
    await Promise.all(apis.map((api) => api.load(500, live)));
    await revokeAll(dead, [0, 1]);
    await Promise.all(apis.map((api) => api.load(0, [])));
    await assertAlike(COUNT, dead, live);
    for (const { stale } of await atEnd(COUNT)) assert.deepEqual(stale, []);
  });

  test('a server that is killed takes nothing with it: who followed it goes on by number when it is back', async () => {
    const [dead, live] = [await issue(COUNT, [0]), await issue(20, [0])];
    await servers[1]?.kill();
    await revokeAll(dead, [0]);
    const third = await apis[2]?.heard();
    assert.equal(third?.position, COUNT, 'it has nobody to hear from');
    servers[1] = await start(ports[1] ?? 0);
    await assertAlike(2 * COUNT, dead, live);
  });

  test('an administrator is told of all of them', async () => {
    const { body } = await send(1, '/oauth/token', { grant_type: 'client_credentials', scope: 'hufu:admin:read' }, 'admin');
    const headers = { authorization: `Bearer ${String(body['access_token'])}` };
    const names = apis.map(({ node }) => node);
    for (let round = 0; ; round += 1) {
      const reply = await fetch(`${servers[1]?.origin}/admin/v1/revocations/${2 * COUNT}`, { headers });
      const { followers }: { readonly followers: readonly { readonly node: string; readonly state: string }[] } = Object(
        await reply.json(),
      );
      const states = followers.filter(({ node }) => names.includes(node)).map(({ state }) => state);
      if (states.length === 3 && states.every((state) => state === 'enforced')) return;
      assert.ok(round < 500, JSON.stringify(followers));
      await sleep(20);
    }
  });
});
