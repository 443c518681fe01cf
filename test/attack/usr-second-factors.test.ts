import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type App, giveApp, wrongCode } from '@hufu/server/testing/second-factors';
import { Agent, authorizeAs, exchange, type Page, postForm } from '../support/agent.ts';
import { askDevice, DEVICE_CLIENTS, pollDevice } from '../support/devices.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { authorizePath } from './expect.ts';
import { arena } from './oracles.ts';
import { BOB, type Person, SPA, signedIn } from './sign-ins.ts';

const PEOPLE = ['ada', 'ben', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal'];
const PASSWORD = 'two halves make a tally';
const person = (username: string): Person => ({ username, password: PASSWORD });
const USERS = PEOPLE.map((name) => `  - { username: ${name}, password: ${PASSWORD}, claims: { sub: ${name}-sub } }`).join('\n');
const YAML = BASIC_YAML.replace('policies: { brute_force: off }', '')
  .replace('resources:', `${DEVICE_CLIENTS.slice(1)}resources:`)
  .replace('\nusers:\n', `\nusers:\n${USERS}\n`);

describe('USR: second factors', () => {
  const here = arena({ yaml: YAML });
  const SESSION = 'hufu_session';

  const give = (username: string): Promise<App> => {
    const { context: ctx, store } = here.hufu;
    return giveApp({ ctx, store, tenant: ctx.tenant, now: () => Math.floor(ctx.clock.nowMs() / 1000) }, username);
  };

  /** A browser that has shown the password, and the page that asks for more. */
  async function halfWay(who: Person, path = '/signin'): Promise<{ readonly agent: Agent; readonly page: Page }> {
    const agent = new Agent(here.issuer);
    let page = await agent.get(path);
    if (page.name === '') page = await agent.get(page.location);
    const sent = await agent.submit(page, who);
    assert.match(sent.location, /^\/signin\/verify\?/, sent.text.slice(0, 300));
    return { agent, page: await agent.get(sent.location) };
  }

  test('SES-11 · SES-01 · after the password alone there is nobody: no endpoint takes what the browser has, in any place (ZITADEL CVE-2025-64103)', async () => {
    await give('ada');
    const { agent, page } = await halfWay(person('ada'), authorizePath());
    assert.equal(agent.cookies.has(SESSION), false);
    const progress = page.hidden['progress'] ?? '';
    const request = page.hidden['request'] ?? '';
    for (const cookie of [undefined, progress, `hfs_${progress}`]) {
      if (cookie !== undefined) agent.cookies.set(SESSION, cookie);
      assert.equal((await agent.get(authorizePath({ prompt: 'none' }))).answer.get('error'), 'login_required');
      for (const path of [
        authorizePath(),
        '/account',
        '/account/approvals',
        '/account/security',
        '/account/sessions',
        '/account/data',
        '/device',
        '/device/confirm?user_code=WDJB-MJHT&entry=x',
        `/consent?request=${request}`,
      ]) {
        const reply = await agent.get(path);
        assert.deepEqual([reply.status, /^\/sign(in|up)\b/.test(reply.location)], [303, true], `${path} ${reply.location}`);
      }
      for (const path of ['/account/apps', '/account/approvals', '/consent', '/device', '/device/confirm'])
        assert.doesNotMatch((await agent.post(path, { ...page.hidden, decision: 'allow' })).location, /[?&]code=|outcome=allowed/, path);
      agent.cookies.delete(SESSION);
    }
    for (const token of [progress, request]) {
      const reply = await fetch(`${here.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(reply.status, 401);
      const exchanged = await postForm(`${here.issuer}/oauth/token`, {
        grant_type: 'authorization_code',
        client_id: 'spa',
        redirect_uri: SPA.redirectUri,
        code: token,
        code_verifier: 'v'.repeat(43),
      });
      assert.equal(exchanged.body['error'], 'invalid_grant');
    }
    // One sealed thing in the place of another.
    assert.equal((await agent.get(`/signin?request=${encodeURIComponent(progress)}`)).name, 'error');
    assert.match((await agent.get(`/signin/verify?progress=${encodeURIComponent(request)}`)).location, /over=1/);
    assert.match(
      (await agent.get(`/signin/enrol?progress=${encodeURIComponent(progress)}&request=${encodeURIComponent(request)}`)).location,
      /over=1/,
      'no second factor is made instead',
    );
  });

  test('SES-01 · a step-up gives a new session, and the old one is dead (ASVS 7.2.4)', async () => {
    const agent = await signedIn(here.issuer, BOB);
    const old = agent.cookies.get(SESSION) ?? '';
    await here.hufu.store.endSession(here.hufu.context.tenant, (await sessionsOf('bob'))[0]?.id ?? assert.fail(), 'signed_out', 0);
    assert.match((await agent.get('/account')).location, /^\/signin/);
    const app = await give('ben');
    const { agent: own, page } = await halfWay(person('ben'));
    await own.submit(page, { code: app.code() });
    const first = own.cookies.get(SESSION) ?? '';
    const verify = await own.get('/signin/verify?next=approvals');
    assert.equal(verify.name, 'verify');
    const done = await own.submit(verify, { way: 'recovery_code', code: app.recoveryCodes[0] ?? '' });
    assert.equal(done.location, '/account/approvals');
    assert.notEqual(own.cookies.get(SESSION), first);
    for (const dead of [old, first]) {
      const other = new Agent(here.issuer);
      other.cookies.set(SESSION, dead);
      assert.match((await other.get('/account')).location, /^\/signin/);
    }
  });

  async function sessionsOf(username: string): ReturnType<(typeof here.hufu.store)['listSessions']> {
    const { store, context } = here.hufu;
    const user = (await store.findUserByName(context.tenant, username)) ?? assert.fail();
    return store.listSessions(context.tenant, user.id, 10, Math.floor(context.clock.nowMs() / 1000));
  }

  test('USR-11 · a code of the app is good once, for one step around, and a clock that is 90 seconds off is told so by being refused (RFC 6238 §5.2, ASVS 6.5.1)', async () => {
    const app = await give('cyd');
    const { agent, page } = await halfWay(person('cyd'));
    for (const code of [app.code(-3), app.code(3), '', '12345', '1234567', 'abcdef', '0x1234', '-12345'])
      assert.deepEqual([(await agent.submit(page, { code })).status, agent.cookies.has(SESSION)], [401, false], code);
    const code = app.code();
    assert.equal((await agent.submit(page, { code })).status, 303);
    const again = await halfWay(person('cyd'));
    assert.equal((await again.agent.submit(again.page, { code })).status, 401, 'the same code');
  });

  test('USR-13 · ten wrong codes close the way for a quarter of an hour, for the right one too, and no new sign-in opens it; a recovery code is no way round (ASVS 6.6.3)', async () => {
    const app = await give('dan');
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { agent, page } = await halfWay(person('dan'));
      statuses.push((await agent.submit(page, { code: wrongCode(app) })).status);
    }
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429, 429]);
    const { agent, page } = await halfWay(person('dan'));
    const limited = await agent.submit(page, { code: app.code() });
    assert.deepEqual([limited.status, Number(limited.headers.get('retry-after')) > 800, agent.cookies.has(SESSION)], [429, true, false]);
    const codes: number[] = [];
    for (let i = 0; i < 11; i++) codes.push((await agent.submit(page, { way: 'recovery_code', code: `0000${i % 10}-00000` })).status);
    assert.deepEqual(codes, [...Array.from({ length: 10 }, () => 401), 429]);
  });

  test('USR-28 · acr, amr and auth_time say what was shown in this session, and nothing of another one, another person or the form (RFC 8176 §2)', async () => {
    const app = await give('eve');
    const claims = async (agent: Agent, who: Person, parameters: Record<string, string> = {}): Promise<Record<string, unknown>> => {
      const request = { ...SPA, parameters };
      const way = await authorizeAs(agent, request, who);
      const tokens = await exchange(agent, request, way);
      return JSON.parse(Buffer.from(String(tokens.body['id_token']).split('.')[1] ?? '', 'base64url').toString());
    };
    const { agent, page } = await halfWay(person('eve'));
    await agent.submit(page, { code: app.code(), amr: 'hwk', acr: 'urn:hufu:acr:3', trust: 'on' });
    const strong = await claims(agent, person('eve'));
    assert.deepEqual([strong['amr'], strong['acr']], [['pwd', 'otp', 'mfa'], 'urn:hufu:acr:2']);
    assert.equal((await claims(agent, BOB, { prompt: 'login' }))['acr'], 'urn:hufu:acr:1', 'somebody else in the same browser');
    const back = await halfBack(agent, person('eve'));
    assert.match(back.location, /^\/signin\/verify/, 'and the first one begins anew');
  });

  async function halfBack(agent: Agent, who: Person): Promise<Page> {
    return agent.submit(await agent.get('/signin'), who);
  }

  test('DEV-15 · the device page asks for what every sign-in asks for (ASVS 6.3.3)', async () => {
    await give('fay');
    const asked = await askDevice(here.issuer);
    const agent = new Agent(here.issuer);
    const first = await agent.get(`/device?user_code=${String(asked.body['user_code'])}`);
    const sent = await agent.submit(await agent.get(first.location), person('fay'));
    assert.match(sent.location, /^\/signin\/verify\?.*next=device/);
    assert.match((await agent.get('/device')).location, /^\/signin/, 'with the password alone nobody gets to the code');
    assert.equal((await pollDevice(here.issuer, asked)).body['error'], 'authorization_pending');
  });

  test('USR-22 · no way through the second step that there is not, and none without what was shown before', async () => {
    const app = await give('gus');
    const { agent, page } = await halfWay(person('gus'));
    for (const name of ['__proto__', 'passkey', 'password', ''])
      assert.equal((await agent.submit(page, { way: name, code: app.code() })).status, 400, 'a way that there is not');
    assert.equal(agent.cookies.has(SESSION), false);
    assert.equal((await agent.submit(page, { code: app.code(), progress: '' })).location.includes('over=1'), true);
  });

  test('USR-14 · what is sensitive on the account asks for the second factor of this moment (ASVS 7.5.1)', async () => {
    const app = await give('hal');
    const { agent, page } = await halfWay(person('hal'));
    await agent.submit(page, { code: app.code() });
    await here.hufu.advance('PT11M');
    const sent = await agent.get('/account/security/authenticator');
    assert.match(sent.location, /^\/signin\?next=\w+&fresh=1$/);
    const again = await agent.submit(await agent.get(sent.location), person('hal'));
    assert.match(again.location, /^\/signin\/verify/);
    assert.equal(USER.username, 'alice');
  });
});
