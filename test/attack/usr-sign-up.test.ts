import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Agent, authorizeAs, exchange, type Page } from '../support/agent.ts';
import { BASIC_YAML, startHufu, type TestHufu, USER } from '../support/hufu.ts';
import { authorizePath } from './expect.ts';
import { SPA, signedIn } from './sign-ins.ts';

const PASSWORD = 'two halves make a tally';
const OPEN = BASIC_YAML.replace('brute_force: off', 'brute_force: off, sign_up: open');

describe('USR: people who make their own account', () => {
  let hufu: TestHufu;
  let strict: TestHufu;
  let closed: TestHufu;
  before(async () => {
    [hufu, strict, closed] = await Promise.all([
      startHufu({ yaml: OPEN }),
      startHufu({ yaml: OPEN.replace('brute_force: off, ', '') }),
      startHufu(),
    ]);
  });
  after(async () => {
    for (const one of [hufu, strict, closed]) await one.stop();
  });

  let count = 0;
  const freshName = (): string => `mei${++count}`;

  async function signUp(
    { issuer }: TestHufu,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
    agent: Agent = new Agent(issuer),
  ): Promise<Page> {
    const { hidden } = await agent.get('/signup');
    return agent.post('/signup', { ...hidden, password: PASSWORD, ...fields }, headers);
  }

  async function find({ store, context }: TestHufu, username: string): ReturnType<TestHufu['store']['findUserByName']> {
    return store.findUserByName(context.tenant, username);
  }

  test('USR-22 · where the policy is off, no path leads to an account: not the page, the form, prompt=create, nor a form of a server where it is on', async () => {
    const elsewhere = await new Agent(hufu.issuer).get('/signup');
    const agent = new Agent(closed.issuer);
    await agent.get('/signin');
    for (const page of [
      await agent.get('/signup'),
      await agent.post('/signup', { ...elsewhere.hidden, username: 'mei', password: PASSWORD }),
    ]) {
      assert.deepEqual([page.status, page.name], [403, 'error']);
      assert.match(page.headers.get('hufu-decision') ?? '', /^.{18}$/);
    }
    assert.equal((await agent.get(authorizePath({ prompt: 'create' }))).answer.get('error'), 'invalid_request');
    assert.equal(await find(closed, 'mei'), undefined);
    assert.doesNotMatch((await agent.get('/signin')).text, /signup/);
  });

  test('USR-01 · sign-up alone tells that a name is taken, twenty times from one network; the sign-in page tells nothing', async () => {
    const { issuer } = strict;
    const agent = new Agent(issuer);
    const answers: number[] = [];
    for (let i = 0; i < 22; i++) answers.push((await signUp(strict, { username: i % 2 === 0 ? USER.username : `BOB` }, {}, agent)).status);
    assert.deepEqual(answers, [...Array.from({ length: 20 }, () => 400), 429, 429]);
    const free = await signUp(strict, { username: 'nobody-yet' }, {}, agent);
    assert.deepEqual([free.status, free.headers.get('retry-after') !== null], [429, true], 'a free name looks the same by then');
    assert.equal(await find(strict, 'nobody-yet'), undefined);
    const strip = (page: Page): string => page.text.replaceAll(/value="[^"]*"/g, '');
    const [known, unknown] = [new Agent(issuer), new Agent(issuer)];
    assert.equal(
      strip(await known.submit(await known.get('/signin'), { username: USER.username, password: 'wrong' })),
      strip(await unknown.submit(await unknown.get('/signin'), { username: 'nobody-yet', password: 'wrong' })),
    );
  });

  test('USR-04 · a password of a megabyte is refused before it is hashed, and one of 256 characters signs in again', async () => {
    const username = freshName();
    const huge = await signUp(hufu, { username, password: 'x'.repeat(1_048_576) });
    assert.ok([400, 413].includes(huge.status), String(huge.status));
    assert.equal(await find(hufu, username), undefined);
    const long = Array.from({ length: 256 }, (_, i) => String.fromCodePoint(0x1f300 + ((i * 7) % 500))).join('');
    assert.equal((await signUp(hufu, { username, password: long })).status, 303);
    await signedIn(hufu.issuer, { username, password: long });
  });

  test('USR-25 · what is tried first is no password: of the list, repeated, counted on, or the name itself', async () => {
    for (const password of ['passwordpassword', 'qwertyuiop12345', 'PASSWORD1234567', '111111111111111', 'a.long.user.name.of.mine']) {
      const page = await signUp(hufu, { username: 'a.long.user.name.of.mine', password });
      assert.deepEqual(
        [page.status, page.text.includes('password-problem'), page.text.includes(`value="${password}"`)],
        [400, true, password === 'a.long.user.name.of.mine'],
      );
    }
    assert.equal(await find(hufu, 'a.long.user.name.of.mine'), undefined);
  });

  test('CON-01 · no other page makes an account in somebody’s browser, and signs them in to it', async () => {
    const agent = new Agent(hufu.issuer);
    const page = await agent.get('/signup');
    const other = await new Agent(hufu.issuer).get('/signup');
    const fields = { username: freshName(), password: PASSWORD };
    for (const [sent, headers] of [
      [{ ...page.hidden, ...fields }, { 'sec-fetch-site': 'cross-site' }],
      [{ ...page.hidden, ...fields }, { 'sec-fetch-site': 'same-site' }],
      [{ ...other.hidden, ...fields }, {}],
      [{ ...(await agent.get('/signin')).hidden, ...fields }, {}],
      [fields, {}],
    ] as const) {
      assert.equal((await agent.post('/signup', sent, headers)).status, 403);
      assert.equal(agent.cookies.has('hufu_session'), false);
    }
    assert.equal(await find(hufu, fields.username), undefined);
    assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
  });

  test('SES-01 · signing up ends the session that the browser had, and takes over none that was brought along', async () => {
    const agent = await signedIn(hufu.issuer);
    const before = agent.cookies.get('hufu_session') ?? assert.fail();
    assert.equal((await signUp(hufu, { username: freshName() }, {}, agent)).status, 303);
    assert.notEqual(agent.cookies.get('hufu_session'), before);
    const thief = new Agent(hufu.issuer);
    thief.cookies.set('hufu_session', before);
    assert.equal((await thief.get('/account')).status, 303);
  });

  test('AUT-23 · prompt=none beside create asks nobody anything, and nobody in particular can be created', async () => {
    const agent = await signedIn(hufu.issuer);
    for (const prompt of ['none create', 'create none'])
      assert.equal((await agent.get(authorizePath({ prompt }))).answer.get('error'), 'invalid_request');
    const { body } = await exchange(agent, SPA, await authorizeAs(agent, SPA, USER));
    const hinted = await agent.get(authorizePath({ prompt: 'create', id_token_hint: String(body['id_token']) }));
    assert.equal(hinted.answer.get('error'), 'invalid_request');
    assert.match((await agent.get(authorizePath({ prompt: 'create' }))).location, /^\/signup\?/);
  });

  test('ADM-04 · what the form does not ask for is not heard, and an address is verified by nobody’s word', async () => {
    const username = freshName();
    const more = { email: 'alice@example.com', email_verified: 'true', sub: 'x', roles: 'admin', source: 'config', 'claims[sub]': 'x' };
    assert.equal((await signUp(hufu, { username, ...more })).status, 303);
    const made = await find(hufu, username);
    assert.deepEqual([made?.claims, made?.source], [{ email: 'alice@example.com', email_verified: false }, 'sign_up']);
    assert.match(made?.sub ?? '', /^[\w-]{20}$/);
  });

  test('CRY-01 · nothing that somebody typed is in the log or in a decision', async () => {
    const canary = 'canary-7d1f';
    for (const fields of [
      { username: canary, email: `${canary}@post.example`, name: canary, password: `${canary} and more of it` },
      { username: canary, email: `${canary}@post.example`, name: canary, password: `${canary} and other words` },
      { username: `${canary} x`, email: `${canary}@`, name: `${canary}\u202e`, password: canary },
    ])
      await signUp(hufu, fields);
    await hufu.context.decisions.settled();
    const kept = JSON.stringify([hufu.logLines, await hufu.store.listDecisions(hufu.context.tenant, 1_000)]);
    assert.equal(kept.includes(canary), false);
    assert.ok(kept.includes('user.signed_up'));
  });
});
