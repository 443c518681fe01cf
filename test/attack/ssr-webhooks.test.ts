/** Webhooks as a way to reach, to ask about, or to slow down: by whoever may make one, and by whoever receives. */
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { openReceiver } from '@hufu/server/testing/receiver';
import { until } from '@hufu/store/contract/until';
import { Agent, authorizeAs, exchange } from '../support/agent.ts';
import { BASIC_YAML, startHufu, type TestHufu, USER } from '../support/hufu.ts';

const SECRET = 'a-secret-of-operations-0123456789abcdef';
const ROLES = ['read', 'security'] as const;
const YAML = BASIC_YAML.replace(
  'policies: { brute_force: off }',
  'policies: { brute_force: off, outbound: { allow_hosts: [127.0.0.1] } }',
).replace(
  'clients:',
  `clients:\n${ROLES.map((role) => `  - { client_id: ops-${role}, client_secret: ${SECRET}, grant_types: [client_credentials], scope: 'hufu:admin:${role}' }`).join('\n')}`,
);
const CANARY = 'canary-of-a-receiver-5b1e77';

let hufu: TestHufu;
before(async () => {
  hufu = await startHufu({ yaml: YAML });
});
after(async () => await hufu?.stop());
afterEach(async () => {
  const { store, context } = hufu;
  for (const { id } of await store.listWebhooks(context.tenant)) await context.store.removeWebhook(context.tenant, id);
});

interface Told {
  readonly status: number;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

async function admin(method: string, path: string, body?: unknown, role: (typeof ROLES)[number] = 'security'): Promise<Told> {
  const asked = await fetch(`${hufu.issuer}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`ops-${role}:${SECRET}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: `hufu:admin:${role}` }),
  });
  const { access_token: token } = Object(JSON.parse(await asked.text()));
  const reply = await fetch(`${hufu.issuer}/admin/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${String(token)}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, text, json: text === '' ? {} : Object(JSON.parse(text)) };
}

async function make(url: string, actions: readonly string[] = ['*']): Promise<{ readonly id: string; readonly secret: string }> {
  const made = await admin('POST', '/webhooks', { url, actions });
  assert.equal(made.status, 201, made.text);
  return { id: String(Object(made.json['webhook']).webhook_id), secret: String(made.json['secret']) };
}

let changes = 0;

/** A change, and until it is sealed. */
async function change(): Promise<void> {
  const { store, context } = hufu;
  changes += 1;
  const name = `changed${changes}`;
  const before = (await store.readAuditHead(context.tenant)).seq;
  await context.store.createUser(context.tenant, { sub: name, username: name, passwordHash: undefined, claims: {} }, 1);
  await until(async () => (await store.readAuditHead(context.tenant)).seq > before, 'it is sealed');
}

async function listen(answer: (reply: ServerResponse) => void): Promise<{ readonly url: string; count(): number }> {
  let count = 0;
  const server = createServer((request, reply) => {
    count += 1;
    request.resume();
    answer(reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => count };
}

describe('webhooks (attacks SSR, ADM, CRY)', () => {
  test('SSR-07 · nothing of what a receiver answers reaches the admin API, the console’s lists or the log', async () => {
    const answers: readonly ((reply: ServerResponse) => void)[] = [
      (reply) => void reply.writeHead(500, { 'x-inside': CANARY }).end(CANARY),
      (reply) => void reply.writeHead(401, { 'www-authenticate': `Basic realm="${CANARY}"` }).end(CANARY),
      (reply) => void reply.writeHead(302, { location: `http://127.0.0.1:9/${CANARY}` }).end(),
      (reply) => void reply.writeHead(418, CANARY).end(),
    ];
    let at = 0;
    const there = await listen((reply) => answers[at]?.(reply));
    const { id } = await make(`${there.url}/`);
    const told = new Set<string>();
    for (at = 0; at < answers.length; at += 1) told.add((await admin('POST', `/webhooks/${id}/test`)).text);
    assert.equal(told.size, 1, [...told].join('\n'));
    at = 0;
    await change();
    await until(async () => Number((await admin('GET', `/webhooks/${id}`)).json['failures']) > 0);
    const seen = await Promise.all(
      ['', '/deliveries', '/deliveries?state=waiting'].map(async (path) => (await admin('GET', `/webhooks/${id}${path}`)).text),
    );
    for (const text of [...told, ...seen, ...hufu.logLines]) assert.ok(!text.includes(CANARY), text);
    assert.ok(seen.every((text) => !/\b(?:500|401|302|418)\b/.test(text)));
  });

  test('SSR-08 · SSR-10 · a port that is closed, one that says nothing and a name inside are told in the same words; no cookie and no header of ours goes out', async () => {
    const told = new Set<string>();
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    for (const url of ['http://127.0.0.1:9/', `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`, 'https://localhost/']) {
      const { id } = await make(url);
      told.add((await admin('POST', `/webhooks/${id}/test`)).text);
    }
    assert.deepEqual([...told], ['{"delivered":false,"reason":"unreachable"}']);
    silent.closeAllConnections();
    silent.close();
    const receiver = await openReceiver();
    const { id } = await make(`${receiver.origin}/`);
    await admin('POST', `/webhooks/${id}/test`);
    const names = Object.keys(receiver.heard[0]?.headers ?? {}).toSorted();
    const expected = ['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'host', 'user-agent'];
    assert.deepEqual(names, [...expected, 'webhook-id', 'webhook-signature', 'webhook-timestamp']);
    await receiver.close();
  });

  test('SSR-14 · twenty dead targets for an hour: nothing is queued for them, few requests go out, and sign-ins and tokens go on', async () => {
    const dead = await listen((reply) => void reply.writeHead(503).end());
    for (let i = 0; i < 20; i += 1) await make(`${dead.url}/${i}`);
    assert.equal((await admin('POST', '/webhooks', { url: `${dead.url}/more`, actions: ['*'] })).status, 409);
    const { store, context } = hufu;
    const redirectUri = 'https://app.example/cb';
    for (let minute = 0; minute < 60; minute += 10) {
      for (let i = 0; i < 5; i += 1) await change();
      const agent = new Agent(hufu.origin);
      const request = { clientId: 'spa', redirectUri, scope: 'openid' };
      const reply = await exchange(agent, request, await authorizeAs(agent, request, USER));
      assert.equal(reply.status, 200);
      await hufu.advance('PT10M');
    }
    await until(async () => (await store.listWebhooks(context.tenant)).every(({ failures }) => failures > 0));
    for (const { id } of await store.listWebhooks(context.tenant))
      assert.equal((await store.listWebhookDeliveries(context.tenant, id, {}, 99)).length, 1, 'what fails now, and nothing beside it');
    assert.ok(dead.count() <= 20 * 10, `${dead.count()} requests in an hour`);
  });

  test('ADM-20 · whoever may only read does nothing with a webhook that is there: not read, change, delete, try or send again', async () => {
    const receiver = await openReceiver();
    const { id } = await make(`${receiver.origin}/`);
    await change();
    await receiver.count(1);
    await until(async () => /delivered/.test((await admin('GET', `/webhooks/${id}/deliveries`)).text));
    const [delivery] = Object((await admin('GET', `/webhooks/${id}/deliveries`)).json)['items'];
    const body = { url: 'https://evil.example/', actions: ['*'], description: '', enabled: true };
    for (const [method, path, sent] of [
      ['GET', '', undefined],
      ['GET', `/${id}`, undefined],
      ['POST', '', { url: body.url, actions: body.actions }],
      ['PUT', `/${id}`, body],
      ['DELETE', `/${id}`, undefined],
      ['POST', `/${id}/secrets`, {}],
      ['POST', `/${id}/test`, undefined],
      ['GET', `/${id}/deliveries`, undefined],
      ['POST', `/${id}/deliveries/${String(delivery.seq)}`, undefined],
    ] as const) {
      const { status, text } = await admin(method, `/webhooks${path}`, sent, 'read');
      assert.equal(status, 403, `${method} ${path}`);
      assert.ok(!text.includes(receiver.origin));
    }
    assert.equal((await admin('GET', `/webhooks/${id}`)).json['version'], 1);
    // What others do meanwhile goes on to be told: each of it once, and nothing that was only tried.
    const ids = receiver.heard.map(({ headers }) => headers['webhook-id']);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(receiver.heard.every(({ body: sent }) => !sent.includes('webhook.test')));
    await receiver.close();
  });

  test('CRY-01 · no event holds a password, code, token, cookie or secret, nor does the log or the store hold that of a webhook', async () => {
    const receiver = await openReceiver();
    const { id, secret } = await make(`${receiver.origin}/`);
    const agent = new Agent(hufu.origin);
    const request = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid offline_access' };
    const code = await authorizeAs(agent, request, USER);
    const reply = await exchange(agent, request, code);
    const made = await admin('POST', '/clients', { metadata: { grant_types: ['client_credentials'] } });
    const revoked = await fetch(`${hufu.issuer}/oauth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token: String(reply.body['refresh_token'] ?? reply.body['access_token']), client_id: 'spa' }),
    });
    assert.equal(revoked.status, 200);
    await change();
    const hidden = [
      USER.password,
      JSON.stringify(code).slice(1, -1),
      ...agent.cookies.values(),
      ...['access_token', 'refresh_token', 'id_token'].map((name) => String(reply.body[name] ?? 'never sent anywhere')),
      String(made.json['client_secret']),
      secret,
      SECRET,
    ];
    await until(() => receiver.heard.some(({ body }) => /"type":"(?:grant|token)\.revoked"/.test(body)));
    const webhook = await hufu.store.findWebhook(hufu.context.tenant, id);
    const all = JSON.stringify([receiver.heard.map(({ body, headers }) => [body, headers]), hufu.logLines, webhook]);
    for (const text of hidden) assert.ok(text.length > 8 && !all.includes(text), text);
    await receiver.close();
  });
});
