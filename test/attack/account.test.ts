import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { follow, formAbout, formsOf, type PageForm, send } from '../support/account-pages.ts';
import { Agent, authorizeAs, exchange, type Page } from '../support/agent.ts';
import { BASIC_YAML } from '../support/hufu.ts';
import { arena } from './oracles.ts';
import { type Person, refresh, signedIn, THIRD, THIRD_BASIC, tokensOf } from './sign-ins.ts';

const OPEN = BASIC_YAML.replace('brute_force: off', 'brute_force: off, sign_up: open');
const SIDES = ['', '/profile', '/security', '/sessions', '/apps', '/activity', '/activity/not-me', '/data'];
/** Those that ask for a fresh sign-in first. */
const FRESH = ['/security/password', '/security/authenticator', '/security/passkey', '/security/recovery-codes', '/data/delete'];

describe('SES, CON, USR: the account centre under attack', () => {
  const here = arena({ yaml: OPEN });
  let count = 0;

  /** Somebody new, signed in. */
  async function newcomer(claims: Record<string, string> = {}): Promise<{ readonly person: Person; readonly agent: Agent }> {
    const person = { username: `mei${++count}`, password: 'two halves make a tally' };
    const agent = new Agent(here.issuer);
    const done = await agent.submit(await agent.get('/signup'), { ...person, ...claims });
    assert.equal(done.location, '/account', done.text.slice(0, 300));
    return { person, agent };
  }

  async function userOf({ username }: Person): Promise<NonNullable<Awaited<ReturnType<typeof here.hufu.store.findUserByName>>>> {
    return (await here.hufu.store.findUserByName(here.hufu.context.tenant, username)) ?? assert.fail(username);
  }

  /** Gives somebody a passkey that nobody can use: something to rename and to remove. */
  async function giveFactor(person: Person, name: string): Promise<void> {
    const user = await userOf(person);
    const factor = {
      kind: 'passkey',
      name,
      lookup: randomBytes(32).toString('base64url'),
      data: { credentialId: 'c', publicKey: 'k', handle: 'h' },
      counter: 0,
    } as const;
    const [session] = await here.hufu.store.listSessions(here.hufu.context.tenant, user.id, 1, Math.floor(Date.now() / 1000));
    const added = await here.hufu.store.addFactor(here.hufu.context.tenant, user.id, user.authVersion, factor, session?.id, user.createdAt);
    assert.equal(added.kind, 'added');
  }

  test('SES-12 · each page shows only what is one’s own, whatever the address and the form say (CVE-2024-39683)', async () => {
    const mine = await newcomer({ name: 'Mine Alone' });
    await giveFactor(mine.person, 'Key of mine');
    await tokensOf(here.issuer, THIRD, THIRD_BASIC, mine.agent, mine.person);
    const other = await newcomer({ name: 'Somebody Else' });
    const { id, sub } = await userOf(mine.person);
    for (const side of SIDES) {
      for (const query of [
        '',
        `?user=${mine.person.username}`,
        `?user_id=${id}`,
        `?sub=${sub}`,
        `?username=${mine.person.username}&id=${id}`,
      ]) {
        const page = await other.agent.get(`/account${side}${query}`);
        assert.equal(page.status, 200, side);
        const shown = page.text.replace(/<a [^>]*hreflang[^>]*>/g, '');
        assert.doesNotMatch(shown, /Mine Alone|Key of mine|Third Party/, `${side}${query}`);
        assert.ok(!shown.includes(`>${mine.person.username}<`), side);
      }
    }
  });

  test('SES-12 · what a form names by a name of another person, of another session, or by its number is not there', async () => {
    const mine = await newcomer();
    await giveFactor(mine.person, 'Key of mine');
    const half = await signedIn(here.issuer, mine.person);
    assert.equal(
      half.cookies.has('hufu_session'),
      false,
      'a second factor is asked for: nobody is in by the password alone (attacks SES-11)',
    );
    for (const side of [...SIDES, ...FRESH]) assert.match((await half.get(`/account${side}`)).location, /^\/signin/, side);
    const other = await newcomer();
    await giveFactor(other.person, 'Key of another');
    const rename = formAbout(await mine.agent.get('/account/security'), 'value="rename"');
    const theirs = formAbout(await other.agent.get('/account/security'), 'value="rename"');
    const factors = await here.hufu.store.listFactors(here.hufu.context.tenant, (await userOf(mine.person)).id);
    for (const thing of [rename.hidden['thing'] ?? '', String(factors[0]?.id), '', '__proto__', 'x'.repeat(5_000)]) {
      const done = await send(other.agent, theirs, { thing, name: 'Stolen' });
      assert.match((await follow(other.agent, done)).text, /id="account-not-done"/, thing.slice(0, 30));
      const removal = await other.agent.get(`/account/security/remove?thing=${encodeURIComponent(thing)}`);
      assert.notEqual(removal.name, 'account-remove');
    }
    assert.equal((await here.hufu.store.listFactors(here.hufu.context.tenant, (await userOf(mine.person)).id))[0]?.name, 'Key of mine');
    assert.doesNotMatch(rename.hidden['thing'] ?? '', /^\d+$/, 'no number of a row is told');
  });

  test('SES-12 · nobody signs out, renames or forgets a device of another person', async () => {
    const mine = await newcomer();
    const phone = await signedIn(here.issuer, mine.person);
    const form = formAbout(await mine.agent.get('/account/sessions'), 'value="sign_out"');
    const other = await newcomer();
    await signedIn(here.issuer, other.person);
    const own = formAbout(await other.agent.get('/account/sessions'), 'value="sign_out"');
    for (const act of ['sign_out', 'forget', 'distrust', 'rename']) {
      const done = await send(other.agent, own, { act, thing: form.hidden['thing'] ?? '', name: 'Stolen' });
      assert.match((await follow(other.agent, done)).text, /id="account-not-done"/, act);
    }
    assert.equal((await phone.get('/account')).status, 200, 'still signed in');
    const out = await send(mine.agent, form);
    assert.match((await follow(mine.agent, out)).text, /id="account-done"/);
    assert.equal((await phone.get('/account')).location, '/signin');
    assert.equal((await other.agent.get('/account')).status, 200);
    // Once more, by the page that was open: it is gone, and nothing else goes for it.
    assert.match((await follow(mine.agent, await send(mine.agent, form))).text, /id="account-not-done"/);
  });

  test('CON-02 · every form of the centre is taken from its own page, browser and session alone, and refusing it does nothing (RFC 9700 §4.7)', async () => {
    const mine = await newcomer({ name: 'Before' });
    await tokensOf(here.issuer, THIRD, THIRD_BASIC, mine.agent, mine.person);
    const phone = await signedIn(here.issuer, mine.person);
    const attacker = await newcomer();
    const user = await userOf(mine.person);
    const state = async (): Promise<unknown> => {
      const { store, context } = here.hufu;
      const now = Math.floor(Date.now() / 1000);
      return [
        await userOf(mine.person),
        (await store.listSessions(context.tenant, user.id, 100, now)).map(({ id }) => id),
        (await store.listDevices(context.tenant, user.id)).map(({ id, name }) => [id, name]),
        (await store.listGrants(context.tenant, { userId: user.id }, 100)).map(({ id, dead }) => [id, dead]),
        (await store.listUserEvents(context.tenant, user.id, 200)).map(({ id }) => id),
      ];
    };
    const forms: PageForm[] = [];
    for (const side of [...SIDES, ...FRESH]) forms.push(...formsOf(await mine.agent.get(`/account${side}`)));
    assert.ok(forms.length >= 9, String(forms.length));
    const filled = {
      name: 'After',
      username: mine.person.username,
      current: mine.person.password,
      password: 'another tally in two halves',
    };
    const before = await state();
    const theirs = (await attacker.agent.get('/account/profile')).hidden['csrf'] ?? '';
    for (const form of forms) {
      const csrf = form.hidden['csrf'] ?? '';
      assert.equal(csrf.length, 43, form.action);
      const foreign = forms.find(({ action }) => action !== form.action)?.hidden['csrf'] ?? '';
      const tries: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
        ['empty', { csrf: '' }, {}],
        ["another person's", { csrf: theirs }, {}],
        ["another page's", { csrf: foreign }, {}],
        ['cut', { csrf: csrf.slice(0, 42) }, {}],
        ['from another site', {}, { 'sec-fetch-site': 'cross-site' }],
        ['from a sibling', {}, { 'sec-fetch-site': 'same-site' }],
      ];
      for (const [what, more, headers] of tries) {
        const answer = await send(mine.agent, form, { ...filled, ...more }, headers);
        assert.deepEqual([answer.status, answer.location], [403, ''], `${form.action}: ${what}`);
      }
      for (const type of ['text/plain', 'application/json'])
        assert.equal((await send(mine.agent, form, filled, { 'content-type': type })).status, 400, `${form.action}: ${type}`);
      // In another session of the same person, whose cookies are its own; and by an address.
      assert.equal((await send(phone, form, filled)).status, 403, `${form.action}: another session`);
      const linked = await mine.agent.get(`${form.action}?${new URLSearchParams({ ...form.hidden, ...filled }).toString()}`);
      assert.ok([200, 303].includes(linked.status), `${form.action}: ${linked.status}`);
    }
    assert.deepEqual(await state(), before);
  });

  test('CON-02 · a form of a session that is over serves neither the next one in this browser nor whoever signs in after (RFC 9700 §4.7)', async () => {
    const mine = await newcomer();
    const old = formAbout(await mine.agent.get('/account/profile'), 'id="profile-form"');
    await mine.agent.submit(await mine.agent.get('/signin'), mine.person);
    assert.equal((await send(mine.agent, old, { name: 'After' })).status, 403, 'the same person, signed in anew');
    const other = await newcomer();
    await mine.agent.submit(await mine.agent.get('/signin'), other.person);
    const theirs = formAbout(await mine.agent.get('/account/profile'), 'id="profile-form"');
    for (const form of [old, { ...theirs, hidden: { ...theirs.hidden, csrf: old.hidden['csrf'] ?? '' } }])
      assert.equal((await send(mine.agent, form, { name: 'After' })).status, 403, 'somebody else in this browser');
    assert.equal((await userOf(other.person)).claims['name'], undefined);
    assert.equal((await send(mine.agent, theirs, { name: 'Own' })).status, 303);
  });

  test('CON-02 · no link makes a page say that something was done', async () => {
    const { person, agent } = await newcomer();
    for (const outcome of [
      'password_changed',
      'password_changed.',
      'password_changed.AAAAAAAAAAAAAAAA',
      'profile_saved.x',
      '.',
      '__proto__.x',
    ]) {
      for (const side of ['/profile', '/security', '/sessions', '/apps'])
        assert.doesNotMatch((await agent.get(`/account${side}?outcome=${outcome}`)).text, /id="account-(?:not-)?done"/, outcome);
    }
    const saved = await agent.submit(await agent.get('/account/profile'), { name: 'Mei' });
    const other = await newcomer();
    assert.match((await agent.get(saved.location)).text, /id="account-done"/);
    assert.doesNotMatch((await other.agent.get(saved.location)).text, /id="account-done"/, "another person's mark");
    for (const side of ['', '/apps'])
      for (const removed of ['third', 'third.AAAAAAAAAAAAAAAA', 'app_removed third.AAAAAAAAAAAAAAAA'])
        assert.doesNotMatch(
          (await agent.get(`/account${side}?removed=${encodeURIComponent(removed)}`)).text,
          /id="account-removed"/,
          removed,
        );
    await tokensOf(here.issuer, THIRD, THIRD_BASIC, agent, person);
    const gone = await agent.submit(await agent.get('/account/apps'), { client_id: 'third' });
    assert.match((await agent.get(gone.location)).text, /id="account-removed"/);
    assert.doesNotMatch((await other.agent.get(gone.location)).text, /id="account-removed"/);
    for (const outcome of ['allowed', 'denied', 'gone', 'allowed.AAAAAAAAAAAAAAAA'])
      assert.doesNotMatch((await agent.get(`/account/approvals?outcome=${outcome}`)).text, /id="approval-outcome"/, outcome);
  });

  test('CON-09 · no page of the centre can be framed, kept or read from elsewhere, and each runs scripts of ours alone (RFC 9700 §4.16, §4.2.4)', async () => {
    const { agent } = await newcomer();
    for (const side of [...SIDES, ...FRESH, '/approvals']) {
      const page = await agent.get(`/account${side}`);
      assert.equal(page.status, 200, side);
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /^default-src 'none';/, side);
      assert.match(policy, /(?:^|; )frame-ancestors 'none'(?:;|$)/, side);
      assert.doesNotMatch(policy, /unsafe|\*|script-src[^;]*'self'/, side);
      assert.equal(page.headers.get('x-frame-options'), 'DENY', side);
      assert.equal(page.headers.get('cache-control'), 'no-store', side);
      assert.equal(page.headers.get('referrer-policy'), 'no-referrer', side);
      const nonce = /script-src[^;]*'nonce-([\w-]{22,})'/.exec(policy)?.[1] ?? assert.fail(policy);
      const scripts = [...page.text.matchAll(/<script\b([^>]*)>([^<]*)/g)];
      for (const [, tag = '', body = ''] of scripts) {
        assert.equal(body, '', 'no inline script');
        const src = / src="(\/assets\/[\w.-]+\.js)"/.exec(tag)?.[1] ?? assert.fail(tag);
        assert.ok(tag.includes(`nonce="${nonce}"`) || policy.includes(src), tag);
      }
    }
  });

  test('USR-25 · a new password needs the current one and a form of ours, keeps to the policy, and ends everything else', async () => {
    const { person, agent } = await newcomer();
    const tokens = await tokensOf(here.issuer, THIRD, THIRD_BASIC, agent, person);
    const phone = await signedIn(here.issuer, person);
    const fresh = 'another tally in two halves';
    const page = (): Promise<Page> => agent.get('/account/security/password');
    for (const [fields, problem] of [
      [{ current: '', password: fresh }, /id="current-problem"/],
      [{ current: 'not the password at all', password: fresh }, /id="current-problem"/],
      [{ current: person.password, password: 'short' }, /id="password-problem"/],
      [{ current: person.password, password: 'passwordpassword' }, /id="password-problem"/],
      [{ current: person.password, password: person.password }, /id="password-problem"/],
      [{ current: person.password, password: '' }, /id="password-problem"/],
    ] as const) {
      const refused = await agent.submit(await page(), fields);
      assert.equal(refused.status, 400, JSON.stringify(fields));
      assert.match(refused.text, problem);
      assert.match(refused.headers.get('hufu-decision') ?? '', /^.{18}$/);
      assert.ok(!refused.text.includes(fresh), 'no password comes back');
    }
    assert.equal((await refresh(here.issuer, tokens.refresh, THIRD, THIRD_BASIC)).status, 200, 'nothing has happened');
    const done = await agent.submit(await page(), { current: person.password, password: fresh });
    assert.match((await follow(agent, done)).text, /id="account-done"/);
    assert.equal((await agent.get('/account')).status, 200, 'this session goes on');
    assert.equal((await phone.get('/account')).location, '/signin', 'the other one does not');
    assert.equal((await refresh(here.issuer, tokens.refresh, THIRD, THIRD_BASIC)).body['error'], 'invalid_grant');
    await assert.rejects(signedIn(here.issuer, person), 'the old password is void');
    await signedIn(here.issuer, { ...person, password: fresh });
  });

  test('USR-14 · what somebody else at the keyboard must not do asks for a fresh sign-in, at the page and at the form', async () => {
    const { person, agent } = await newcomer();
    const forms = new Map<string, PageForm>();
    for (const side of FRESH) {
      const [form] = formsOf(await agent.get(`/account${side}`));
      if (form !== undefined) forms.set(side, form);
    }
    const download = formAbout(await agent.get('/account/data'), 'id="export-submit"');
    await here.hufu.advance('PT11M');
    for (const side of FRESH) {
      const page = await agent.get(`/account${side}`);
      assert.match(page.location, /^\/signin\?next=\w+&fresh=1$/, side);
    }
    const filled = { current: person.password, password: 'another tally in two halves', username: person.username, code: '000000' };
    for (const form of [...forms.values(), download]) {
      const answer = await send(agent, form, filled);
      assert.match(answer.location, /^\/signin\?/, form.action);
    }
    assert.equal((await userOf(person)).authVersion, 0, 'nothing has happened');
    assert.equal((await agent.get('/account/security')).status, 200, 'looking is no harm');
    const again = await agent.submit(await agent.get('/signin?next=password&fresh=1'), person);
    assert.equal((await follow(agent, again)).name, 'account-password');
  });

  test('XSS-05 · names with markup, controls, other directions and no end are inert wherever the centre shows them (ASVS V1)', async () => {
    const hostile = [
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "'-alert(1)-'",
      '\u202egnp.exe',
      `${'w'.repeat(400)}`,
      'a\u0000b',
      '{{7*7}}',
    ];
    const { person, agent } = await newcomer();
    const user = await userOf(person);
    const { store, context } = here.hufu;
    for (const name of hostile)
      await store.addUserEvent(
        context.tenant,
        user.id,
        name.slice(0, 60).replaceAll('\u0000', ''),
        { name, device: name, place: name },
        user.createdAt,
      );
    for (const name of hostile)
      await store.setClaims(context.tenant, user.id, { name, email: `${name}@x`, website: name }, user.createdAt).then(async () => {
        for (const side of SIDES) {
          const { status, text } = await agent.get(`/account${side}`);
          assert.equal(status, 200, side);
          assert.doesNotMatch(text, /<script>|<img src=x|\u202e|>[^<]*w{300}/, `${side}: ${name.slice(0, 20)}`);
          assert.ok(!text.includes('\u0000'), side);
        }
      });
    await giveFactor(person, hostile.slice(0, 4).join(' ').slice(0, 100));
    assert.doesNotMatch((await agent.get('/account/security')).text, /<script>|<img src=x/);
    const rename = formAbout(await agent.get('/account/security'), 'value="rename"');
    await send(agent, rename, { name: '\u202e<b>evil\u200b</b>\u0007' });
    const [factor] = await store.listFactors(context.tenant, user.id);
    assert.equal(factor?.name, '<b>evil </b>', 'what cannot be seen is not kept');
  });

  test('XSS-05 · a browser that lies about itself is named from our own list (ASVS V1)', async () => {
    const { person, agent } = await newcomer();
    const liar = new Agent(here.issuer);
    const lie = { 'user-agent': 'Mozilla/5.0 <script>alert(1)</script> "onmouseover="x' };
    const page = await liar.get('/signin', lie);
    await liar.post('/signin', { ...page.hidden, ...person }, lie);
    const shown = await agent.get('/account/sessions');
    assert.doesNotMatch(shown.text, /alert\(1\)|onmouseover/);
    const file = await send(agent, formAbout(await agent.get('/account/data'), 'id="export-submit"'));
    assert.equal(file.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.match(file.headers.get('content-disposition') ?? '', /^attachment; filename="account-\d{4}-\d\d-\d\d\.json"$/);
    assert.equal(file.headers.get('x-content-type-options'), 'nosniff');
  });

  test('CRY-07 · the file with everything about somebody holds no secret, no hash and nobody else', async () => {
    const other = await newcomer({ name: 'Somebody Else' });
    const { person, agent } = await newcomer({ name: 'Mei Example' });
    const tokens = await tokensOf(here.issuer, THIRD, THIRD_BASIC, agent, person);
    const file = await send(agent, formAbout(await agent.get('/account/data'), 'id="export-submit"'));
    const { account, sessions, grants, consents, events } = JSON.parse(file.text);
    assert.deepEqual([account.username, account.claims.name, sessions.length, consents.length], [person.username, 'Mei Example', 1, 1]);
    assert.ok(grants.length > 0 && events.length >= 0);
    const cookie = agent.cookies.get('hufu_session') ?? '';
    for (const secret of [tokens.refresh, tokens.access, tokens.id, cookie, person.password, other.person.username, '$argon2', 'Hash'])
      assert.ok(!file.text.includes(secret), secret.slice(0, 20));
  });

  test('USR-14 · an account goes by its own name alone, and nothing of it lives on; one of the configuration does not go', async () => {
    const { person, agent } = await newcomer();
    const tokens = await tokensOf(here.issuer, THIRD, THIRD_BASIC, agent, person);
    const ask = async (username: string): Promise<Page> => agent.submit(await agent.get('/account/data/delete'), { username });
    for (const wrong of ['', 'alice', `${person.username}x`, '*']) {
      const refused = await ask(wrong);
      assert.deepEqual([refused.status, refused.name], [400, 'account-delete'], wrong);
    }
    assert.equal((await refresh(here.issuer, tokens.refresh, THIRD, THIRD_BASIC)).status, 200);
    const code = await authorizeAs(agent, THIRD, person);
    const gone = await ask(person.username.toUpperCase());
    assert.deepEqual([gone.status, gone.name], [200, 'account-deleted']);
    assert.equal((await agent.get('/account')).location, '/signin');
    assert.equal((await refresh(here.issuer, tokens.refresh, THIRD, THIRD_BASIC)).body['error'], 'invalid_grant');
    assert.equal((await exchange(agent, THIRD, code, THIRD_BASIC)).body['error'], 'invalid_grant');
    await assert.rejects(signedIn(here.issuer, person));
    const alice = await signedIn(here.issuer);
    assert.match((await alice.get('/account/data')).text, /id="managed"/);
    const tried = await alice.get('/account/data/delete');
    assert.match((await follow(alice, tried)).text, /id="account-not-done"/);
  });
});
