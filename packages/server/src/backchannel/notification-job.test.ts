import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { CIBA } from '@hufu/protocol/grant-type';
import { grantId } from '@hufu/protocol/ids';
import { readHolder } from '@hufu/protocol/tally';
import { testCiba } from '../endpoints/test-ciba.ts';
import { halfHash } from '../keys/algorithms.ts';
import { askUser, BANK_SECRET, PENDING_YAML, pollUser } from '../testing/pending.ts';
import { claimsOf, postToken } from '../testing/visits.ts';
import { openWorld, START_MS, type World } from '../testing/world.ts';
import { settleNotified, startNotifications } from './notification-job.ts';
import { notifyClient } from './notify.ts';

const TOKEN = 'client-notification-token.0123456789';

interface Told {
  readonly authorization: string;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Client {
  readonly origin: string;
  readonly told: Told[];
  answer: (reply: ServerResponse) => void;
  close(): void;
}

async function openClient(): Promise<Client> {
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    client.told.push({
      authorization: request.headers.authorization ?? '',
      type: request.headers['content-type'] ?? '',
      body: Object(body),
    });
    client.answer(reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const client: Client = {
    origin: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    told: [],
    answer: (reply) => void reply.writeHead(204).end(),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return client;
}

async function openAt(client: Client, mode: 'ping' | 'push', allow = true): Promise<World> {
  const yaml = PENDING_YAML.replace(
    'backchannel_token_delivery_mode: poll',
    `backchannel_token_delivery_mode: ${mode}\n    backchannel_client_notification_endpoint: '${client.origin}/told'`,
  );
  return openWorld({ yaml: allow ? yaml : yaml.replace('policies: { outbound: { allow_hosts: [127.0.0.1] } }', '') });
}

const ask = (world: World, part: Record<string, string> = {}): ReturnType<typeof askUser> =>
  askUser(world, { client_notification_token: TOKEN, scope: 'openid read offline_access', ...part });

async function decide(world: World, asked: Awaited<ReturnType<typeof ask>>, action: string): Promise<void> {
  const query = new URLSearchParams({ auth_req_id: String(asked.json['auth_req_id']), action }).toString();
  assert.equal((await testCiba(world.ctx, world.http({ method: 'POST', query }))).status, 200);
}

/** One attempt at everything that is due, as the job makes it. @returns what became of each */
async function deliver(world: World): Promise<readonly string[]> {
  const taken = await world.store.takeNotifications(world.tenant, 10, 30, world.now());
  const outcomes: string[] = [];
  for (const one of taken) {
    const outcome = await notifyClient(world.ctx, one.pending);
    await settleNotified(world.ctx, one, outcome);
    outcomes.push(outcome.kind);
  }
  return outcomes;
}

test('a client that is pinged is told of yes and of no, with its own token, and then asks (OpenID Connect CIBA §10.2, attacks DEV-22)', async () => {
  const client = await openClient();
  const world = await openAt(client, 'ping');
  for (const [action, status] of [
    ['allow', 200],
    ['deny', 400],
  ] as const) {
    const asked = await ask(world);
    assert.equal(asked.json['interval'], 5);
    assert.deepEqual(await deliver(world), [], 'nobody is told before');
    await decide(world, asked, action);
    assert.deepEqual(await deliver(world), ['notified']);
    const told = client.told.at(-1) ?? assert.fail();
    assert.deepEqual(told, {
      authorization: `Bearer ${TOKEN}`,
      type: 'application/json',
      body: { auth_req_id: asked.json['auth_req_id'] },
    });
    assert.equal((await pollUser(world, asked)).status, status);
    assert.deepEqual(await deliver(world), [], 'and only once');
  }
  client.close();
  await world.close();
});

test('neither the row nor the log knows the notification token or the auth_req_id (OpenID Connect CIBA §7.1, attacks CRY-01)', async () => {
  const client = await openClient();
  const world = await openAt(client, 'push');
  const asked = await ask(world);
  const credential = readHolder(world.ctx.keys.tally, 'backchannel', String(asked.json['auth_req_id'])) ?? assert.fail();
  const row = JSON.stringify(await world.store.findPending(world.tenant, credential.id));
  await decide(world, asked, 'allow');
  await deliver(world);
  const { refresh_token: refresh, access_token: access } = client.told[0]?.body ?? assert.fail();
  for (const secret of [TOKEN, credential.secret, String(refresh), String(access)]) {
    assert.equal(row.includes(secret), false);
    assert.equal(
      world.lines.some((line) => line.includes(secret)),
      false,
    );
  }
  client.close();
  await world.close();
});

test('tokens are pushed with an ID token that holds them together (OpenID Connect CIBA §10.3.1)', async () => {
  const client = await openClient();
  const world = await openAt(client, 'push');
  const asked = await ask(world);
  assert.equal('interval' in asked.json, false);
  const polled = await pollUser(world, asked);
  assert.deepEqual([polled.status, polled.json['error']], [400, 'unauthorized_client']);
  await decide(world, asked, 'allow');
  assert.deepEqual(await deliver(world), ['notified']);
  const { authorization, body } = client.told[0] ?? assert.fail();
  assert.equal(authorization, `Bearer ${TOKEN}`);
  assert.equal(body['auth_req_id'], asked.json['auth_req_id']);
  const claims = claimsOf(body['id_token']);
  assert.equal(claims['urn:openid:params:jwt:claim:auth_req_id'], asked.json['auth_req_id']);
  assert.equal(claims['urn:openid:params:jwt:claim:rt_hash'], halfHash('sha256', String(body['refresh_token'])));
  assert.equal(claims['at_hash'], halfHash('sha256', String(body['access_token'])));
  const refreshed = await postToken(
    world,
    { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) },
    { basic: `bank:${BANK_SECRET}` },
  );
  assert.equal(refreshed.status, 200, refreshed.body.toString());
  client.close();
  await world.close();
});

test('a no is pushed as an error (OpenID Connect CIBA §10.3, §12)', async () => {
  const client = await openClient();
  const world = await openAt(client, 'push');
  const asked = await ask(world);
  await decide(world, asked, 'deny');
  assert.deepEqual(await deliver(world), ['notified']);
  assert.deepEqual(client.told[0]?.body, {
    auth_req_id: asked.json['auth_req_id'],
    error: 'access_denied',
    error_description: 'the user said no',
  });
  client.close();
  await world.close();
});

test('what did not arrive is pushed again with the same tokens, and not once they are in use (OpenID Connect CIBA §10.3.1)', async () => {
  const client = await openClient();
  const world = await openAt(client, 'push');
  client.answer = (reply) => void reply.writeHead(503).end();
  const asked = await ask(world);
  await decide(world, asked, 'allow');
  assert.deepEqual(await deliver(world), ['failed']);
  assert.deepEqual(await deliver(world), [], 'two seconds later');
  world.clock.freeze(START_MS + 2_000);
  assert.deepEqual(await deliver(world), ['failed']);
  const [first, second] = client.told.map(({ body }) => body);
  assert.equal(first?.['refresh_token'], second?.['refresh_token']);
  assert.equal(claimsOf(first?.['access_token'])['jti'], claimsOf(second?.['access_token'])['jti']);
  const used = await postToken(
    world,
    { grant_type: 'refresh_token', refresh_token: String(first?.['refresh_token']) },
    { basic: `bank:${BANK_SECRET}` },
  );
  assert.equal(used.status, 200);
  world.clock.freeze(START_MS + 60_000);
  assert.deepEqual(await deliver(world), ['hopeless']);
  assert.equal(client.told.length, 2);
  const again = await postToken(
    world,
    { grant_type: 'refresh_token', refresh_token: String(used.json['refresh_token']) },
    { basic: `bank:${BANK_SECRET}` },
  );
  assert.equal(again.status, 200, 'the client has them, and keeps them');
  client.close();
  await world.close();
});

test('pushed tokens that nobody takes for an hour, or that the client refuses or sends elsewhere, are revoked (OpenID Connect CIBA §10.2, §10.3.1)', async () => {
  const client = await openClient();
  for (const status of [500, 400, 301]) {
    const world = await openAt(client, 'push');
    client.answer = (reply) => void reply.writeHead(status, status === 301 ? { location: '/elsewhere' } : {}).end();
    const asked = await ask(world);
    await decide(world, asked, 'allow');
    let outcomes: readonly string[] = [];
    let attempts = 0;
    for (let seconds = 0; seconds <= 3_700; seconds += 60) {
      world.clock.freeze(START_MS + seconds * 1000);
      outcomes = await deliver(world);
      attempts += outcomes.length;
    }
    assert.deepEqual([outcomes, status !== 500 ? attempts === 1 : attempts > 5 && attempts < 15], [[], true], `${status}: ${attempts}`);
    const { id } = readHolder(world.ctx.keys.tally, 'refresh', String(client.told.at(-1)?.body['refresh_token'])) ?? assert.fail();
    assert.notEqual((await world.store.findGrant(world.tenant, grantId(id)))?.dead, undefined);
    assert.equal(world.events('backchannel.dead').length, 1);
    await world.close();
  }
  client.close();
});

test('a private address is not told anything (OpenID Connect CIBA §14, attacks DEV-22, SSR-01)', async () => {
  const client = await openClient();
  const world = await openAt(client, 'ping', false);
  await decide(world, await ask(world), 'allow');
  assert.deepEqual(await deliver(world), ['failed']);
  assert.equal(client.told.length, 0);
  client.close();
  await world.close();
});

test('a client that is told brings a bearer token for it (OpenID Connect CIBA §7.1, RFC 6750 §2.1)', async () => {
  const client = await openClient();
  const world = await openAt(client, 'ping');
  for (const token of ['', 'short', 'with space 0123456789', 'line\r\nbreak0123456789', 'x'.repeat(1_025)]) {
    const reply = await ask(world, { client_notification_token: token });
    assert.deepEqual([reply.status, reply.json['error'], (await world.why(reply)).failed], [400, 'invalid_request', 'backchannel_request']);
  }
  client.close();
  await world.close();
});

test('the job of a process tells a client as soon as its user has decided, and no two processes tell it twice (OpenID Connect CIBA §10.2)', async () => {
  const client = await openClient();
  const first = await openAt(client, 'ping');
  const yaml = PENDING_YAML.replace(
    'backchannel_token_delivery_mode: poll',
    `backchannel_token_delivery_mode: ping\n    backchannel_client_notification_endpoint: '${client.origin}/told'`,
  );
  const second = await openWorld({ yaml, store: first.store });
  const stops = [startNotifications(first.ctx), startNotifications(second.ctx)];
  const heard = new Promise<void>((resolve) => {
    client.answer = (reply) => {
      reply.writeHead(204).end();
      resolve();
    };
  });
  const asked = await ask(first);
  await decide(first, asked, 'allow');
  await heard;
  for (const stop of stops) await stop();
  assert.equal(client.told.length, 1);
  assert.equal(first.events('backchannel.notified').length + second.events('backchannel.notified').length, 1);
  client.close();
  await second.close();
  await first.close();
});

test('ping and push need an endpoint, push goes with no bound token, and CIBA is for clients that prove themselves (OpenID Connect CIBA §4)', async () => {
  const { readClientMetadata } = await import('@hufu/protocol/client-metadata');
  const good = { grant_types: [CIBA], backchannel_token_delivery_mode: 'poll', token_endpoint_auth_method: 'client_secret_basic' };
  const faults = (part: object): readonly string[] => {
    const read = readClientMetadata({ ...good, ...part }, { source: 'store', secret: 'given' });
    return read.kind === 'read' ? [] : read.faults.map(({ path }) => path.join('.'));
  };
  const endpoint = { backchannel_client_notification_endpoint: 'https://c.example/told' };
  assert.deepEqual(faults({}), []);
  assert.deepEqual(faults({ backchannel_token_delivery_mode: undefined }), ['backchannel_token_delivery_mode']);
  assert.deepEqual(faults({ backchannel_token_delivery_mode: 'ping' }), ['backchannel_client_notification_endpoint']);
  assert.deepEqual(faults({ backchannel_token_delivery_mode: 'push', ...endpoint }), []);
  assert.deepEqual(faults({ backchannel_token_delivery_mode: 'push', ...endpoint, dpop_bound_access_tokens: true }), [
    'backchannel_token_delivery_mode',
  ]);
  assert.deepEqual(faults({ backchannel_token_delivery_mode: 'ping', backchannel_client_notification_endpoint: 'http://c.example/' }), [
    'backchannel_client_notification_endpoint',
  ]);
  assert.deepEqual(faults({ backchannel_user_code_parameter: true }), ['backchannel_user_code_parameter']);
  assert.deepEqual(faults({ backchannel_authentication_request_signing_alg: 'HS256' }), ['backchannel_authentication_request_signing_alg']);
  assert.deepEqual(faults({ backchannel_authentication_request_signing_alg: 'ES256' }), ['jwks']);
  const open = readClientMetadata({ ...good, token_endpoint_auth_method: 'none' }, { source: 'configuration', secret: 'absent' });
  assert.equal(open.kind, 'refused');
});
