import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Agent, type Page } from '../support/agent.ts';
import { startTwoUpstreams, type TwoUpstreams } from '../support/upstreams/two-upstreams.ts';
import { press, signInThere } from '../support/upstreams/visitor.ts';
import { BOB, signedIn } from './sign-ins.ts';

describe('FED: linking an account elsewhere', () => {
  let world: TwoUpstreams;
  before(async () => {
    world = await startTwoUpstreams({ corp: 'label: Corp', other: 'label: Other' });
  });
  after(() => world.stop());

  const callback = (name: string): string => `${world.hufu.issuer}/signin/with/${name}/callback`;
  const identitiesOf = async (username: string): Promise<readonly string[]> => {
    const { store, context } = world.hufu;
    const user = (await store.findUserByName(context.tenant, username)) ?? assert.fail();
    return (await store.listIdentities(context.tenant, user.id)).map(({ upstream, subject }) => `${upstream} ${subject}`);
  };

  /** Presses the button of the account centre. */
  async function begin(agent: Agent, name: string, headers: Record<string, string> = {}): Promise<Page> {
    const page = await agent.get('/account/security');
    assert.equal(page.name, 'account-security', page.text.slice(0, 300));
    assert.match(page.text, new RegExp(`action="/account/security/link/${name}"`));
    return agent.post(`/account/security/link/${name}`, { csrf: page.hidden['csrf'] ?? '' }, headers);
  }

  /** Up to our callback, which has not been asked yet. */
  async function returning(agent: Agent, name: string, as: string): Promise<string> {
    return signInThere(agent, await begin(agent, name), as, callback(name));
  }

  async function signInWith(name: string, as: string): Promise<{ readonly agent: Agent; readonly page: Page }> {
    const agent = new Agent(world.hufu.issuer);
    return { agent, page: await agent.get(await signInThere(agent, await press(agent, name), as, callback(name))) };
  }

  test('FED-04 · nobody’s account is linked to somebody else’s browser: not by an answer that is slipped in, nor to a session that came after', async () => {
    // The attacker begins a link, and gives the victim the address that would end it.
    const attacker = await signedIn(world.hufu.issuer, BOB);
    const slipped = await returning(attacker, 'corp', 'mallory');
    const victim = await signedIn(world.hufu.issuer);
    assert.equal((await victim.get(slipped)).status, 403);
    assert.deepEqual(await identitiesOf('alice'), []);
    // With the attempt's cookies planted as well.
    for (const [name, value] of attacker.cookies)
      if (name.startsWith('hufu_up_') || name === 'hufu_browser') victim.cookies.set(name, value);
    assert.equal((await victim.get(slipped)).status, 409);
    assert.deepEqual([await identitiesOf('alice'), await identitiesOf('bob')], [[], []]);
    // Somebody else signs in at this browser while the link is under way.
    const shared = await signedIn(world.hufu.issuer, BOB);
    const begun = await returning(shared, 'corp', 'mallory');
    await shared.submit(await shared.get('/signin'), { username: 'alice', password: 'correct horse battery staple' });
    assert.equal((await shared.get(begun)).status, 409);
    assert.deepEqual([await identitiesOf('alice'), await identitiesOf('bob')], [[], []]);
    // A sign-in's answer is no link's, and the other way round.
    const agent = await signedIn(world.hufu.issuer);
    const signIn = await signInThere(agent, await press(agent, 'corp'), 'mallory', callback('corp'));
    assert.equal((await agent.get(signIn)).status, 403);
    assert.deepEqual(await identitiesOf('alice'), []);
  });

  test('FED-12 · what is linked signs its owner in; unlinked it opens nothing, and its other sessions are over', async () => {
    const agent = await signedIn(world.hufu.issuer);
    assert.equal((await signInWith('corp', 'al')).page.status, 403, 'before');
    const done = await agent.get(await returning(agent, 'corp', 'al'));
    assert.match(done.location, /^\/account\/security\?outcome=linked/);
    const page = await agent.get(done.location);
    assert.match(page.text, /Corp/);
    assert.doesNotMatch(page.text, /link\/corp"/);
    const elsewhere = await signInWith('corp', 'al');
    assert.equal(elsewhere.page.status, 303);
    assert.equal((await elsewhere.agent.get('/account')).status, 200);
    const [thing = ''] = /\/account\/security\/remove\?thing=[^"&]*/.exec(page.text) ?? [];
    const ask = await agent.get(thing.replaceAll('&amp;', '&'));
    const gone = await agent.submit(ask, {});
    assert.match(gone.location, /outcome=unlinked/, gone.text.slice(0, 500));
    assert.deepEqual(await identitiesOf('alice'), []);
    assert.equal((await elsewhere.agent.get('/account')).status, 303, 'the session that it began is over');
    assert.equal((await signInWith('corp', 'al')).page.status, 403);
    assert.equal((await agent.get('/account')).status, 200);
  });

  test('FED-04 · a link is begun on our own page alone, by whoever has just signed in', async () => {
    const agent = await signedIn(world.hufu.issuer);
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }])
      assert.equal((await begin(agent, 'corp', headers)).status, 403);
    assert.equal((await agent.post('/account/security/link/corp', {})).status, 403);
    assert.equal((await agent.get('/account/security/link/corp')).status, 405);
    const nobody = await new Agent(world.hufu.issuer).post('/account/security/link/corp', {});
    assert.ok(nobody.status === 403 || nobody.location.startsWith('/signin'), String(nobody.status));
    const page = await agent.get('/account/security');
    await world.hufu.advance('PT11M');
    const late = await agent.post('/account/security/link/corp', { csrf: page.hidden['csrf'] ?? '' });
    assert.match(late.location, /^\/signin\?/, 'a sign-in of eleven minutes ago is not recent');
  });

  test('FED-04 · an account elsewhere that is somebody’s stays theirs, and one person has one of each upstream', async () => {
    const alice = await signedIn(world.hufu.issuer);
    assert.match((await alice.get(await returning(alice, 'corp', 'shared'))).location, /outcome=linked/);
    const bob = await signedIn(world.hufu.issuer, BOB);
    assert.match((await bob.get(await returning(bob, 'corp', 'shared'))).location, /outcome=taken/);
    assert.deepEqual([await identitiesOf('alice'), await identitiesOf('bob')], [['corp shared'], []]);
    // Two tabs that link two accounts of one upstream.
    const one = await returning(bob, 'other', 'bob1');
    for (const name of bob.cookies.keys()) if (name.startsWith('_')) bob.cookies.delete(name);
    const two = await returning(bob, 'other', 'bob2');
    const outcomes: string[] = [];
    for (const url of [one, two]) {
      const { status, location } = await bob.get(url);
      outcomes.push(`${status} ${/outcome=(\w+)/.exec(location)?.[1] ?? ''}`);
    }
    assert.deepEqual(outcomes, ['303 linked', '409 ']);
    assert.deepEqual(await identitiesOf('bob'), ['other bob1']);
  });

  test('FED-12 · what somebody proves themselves with has changed meanwhile: a link that was begun before is void', async () => {
    const agent = await signedIn(world.hufu.issuer, BOB);
    const begun = await returning(agent, 'corp', 'late');
    const { store, context } = world.hufu;
    const bob = (await store.findUserByName(context.tenant, 'bob')) ?? assert.fail();
    const now = Math.floor(Date.now() / 1000);
    const changed = await store.changePassword(
      context.tenant,
      bob.id,
      bob.authVersion,
      bob.passwordHash,
      { session: undefined, revokes: 'others' },
      now,
    );
    assert.equal(changed.kind, 'done');
    assert.ok((await agent.get(begun)).status >= 400);
    assert.deepEqual(await identitiesOf('bob'), ['other bob1']);
  });
});
