import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Agent, authorizeAs, exchange, type Page } from '../support/agent.ts';
import { startHufu, USER } from '../support/hufu.ts';
import { type Bends, type OidcUpstream } from '../support/upstreams/oidc-upstream.ts';
import { ALLOWING, MASTER_KEY, startTwoUpstreams, type TwoUpstreams } from '../support/upstreams/two-upstreams.ts';
import { press, signInThere } from '../support/upstreams/visitor.ts';
import { SPA } from './sign-ins.ts';

describe('FED: signing in with somebody else', () => {
  let world: TwoUpstreams;
  before(async () => {
    world = await startTwoUpstreams({
      corp: 'label: Corp, link: verified_email, domains: [example.com], create: true',
      other: 'label: Other, create: true',
    });
  });
  after(() => world.stop());
  afterEach(() => {
    world.corp.bend = {};
    world.other.bend = {};
  });

  const callback = (name: string): string => `${world.hufu.issuer}/signin/with/${name}/callback`;

  /** Up to our callback, which has not been asked yet. */
  async function returning(agent: Agent, name: string, as: string, path?: string): Promise<string> {
    return signInThere(agent, await press(agent, name, path), as, callback(name));
  }

  async function signInWith(
    name: string,
    as: string,
    agent: Agent = new Agent(world.hufu.issuer),
  ): Promise<{ readonly agent: Agent; readonly page: Page }> {
    return { agent, page: await agent.get(await returning(agent, name, as)) };
  }

  const isSignedIn = (agent: Agent): boolean => agent.cookies.has('hufu_session');
  const find = (username: string): ReturnType<typeof world.hufu.store.findUserByName> =>
    world.hufu.store.findUserByName(world.hufu.context.tenant, username);

  /** Whose account the browser is in. */
  async function nameOf(agent: Agent): Promise<string> {
    const { body } = await exchange(agent, SPA, await authorizeAs(agent, SPA, USER));
    const { sub } = Object(JSON.parse(Buffer.from(String(body['id_token']).split('.')[1] ?? '', 'base64url').toString()));
    const users = await world.hufu.store.listUsers(world.hufu.context.tenant, 0, 1_000);
    return users.find((user) => user.sub === sub)?.username ?? '';
  }

  let count = 0;
  /** A name that no upstream has said before. */
  function somebody(person: Parameters<TwoUpstreams['people']['set']>[1] = {}): string {
    const name = `person${++count}`;
    world.people.set(name, person);
    return name;
  }

  test('FED-01 · an address links nothing unless the upstream says true of it, may speak for its domain, and ours is verified too', async () => {
    const alice = (await find('alice')) ?? assert.fail();
    for (const person of [
      { email: 'alice@example.com' },
      { email: 'alice@example.com', email_verified: false },
      { email: 'alice@example.com', email_verified: 'true' },
      { email: 'alice@example.com', email_verified: 1 },
      { email: 'alice@other.example', email_verified: true },
      { email: 'alice@example.com.evil.example', email_verified: true },
      { email: 'alice@example.com@evil.example', email_verified: true },
      { email: '"alice@example.com" <x@evil.example>', email_verified: true },
      { email: 'alicé@example.com', email_verified: true },
    ]) {
      const { agent, page } = await signInWith('corp', somebody(person));
      assert.equal(page.status, 303, page.text);
      assert.notEqual(await nameOf(agent), 'alice', JSON.stringify(person));
    }
    // The other one has no rule for it: whoever has that address here is asked to link it themselves.
    const elsewhere = await signInWith('other', somebody({ email: 'alice@example.com', email_verified: true }));
    assert.notEqual(await nameOf(elsewhere.agent), 'alice');
    // An address of ours that nobody has verified is nobody's.
    const made = await world.hufu.store.createUser(
      world.hufu.context.tenant,
      { sub: 'squatter', username: 'squatter', passwordHash: undefined, claims: { email: 'victim@example.com', email_verified: false } },
      0,
    );
    assert.equal(made.kind, 'created');
    const victim = await signInWith('corp', somebody({ email: 'victim@example.com', email_verified: true }));
    assert.notEqual(await nameOf(victim.agent), 'squatter');
    assert.deepEqual(await world.hufu.store.listIdentities(world.hufu.context.tenant, alice.id), []);
  });

  test('FED-01 · where all of it holds the account is linked, its owner is told, and the next sign-in asks no address any more', async () => {
    const alice = (await find('alice')) ?? assert.fail();
    const as = somebody({ email: 'Alice@EXAMPLE.com', email_verified: true });
    const { agent, page } = await signInWith('corp', as);
    assert.deepEqual([page.status, await nameOf(agent)], [303, 'alice']);
    const [identity] = await world.hufu.store.listIdentities(world.hufu.context.tenant, alice.id);
    assert.deepEqual([identity?.upstream, identity?.issuer, identity?.subject], ['corp', world.corp.issuer, as]);
    const events = await world.hufu.store.listUserEvents(world.hufu.context.tenant, alice.id, 10);
    assert.deepEqual(events.find(({ kind }) => kind === 'identity_linked')?.detail, { name: 'Corp' });
    world.people.set(as, { email: 'somebody@else.example', email_verified: true });
    assert.equal(await nameOf((await signInWith('corp', as)).agent), 'alice');
    // Somebody else with the same address there is not her.
    const twin = await signInWith('corp', somebody({ email: 'alice@example.com', email_verified: true }));
    assert.deepEqual([twin.page.status, isSignedIn(twin.agent)], [403, false]);
  });

  test('FED-01 · an address is no way around a second factor: whoever has one links it themselves', async () => {
    const made = await world.hufu.store.createUser(
      world.hufu.context.tenant,
      { sub: 'careful', username: 'careful', passwordHash: undefined, claims: { email: 'careful@example.com', email_verified: true } },
      0,
    );
    assert.ok(made.kind === 'created');
    const factor = { kind: 'totp', name: 'phone', lookup: undefined, data: { secret: 'x' }, counter: 0 } as const;
    await world.hufu.store.addFactor(world.hufu.context.tenant, made.user.id, made.user.authVersion, factor, undefined, 0);
    const { agent, page } = await signInWith('corp', somebody({ email: 'careful@example.com', email_verified: true }));
    assert.deepEqual([page.status, page.name, isSignedIn(agent)], [403, 'error', false]);
    assert.deepEqual(await world.hufu.store.listIdentities(world.hufu.context.tenant, made.user.id), []);
  });

  test('FED-04 · a sign-in begun on another site, in another browser, or by nobody ends here; the one it was stolen from is used up by nobody', async () => {
    const agent = new Agent(world.hufu.issuer);
    const page = await agent.get('/signin');
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }])
      assert.equal((await agent.post('/signin/with/corp', page.hidden, headers)).status, 403);
    assert.equal((await agent.post('/signin/with/corp', {})).status, 403);
    assert.equal((await agent.get('/signin/with/corp')).status, 405);
    // Login CSRF: the attacker's answer in the victim's browser (RFC 9700 §4.7).
    const attacker = new Agent(world.hufu.issuer);
    const stolen = await returning(attacker, 'corp', somebody());
    const victim = new Agent(world.hufu.issuer);
    await victim.get('/signin');
    for (const url of [stolen, `${callback('corp')}?code=x`, `${callback('corp')}?code=x&state=${'a'.repeat(24)}`]) {
      const reply = await victim.get(url);
      assert.deepEqual([reply.status, isSignedIn(victim)], [403, false], url);
    }
    // With the attempt's cookie planted (from a subdomain, say) it is still another browser.
    for (const [name, value] of attacker.cookies) if (name.startsWith('hufu_up_')) victim.cookies.set(name, value);
    assert.deepEqual([(await victim.get(stolen)).status, isSignedIn(victim)], [403, false]);
    assert.equal((await attacker.get(stolen)).status, 303);
  });

  const BENT: readonly (readonly [string, Bends | ((upstream: OidcUpstream) => Bends)])[] = [
    ['the nonce of another sign-in', { idToken: (claims) => ({ ...claims, nonce: 'n-0S6_WzA2Mj' }) }],
    ['no nonce', { idToken: (claims) => ({ ...claims, nonce: undefined }) }],
    ['another issuer', { idToken: (claims) => ({ ...claims, iss: 'https://evil.example' }) }],
    ['an issuer with one more slash', { idToken: (claims) => ({ ...claims, iss: `${String(claims.iss)}/` }) }],
    ['another audience', { idToken: (claims) => ({ ...claims, aud: 'somebody-else' }) }],
    ['one more audience, and no azp', { idToken: (claims) => ({ ...claims, aud: ['hufu', 'somebody-else'] }) }],
    ['another azp', { idToken: (claims) => ({ ...claims, azp: 'somebody-else' }) }],
    ['one that has expired', { idToken: (claims) => ({ ...claims, exp: Math.floor(Date.now() / 1000) - 60 }) }],
    ['one of the future', { idToken: (claims) => ({ ...claims, iat: Math.floor(Date.now() / 1000) + 3_600 }) }],
    ['nobody', { idToken: ({ sub: _sub, ...claims }) => claims }],
    ['an empty sub', { idToken: (claims) => ({ ...claims, sub: ' ' }), userinfo: (claims) => ({ ...claims, sub: ' ' }) }],
    ['no signature', { alg: 'none' }],
    ['a signature with the client secret', { alg: 'HS256' }],
    ['another algorithm, with a key that is its own', { alg: 'ES256' }],
    ['a foreign key under its kid', { alg: 'foreign key' }],
    ['the access token of another answer (at_hash)', { idToken: (claims) => ({ ...claims, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }) }],
    ['somebody else at userinfo', { userinfo: (claims) => ({ ...claims, sub: 'alice' }) }],
    ['nobody at userinfo', { userinfo: ({ sub: _sub, ...claims }) => claims }],
  ];
  for (const [what, bend] of BENT) {
    test(`FED-05 · an upstream's answer with ${what} signs nobody in (OpenID Connect Core §3.1.3.7, §5.3.2)`, async () => {
      const as = somebody({ preferred_username: `bent${count}` });
      const agent = new Agent(world.hufu.issuer);
      const url = await returning(agent, 'corp', as);
      world.corp.bend = typeof bend === 'function' ? bend(world.corp) : bend;
      const page = await agent.get(url);
      assert.deepEqual([page.status, page.name, isSignedIn(agent)], [400, 'error', false], page.text);
      assert.equal(await find(`bent${count - 1}`), undefined);
      // It is used up, whatever it was.
      world.corp.bend = {};
      assert.equal((await agent.get(url)).status, 403);
    });
  }

  test('FED-05 · metadata of another issuer is not taken, nor any that leads to our own network', async () => {
    const fresh = await startTwoUpstreams({ corp: 'create: true', other: 'create: true' });
    try {
      fresh.corp.bend = { discovery: (metadata) => ({ ...metadata, issuer: fresh.other.issuer }) };
      const agent = new Agent(fresh.hufu.issuer);
      const page = await press(agent, 'corp');
      assert.deepEqual([page.status, page.name], [400, 'error']);
      fresh.corp.bend = {};
      assert.equal((await press(agent, 'corp')).status, 303, 'what failed is not remembered');
      fresh.other.bend = { discovery: (metadata) => ({ ...metadata, token_endpoint: 'http://10.0.0.1/token' }) };
      const inside = new Agent(fresh.hufu.issuer);
      const url = await signInThere(inside, await press(inside, 'other'), 'x', `${fresh.hufu.issuer}/signin/with/other/callback`);
      assert.deepEqual([(await inside.get(url)).status, isSignedIn(inside)], [502, false]);
    } finally {
      await fresh.stop();
    }
  });

  test('FED-05 · an answer that comes from the other of two upstreams is none: at the other’s address, or with its iss (RFC 9700 §4.4, RFC 9207 §2.4)', async () => {
    const asked = [world.corp.exchanges(), world.other.exchanges()];
    const agent = new Agent(world.hufu.issuer);
    const mixed = await returning(agent, 'corp', somebody());
    const swapped = mixed.replace('/with/corp/', '/with/other/');
    assert.deepEqual([(await agent.get(swapped)).status, isSignedIn(agent)], [400, false]);
    // It has been used up at the wrong place.
    assert.deepEqual([(await agent.get(mixed)).status, isSignedIn(agent)], [403, false]);
    for (const iss of [world.other.issuer, undefined]) {
      const url = new URL(await returning(agent, 'corp', somebody()));
      if (iss === undefined) url.searchParams.delete('iss');
      else url.searchParams.set('iss', iss);
      assert.deepEqual([(await agent.get(url.href)).status, isSignedIn(agent)], [400, false]);
    }
    assert.deepEqual([world.corp.exchanges(), world.other.exchanges()], asked, 'no code was shown to anybody');
  });

  test('FED-06 · an upstream that is switched off, or gone, signs nobody in, whatever was begun or linked before', async () => {
    const as = somebody();
    assert.equal((await signInWith('corp', as)).page.status, 303);
    const agent = new Agent(world.hufu.issuer);
    const url = await returning(agent, 'corp', as);
    const { store } = world.hufu;
    const entry = `kind: oidc, issuer: '${world.corp.issuer}', client_id: hufu, client_secret: upstream-secret-0123456789-abcdefghijk`;
    for (const [yaml, status] of [
      [
        `${ALLOWING}upstreams:\n  - { name: corp, ${entry}, enabled: false, create: true, link: verified_email, domains: [example.com] }\n`,
        403,
      ],
      [ALLOWING, 404],
    ] as const) {
      const shut = await startHufu({ store: { ...store, close: async () => {} }, yaml, issuer: world.hufu.issuer, masterKey: MASTER_KEY });
      try {
        const visitor = new Agent(shut.origin);
        for (const [name, value] of agent.cookies) visitor.cookies.set(name, value);
        const page = await visitor.get('/signin');
        assert.doesNotMatch(page.text, /signin-with/);
        assert.equal((await visitor.post('/signin/with/corp', page.hidden)).status, status);
        const back = await visitor.get(url.replace(world.hufu.issuer, shut.origin));
        assert.deepEqual([back.status, visitor.cookies.has('hufu_session')], [status, false]);
      } finally {
        await shut.stop();
      }
    }
  });

  test('FED-07 · who signs in elsewhere is still asked for the second factor, and who is disabled or locked is not let in', async () => {
    const { store, context } = world.hufu;
    const as = somebody({ preferred_username: 'guarded' });
    assert.equal((await signInWith('corp', as)).page.status, 303);
    const user = (await find('guarded')) ?? assert.fail();
    const now = Math.floor(Date.now() / 1000);
    const factor = { kind: 'totp', name: 'phone', lookup: undefined, data: { secret: 'x' }, counter: 0 } as const;
    await store.addFactor(context.tenant, user.id, user.authVersion, factor, undefined, now);
    const half = await signInWith('corp', as);
    assert.deepEqual([half.page.status, half.page.location.split('?')[0], isSignedIn(half.agent)], [303, '/signin/verify', false]);
    await store.lockUser(context.tenant, user.id, now + 3_600, now);
    const locked = await signInWith('corp', as);
    assert.deepEqual([locked.page.status, isSignedIn(locked.agent)], [403, false]);
    await store.lockUser(context.tenant, user.id, undefined, now);
    await store.setUserEnabled(context.tenant, user.id, false, now);
    const disabled = await signInWith('corp', as);
    assert.deepEqual([disabled.page.status, isSignedIn(disabled.agent)], [403, false]);
  });

  test('FED-08 · the same sub at two upstreams is two people, and an address that changes there moves nobody (OpenID Connect Core §5.7)', async () => {
    const as = somebody({ preferred_username: 'twice', email: 'twice@corp.example', email_verified: true });
    const first = await signInWith('corp', as);
    const second = await signInWith('other', as);
    const [one, two] = [await nameOf(first.agent), await nameOf(second.agent)];
    assert.equal(one, 'twice');
    assert.match(two, /^twice-[a-z0-9]{4}$/);
    // Now the upstream says that they have the address of somebody here.
    world.people.set(as, { preferred_username: 'bob', email: 'alice@example.com', email_verified: true });
    assert.equal(await nameOf((await signInWith('corp', as)).agent), 'twice');
    const user = (await find('twice')) ?? assert.fail();
    assert.equal(user.claims['email'], 'twice@corp.example');
  });

  test('FED-10 · an answer counts once, however often it is sent at a time, for ten minutes, and in the browser that asked', async () => {
    const as = somebody();
    const agent = new Agent(world.hufu.issuer);
    const url = await returning(agent, 'corp', as);
    const asked = world.corp.exchanges();
    const cookies = new Map(agent.cookies);
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => {
        const same = new Agent(world.hufu.issuer);
        for (const [name, value] of cookies) same.cookies.set(name, value);
        return same.get(url).then((page) => ({ page, same }));
      }),
    );
    assert.deepEqual(
      replies.map(({ page }) => page.status).toSorted((a, b) => a - b),
      [303, ...Array.from({ length: 19 }, () => 403)],
    );
    assert.equal(replies.filter(({ same }) => isSignedIn(same)).length, 1);
    assert.equal(world.corp.exchanges(), asked + 1);
    const late = new Agent(world.hufu.issuer);
    const lateUrl = await returning(late, 'corp', as);
    await world.hufu.advance('PT11M');
    assert.deepEqual([(await late.get(lateUrl)).status, isSignedIn(late)], [400, false]);
  });

  test('FED-10 · an error of the upstream uses the attempt up as well, and nothing that it says is on the page', async () => {
    for (const [error, status] of [
      ['access_denied', 303],
      ['server_error', 400],
    ] as const) {
      const agent = new Agent(world.hufu.issuer);
      const url = new URL(await returning(agent, 'corp', somebody()));
      const code = url.searchParams.get('code') ?? '';
      url.searchParams.delete('code');
      url.searchParams.set('error', error);
      url.searchParams.set('error_description', '<b>call 555-0100</b>');
      const page = await agent.get(url.href);
      assert.deepEqual([page.status, page.text.includes('555-0100')], [status, false]);
      if (status === 303) assert.equal(page.location, '/signin');
      url.searchParams.delete('error');
      url.searchParams.set('code', code);
      assert.deepEqual([(await agent.get(url.href)).status, isSignedIn(agent)], [403, false]);
      assert.equal(
        [...agent.cookies.keys()].some((name) => name.startsWith('hufu_up_')),
        false,
      );
    }
  });
});
