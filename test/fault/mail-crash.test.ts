import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openMailServer } from '@hufu/server/testing/mail-server';
import { Agent } from '../support/agent.ts';
import { ENGINES, freshDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';
import { rounds } from '../support/seeds.ts';

const ROUNDS = rounds(3, 30);

function yamlFor(port: number): string {
  return `
policies: { brute_force: off, sign_in: { methods: [password, email] } }
mail: { from: no-reply@id.example, host: 127.0.0.1, port: ${port}, tls: 'off' }
clients: []
users:
  - { username: alice, password: correct horse battery staple, claims: { email: alice@post.example, email_verified: true } }
`;
}

for (const engine of ENGINES) {
  test(`kill -9 between the answer and the mail on ${engine}: the code arrives after the next start, at least once and under one Message-ID (attacks REL-01), ${ROUNDS} rounds`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hufu-mail-crash-'));
    const database = await freshDatabase(engine);
    // Refused before the mail, taken and never said so, or not answered at all: as a crash finds it.
    let takes: 'nothing' | 'silently' | 'all' = 'all';
    const reached: (() => void)[] = [];
    const server = await openMailServer({
      answer: (command) => {
        if (takes === 'all' || (takes === 'silently' && command !== '.')) return undefined;
        if (takes === 'nothing' && command !== 'greeting') return undefined;
        for (const tell of reached.splice(0)) tell();
        return 'hang';
      },
    });
    const port = await freePort();
    const start = (): Promise<HufuProcess> =>
      startProcess({ directory, port, database: database.url, mode: 'test', yaml: yamlFor(server.port) });
    let hufu: HufuProcess | undefined;
    // One browser: a second one would be told of by mail.
    const agent = new Agent(`http://127.0.0.1:${port}`);
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        takes = round % 2 === 0 ? 'silently' : 'nothing';
        hufu = await start();
        const { hidden } = await agent.get('/signin/email');
        const begun = new Promise<void>((resolve) => reached.push(resolve));
        const asked = await agent.post('/signin/email', { ...hidden, address: 'alice@post.example' });
        assert.equal(asked.status, 303);
        // Now and then before anything was sent.
        if (round % 3 !== 2) await begun;
        await hufu.kill();

        takes = 'all';
        const before = server.taken.length;
        hufu = await start();
        // The lease of the one that died.
        const moved = await fetch(`${hufu.origin}/test/clock`, { method: 'PUT', body: '{"advance":"PT31S"}' });
        assert.equal(moved.status, 200);
        const mail = (await server.count(before + 1)).at(-1) ?? assert.fail();
        assert.deepEqual(mail.to, ['alice@post.example']);
        const code = (/^ {4}(\d{4}) (\d{4})\r?$/m.exec(mail.text) ?? []).slice(1).join('');
        const typing = await agent.get(asked.location);
        const done = await agent.submit(typing, { code });
        assert.deepEqual([done.status, done.location], [303, '/account'], 'it is the code that was asked for');
        await hufu.stop();
      }
      const ids = server.taken.map(({ headers }) => headers.get('message-id'));
      assert.equal(new Set(ids).size, ROUNDS, 'a mail that came again has the same name');
    } finally {
      await hufu?.kill();
      await server.close();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    }
  });
}
