import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashSync as hashBcrypt } from 'bcryptjs';
import { Agent, type Page } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { arena } from './oracles.ts';
import { BOB, SPA, signedIn, tokensOf, userinfo } from './sign-ins.ts';

const STRICT = `${BASIC_YAML.replace('brute_force: off', 'brute_force: on')}\ntrusted_proxies: [127.0.0.1]\n`;
const WRONG = 'a wrong long password';

describe('USR: passwords', () => {
  const here = arena();
  const strict = arena({ yaml: STRICT });

  async function attempt(agent: Agent, username: string, password: string, source?: string): Promise<Page> {
    const headers = source === undefined ? {} : { 'x-forwarded-for': source };
    const { hidden } = await agent.get('/signin', headers);
    return await agent.post('/signin', { ...hidden, username, password }, headers);
  }

  async function makeUser({ hufu }: typeof here, username: string, passwordHash: string | undefined): Promise<void> {
    const { store, context } = hufu;
    const made = await store.createUser(context.tenant, { sub: `sub-${username}`, username, passwordHash, claims: {} }, 1);
    assert.equal(made.kind, 'created');
  }

  /** What the page says, without what is another one for each browser. */
  const said = (page: Page): string => page.text.replaceAll(/value="[^"]*"/g, '');
  const headersOf = (page: Page): unknown =>
    [...page.headers].filter(([name]) => !['date', 'hufu-decision', 'set-cookie', 'content-length', 'retry-after'].includes(name));

  test('USR-01 · a wrong password, a name that nobody has, somebody disabled, locked or without a password: one status, one body, one set of headers', async () => {
    const { store, context } = here.hufu;
    const right = 'the right long password';
    const hash = await context.passwords.hash(right);
    for (const [name, password] of [
      ['usr01-off', hash],
      ['usr01-locked', hash],
      ['usr01-bare', undefined],
    ] as const)
      await makeUser(here, name, password);
    const find = async (name: string): Promise<number> => (await store.findUserByName(context.tenant, name))?.id ?? assert.fail();
    type Id = Parameters<typeof store.lockUser>[1];
    await store.setUserEnabled(context.tenant, (await find('usr01-off')) as Id, false, 2);
    await store.lockUser(context.tenant, (await find('usr01-locked')) as Id, 4_000_000_000, 2);
    const pages = [
      await attempt(new Agent(here.issuer), USER.username, WRONG),
      await attempt(new Agent(here.issuer), 'nobody at all', WRONG),
      await attempt(new Agent(here.issuer), 'usr01-off', right),
      await attempt(new Agent(here.issuer), 'usr01-locked', right),
      await attempt(new Agent(here.issuer), 'usr01-bare', ''),
    ];
    for (const page of pages) {
      assert.equal(page.status, 401);
      assert.equal(said(page), said(pages[0] ?? assert.fail()));
      assert.deepEqual(headersOf(page), headersOf(pages[0] ?? assert.fail()));
    }
  });

  test('USR-04 · 64 to 1,024 characters of any kind sign in, to the last one; a megabyte is refused before it is hashed', async () => {
    const { context } = here.hufu;
    for (const [index, password] of ['x'.repeat(64), 'y'.repeat(256), 'z'.repeat(1_024), '🔑'.repeat(1_024)].entries()) {
      await makeUser(here, `usr04-${index}`, await context.passwords.hash(password));
      assert.equal((await attempt(new Agent(here.issuer), `usr04-${index}`, password)).status, 303);
      assert.equal(
        (await attempt(new Agent(here.issuer), `usr04-${index}`, `${password.slice(0, -2)}${password.at(-3) ?? ''}`)).status,
        401,
      );
    }
    const huge = await attempt(new Agent(here.issuer), USER.username, 'x'.repeat(1_048_576));
    assert.ok([400, 413].includes(huge.status), String(huge.status));
    assert.equal((await attempt(new Agent(here.issuer), USER.username, 'x'.repeat(2_049))).status, 400);
  });

  test('USR-06 · guesses at an account are slowed down with 429 and Retry-After, and then the right password looks like a wrong one', async () => {
    const source = '198.51.100.6';
    const agent = new Agent(strict.issuer);
    const statuses: number[] = [];
    for (let index = 0; index < 6; index += 1) statuses.push((await attempt(agent, USER.username, `${WRONG} ${index}`, source)).status);
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
    const [right, wrong] = [await attempt(agent, USER.username, USER.password, source), await attempt(agent, USER.username, WRONG, source)];
    assert.deepEqual([right.status, wrong.status], [429, 429]);
    assert.equal(said(right), said(wrong));
    assert.match(right.headers.get('retry-after') ?? '', /^\d+$/);
    assert.equal(agent.cookies.has('hufu_session'), false);
    const unknown: number[] = [];
    for (let index = 0; index < 6; index += 1)
      unknown.push((await attempt(new Agent(strict.issuer), 'nobody at all', WRONG, '198.51.100.7')).status);
    assert.deepEqual(unknown, statuses, 'a name that nobody has is counted as one that somebody has');
    await strict.hufu.advance('PT1M');
    assert.equal((await attempt(agent, USER.username, USER.password, source)).status, 303, 'nobody is locked out for good');
  });

  test('USR-08 · who guesses from everywhere keeps the owner out neither of a live session nor of a browser that they have used, and an administrator’s lock ends', async () => {
    const [name, password] = ['usr08', 'the right long password'];
    await makeUser(strict, name, await strict.hufu.context.passwords.hash(password));
    const known = new Agent(strict.issuer);
    assert.equal((await attempt(known, name, password, '203.0.113.8')).status, 303);
    const live = new Agent(strict.issuer);
    assert.equal((await attempt(live, name, password, '203.0.113.9')).status, 303);
    let limited = 0;
    for (let index = 0; index < 30; index += 1) {
      const page = await attempt(new Agent(strict.issuer), name, WRONG, `2001:db8:8:${index.toString(16)}::1`);
      limited += page.status === 429 ? 1 : 0;
    }
    assert.ok(limited >= 5, `${limited} of 30 were slowed down`);
    assert.equal(
      (await attempt(new Agent(strict.issuer), name, password, '203.0.113.10')).status,
      429,
      'a browser that nobody knows waits',
    );
    assert.equal((await live.get('/account')).status, 200);
    assert.equal((await attempt(known, name, password, '203.0.113.11')).status, 303);

    const { store, context } = strict.hufu;
    const user = (await store.findUserByName(context.tenant, name)) ?? assert.fail();
    await strict.hufu.advance('PT2H');
    const now = Math.floor(context.clock.nowMs() / 1000);
    assert.equal(user.lockedUntil, undefined, 'guessing locks nobody');
    await store.lockUser(context.tenant, user.id, now + 3_600, now);
    assert.equal((await attempt(known, name, password, '203.0.113.12')).status, 401);
    await store.lockUser(context.tenant, user.id, undefined, now);
    assert.equal((await attempt(known, name, password, '203.0.113.12')).status, 303);
  });

  test('USR-10 · a hundred years wind no counter over: a lock and a limit hold as on the first day', async () => {
    const [name, password] = ['usr10', 'the right long password'];
    const { store, context } = strict.hufu;
    await makeUser(strict, name, await context.passwords.hash(password));
    const user = (await store.findUserByName(context.tenant, name)) ?? assert.fail();
    const now = Math.floor(context.clock.nowMs() / 1000);
    await store.lockUser(context.tenant, user.id, now + 36_525 * 86_400, now);
    assert.equal((await attempt(new Agent(strict.issuer), name, password, '203.0.113.20')).status, 401);
    const years = 36_525 * 86_400;
    for (let index = 0; index < 5; index += 1)
      assert.equal((await store.takeTry(context.tenant, 'totp_failures', `u${user.id}`, 5, years, now)).kind, 'taken');
    const limited = await store.takeTry(context.tenant, 'totp_failures', `u${user.id}`, 5, years, now + years - 1);
    assert.deepEqual(limited, { kind: 'limited', retryAfterSeconds: 1 });
  });

  test('USR-25 · a new password needs the current one, the form of this very browser, and is none that is tried first', async () => {
    const [name, password] = ['usr25', 'the right long password'];
    const { store, context } = here.hufu;
    await makeUser(here, name, await context.passwords.hash(password));
    const agent = await signedIn(here.issuer, { username: name, password });
    const page = await agent.get('/account/security/password');
    const other = await (await signedIn(here.issuer, BOB)).get('/account/security/password');
    const hash = async (): Promise<string | undefined> => (await store.findUserByName(context.tenant, name))?.passwordHash;
    const before = await hash();
    const fresh = 'another long password of mine';
    const send = (fields: Record<string, string>, headers: Record<string, string> = {}, hidden = page.hidden): Promise<Page> =>
      agent.post('/account/security/password', { ...hidden, ...fields }, headers);
    for (const [status, asked] of [
      [400, send({ password: fresh })],
      [400, send({ password: fresh, current: WRONG })],
      [400, send({ password: 'passwordpassword', current: password })],
      [400, send({ password: 'qwertyuiop12345', current: password })],
      [400, send({ password: 'short', current: password })],
      [400, send({ password, current: password })],
      [403, send({ password: fresh, current: password }, {}, other.hidden)],
      [403, send({ password: fresh, current: password }, {}, {})],
      [403, send({ password: fresh, current: password }, { 'sec-fetch-site': 'cross-site' })],
    ] as const) {
      assert.equal((await asked).status, status);
      assert.equal(await hash(), before);
    }
    const tokens = await tokensOf(here.issuer, SPA, undefined, agent, { username: name, password });
    assert.equal((await send({ password: fresh, current: password })).status, 303);
    assert.notEqual(await hash(), before);
    assert.equal((await userinfo(here.issuer, tokens.access)).status, 401, 'what was given under the old one ends');
    assert.equal((await attempt(new Agent(here.issuer), name, password)).status, 401);
    assert.equal((await attempt(new Agent(here.issuer), name, fresh)).status, 303);
  });

  test('CRY-08 · a hash that was brought along signs in once and is Argon2id from then on', async () => {
    const [name, password] = ['cry08-bcrypt', 'the right long password'];
    await makeUser(here, name, hashBcrypt(password, 5));
    const { store, context } = here.hufu;
    const hash = async (): Promise<string> => (await store.findUserByName(context.tenant, name))?.passwordHash ?? '';
    assert.equal((await attempt(new Agent(here.issuer), name, WRONG)).status, 401);
    assert.match(await hash(), /^\$2b\$05\$/);
    assert.equal((await attempt(new Agent(here.issuer), name, password)).status, 303);
    assert.match(await hash(), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal((await attempt(new Agent(here.issuer), name, password)).status, 303);
  });
});
