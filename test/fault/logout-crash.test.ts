import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openReceiver } from '@hufu/server/testing/receiver';
import { Agent, authorizeAs, exchange } from '../support/agent.ts';
import { ENGINES, freshDatabase } from '../support/databases.ts';
import { freePort, USER } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';
import { rounds } from '../support/seeds.ts';

const ROUNDS = rounds(3, 30);
const RP = { clientId: 'rp', redirectUri: 'https://rp.example/cb', scope: 'openid' };

function yamlFor(origin: string): string {
  return `
policies: { brute_force: off, outbound: { allow_hosts: ['127.0.0.1'] } }
clients:
  - client_id: rp
    token_endpoint_auth_method: none
    redirect_uris: ['${RP.redirectUri}']
    grant_types: [authorization_code]
    scope: openid
    backchannel_logout_uri: '${origin}/logout'
    hufu: { first_party: true }
resources: [{ identifier: 'https://api.example/', scopes: [read], token_format: jwt }]
users: [{ username: ${USER.username}, password: ${USER.password} }]
`;
}

function sidOf(jwt: unknown): string {
  return String(Object(JSON.parse(Buffer.from(String(jwt).split('.')[1] ?? '', 'base64url').toString())).sid);
}

for (const engine of ENGINES) {
  test(`kill -9 between a sign-out and its delivery on ${engine}: the client is told after the next start (Back-Channel Logout §2.5, attacks REL-01), ${ROUNDS} rounds`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hufu-logout-crash-'));
    const database = await freshDatabase(engine);
    const told = new Set<string>();
    let answers = false;
    const held: ServerResponse[] = [];
    const receiver = await openReceiver(({ fields }, reply) => {
      if (!answers) return void held.push(reply);
      told.add(sidOf(fields.get('logout_token')));
      reply.writeHead(200).end();
    });
    const port = await freePort();
    const start = (): Promise<HufuProcess> =>
      startProcess({ directory, port, database: database.url, mode: 'test', yaml: yamlFor(receiver.origin) });
    let hufu: HufuProcess | undefined;
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        answers = false;
        hufu = await start();
        const agent = new Agent(hufu.origin);
        const reply = await exchange(agent, RP, await authorizeAs(agent, RP, USER));
        const id = String(reply.body['id_token']);
        const already = receiver.heard.length;
        const gone = await agent.get(`/oauth/logout?id_token_hint=${id}`);
        assert.equal(gone.name, 'signed-out');
        // Now and then it has begun to tell, now and then not.
        if (round % 2 === 1) await receiver.count(already + 1);
        await hufu.kill();
        assert.equal(told.has(sidOf(id)), false);
        for (const one of held.splice(0)) one.destroy();

        answers = true;
        hufu = await start();
        // The lease of the one that died.
        const moved = await fetch(`${hufu.origin}/test/clock`, { method: 'PUT', body: '{"advance":"PT31S"}' });
        assert.equal(moved.status, 200);
        while (!told.has(sidOf(id))) await receiver.count(receiver.heard.length + 1);
        await hufu.stop();
      }
      assert.equal(told.size, ROUNDS);
    } finally {
      await hufu?.kill();
      await receiver.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    }
  });
}
