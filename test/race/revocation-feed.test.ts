import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readJwt } from '@hufu/protocol/jwt';
import { postForm } from '../support/agent.ts';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/databases.ts';
import { type FeedReader, feedReader } from '../support/feed-reader.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcesses } from '../support/hufu-process.ts';

const SECRET = 'feed-secret-0123456789abcdef0123456789ab';
const YAML = `
signing: { algorithms: [ES256] }
clients:
  - { client_id: robot, client_secret: ${SECRET}, grant_types: [client_credentials], scope: read }
  - { client_id: reader, client_secret: ${SECRET}, grant_types: [client_credentials], hufu: { follows_revocations: true } }
  - { client_id: admin, client_secret: ${SECRET}, grant_types: [client_credentials], scope: hufu:admin:read }
resources: [{ identifier: 'https://api.example/', scopes: [read], token_format: jwt }]
`;
const READER = `Basic ${Buffer.from(`reader:${SECRET}`).toString('base64')}`;
const COUNT = 200;

for (const engine of ENGINES) {
  describe(`followers of two processes on one ${engine}`, () => {
    let database: TestDatabase;
    let directory: string;
    let processes: readonly HufuProcess[];
    let issuer = '';
    let readers: readonly FeedReader[];
    before(async () => {
      database = await freshDatabase(engine);
      directory = await mkdtemp(join(tmpdir(), 'hufu-feed-'));
      const ports = [await freePort(), await freePort()];
      issuer = `http://127.0.0.1:${ports[0]}`;
      processes = await startProcesses({ directory, issuer, database: database.url, yaml: YAML }, ports);
      readers = await Promise.all(
        [0, 0, 1].map((node, index) =>
          feedReader({ origin: processes[node]?.origin ?? '', issuer, node: `r${index}`, authorization: READER }),
        ),
      );
    });
    after(async () => {
      await Promise.all(readers.map((reader) => reader.stop()));
      await Promise.all(processes.map((process) => process.stop()));
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    });

    const send = (node: number, path: string, fields: Record<string, string>, basic = `robot:${SECRET}`): ReturnType<typeof postForm> =>
      postForm(`${processes[node % 2]?.origin}${path}`, fields, basic);

    /** Revokes so many tokens, half of them at each process. @returns when each was answered, by its name */
    async function revokeMany(count: number): Promise<ReadonlyMap<string, number>> {
      const answered = new Map<string, number>();
      const tokens = await Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const { body } = await send(index, '/oauth/token', { grant_type: 'client_credentials', scope: 'read' });
          return String(body['access_token']);
        }),
      );
      const revoke = async (at: number): Promise<void> => {
        for (let index = at; index < count; index += 4) {
          const token = tokens[index] ?? '';
          assert.equal((await send(index, '/oauth/revoke', { token })).status, 200);
          answered.set(String(readJwt(token)?.payload['jti']), performance.now());
        }
      };
      await Promise.all([0, 1, 2, 3].map(revoke));
      return answered;
    }

    test('everyone hears of everything in order, wherever it was revoked', async (t) => {
      for (const reader of readers) {
        await reader.catchUp();
        await reader.listen();
      }
      const answered = await revokeMany(COUNT);
      const head = COUNT;
      await Promise.all(readers.map((reader) => reader.reach(head)));
      const late: number[] = [];
      for (const reader of readers) {
        assert.deepEqual(
          [...reader.had.keys()].toSorted((a, b) => a - b),
          Array.from({ length: head }, (_, index) => index + 1),
        );
        for (const [name, at] of answered) {
          const seq = reader.ids.get(name) ?? assert.fail(`nobody was told of ${name}`);
          late.push((reader.had.get(seq) ?? 0) - at);
        }
      }
      late.sort((a, b) => a - b);
      const at = (part: number): string => (late[Math.floor(part * (late.length - 1))] ?? 0).toFixed(1);
      t.diagnostic(`${late.length} times, milliseconds after the answer: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, last ${at(1)}`);
    });

    test('who was cut off goes on where it was, at another process too, and has missed nothing', async () => {
      const [first] = readers;
      assert.ok(first !== undefined);
      await first.stop();
      const { position } = first;
      await revokeMany(40);
      assert.equal(first.position, position);
      await first.catchUp();
      await first.listen();
      await first.reach(position + 40);
      assert.equal(first.had.size, position + 40);
    });

    test('an administrator sees who enforces what', async () => {
      const [first, second, third] = readers;
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      const head = first.position;
      await Promise.all([second, third].map((reader) => reader.reach(head)));
      assert.deepEqual([await first.acknowledge(), await third.acknowledge()], [204, 204]);
      const { body } = await send(0, '/oauth/token', { grant_type: 'client_credentials', scope: 'hufu:admin:read' }, `admin:${SECRET}`);
      const headers = { authorization: `Bearer ${String(body['access_token'])}` };
      // Processes write that they are there once they have started, and what they publish once a second; nobody waits for either.
      for (let round = 0; ; round += 1) {
        const reply = await fetch(`${processes[1]?.origin}/admin/v1/revocations/${head}`, { headers });
        assert.equal(reply.status, 200);
        const told: { entry: { seq: number; kind: string }; followers: Told[] } = Object(await reply.json());
        assert.deepEqual([told.entry.seq, told.entry.kind], [head, 'jti']);
        const states = told.followers.filter(({ server }) => server !== true).map(({ node, state }) => `${node} ${state}`);
        assert.deepEqual(states, ['r0 enforced', 'r1 not_yet', 'r2 enforced']);
        const servers = told.followers.filter(({ server }) => server === true);
        assert.ok(servers.length <= 2);
        if (servers.length === 2 && servers.every(({ state }) => state === 'enforced')) break;
        assert.ok(round < 300, `the processes themselves are never told of: ${JSON.stringify(servers)}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
  });
}

interface Told {
  readonly server?: boolean;
  readonly node: string;
  readonly state: string;
}
