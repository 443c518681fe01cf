import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openReceiver } from '@hufu/server/testing/receiver';
import { expectedSignature } from '@hufu/server/testing/webhooks';
import { ENGINES, freshDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';
import { rounds } from '../support/seeds.ts';

const ROUNDS = rounds(3, 30);
const SECRET = 'a-secret-for-one-test-0123456789abcdef';
const YAML = `
policies: { brute_force: off, outbound: { allow_hosts: ['127.0.0.1'] } }
clients: [{ client_id: ops, client_secret: ${SECRET}, grant_types: [client_credentials], scope: 'hufu:admin:security' }]
users: [{ username: bob, password: correct horse battery staple, claims: { sub: bob } }]
`;

async function admin(hufu: HufuProcess, method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
  const asked = await fetch(`${hufu.origin}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`ops:${SECRET}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'hufu:admin:security' }),
  });
  const { access_token: token } = Object(JSON.parse(await asked.text()));
  const reply = await fetch(`${hufu.origin}/admin/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${String(token)}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${text}`);
  return text === '' ? {} : Object(JSON.parse(text));
}

for (const engine of ENGINES) {
  test(`kill -9 after a change on ${engine}: what was acknowledged is sent after the next start, under one name (attacks REL-01, REL-38), ${ROUNDS} rounds`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hufu-webhook-crash-'));
    const database = await freshDatabase(engine);
    let answers = false;
    const held: ServerResponse[] = [];
    /** Each name with the user that it told of. */
    const told = new Map<string, string>();
    const wrong: string[] = [];
    let secret = '';
    const receiver = await openReceiver((heard, reply) => {
      if (heard.headers['webhook-signature'] !== expectedSignature(secret, heard)) wrong.push(heard.body);
      if (!answers) return void held.push(reply);
      told.set(String(heard.headers['webhook-id']), String(Object(JSON.parse(heard.body)).data.target.id));
      reply.writeHead(200).end();
    });
    const port = await freePort();
    const start = (): Promise<HufuProcess> => startProcess({ directory, port, database: database.url, mode: 'test', yaml: YAML });
    let hufu: HufuProcess | undefined;
    try {
      hufu = await start();
      ({ secret } = Object(await admin(hufu, 'POST', '/webhooks', { url: `${receiver.origin}/`, actions: ['user.created'] })));
      // What the start has done may be sealed after it: told, and not asked about.
      answers = true;
      const made: string[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        answers = false;
        const already = receiver.heard.length;
        const { sub } = await admin(hufu, 'POST', '/users', { username: `user${round}` });
        made.push(String(sub));
        // Now and then it has begun to send, now and then it is not even sealed.
        if (round % 2 === 1) await receiver.count(already + 1);
        await hufu.kill();
        for (const one of held.splice(0)) one.destroy();
        answers = true;
        hufu = await start();
        // The lease of the one that died.
        const moved = await fetch(`${hufu.origin}/test/clock`, { method: 'PUT', body: '{"advance":"PT31S"}' });
        assert.equal(moved.status, 200);
        while (![...told.values()].includes(String(sub))) await receiver.count(receiver.heard.length + 1);
      }
      await hufu.stop();
      const ours = [...told.values()].filter((sub) => made.includes(sub));
      assert.deepEqual(ours, made, 'each under one name, however often it came, and in their order');
      assert.deepEqual(wrong, []);
    } finally {
      await hufu?.kill();
      await receiver.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    }
  });
}
