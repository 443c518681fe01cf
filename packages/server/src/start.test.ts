import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { openMemory } from '@hufu/store/memory';
import { readConfig } from './config/read-config.ts';
import { jsonLog } from './log.ts';
import { type RunningServer, startServer } from './start.ts';
import { BASIC_YAML, MASTER_KEY, SECRETS } from './testing/world.ts';

async function start(mode: string): Promise<{ readonly server: RunningServer; readonly lines: readonly string[] }> {
  const text = `issuer: http://127.0.0.1:4400\nlisten: 127.0.0.1:0\nmode: ${mode}\n${BASIC_YAML}`;
  const lines: string[] = [];
  const log = jsonLog(
    (line) => lines.push(line),
    () => 0,
  );
  const config = readConfig({ text, file: 'start.yaml', env: {} });
  return { server: await startServer({ config, store: await openMemory(), log, masterKey: MASTER_KEY }), lines };
}

test('a server starts, says where, serves, follows keys that another process made, and stops in order', async () => {
  const { server, lines } = await start('test');
  const { port } = server.address;
  const jwks = async (): Promise<number> => {
    const reply = await fetch(`http://127.0.0.1:${port}/oauth/jwks`);
    const { keys }: { keys: { use: string }[] } = JSON.parse(await reply.text());
    return keys.filter(({ use }) => use === 'sig').length;
  };
  assert.equal(await jwks(), 1);
  const { store, tenant } = server.context;
  const [key] = (await store.listKeys(tenant)).filter(({ use }) => use === 'sig');
  const { id, ...row } = key ?? assert.fail();
  await store.addKey(tenant, { ...row, activeAt: row.activeAt + 600 }, id);
  // Within a second where nobody else works (product 2.2).
  await until(async () => (await jwks()) === 2);
  await server.close();
  const events = lines.map((line) => String(JSON.parse(line).event));
  assert.deepEqual(events.slice(-2), ['server.stopping', 'server.stopped']);
  assert.ok(events.includes('server.started') && events.includes('keys.reloaded'));
  assert.equal(
    lines.some((line) => line.includes('secret-0123456789')),
    false,
  );
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
});

test('the clock of a server can be set in mode test, and nowhere else (product M27)', async () => {
  for (const [mode, status] of [
    ['test', 200],
    ['production', 404],
  ] as const) {
    const { server } = await start(mode);
    const reply = await fetch(`http://127.0.0.1:${server.address.port}/test/clock`, {
      method: 'PUT',
      body: '{"now":"2030-01-01T00:00:00Z"}',
    });
    assert.equal(reply.status, status);
    assert.equal(server.context.clock.nowMs() === Date.UTC(2030, 0, 1), mode === 'test');
    await reply.body?.cancel();
    await server.close();
  }
});

test('a stream of revocations tells of life by itself, has no length, and ends with the server', async () => {
  const { server } = await start('production');
  const headers = { accept: 'text/event-stream', authorization: `Basic ${Buffer.from(`api:${SECRETS.api}`).toString('base64')}` };
  const url = `http://127.0.0.1:${server.address.port}/oauth/revocations`;
  const reply = await fetch(url, { headers });
  assert.deepEqual([reply.status, reply.headers.get('content-length')], [200, null]);
  const gone = new AbortController();
  const left = assert.rejects(fetch(`${url}?wait=30`, { headers: { ...headers, accept: '*/*' }, signal: gone.signal }));
  let text = '';
  let closing: Promise<void> | undefined;
  for await (const chunk of reply.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    // The first comes with the answer, the second because a second is over.
    if (text.split('\n\n').length < 3 || closing !== undefined) continue;
    gone.abort();
    closing = server.close();
  }
  assert.match(text, /^(id: [\w-]+\.0\ndata: [\w.-]+\n\n){2,}$/);
  await left;
  await closing;
});
