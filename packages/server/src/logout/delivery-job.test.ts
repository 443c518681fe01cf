import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { until } from '@hufu/store/contract/until';
import type { Delivery } from '@hufu/store/port';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { logout } from '../endpoints/logout.ts';
import { openBrowserSession } from '../sessions/browser-session.ts';
import { openReceiver, type Receiver } from '../testing/receiver.ts';
import { claimsOf, signedIn, tokensOf, type Visitor } from '../testing/visits.ts';
import { CHEAP_HASH, ISSUER, openWorld, START, type World } from '../testing/world.ts';
import { startDelivery, wakeDelivery } from './delivery-job.ts';

/** Clients that are told at `origin`, by name. */
function yamlFor(origin: string, names: readonly string[], more = ''): string {
  const clients = names.map(
    (name) => `
  - client_id: ${name}
    token_endpoint_auth_method: none
    redirect_uris: [https://${name}.example/cb]
    grant_types: [authorization_code, refresh_token]
    scope: openid
    id_token_signed_response_alg: ES256
    backchannel_logout_uri: ${origin}/${name}
    backchannel_logout_session_required: true
    hufu: { first_party: true }${more}`,
  );
  return `
signing: { algorithms: [ES256] }
policies: { outbound: { allow_hosts: ['127.0.0.1'] } }
clients: ${clients.join('')}
resources: [{ identifier: 'https://api.example/', scopes: [read], token_format: jwt }]
users:
  - { username: alice, password_hash: '${CHEAP_HASH}', claims: { sub: alice-sub } }
  - { username: bob, password_hash: '${CHEAP_HASH}', claims: { sub: bob-sub } }
`;
}

async function visit(world: World, visitor: Visitor, clientId: string): Promise<string> {
  const part = { client_id: clientId, redirect_uri: `https://${clientId}.example/cb`, scope: 'openid' };
  return String((await tokensOf(world, part, visitor))['id_token']);
}

function signOut(world: World, visitor: Visitor, hint: string): ReturnType<typeof logout> {
  return logout(world.ctx, world.http({ query: `id_token_hint=${hint}`, headers: { cookie: visitor.cookie } }));
}

/** Lets time pass; the job would look within a second. */
function advance(world: World, ms: number): void {
  world.clock.advance(ms);
  wakeDelivery(world.ctx);
}

interface Bench {
  readonly world: World;
  readonly receiver: Receiver;
}

async function withBench(
  names: readonly string[],
  answer: Parameters<typeof openReceiver>[0],
  act: (bench: Bench) => Promise<void>,
): Promise<void> {
  const receiver = await openReceiver(answer);
  const world = await openWorld({ yaml: yamlFor(receiver.origin, names) });
  const stop = startDelivery(world.ctx);
  try {
    await act({ world, receiver });
  } finally {
    await receiver.close();
    await stop();
    await world.close();
  }
}

describe('telling clients that a session has ended', () => {
  test('each client that took part gets a logout token of its own, and nobody else (Back-Channel Logout §2.4, §2.5, attacks LOG-08)', () =>
    withBench(['one', 'two', 'idle'], undefined, async ({ world, receiver }) => {
      const visitor = await signedIn(world);
      const hint = await visit(world, visitor, 'one');
      const other = await visit(world, visitor, 'two');
      await signOut(world, visitor, hint);
      const heard = [...(await receiver.count(2))].sort((a, b) => a.path.localeCompare(b.path));
      assert.deepEqual(
        heard.map(({ method, path, contentType, fields }) => [method, path, contentType, [...fields.keys()]]),
        [
          ['POST', '/one', 'application/x-www-form-urlencoded', ['logout_token']],
          ['POST', '/two', 'application/x-www-form-urlencoded', ['logout_token']],
        ],
      );
      const keys = createLocalJWKSet(JSON.parse(world.ctx.keys.jwks(START).body.toString()));
      const ids = new Set<unknown>();
      for (const [client, idToken, token] of [
        ['one', hint, heard[0]?.fields.get('logout_token')],
        ['two', other, heard[1]?.fields.get('logout_token')],
      ] as const) {
        const { payload, protectedHeader } = await jwtVerify(token ?? '', keys, {
          issuer: ISSUER,
          audience: client,
          typ: 'logout+jwt',
          algorithms: ['ES256'],
          currentDate: new Date(START * 1000),
        });
        assert.deepEqual(Object.keys(payload).sort(), ['aud', 'events', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub']);
        assert.deepEqual(payload['events'], { 'http://schemas.openid.net/event/backchannel-logout': {} });
        assert.deepEqual([payload.aud, payload.iat, payload.exp], [client, START, START + 120]);
        assert.deepEqual([payload.sub, payload['sid']], [claimsOf(idToken)['sub'], claimsOf(idToken)['sid']]);
        assert.match(payload.jti ?? '', /^[\w-]{24}$/);
        ids.add(payload.jti);
        assert.equal(protectedHeader.typ, 'logout+jwt');
      }
      assert.equal(ids.size, 2);
      await until(() => world.events('logout.delivered').length === 2);
      assert.deepEqual(await world.store.takeDeliveries(world.tenant, 9, 1, START + 9_999), [], 'and nothing is left');
    }));

  test('a logout token is no ID token: it signs nobody out as a hint (RFC 8725 §3.11, attacks JWT-18)', () =>
    withBench(['one'], undefined, async ({ world, receiver }) => {
      const visitor = await signedIn(world);
      await signOut(world, visitor, await visit(world, visitor, 'one'));
      const [heard] = await receiver.count(1);
      const again = await signedIn(world);
      const reply = await signOut(world, again, heard?.fields.get('logout_token') ?? '');
      assert.deepEqual([reply.status, (await world.why(reply)).failed], [400, 'logout_hint']);
    }));

  test("the user's own sign-out waits for no client (attacks LOG-10)", async () => {
    const held: ServerResponse[] = [];
    await withBench(
      ['one'],
      (_, reply) => void held.push(reply),
      async ({ world, receiver }) => {
        const visitor = await signedIn(world);
        const reply = await signOut(world, visitor, await visit(world, visitor, 'one'));
        assert.equal(reply.status, 200);
        await receiver.count(1);
        assert.equal(held[0]?.writableEnded, false, 'the client has not answered yet');
        assert.deepEqual(world.events('logout.delivered'), []);
        held[0]?.writeHead(204).end();
        await until(() => world.events('logout.delivered').length === 1);
      },
    );
  });

  test('a client that fails is told again, later and later, and never by way of a redirect (Back-Channel Logout §2.8, attacks LOG-10)', async () => {
    let status = 500;
    await withBench(
      ['one'],
      (_, reply) => void reply.writeHead(status, { location: '/elsewhere' }).end('x'),
      async ({ world, receiver }) => {
        const visitor = await signedIn(world);
        await signOut(world, visitor, await visit(world, visitor, 'one'));
        const waits: unknown[] = [];
        for (const next of [302, 400, 503]) {
          await until(() => world.events('logout.failed').length === waits.length + 1);
          const wait = world.events('logout.failed').at(-1)?.['again_in'];
          waits.push(wait);
          status = next;
          advance(world, Number(wait) * 1000);
        }
        await until(() => world.events('logout.failed').length === 4);
        assert.deepEqual(waits, [5, 30, 120]);
        assert.deepEqual(
          world.events('logout.failed').map(({ attempt, reason }) => `${String(attempt)} ${String(reason)}`),
          ['1 the client answered 500', '2 a redirect (302)', '3 the client answered 400', '4 the client answered 503'],
        );
        assert.deepEqual([...new Set(receiver.heard.map(({ path }) => path))], ['/one']);
        status = 200;
        advance(world, 600_000);
        await until(() => world.events('logout.delivered').length === 1);
        const tokens = receiver.heard.map(({ fields }) => claimsOf(fields.get('logout_token'))['jti']);
        assert.equal(new Set(tokens).size, 5, 'each attempt with a token of its own');
        for (const { fields } of receiver.heard)
          assert.equal(world.lines.join('\n').includes(fields.get('logout_token') ?? assert.fail()), false, 'no token in the log');
      },
    );
  });

  test('a day later it is given up, and kept to be looked at (attacks LOG-10)', () =>
    withBench(
      ['one'],
      (_, reply) => void reply.writeHead(500).end(),
      async ({ world }) => {
        const visitor = await signedIn(world);
        await signOut(world, visitor, await visit(world, visitor, 'one'));
        await until(() => world.events('logout.failed').length === 1);
        advance(world, 86_400_000);
        await until(() => world.events('logout.dead').length === 1);
        const [dead] = await world.store.listDeadDeliveries(world.tenant, 10);
        assert.deepEqual([dead?.clientId, dead?.subject, dead?.attempt, dead?.error], ['one', 'alice-sub', 2, 'the client answered 500']);
      },
    ));

  test('a client that is switched off or wants it no more is not told, and that is written down', async () => {
    const receiver = await openReceiver();
    const yaml = yamlFor(receiver.origin, ['one', 'two']);
    const world = await openWorld({ yaml });
    const visitor = await signedIn(world);
    const hint = await visit(world, visitor, 'one');
    await visit(world, visitor, 'two');
    await signOut(world, visitor, hint);
    const changed = yaml
      .replace(`backchannel_logout_uri: ${receiver.origin}/two`, '')
      .replace(/ {2}- client_id: one[\s\S]*?(?= {2}- client_id)/, '');
    const later = await openWorld({ yaml: changed, store: world.store });
    const stop = startDelivery(later.ctx);
    wakeDelivery(later.ctx);
    await until(() => later.events('logout.dead').length === 2);
    assert.deepEqual(
      (await world.store.listDeadDeliveries(world.tenant, 10)).map(({ clientId, error }) => `${clientId}: ${error}`).sort(),
      ['one: the client is switched off', 'two: the client has no backchannel_logout_uri any more'],
    );
    assert.deepEqual(receiver.heard, []);
    await stop();
    await receiver.close();
    await later.close();
    await world.close();
  });

  test('eight clients are told at once and no more, and the others right after (attacks SSR-14)', async () => {
    const held: ServerResponse[] = [];
    await withBench(
      ['one'],
      (_, reply) => void held.push(reply),
      async ({ world, receiver }) => {
        for (let i = 0; i < 20; i += 1) {
          const visitor = await signedIn(world);
          await signOut(world, visitor, await visit(world, visitor, 'one'));
        }
        await receiver.count(8);
        for (let i = 0; i < 50; i += 1) await turn();
        assert.equal(receiver.heard.length, 8);
        for (let done = 0; done < 20; done += 1) {
          await receiver.count(done + 1);
          held[done]?.writeHead(200).end();
        }
        await until(() => world.events('logout.delivered').length === 20);
        assert.equal(receiver.most, 8);
      },
    );
  });

  test('a client that does not answer rests for a moment, so that its backlog keeps nobody waiting (attacks SSR-14)', async () => {
    await withBench(
      ['one', 'two'],
      ({ path }, reply) => void (path === '/one' ? reply.destroy() : reply.writeHead(200).end()),
      async ({ world, receiver }) => {
        const visitors: (readonly [Visitor, string])[] = [];
        for (let i = 0; i < 3; i += 1) {
          const visitor = await signedIn(world);
          visitors.push([visitor, await visit(world, visitor, 'one')]);
        }
        const [first] = visitors;
        if (first === undefined) assert.fail();
        await signOut(world, ...first);
        await until(() => world.events('logout.failed').length === 1);
        for (const one of visitors.slice(1)) await signOut(world, ...one);
        const other = await signedIn(world);
        await signOut(world, other, await visit(world, other, 'two'));
        await until(() => world.events('logout.failed').length === 3 && world.events('logout.delivered').length === 1);
        assert.deepEqual(
          receiver.heard.map(({ path }) => path),
          ['/one', '/two'],
        );
        assert.match(String(world.events('logout.failed').at(-1)?.['reason']), /did not answer others/);
        advance(world, 5_000);
        await receiver.count(3);
        assert.equal(receiver.heard[2]?.path, '/one', 'and is asked again afterwards');
      },
    );
  });

  test('two nodes tell a client once', async () => {
    const receiver = await openReceiver();
    const yaml = yamlFor(receiver.origin, ['one']);
    const first = await openWorld({ yaml });
    const second = await openWorld({ yaml, store: first.store });
    const stops = [startDelivery(first.ctx), startDelivery(second.ctx)];
    for (let i = 0; i < 10; i += 1) {
      const [here, there] = i % 2 === 0 ? [first, second] : [second, first];
      const visitor = await signedIn(here);
      await signOut(there, visitor, await visit(here, visitor, 'one'));
    }
    const delivered = (): number => first.events('logout.delivered').length + second.events('logout.delivered').length;
    await until(() => delivered() === 10);
    for (let i = 0; i < 50; i += 1) await turn();
    assert.deepEqual([receiver.heard.length, delivered()], [10, 10]);
    for (const stop of stops) await stop();
    await receiver.close();
    await second.close();
    await first.close();
  });

  test('the same user signs in again: the client is told by the sid that it knows, and by no other (Back-Channel Logout §2.4)', () =>
    withBench(['one', 'two'], undefined, async ({ world, receiver }) => {
      const before = await signedIn(world);
      const old = await visit(world, before, 'one');
      const user = before.user;
      const opened = await openBrowserSession(world.ctx, world.http({ headers: { cookie: before.cookie } }), user, [
        { method: 'password', at: world.now() },
      ]);
      if (opened.kind !== 'opened') assert.fail();
      const now: Visitor = { ...opened.session, cookie: opened.cookie.slice(0, opened.cookie.indexOf(';')) };
      const fresh = await visit(world, now, 'two');
      assert.notEqual(claimsOf(old)['sid'], claimsOf(fresh)['sid']);
      assert.equal(receiver.heard.length, 0, 'the user is still there');
      assert.equal((await signOut(world, now, old)).status, 200, 'the ID token from before is a hint of this session');
      await receiver.count(2);
      const told = Object.fromEntries(receiver.heard.map(({ path, fields }) => [path, claimsOf(fields.get('logout_token'))['sid']]));
      assert.deepEqual(told, { '/one': claimsOf(old)['sid'], '/two': claimsOf(fresh)['sid'] });
    }));

  test('somebody else signs in at the same browser: the clients of the one before are told (Back-Channel Logout §2.7)', () =>
    withBench(['one'], undefined, async ({ world, receiver }) => {
      const alice = await signedIn(world);
      await visit(world, alice, 'one');
      const bob = (await world.store.findUserByName(world.tenant, 'bob')) ?? assert.fail();
      await openBrowserSession(world.ctx, world.http({ headers: { cookie: alice.cookie } }), bob, [
        { method: 'password', at: world.now() },
      ]);
      const [heard] = await receiver.count(1);
      assert.equal(claimsOf(heard?.fields.get('logout_token'))['sub'], 'alice-sub');
    }));

  test('a store that is away stops nothing for ever: the lease gives the delivery back', async () => {
    let away = true;
    const receiver = await openReceiver();
    const taken: Delivery[] = [];
    const world = await openWorld({
      yaml: yamlFor(receiver.origin, ['one']),
      wrap: (store) =>
        new Proxy(store, {
          get: (target, name) => {
            const value: unknown = Reflect.get(target, name);
            if (name === 'settleDelivery' && away) return () => Promise.reject(new Error('away'));
            if (name !== 'takeDeliveries') return typeof value === 'function' ? value.bind(target) : value;
            return async (...args: Parameters<typeof store.takeDeliveries>) => {
              const all = await target.takeDeliveries(...args);
              taken.push(...all);
              return all;
            };
          },
        }),
    });
    const stop = startDelivery(world.ctx);
    const visitor = await signedIn(world);
    await signOut(world, visitor, await visit(world, visitor, 'one'));
    await until(() => world.events('job.failed').length === 1);
    away = false;
    advance(world, 29_000);
    for (let i = 0; i < 50; i += 1) await turn();
    assert.equal(taken.length, 1);
    advance(world, 1_000);
    await until(() => world.events('logout.delivered').length === 1);
    assert.deepEqual([taken.length, receiver.heard.length], [2, 2]);
    await stop();
    await receiver.close();
    await world.close();
  });
});
