import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { openMailServer } from '@hufu/server/testing/mail-server';
import { Agent, type Page } from '../support/agent.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../support/hufu.ts';
import { codeOf, type DevMail, linkOf, mailFor, mailsFor } from '../support/mails.ts';

const PASSWORD = 'two halves make a tally';
const NEW_PASSWORD = 'another two halves of a tally';
const POLICIES = 'brute_force: off, sign_up: open, sign_up_verification: required, sign_in: { methods: [password, email] }';
const YAML = BASIC_YAML.replace('brute_force: off', POLICIES);

describe('USR: what is mailed, and what mails lead to', () => {
  let hufu: TestHufu;
  let strict: TestHufu;
  before(async () => {
    [hufu, strict] = await Promise.all([startHufu({ yaml: YAML }), startHufu({ yaml: YAML.replace('brute_force: off, ', '') })]);
  });
  after(async () => {
    for (const one of [hufu, strict]) await one.stop();
  });

  let people = 0;
  async function somebody({ context, store }: TestHufu = hufu): Promise<{ readonly username: string; readonly address: string }> {
    people += 1;
    const username = `person${people}`;
    const claims = { email: `${username}@post.example`, email_verified: true };
    const passwordHash = await context.passwords.hash(PASSWORD);
    const now = Math.floor(context.clock.nowMs() / 1000);
    await store.createUser(context.tenant, { sub: `${username}-sub`, username, passwordHash, claims, source: 'sign_up' }, now);
    return { username, address: claims.email };
  }

  async function askAt(path: string, address: string, agent: Agent, headers: Record<string, string> = {}): Promise<Page> {
    const { hidden } = await agent.get(path);
    return agent.post(path, { ...hidden, address }, headers);
  }

  /** All that a browser sees of an answer, but what is random, and the address itself. */
  function looks(page: Page, address: string): string {
    const headers = [...page.headers].filter(([name]) => !/^(?:date|location|hufu-decision|set-cookie|content-length)$/.test(name));
    return JSON.stringify([page.status, headers, page.text.replaceAll(address, '').replaceAll(/(?:value|href)="[^"]*"/g, '')]);
  }

  const pathOf = (mail: DevMail): string => {
    const url = new URL(linkOf(mail));
    return url.pathname + url.search;
  };

  test('USR-01 · a mail to sign in, one for a new password, a sign-up: who has the address and who has not see the same, and the second gets no code', async () => {
    const { address } = await somebody();
    const stranger = 'nobody-of-that-name@post.example';
    const seen = new Map<string, string[]>();
    const note = (what: string, page: Page, whose: string): void => void seen.set(what, [...(seen.get(what) ?? []), looks(page, whose)]);
    for (const whose of [address, stranger]) {
      const agent = new Agent(hufu.issuer);
      const asked = await askAt('/signin/email', whose, agent);
      note('asked', asked, whose);
      const typing = await agent.get(asked.location);
      note('typing', typing, whose);
      for (let i = 0; i < 5; i += 1) note(`wrong ${i}`, await agent.submit(typing, { code: `0000000${i}` }), whose);
      note('recover', await askAt('/recover', whose, agent), whose);
      const form = await agent.get('/signup');
      const signUp = { username: `fresh${whose.length}`, email: whose, name: '', password: PASSWORD };
      const asks = await agent.post('/signup', { ...form.hidden, ...signUp });
      note('sign-up', asks, whose);
      note('sign-up typing', await agent.get(asks.location), whose);
    }
    for (const [what, [known, unknown]] of seen) assert.equal(unknown, known, what);
    const toStranger = await mailsFor(hufu.origin, stranger, 2);
    assert.deepEqual(toStranger.map(({ subject }) => subject).toSorted(), ['Confirm your address', 'No account with a password here']);
    const toOwner = await mailsFor(hufu.origin, address, 3);
    assert.deepEqual(toOwner.map(({ subject }) => subject).toSorted(), [
      'Choose a new password',
      'You have an account already',
      'Your code to sign in',
    ]);
  });

  test('USR-17 · a link to reset has 144 bits, lives half an hour, dies on use, on a new password and on another address, and signs nobody in (ASVS 6.4.3)', async () => {
    const { username, address } = await somebody();
    const agent = new Agent(hufu.issuer);
    let count = 0;
    const fresh = async (): Promise<string> => {
      count += 1;
      assert.equal((await askAt('/recover', address, agent)).status, 200);
      const mails = await mailsFor(hufu.origin, address, count);
      return pathOf(mails[0] ?? assert.fail());
    };
    const secrets = [await fresh(), await fresh()].map((path) => /link=\d+\.([\w-]{24})&/.exec(path)?.[1]);
    assert.notEqual(secrets[0], secrets[1]);
    assert.ok(secrets.every((secret) => secret !== undefined));

    const first = await fresh();
    const page = await agent.get(first);
    const replies = await Promise.all(Array.from({ length: 20 }, () => agent.submit(page, { password: NEW_PASSWORD })));
    assert.equal(replies.filter(({ status }) => status === 200).length, 1);
    count += 1;
    const stale = (await mailsFor(hufu.origin, address, count)).filter(({ subject }) => subject === 'Choose a new password');
    for (const mail of stale) assert.equal((await agent.get(pathOf(mail))).status, 400, 'every one from before');
    assert.equal(agent.cookies.has('hufu_session'), false, 'it signs nobody in');

    const { context, store } = hufu;
    const user = (await store.findUserByName(context.tenant, username)) ?? assert.fail();
    const second = await fresh();
    const now = Math.floor(context.clock.nowMs() / 1000);
    const email = { address: `other-${address}`, folded: `other-${address}` };
    await store.verifyEmail(context.tenant, user.id, user.authVersion, email, { forgetsCredentials: false, session: undefined }, now);
    assert.equal((await agent.get(second)).status, 400, 'another address');
  });

  test('USR-19 · links have the host of the configuration, whatever a request says of hosts (ZITADEL CVE-2023-49097)', async () => {
    const { address } = await somebody();
    const lies = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '666',
      forwarded: 'host=evil.example;proto=https',
      'x-original-host': 'evil.example',
      'x-host': 'evil.example',
      origin: 'null',
      referer: 'https://evil.example/',
    };
    const agent = new Agent(hufu.issuer);
    await askAt('/recover', address, agent, lies);
    await askAt('/signin/email', address, agent, lies);
    const form = await agent.get('/signup');
    const signUp = { username: 'hosty', email: `new-${address}`, name: '', password: PASSWORD };
    await agent.post('/signup', { ...form.hidden, ...signUp }, lies);
    const mails = [...(await mailsFor(hufu.origin, address, 2)), await mailFor(hufu.origin, `new-${address}`)];
    for (const mail of mails) {
      assert.doesNotMatch(mail.text + mail.html, /evil\.|:666\b/);
      for (const [url = ''] of (mail.text + mail.html).matchAll(/https?:\/\/[^\s"<]+/g)) assert.ok(url.startsWith(`${hufu.issuer}/`), url);
    }
    // A Host that is not ours is not answered at all.
    const { hidden } = await agent.get('/recover');
    const cookie = [...agent.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const status = await postWithHost(hufu.origin, '/recover', { ...hidden, address }, { host: 'evil.example', cookie });
    assert.equal(status, 421);
    assert.equal((await mailsFor(hufu.origin, address, 2)).length, 2);
  });

  test('USR-26 · programs that open every link of a mail use nothing up; opened in another browser it signs nobody in there', async () => {
    const { address } = await somebody();
    const agent = new Agent(hufu.issuer);
    const typing = await agent.get((await askAt('/signin/email', address, agent)).location);
    const mail = await mailFor(hufu.origin, address);
    const path = pathOf(mail);
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'GET']) {
      const scanner = new Agent(hufu.issuer);
      const reply = await fetch(hufu.issuer + path, {
        method,
        redirect: 'manual',
        headers: { 'user-agent': 'scanner', purpose: 'prefetch' },
      });
      await reply.arrayBuffer();
      assert.deepEqual(
        reply.headers.getSetCookie().filter((line) => line.includes('hufu_session')),
        [],
      );
      if (method === 'GET') await scanner.get(path);
    }
    const other = new Agent(hufu.issuer);
    const page = await other.get(path);
    for (const act of ['go', 'go', 'nonsense', '']) {
      const reply = await other.submit(page, { act });
      assert.ok([200, 400].includes(reply.status));
      assert.equal(other.cookies.has('hufu_session'), false);
    }
    // A form of the browser that asked is no use in the other one.
    const own = await agent.get(path);
    assert.equal((await other.post('/signin/link', { ...own.hidden, act: 'go' })).status, 403);
    const done = await agent.submit(typing, { code: codeOf(mail) });
    assert.deepEqual([done.status, done.location], [303, '/account'], 'the mail is as it was');
    assert.ok(agent.cookies.has('hufu_session'));
  });

  test('USR-13 · a code of eight digits is guessed five times a mail, and a browser asks for five mails an hour (ASVS 6.6.3)', async () => {
    const { address } = await somebody(strict);
    const agent = new Agent(strict.issuer);
    let guesses = 0;
    let asked = await askAt('/signin/email', address, agent);
    for (; asked.status === 303; asked = await askAt('/signin/email', address, agent)) {
      const typing = await agent.get(asked.location);
      for (let i = 0; i < 8; i += 1) {
        const reply = await agent.submit(typing, { code: String(10_000_000 + guesses) });
        assert.equal(reply.status, 401);
        if (/id="problem"[^>]*>[^<]*left/.test(reply.text)) guesses += 1;
      }
    }
    assert.deepEqual([asked.status, guesses], [429, 20], 'five mails, four guesses and the one that ends each');
    assert.ok(Number(asked.headers.get('retry-after')) > 3_000);
  });

  test('USR-14 · an address is changed in a session that began a moment ago, and the one before is told (ASVS 7.5.1)', async () => {
    const { username, address } = await somebody();
    const agent = new Agent(hufu.issuer);
    await agent.submit(await agent.get('/signin'), { username, password: PASSWORD });
    const form = await agent.get('/account/profile/email');
    const next = `moved-${address}`;
    const sent = await agent.submit(form, { act: 'ask', address: next });
    const typing = await agent.get(sent.location);
    const stranger = new Agent(hufu.issuer);
    assert.match((await stranger.get('/account/profile/email')).location, /^\/signin/);
    assert.equal((await stranger.post('/account/profile/email', { ...typing.hidden, act: 'code', code: '1' })).status, 303);
    const done = await agent.submit(typing, { act: 'code', code: codeOf(await mailFor(hufu.origin, next)) });
    assert.equal(done.status, 303);
    const notice = await mailFor(hufu.origin, address, 1);
    assert.equal(notice.subject, 'Your address was changed');
    await hufu.advance('PT11M');
    assert.match((await agent.get('/account/profile/email')).location, /^\/signin/);
  });

  test('CON-01 · no other page sends mails from somebody’s browser, or uses their links', async () => {
    const { address } = await somebody();
    const agent = new Agent(hufu.issuer);
    await agent.get('/signin');
    for (const [path, fields] of [
      ['/signin/email', { address }],
      ['/recover', { address }],
      ['/signin/email/code', { code: '12345678' }],
      ['/signin/link', { link: `1.${'a'.repeat(24)}`, act: 'go' }],
      ['/recover/reset', { link: `1.${'a'.repeat(24)}`, password: NEW_PASSWORD }],
    ] as const) {
      assert.equal((await agent.post(path, fields)).status, 403, path);
      assert.equal((await agent.post(path, fields, { 'sec-fetch-site': 'cross-site' })).status, 403, path);
    }
    assert.deepEqual(await mailsFor(hufu.origin, address, 0), []);
  });

  test('XSS-05 · what somebody calls themselves is in no mail that goes to an address nobody has shown, and no line of it is a header', async () => {
    const agent = new Agent(hufu.issuer);
    const form = await agent.get('/signup');
    for (const email of [
      'victim@post.example\r\nBcc: all@post.example',
      'a@post.example, b@post.example',
      '"x"@post.example',
      'victim@post.example>\r\nSubject: x',
    ]) {
      const reply = await agent.post('/signup', { ...form.hidden, username: 'crlf', email, name: '', password: PASSWORD });
      assert.equal(reply.status, 400, email);
    }
    const signUp = { username: 'buy-at-evil', email: 'fresh@post.example', name: 'Win at https://evil.example', password: PASSWORD };
    assert.equal((await agent.post('/signup', { ...form.hidden, ...signUp })).status, 303);
    const mail = await mailFor(hufu.origin, 'fresh@post.example');
    assert.doesNotMatch(mail.subject + mail.text + mail.html, /-evil|evil\.|Win at/);
  });

  test('CRY-01 · neither code nor link nor address of a mail stands in the log, in a decision, or readable in the store', async () => {
    const canary = `canary-${people}@post.example`;
    const agent = new Agent(hufu.issuer);
    await askAt('/recover', canary, agent);
    const { address } = await somebody();
    const typing = await agent.get((await askAt('/signin/email', address, agent)).location);
    const mail = await mailFor(hufu.origin, address);
    await agent.submit(typing, { code: codeOf(mail) });
    await hufu.context.decisions.settled();
    const { context, store } = hufu;
    const kept = JSON.stringify([hufu.logLines, await store.listDecisions(context.tenant, 1_000)]);
    const secret = /link=\d+\.([\w-]{24})/.exec(mail.text)?.[1] ?? assert.fail();
    for (const word of [canary, address, secret]) assert.equal(kept.includes(word), false, word);
    // As a word: times and numbers of rows have any digits.
    const code = codeOf(mail);
    assert.doesNotMatch(kept, new RegExp(`(?<![\\w-])${code.slice(0, 4)} ?${code.slice(4)}(?![\\w-])`));
  });

  test('REL-38 · a mail server that hangs keeps nobody waiting: pages answer, the outbox is bounded, and each mail goes out once it is back', async () => {
    let hangs = true;
    const server = await openMailServer({ answer: (command) => (hangs && command === 'greeting' ? 'hang' : undefined) });
    const yaml = `${YAML}\nmail: { from: no-reply@id.example, host: 127.0.0.1, port: ${server.port}, tls: 'off' }\n`;
    const sending = await startHufu({ yaml });
    try {
      const { username, address } = await somebody(sending);
      const agent = new Agent(sending.issuer);
      for (let i = 0; i < 12; i += 1) assert.equal((await askAt('/signin/email', address, agent)).status, 303);
      const signedIn = await agent.submit(await agent.get('/signin'), { username, password: PASSWORD });
      assert.equal(signedIn.location, '/account');
      assert.equal((await agent.get('/dev/mail')).status, 404);
      assert.equal(server.taken.length, 0);
      hangs = false;
      await server.count(1);
      assert.deepEqual(server.taken[0]?.to, [address]);
    } finally {
      await sending.stop();
      await server.close();
    }
  });
});

/** A form under another name of the host: `fetch` lets nobody say that. */
function postWithHost(origin: string, path: string, fields: Record<string, string>, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      origin + path,
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } },
      (reply) => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end(new URLSearchParams(fields).toString());
  });
}
