/**
 * What ends a sign-in ends what came of it: at the next refresh, at userinfo and at introspection, on both stores, each time with the right reason in the decision record and the
 * right word for the application.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { readConfig } from '@hufu/server/config/read-config';
import { introspect } from '@hufu/server/endpoints/introspect';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { openBrowserSession } from '@hufu/server/sessions/browser-session';
import { openStore } from '@hufu/store/open';
import type { Store } from '@hufu/store/port';
import { answerOf, ask, askUserinfo, post, postToken, signedIn, VERIFIER, type Visitor } from '../../packages/server/src/testing/visits.ts';
import { CHEAP_HASH, openWorld, START, START_MS, type World } from '../../packages/server/src/testing/world.ts';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/databases.ts';

const SECRET = 'app-secret-0123456789abcdef0123456789';

function yaml(more = '', app = ''): string {
  return `
signing: { algorithms: [ES256] }
clients:
  - client_id: app
    client_name: App
    client_secret: ${SECRET}
    redirect_uris: [https://app.example/cb${app.includes('moved') ? '/moved' : ''}]
    grant_types: [authorization_code, refresh_token]
    scope: openid ${app.includes('narrow') ? '' : 'read '}offline_access
    hufu: { first_party: true, refresh_token: { absolute: 10d, idle: 7d }${app.includes('one') ? ', devices: { max: 1 }' : ''}${app.includes('few') ? ', max_grants_per_user: 2' : ''} }
  - client_id: api
    client_secret: api-secret-0123456789abcdef012345678
    grant_types: [client_credentials]
    hufu: { resource_server_of: ['https://api.example/'] }
resources:
  - { identifier: 'https://api.example/', scopes: [read], token_format: opaque, token_ttl: 24h }
users:
  - { username: alice-${people}, password_hash: '${CHEAP_HASH}', claims: { sub: alice-${people}-sub } }
${more}`;
}

let people = 0;

interface Scene {
  readonly world: World;
  readonly alice: Visitor;
  readonly tokens: Readonly<Record<string, unknown>>;
}

interface Consequence {
  readonly what: string;
  readonly act: (scene: Scene) => Promise<unknown>;
  /** First word of what the application reads at the refresh; undefined where there is none for it. */
  readonly word: 'session_replaced' | 'session_terminated' | undefined;
  /** In the decision record. */
  readonly reason: RegExp;
  readonly more?: string;
  readonly app?: string;
}

const CONSEQUENCES: readonly Consequence[] = [
  {
    what: 'the user is disabled (attacks SES-09)',
    act: ({ world, alice }) => world.store.setUserEnabled(world.tenant, alice.user.id, false, world.now()),
    word: 'session_terminated',
    reason: /user_disabled/,
  },
  {
    what: 'the user is deleted (attacks SES-09)',
    act: ({ world, alice }) => world.store.deleteUser(world.tenant, alice.user.id, world.now()),
    word: 'session_terminated',
    reason: /user_deleted/,
  },
  {
    what: 'the user is locked',
    act: ({ world, alice }) => world.store.lockUser(world.tenant, alice.user.id, world.now() + 60, world.now()),
    word: 'session_terminated',
    reason: /user_locked/,
  },
  {
    what: 'the password is changed',
    act: ({ world, alice }) =>
      world.store.changePassword(
        world.tenant,
        alice.user.id,
        alice.user.authVersion,
        CHEAP_HASH,
        { session: undefined, revokes: 'all' },
        world.now(),
      ),
    word: 'session_terminated',
    reason: /password_changed/,
  },
  {
    what: 'the session ends',
    act: ({ world, alice }) => world.store.endSession(world.tenant, alice.session.id, 'signed_out', world.now()),
    word: 'session_terminated',
    reason: /signed_out/,
  },
  {
    what: 'an administrator ends the session',
    act: ({ world, alice }) => world.store.endSession(world.tenant, alice.session.id, 'revoked_by_admin', world.now()),
    word: 'session_terminated',
    reason: /revoked_by_admin/,
  },
  {
    what: 'the user signs the device out',
    act: ({ world, alice }) => world.store.removeDevice(world.tenant, alice.user.id, alice.session.deviceId ?? 0, world.now()),
    word: 'session_terminated',
    reason: /revoked_by_user/,
  },
  {
    what: 'the consent is withdrawn',
    act: ({ world, alice }) => world.store.withdrawConsent(world.tenant, alice.user.id, clientId('app'), world.now()),
    word: undefined,
    reason: /consent_withdrawn/,
  },
  {
    what: 'another device takes its place (attacks SES-14)',
    more: 'policies: { devices: { max: 1 } }',
    act: ({ world, alice }) => signInAt(world, alice, PHONE),
    word: 'session_replaced',
    reason: /session_replaced by a device of the kind mobile/,
  },
  {
    what: 'the client is used on another device',
    app: 'one',
    act: async ({ world, alice }) => await tokensOf(world, await signInAt(world, alice, PHONE)),
    word: 'session_replaced',
    reason: /session_replaced by a device of the kind mobile/,
  },
  {
    what: 'there are too many grants of the user and the client',
    app: 'few',
    act: async ({ world, alice }) => {
      for (let count = 0; count < 2; count += 1) await tokensOf(world, alice);
    },
    word: undefined,
    reason: /too_many_grants/,
  },
];

for (const engine of ENGINES) {
  describe(`consequences on ${engine}`, () => {
    let database: TestDatabase;
    let store: Store;

    before(async () => {
      database = await freshDatabase(engine);
      store = await openStore(database.url);
    });

    after(async () => {
      await store.close();
      await database.drop();
    });

    /** Each with somebody of its own. */
    async function withScene(act: (scene: Scene) => Promise<void>, more = '', app = ''): Promise<void> {
      people += 1;
      const world = await openWorld({ yaml: yaml(more, app), store });
      const alice = await signedIn(world, `alice-${people}`);
      await act({ world, alice, tokens: await tokensOf(world, alice) });
      await world.close();
    }

    for (const { what, act, word, reason, more, app } of CONSEQUENCES) {
      test(`${what}: the next refresh, userinfo and introspection are refused, and the record says why`, async () => {
        await withScene(
          async (scene) => {
            const { world, tokens } = scene;
            assert.equal((await askUserinfo(world, tokens['access_token'])).status, 200);
            assert.equal((await introspected(world, tokens['refresh_token'])).json['active'], true);
            await act(scene);
            const refreshed = await refresh(world, tokens['refresh_token']);
            assert.deepEqual([refreshed.status, refreshed.json['error']], [400, 'invalid_grant']);
            assertWord(String(refreshed.json['error_description']), word);
            assert.match((await world.why(refreshed)).detail ?? '', reason);

            const info = await askUserinfo(world, tokens['access_token']);
            assert.equal(info.status, 401);
            assertWord(/error_description="([^"]*)"/.exec(String(info.headers['www-authenticate']))?.[1] ?? '', word);
            assert.match((await world.why(info)).detail ?? '', reason);

            for (const token of [tokens['access_token'], tokens['refresh_token']]) {
              const answer = await introspected(world, token);
              // Whoever asks learns nothing but that (RFC 7662 §2.2).
              assert.deepEqual(answer.json, { active: false });
              assert.match((await world.why(answer)).detail ?? '', new RegExp(reason.source.replace(/ by a .*/, '')));
            }
          },
          more,
          app,
        );
      });
    }

    test('whoever is locked goes on with all they had once it is over, and gets nothing before', async () => {
      await withScene(async ({ world, alice, tokens }) => {
        await world.store.lockUser(world.tenant, alice.user.id, world.now() + 60, world.now());
        assert.equal((await refresh(world, tokens['refresh_token'])).status, 400);
        const asked = await ask(world, alice, { ...APP, prompt: 'none' });
        assert.equal(answerOf(asked).get('error'), 'login_required');
        world.clock.freeze(START_MS + 60_000);
        assert.equal((await askUserinfo(world, tokens['access_token'])).status, 200);
        assert.equal((await refresh(world, tokens['refresh_token'])).status, 200);
        assert.ok(answerOf(await ask(world, alice, { ...APP, prompt: 'none' })).has('code'));
      });
    });

    test('a password that is changed for the others alone leaves the present session and what lives in it (policies.passwords.on_change)', async () => {
      await withScene(async ({ world, alice, tokens }) => {
        const other = await signInAt(world, alice, PHONE);
        const others = await tokensOf(world, other);
        const keep = { session: alice.session.id, revokes: 'others' } as const;
        await world.store.changePassword(world.tenant, alice.user.id, alice.user.authVersion, CHEAP_HASH, keep, world.now());
        assert.equal((await refresh(world, tokens['refresh_token'])).status, 200);
        const refused = await refresh(world, others['refresh_token']);
        assert.match((await world.why(refused)).detail ?? '', /password_changed/);
      });
    });

    test('a grant that nobody used for too long, and one that is at its end, say session_expired', async () => {
      for (const [days, reason] of [
        [7, /not used for/],
        [10, /the grant ended/],
      ] as const) {
        await withScene(async ({ world, tokens: { refresh_token: first } }) => {
          world.clock.freeze(START_MS + 6 * DAY_MS);
          const tokens = days > 7 ? (await refresh(world, first)).json : { refresh_token: first };
          world.clock.freeze(START_MS + days * DAY_MS);
          const refused = await refresh(world, tokens['refresh_token']);
          assertWord(String(refused.json['error_description']), 'session_expired');
          assert.match((await world.why(refused)).detail ?? '', reason);
          const answer = await introspected(world, tokens['refresh_token']);
          assert.deepEqual(answer.json, { active: false });
          assert.match((await world.why(answer)).detail ?? '', reason);
        });
      }
    });

    test('a client that is switched off: its tokens are nothing to userinfo and to whoever serves its resource', async () => {
      await withScene(async ({ world, alice }) => {
        const tokens = await tokensOf(world, alice, { resource: 'https://api.example/', scope: 'openid read' });
        const record = (await world.store.findClient(world.tenant, clientId('app'))) ?? assert.fail();
        await world.store.putClient(world.tenant, { ...record, enabled: false }, world.now());
        const refused = await refresh(world, tokens['refresh_token']);
        assert.deepEqual([refused.status, refused.json['error']], [401, 'invalid_client']);
        const answer = await post(
          world,
          introspect,
          { token: String(tokens['access_token']) },
          { basic: 'api:api-secret-0123456789abcdef012345678' },
        );
        assert.deepEqual(answer.json, { active: false });
        assert.match((await world.why(answer)).detail ?? '', /client_disabled/);
      });
    });

    test('a redirect URI that is taken away takes the codes that go there along, and with the last of them the refreshes', async () => {
      await withScene(async ({ world, alice, tokens }) => {
        const code = answerOf(await ask(world, alice, APP)).get('code') ?? '';
        await configure(world, yaml('', 'moved'));
        const refused = await exchange(world, code);
        assert.deepEqual(
          [refused.status, refused.json['error'], (await world.why(refused)).failed],
          [400, 'invalid_grant', 'redirect_uri'],
        );
        const fresh = await refresh(world, tokens['refresh_token']);
        assert.equal(fresh.status, 200);
        const record = (await world.store.findClient(world.tenant, clientId('app'))) ?? assert.fail();
        const metadata = {
          ...record.metadata,
          redirect_uris: [],
          response_types: [],
          grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        };
        await world.store.putClient(world.tenant, { ...record, metadata }, world.now());
        const last = await refresh(world, fresh.json['refresh_token']);
        assert.match((await world.why(last)).detail ?? '', /redirect URI/);
      });
    });

    test('a refresh never brings a scope that the registration has lost, and the grant keeps it for when it is back', async () => {
      await withScene(async ({ world, alice }) => {
        const tokens = await tokensOf(world, alice, { scope: 'openid read' });
        await configure(world, yaml('', 'narrow'));
        const narrow = await refresh(world, tokens['refresh_token']);
        assert.equal(narrow.json['scope'], 'openid');
        const asked = await refresh(world, narrow.json['refresh_token'], { scope: 'read' });
        assert.deepEqual([asked.status, asked.json['error']], [400, 'invalid_grant']);
        await configure(world, yaml());
        assert.equal((await refresh(world, narrow.json['refresh_token'])).json['scope'], 'openid read');
      });
    });

    test('a living grant is within its consent: consents only grow or vanish', async () => {
      await withScene(async ({ world, alice, tokens }) => {
        await world.store.giveConsent(world.tenant, alice.user.id, clientId('app'), ['openid', 'read'], [], START);
        await world.store.giveConsent(world.tenant, alice.user.id, clientId('app'), ['openid'], [], START);
        const consent = await world.store.findConsent(world.tenant, alice.user.id, clientId('app'));
        assert.deepEqual(consent?.scopes, ['openid', 'read']);
        assert.equal((await refresh(world, tokens['refresh_token'])).status, 200);
        await world.store.withdrawConsent(world.tenant, alice.user.id, clientId('app'), world.now());
        assert.equal((await refresh(world, tokens['refresh_token'])).status, 400);
      });
    });

    test('who was replaced learns it with prompt=none as well, and nobody without the cookie does', async () => {
      await withScene(async ({ world, alice }) => {
        await signInAt(world, alice, PHONE);
        const asked = answerOf(await ask(world, alice, { ...APP, prompt: 'none' }));
        assert.equal(asked.get('error'), 'login_required');
        assertWord(asked.get('error_description') ?? '', 'session_replaced');
        assertWord(answerOf(await ask(world, undefined, { ...APP, prompt: 'none' })).get('error_description') ?? '', undefined);
      }, 'policies: { devices: { max: 1 } }');
    });
  });
}

const DAY_MS = 86_400_000;
const APP = { client_id: 'app', scope: 'openid' };
const PHONE = 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36';

async function signInAt(world: World, { user: { id } }: Visitor, agent: string): Promise<Visitor> {
  const user = (await world.store.findUser(world.tenant, id)) ?? assert.fail();
  const opened = await openBrowserSession(world.ctx, world.http({ headers: { 'user-agent': agent } }), user, [
    { method: 'password', at: world.now() },
  ]);
  assert.ok(opened.kind === 'opened');
  return { ...opened.session, cookie: opened.cookie.slice(0, opened.cookie.indexOf(';')) };
}

async function tokensOf(
  world: World,
  visitor: Visitor,
  part: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const answer = answerOf(await ask(world, visitor, { ...APP, ...part }));
  const reply = await exchange(world, answer.get('code') ?? '');
  assert.equal(reply.status, 200, `${reply.body.toString()} ${answer.toString()}`);
  return reply.json;
}

function exchange(world: World, code: string): ReturnType<typeof post> {
  const fields = { grant_type: 'authorization_code', redirect_uri: 'https://app.example/cb', code, code_verifier: VERIFIER };
  return postToken(world, fields, { basic: `app:${SECRET}` });
}

function refresh(world: World, token: unknown, part: Readonly<Record<string, string>> = {}): ReturnType<typeof post> {
  return postToken(world, { grant_type: 'refresh_token', refresh_token: String(token), ...part }, { basic: `app:${SECRET}` });
}

function introspected(world: World, token: unknown): ReturnType<typeof post> {
  return post(world, introspect, { token: String(token) }, { basic: `app:${SECRET}` });
}

async function configure(world: World, text: string): Promise<void> {
  const config = readConfig({ text: `issuer: ${world.ctx.issuer}\nmode: test\n${text}`, file: 'world.yaml', env: {} });
  await applyConfig({ ...world.ctx, config }, world.now());
}

function assertWord(description: string, word: string | undefined): void {
  const first = /^(session_\w+): /.exec(description)?.[1];
  assert.equal(first, word, description);
}
