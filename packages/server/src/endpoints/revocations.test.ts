import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { clientId, grantId } from '@hufu/protocol/ids';
import { readHolder } from '@hufu/protocol/tally';
import { StoreUnavailable } from '@hufu/store/port';
import type { HttpReply, HttpRequest } from '../http.ts';
import { feedOf } from '../revocation/feed.ts';
import { startRevocationFeed } from '../revocation/feed-job.ts';
import { basic, batchOf, followerRequest, hear, settle } from '../testing/followers.ts';
import { prover } from '../testing/proofs.ts';
import { post, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, SECRETS, START, START_MS, type World } from '../testing/world.ts';
import { acknowledgeRevocations, readRevocations } from './revocations.ts';
import { token } from './token.ts';

const YAML = `${BASIC_YAML.replace('grant_types: [client_credentials]\n    scope: read write unlock', 'grant_types: [client_credentials]\n    scope: read write unlock\n    hufu: { follows_revocations: true }')}`;

async function inWorld(act: (world: World) => Promise<void>, options: Parameters<typeof openWorld>[0] = {}): Promise<void> {
  const world = await openWorld(options);
  try {
    await act(world);
  } finally {
    await world.close();
  }
}

const read = (world: World, query = '', part: Partial<HttpRequest> = {}): Promise<HttpReply> =>
  readRevocations(world.ctx, followerRequest(world, query, part));

const acknowledge = (world: World, body: unknown, part: Partial<HttpRequest> = {}): Promise<HttpReply> =>
  acknowledgeRevocations(
    world.ctx,
    followerRequest(world, '', {
      method: 'POST',
      body: JSON.stringify(body),
      ...part,
      headers: { 'content-type': 'application/json', ...part.headers },
    }),
  );

/** A grant of somebody, and the id that it is revoked by. */
async function someGrant(world: World): Promise<{ readonly id: ReturnType<typeof grantId>; readonly tokens: Record<string, unknown> }> {
  const tokens = await tokensOf(world);
  const { id } = readHolder(world.ctx.keys.tally, 'refresh', String(tokens['refresh_token'])) ?? assert.fail();
  return { id: grantId(id), tokens };
}

async function revokeOne(world: World): Promise<void> {
  const { id } = await someGrant(world);
  await world.store.revokeGrant(world.tenant, id, 'revoked_by_user', world.now());
}

describe('what followers read', () => {
  test('a batch is signed and says of which log, process and moment it is', () =>
    inWorld(async (world) => {
      const reply = await read(world);
      assert.equal(reply.headers['cache-control'], 'no-store, no-transform');
      const empty = batchOf(world.ctx, reply);
      assert.deepEqual([empty.iss, empty.iat, empty.after, empty.seq, empty.head, empty.entries], [ISSUER, START, 0, 0, 0, []]);
      assert.match(empty.epoch, /^[\w-]{16}$/);
      assert.ok(empty.signed >= empty.beat && Number.isInteger(empty.beat) && Number.isInteger(empty.signed));
      assert.ok(empty.beat < 1e9, 'no clock that anybody sets');
      const second = batchOf(world.ctx, await read(world));
      assert.deepEqual([second.epoch, second.hub], [empty.epoch, empty.hub]);
      assert.ok(second.beat >= empty.signed - 1, 'signed after the request came');
    }));

  test('each kind of thing is named so that its tokens are found and nobody learns who it is', () =>
    inWorld(async (world) => {
      const { store, tenant, ctx } = world;
      const alice = (await store.findUserByName(tenant, 'alice')) ?? assert.fail();
      const one = await someGrant(world);
      await store.revokeGrant(tenant, one.id, 'revoked_by_user', START);
      const two = await someGrant(world);
      await store.revokeToken(tenant, two.id, 'a-token-name', START + 600, START + 1);
      await store.lockUser(tenant, alice.id, START + 3600, START + 2);
      await store.lockUser(tenant, alice.id, undefined, START + 3);
      await store.revokeClient(tenant, clientId('spa'), START + 4);
      const kid = ctx.keys.list(START).find(({ use }) => use === 'sig')?.kid ?? '';
      await store.addKey(
        tenant,
        { use: 'seal', alg: 'x', publicJwk: '', sealedPrivate: new Uint8Array(1), createdAt: 1, activeAt: 1, retiredAt: 0, expiresAt: 0 },
        0,
      );
      const other = (await store.listKeys(tenant)).find(({ alg }) => alg === 'x')?.id ?? 0;
      await store.revokeKey(tenant, other, kid, START + 5);
      const { entries } = batchOf(ctx, await read(world));
      const permuted = (id: number): string => {
        const whole = ctx.keys.tally.permutation.permute(id);
        return `${Math.floor(whole / 2 ** 20)}/${whole % 2 ** 20}`;
      };
      const rows = await store.readRevocations(tenant, 0, 99);
      const end = (seq: number): number => (rows.find((row) => row.seq === seq)?.expiresAt ?? 0) + 300;
      assert.deepEqual(entries, [
        { seq: 1, at: START, exp: end(1), reason: 'revoked_by_user', kind: 'grant', id: permuted(one.id) },
        { seq: 2, at: START + 1, exp: START + 900, reason: 'revoked_by_client', kind: 'jti', id: 'a-token-name' },
        {
          seq: 3,
          at: START + 2,
          exp: START + 3900,
          reason: 'user_locked',
          kind: 'subject',
          id: createHash('sha256').update('alice-sub').digest('base64url'),
          before: START + 2,
        },
        { seq: 4, at: START + 2, exp: START + 3900, reason: 'user_locked', kind: 'grant', id: permuted(two.id), before: START + 3 },
        { seq: 5, at: START + 4, exp: end(5), reason: 'client_revoked', kind: 'client', id: 'spa', before: START + 5 },
        { seq: 6, kind: 'key', id: kid, at: START + 5, reason: 'key_compromised' },
      ]);
      await store.revokeUser(tenant, alice.id, 'revoked_by_admin', START + 6);
      const [, session] = batchOf(ctx, await read(world, `after=6&epoch=${feedOf(ctx).hub.epoch}`)).entries;
      assert.deepEqual([session?.kind, session?.info, session?.before], ['session', true, undefined]);
    }));

  test('what is over is left out, five minutes after the end of what it names', () =>
    inWorld(async (world) => {
      const { id } = await someGrant(world);
      await world.store.revokeToken(world.tenant, id, 'short', START + 60, START);
      world.clock.advance(359_000);
      assert.equal(batchOf(world.ctx, await read(world)).entries.length, 1);
      world.clock.advance(1_000);
      const { entries, seq, head } = batchOf(world.ctx, await read(world));
      assert.deepEqual([entries.length, seq, head], [0, 1, 1]);
    }));

  test('what comes after a position is there, in pages that are bounded, from memory and from the store', () =>
    inWorld(async (world) => {
      const { id } = await someGrant(world);
      await read(world);
      for (let count = 1; count <= 2_500; count += 1)
        await world.store.revokeToken(world.tenant, id, `token-${count}-${'x'.repeat(60)}`, START + 600, START);
      for (const source of ['memory', 'store'] as const) {
        // Another process has read nothing while it happened.
        const other = source === 'memory' ? world : await openWorld({ store: world.store });
        const seen: number[] = [];
        let [position, epoch, pages] = [0, '', 0];
        for (let head = 1; position < head; pages += 1) {
          const reply = await read(other, `after=${position}${epoch === '' ? '' : `&epoch=${epoch}`}`);
          const batch = batchOf(other.ctx, reply);
          assert.ok(String(reply.body).length <= 128 * 1024 && batch.entries.length <= 1_000);
          assert.equal(batch.after, position);
          seen.push(...batch.entries.map(({ seq }) => seq));
          [position, epoch, head] = [batch.seq, batch.epoch, batch.head];
        }
        assert.deepEqual(
          seen,
          Array.from({ length: 2_500 }, (_, index) => index + 1),
          source,
        );
        assert.ok(pages >= 3 && pages < 10, `${pages} pages from ${source}`);
        if (other !== world) await other.close();
      }
    }));

  test('another epoch, or a position beyond the end, is answered with the epoch to begin with', () =>
    inWorld(async (world) => {
      await revokeOne(world);
      const { epoch } = batchOf(world.ctx, await read(world));
      const reply = await read(world, 'after=0&epoch=another');
      assert.equal(reply.status, 409);
      const told: unknown = JSON.parse(String(reply.body));
      assert.deepEqual(told, { error: 'epoch_changed', error_description: 'the log has another name: begin at 0', epoch });
      assert.equal((await read(world, `after=1&epoch=${epoch}`)).status, 200);
      const beyond = await read(world, `after=2&epoch=${epoch}`);
      assert.equal(beyond.status, 409);
      const named: { epoch: string } = JSON.parse(String(beyond.body));
      assert.equal(named.epoch, epoch, 'anybody can say a number: the log keeps its name for the others');
      assert.equal(world.events('revocations.renewed').length, 0);
    }));

  test('a batch of ours that tells of a later end than there is shows that the store has gone back while nobody looked', () =>
    inWorld(async (world) => {
      await revokeOne(world);
      const { epoch } = batchOf(world.ctx, await read(world));
      const shown = String((await read(world, `after=1&epoch=${epoch}`)).body);
      const ask = async (at: World, last: string, after = 1): Promise<string> => {
        const reply = await read(at, `after=${after}&epoch=${epoch}&last=${last}`);
        assert.equal(reply.status, 409, String(reply.body));
        const { epoch: named }: { epoch: string } = JSON.parse(String(reply.body));
        return named;
      };
      assert.equal(await ask(world, shown, 2), epoch, 'of the end that there is');
      const restored = await openWorld({
        store: world.store,
        wrap: (store) => ({ ...store, readRevocationHead: async (tenant) => ({ ...(await store.readRevocationHead(tenant)), seq: 0 }) }),
      });
      const [header = '', payload = '', signature = ''] = shown.split('.');
      const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const sign = (type: 'at+jwt' | 'revocations+jwt', more: object): string =>
        world.ctx.keys.signerFor('ES256', START)?.sign(type, { ...Object(claims), ...more }) ?? '';
      for (const [name, last] of [
        ['invented', `${header}.${Buffer.from(JSON.stringify({ ...Object(claims), head: 9 })).toString('base64url')}.${signature}`],
        ['no batch', sign('at+jwt', {})],
        ['of another issuer', sign('revocations+jwt', { iss: 'https://other.example' })],
        ['of another log', sign('revocations+jwt', { epoch: 'other' })],
        ['nonsense', 'x'],
      ] as const)
        assert.equal(await ask(restored, last), epoch, name);
      assert.equal((await read(restored, `after=1&epoch=${epoch}&last=${'x'.repeat(4_097)}`)).status, 400);
      assert.notEqual(await ask(restored, shown), epoch);
      assert.equal(restored.events('revocations.renewed').length, 1);
      await restored.close();
    }));

  test('a store that goes back gives the log another name', () =>
    inWorld(
      async (world) => {
        await revokeOne(world);
        const { epoch } = batchOf(world.ctx, await read(world));
        isBack = true;
        const reply = await read(world, `after=1&epoch=${epoch}`);
        assert.equal(reply.status, 409);
        isBack = false;
        const renewed: { epoch: string } = JSON.parse(String(reply.body));
        assert.notEqual(renewed.epoch, epoch);
        assert.deepEqual(batchOf(world.ctx, await read(world, `epoch=${renewed.epoch}`)).entries.length, 1);
      },
      {
        wrap: (store) => ({
          ...store,
          readRevocationHead: async (tenant) => {
            const head = await store.readRevocationHead(tenant);
            return isBack ? { ...head, seq: 0 } : head;
          },
        }),
      },
    ));
  let isBack = false;

  test('nobody is told anything that a look at the store has not shown: a store that is away is 503', () =>
    inWorld(
      async (world) => {
        batchOf(world.ctx, await read(world));
        isAway = true;
        const reply = await read(world);
        assert.equal(reply.status, 503);
        assert.equal(reply.headers['retry-after'], '1');
        isAway = false;
        batchOf(world.ctx, await read(world));
      },
      {
        wrap: (store) => ({
          ...store,
          readRevocationHead: (tenant) => (isAway ? Promise.reject(new StoreUnavailable('away')) : store.readRevocationHead(tenant)),
        }),
      },
    ));
  let isAway = false;

  test('parameters that do not read are refused', () =>
    inWorld(async (world) => {
      for (const query of [
        'after=-1',
        'after=01',
        'after=1e3',
        'after=1',
        'epoch=a%20b',
        'node=a/b',
        `node=${'n'.repeat(65)}`,
        'wait=x',
        'after=0&after=0',
      ])
        assert.equal((await read(world, query)).status, 400, query);
    }));
});

describe('who may follow', () => {
  test('a client that answers for a resource, and one that an administrator let; nobody else (RFC 6749 §2.3.1)', () =>
    inWorld(
      async (world) => {
        assert.equal((await read(world)).status, 200);
        assert.equal((await read(world, '', { headers: basic('machine', SECRETS.machine) })).status, 200);
        const refused = await read(world, '', { headers: basic('web', SECRETS.web) });
        assert.deepEqual([refused.status, (await world.why(refused)).failed], [403, 'feed_reader']);
        assert.equal((await read(world, '', { headers: basic('api', 'wrong') })).status, 401);
        assert.equal((await read(world, '', { headers: { authorization: undefined } })).status, 401);
        assert.equal((await acknowledge(world, {}, { headers: basic('web', SECRETS.web) })).status, 403);
      },
      { yaml: YAML },
    ));

  test('an access token for the log does, and no other one (RFC 6749 §4.4, RFC 6750 §3.1)', () =>
    inWorld(
      async (world) => {
        const get = async (fields: Record<string, string>): Promise<Record<string, unknown>> =>
          (await post(world, token, { grant_type: 'client_credentials', ...fields }, basic('machine', SECRETS.machine))).json;
        const granted = await get({ scope: 'hufu:revocations', resource: `${ISSUER}/oauth/revocations` });
        assert.equal(granted['scope'], 'hufu:revocations');
        const bearer = (text: unknown): Partial<HttpRequest> => ({ headers: { authorization: `Bearer ${String(text)}` } });
        assert.equal((await read(world, '', bearer(granted['access_token']))).status, 200);
        assert.equal((await acknowledge(world, {}, bearer(granted['access_token']))).status, 400);
        for (const fields of [{ scope: 'read' }, { scope: 'unlock' }, {}]) {
          const other = await get(fields);
          const reply = await read(world, '', bearer(other['access_token']));
          assert.equal(reply.status, 401, JSON.stringify(fields));
          assert.match(String(reply.headers['www-authenticate']), /^Bearer .*error="invalid_token"/);
        }
        assert.equal((await read(world, '', bearer('nonsense'))).status, 401);
        const dpop = { authorization: `DPoP ${String(granted['access_token'])}`, dpop: 'x' };
        assert.equal((await read(world, '', { headers: dpop })).status, 401, 'a bearer token is no bound one');
      },
      { yaml: YAML },
    ));

  test('an access token that is bound to a key needs its proof (RFC 9449 §7.1)', () =>
    inWorld(
      async (world) => {
        const key = await prover();
        const htu = `${ISSUER}/oauth/revocations`;
        const proof = key.prove({ htm: 'POST', htu: `${ISSUER}/` });
        const { json } = await post(
          world,
          token,
          { grant_type: 'client_credentials', scope: 'hufu:revocations' },
          { ...basic('machine', SECRETS.machine), dpop: proof },
        );
        assert.equal(json['token_type'], 'DPoP');
        const text = String(json['access_token']);
        const headers = { authorization: `DPoP ${text}`, dpop: key.prove({ htm: 'GET', htu, token: text }) };
        assert.equal((await read(world, '', { headers })).status, 200);
        const again = await read(world, '', { headers });
        assert.deepEqual([again.status, (await world.why(again)).failed], [401, 'dpop_unused']);
        assert.equal((await read(world, '', { headers: { authorization: `Bearer ${text}` } })).status, 401);
      },
      { yaml: YAML },
    ));

  test('a client whose proofs need a nonce is given one, and then may follow (RFC 9449 §9)', () =>
    inWorld(
      async (world) => {
        const key = await prover();
        const at = (nonce?: string, more = {}): string =>
          key.prove({ htm: 'POST', htu: `${ISSUER}/`, ...(nonce === undefined ? {} : { nonce }), ...more });
        const ask = (proof: string) =>
          post(
            world,
            token,
            { grant_type: 'client_credentials', scope: 'hufu:revocations' },
            { ...basic('machine', SECRETS.machine), dpop: proof },
          );
        const { json } = await ask(at(String((await ask(at())).headers['dpop-nonce'])));
        const text = String(json['access_token']);
        const follow = (nonce?: string): Promise<HttpReply> => {
          const dpop = key.prove({
            htm: 'GET',
            htu: `${ISSUER}/oauth/revocations`,
            token: text,
            ...(nonce === undefined ? {} : { nonce }),
          });
          return read(world, '', { headers: { authorization: `DPoP ${text}`, dpop } });
        };
        const refused = await follow();
        assert.deepEqual([refused.status, Object(JSON.parse(String(refused.body))).error], [401, 'use_dpop_nonce']);
        assert.equal((await follow(String(refused.headers['dpop-nonce']))).status, 200);
      },
      { yaml: YAML.replace('{ follows_revocations: true }', '{ follows_revocations: true, dpop_nonce: required }') },
    ));

  test('the scope of the log is for who asks for it by name and may follow', () =>
    inWorld(
      async (world) => {
        const get = async (client: 'web' | 'machine' | 'api', fields: Record<string, string>): Promise<string> => {
          const reply = await post(world, token, { grant_type: 'client_credentials', ...fields }, basic(client, SECRETS[client]));
          return `${reply.status} ${String(reply.json['scope'] ?? reply.json['error'])}`;
        };
        assert.equal(await get('machine', { scope: 'hufu:revocations' }), '200 hufu:revocations');
        assert.equal(await get('api', { resource: `${ISSUER}/oauth/revocations` }), '200 hufu:revocations');
        assert.equal(await get('machine', {}), '200 read write', 'nobody has it without asking');
        assert.equal(await get('machine', { scope: 'hufu:revocations read' }), '400 invalid_scope');
        assert.equal(await get('machine', { scope: 'hufu:revocations', resource: 'https://api.example/' }), '400 invalid_target');
        assert.equal(await get('machine', { scope: 'hufu:admin:read' }), '400 invalid_target');
      },
      { yaml: YAML },
    ));
});

describe('who waits', () => {
  test('is answered as soon as something happens', () =>
    inWorld(async (world) => {
      const stop = await startRevocationFeed(world.ctx);
      const { epoch } = batchOf(world.ctx, await read(world));
      let isAnswered = false;
      const waiting = read(world, `after=0&epoch=${epoch}&wait=30`).finally(() => {
        isAnswered = true;
      });
      await settle();
      assert.equal(isAnswered, false);
      await revokeOne(world);
      for (let turn = 0; turn < 100 && !isAnswered; turn += 1) await settle();
      assert.ok(isAnswered, 'long before its time is over');
      const { entries, seq, head } = batchOf(world.ctx, await waiting);
      assert.deepEqual([entries.length, seq, head], [1, 1, 1]);
      await stop();
    }));

  test('are 256 of a client at most', () =>
    inWorld(async (world) => {
      const { epoch } = batchOf(world.ctx, await read(world));
      const gone: (() => void)[] = [];
      const wait = (): Promise<HttpReply> => read(world, `epoch=${epoch}&wait=30`, { whenGone: (act) => void gone.push(act) });
      const waiting = Array.from({ length: 256 }, wait);
      for (let turn = 0; turn < 100 && gone.length < 256; turn += 1) await settle();
      const refused = await wait();
      assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '2']);
      gone[0]?.();
      await waiting[0];
      const one = wait();
      for (let turn = 0; turn < 100 && gone.length < 257; turn += 1) await settle();
      for (const act of gone) act();
      await Promise.all([...waiting, one]);
    }));

  test('and was gone before it began to wait takes no room', () =>
    inWorld(async (world) => {
      const { epoch } = batchOf(world.ctx, await read(world));
      assert.equal((await read(world, `epoch=${epoch}&wait=30`, { whenGone: (act) => act() })).status, 200);
    }));

  test('is answered at once where something has happened already, and when the server stops', () =>
    inWorld(async (world) => {
      await revokeOne(world);
      assert.equal(batchOf(world.ctx, await read(world, 'wait=30')).entries.length, 1);
      const { epoch } = feedOf(world.ctx).hub;
      const stop = await startRevocationFeed(world.ctx);
      const waiting = read(world, `after=1&epoch=${epoch}&wait=30`);
      await settle();
      await stop();
      assert.deepEqual(batchOf(world.ctx, await waiting).entries, []);
    }));
});

describe('who acknowledges', () => {
  test('is kept with what it has enforced, and since when', () =>
    inWorld(async (world) => {
      await revokeOne(world);
      const { epoch } = batchOf(world.ctx, await read(world));
      const reply = await acknowledge(world, { node: 'n1', epoch, acks: [{ seq: 1, ago_ms: 40 }] });
      assert.deepEqual([reply.status, reply.body], [204, '']);
      const followers = await world.store.listRevocationFollowers(world.tenant, 1, 0, 10);
      assert.deepEqual(
        followers.filter(({ node }) => node === 'n1').map(({ clientId: client, first }) => [client, first]),
        [['api', { seq: 1, atMs: START_MS - 40 }]],
      );
    }));

  test('cannot say that it is further than the log goes, nor of another log, nor nonsense', () =>
    inWorld(async (world) => {
      await revokeOne(world);
      const { epoch } = batchOf(world.ctx, await read(world));
      const good = { node: 'n1', epoch, acks: [{ seq: 1, ago_ms: 0 }] };
      for (const [index, bad] of [
        { ...good, acks: [{ seq: 2, ago_ms: 0 }] },
        { ...good, epoch: 'other' },
        { ...good, epoch: undefined },
        { ...good, node: 'a b' },
        { ...good, acks: [{ seq: -1, ago_ms: 0 }] },
        { ...good, acks: [{ seq: 1, ago_ms: -1 }] },
        { ...good, acks: [{ seq: 1, ago_ms: 1.5 }] },
        { ...good, acks: [{ seq: 1, ago_ms: 8 * 86_400_000 }] },
        { ...good, acks: [null] },
        { ...good, acks: Array.from({ length: 51 }, () => ({ seq: 1, ago_ms: 0 })) },
        { ...good, acks: {} },
      ].entries()) {
        world.clock.advance(1_000);
        assert.equal((await acknowledge(world, bad)).status, 400, `${index}`);
      }
      const followers = await world.store.listRevocationFollowers(world.tenant, 1, 0, 10);
      assert.deepEqual(
        followers.filter(({ node }) => node === 'n1'),
        [],
      );
      const form = await acknowledge(world, good, { headers: { 'content-type': 'text/plain' } });
      assert.equal(form.status, 400);
    }));

  test('too often is told how long to wait', () =>
    inWorld(async (world) => {
      const { epoch } = batchOf(world.ctx, await read(world));
      const send = (node: string): Promise<HttpReply> => acknowledge(world, { node, epoch, acks: [] });
      const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await send('n1')).status));
      assert.ok(statuses.includes(204) && statuses.includes(429));
      assert.equal((await send('n2')).status, 204);
    }));
});

describe('who hears a stream', () => {
  const stream = { headers: { accept: 'text/event-stream' } };

  test('hears from its position on, and then what happens, as events with numbers', () =>
    inWorld(async (world) => {
      await revokeOne(world);
      const stop = await startRevocationFeed(world.ctx);
      const reply = await read(world, 'node=n1', stream);
      assert.deepEqual(
        ['content-type', 'cache-control', 'x-accel-buffering'].map((name) => reply.headers[name]),
        ['text/event-stream', 'no-store, no-transform', 'no'],
      );
      const heard = hear(reply);
      const [first] = heard.take(world.ctx);
      assert.deepEqual([first?.after, first?.seq, first?.entries.length], [0, 1, 1]);
      await revokeOne(world);
      await settle();
      const [second] = heard.take(world.ctx);
      assert.deepEqual([second?.after, second?.seq, second?.head, second?.entries.length], [1, 2, 2, 1]);
      feedOf(world.ctx).streams.tick();
      await settle();
      const [beat] = heard.take(world.ctx);
      assert.deepEqual([beat?.after, beat?.seq, beat?.head, beat?.entries], [2, 2, 2, []]);
      assert.ok((beat?.beat ?? 0) >= (second?.beat ?? 0));
      await stop();
      assert.equal(heard.end, 'ended');
    }));

  test('goes on where Last-Event-ID says that it was', () =>
    inWorld(async (world) => {
      await revokeOne(world);
      await revokeOne(world);
      const { epoch } = batchOf(world.ctx, await read(world));
      const heard = hear(await read(world, `after=0&epoch=${epoch}`, { headers: { ...stream.headers, 'last-event-id': '1' } }));
      assert.deepEqual(
        heard.take(world.ctx).map(({ after, seq }) => [after, seq]),
        [[1, 2]],
      );
      heard.leave();
      const bad = await read(world, `epoch=${epoch}`, { headers: { ...stream.headers, 'last-event-id': 'x' } });
      assert.equal(bad.status, 400);
    }));

  test('whoever reconnects by itself, with what it asked for first and the last event’s id alone, goes on', () =>
    inWorld(async (world) => {
      await revokeOne(world);
      const first = hear(await read(world, '', stream));
      const [, id = ''] = /^id: (.*)$/m.exec(first.texts[0] ?? '') ?? [];
      await revokeOne(world);
      const second = hear(await read(world, '', { headers: { ...stream.headers, 'last-event-id': id } }));
      assert.deepEqual(
        second.take(world.ctx).map(({ after, seq }) => [after, seq]),
        [[1, 2]],
      );
      const { hub } = feedOf(world.ctx);
      await hub.renew();
      const reply = await read(world, '', { headers: { ...stream.headers, 'last-event-id': id } });
      assert.equal(reply.status, 409);
      assert.equal(Object(JSON.parse(String(reply.body))).epoch, hub.epoch);
      for (const bad of ['.1', 'a b.1', `${hub.epoch}.`, `${hub.epoch}.x`, '2'])
        assert.equal((await read(world, '', { headers: { ...stream.headers, 'last-event-id': bad } })).status, 400, bad);
    }));

  test('as many as ask at once are no more than there may be', () =>
    inWorld(async (world) => {
      const replies = await Promise.all(Array.from({ length: 300 }, (_, index) => read(world, `node=n${index}`, stream)));
      const heard = replies.filter(({ status }) => status === 200).map(hear);
      assert.equal(feedOf(world.ctx).streams.size, 256);
      assert.equal(heard.filter(({ end }) => end === undefined).length, 256);
      for (const one of heard) one.leave();
    }));

  test('a second one of the same node ends the first', () =>
    inWorld(async (world) => {
      const first = hear(await read(world, 'node=n1', stream));
      const other = hear(await read(world, 'node=n2', stream));
      const second = hear(await read(world, 'node=n1', stream));
      assert.deepEqual([first.end, other.end, second.end], ['ended', undefined, undefined]);
      assert.equal(feedOf(world.ctx).streams.size, 2);
      second.leave();
      other.leave();
      assert.equal(feedOf(world.ctx).streams.size, 0);
    }));

  test('begins anew when the log has another name', () =>
    inWorld(async (world) => {
      const heard = hear(await read(world, '', stream));
      await feedOf(world.ctx).hub.renew();
      assert.equal(heard.end, 'ended');
    }));

  test('is there for whoever asks how far followers are', () =>
    inWorld(async (world) => {
      const heard = hear(await read(world, 'node=n1', stream));
      await settle();
      const followers = await world.store.listRevocationFollowers(world.tenant, 1, 0, 10);
      assert.deepEqual(
        followers.map(({ clientId: client, node, first }) => [client, node, first]),
        [['api', 'n1', undefined]],
      );
      heard.leave();
    }));
});
