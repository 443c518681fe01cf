import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Agent, type Page } from '../support/agent.ts';
import { startHufu, type TestHufu, USER } from '../support/hufu.ts';
import { BASE_DN, READER, type Slapd, startSlapd } from '../support/upstreams/slapd.ts';
import { startStandIns } from '../support/upstreams/stand-ins.ts';
import { ALLOWING } from '../support/upstreams/two-upstreams.ts';
import { follow, press } from '../support/upstreams/visitor.ts';

describe('a directory: slapd, over TLS', () => {
  let slapd: Slapd;
  let hufu: TestHufu;
  const dnOf = (uid: string): string => `uid=${uid},ou=people,${BASE_DN}`;
  const person = (uid: string, more: Record<string, string | readonly string[]> = {}): Promise<void> =>
    slapd.add(dnOf(uid), {
      objectClass: 'inetOrgPerson',
      uid,
      cn: `${uid} Person`,
      sn: 'Person',
      userPassword: `${uid}-password`,
      ...more,
    });
  const entry = (part: Readonly<Record<string, string>> = {}): string => {
    const all = {
      name: 'directory',
      kind: 'ldap',
      url: slapd.secureUrl,
      ca: slapd.ca,
      bind_dn: READER.dn,
      bind_password: READER.password,
      base_dn: `ou=people,${BASE_DN}`,
      ...part,
    };
    return `upstreams:\n  - { ${Object.entries(all)
      .map(([key, value]) => `${key}: '${value}'`)
      .join(', ')} }\n`;
  };
  before(async () => {
    slapd = await startSlapd();
    await person('mei', { mail: 'mei@example.com', givenName: 'Mei' });
    await person('tom');
    hufu = await startHufu({ yaml: `${ALLOWING.replace('brute_force: off', 'brute_force: off, sign_up: open')}${entry()}` });
  });
  after(async () => {
    await hufu.stop();
    await slapd.stop();
  });

  async function signIn(username: string, password: string, at: TestHufu = hufu): Promise<{ readonly agent: Agent; readonly page: Page }> {
    const agent = new Agent(at.issuer);
    return { agent, page: await agent.submit(await agent.get('/signin'), { username, password }) };
  }
  const find = (username: string): ReturnType<TestHufu['store']['findUserByName']> =>
    hufu.store.findUserByName(hufu.context.tenant, username);

  test('whom it confirms gets an account with the first sign-in, and is the same one after that, under any spelling (RFC 4511 §4.2)', async () => {
    for (const name of ['mei', 'MEI']) {
      const { page } = await signIn(name, 'mei-password');
      assert.deepEqual([page.status, page.location], [303, '/account'], page.text);
    }
    const user = (await find('mei')) ?? assert.fail();
    assert.deepEqual(
      [user.source, user.passwordHash, user.claims],
      [
        'upstream',
        undefined,
        { name: 'mei Person', given_name: 'Mei', family_name: 'Person', email: 'mei@example.com', email_verified: false },
      ],
    );
    const [identity] = await hufu.store.listIdentities(hufu.context.tenant, user.id);
    assert.match(identity?.subject ?? '', /^[0-9a-f]{8}-[0-9a-f-]{27}$/, 'its entryUUID');
  });

  test('a wrong password, an empty one, none, and a name that it does not have look alike (RFC 4513 §5.1.2)', async () => {
    const strip = (page: Page): string => page.text.replaceAll(/value="[^"]*"/g, '');
    const nobody = await signIn('nobody-at-all', 'x');
    for (const [username, password] of [
      ['tom', 'wrong'],
      ['tom', ''],
      ['tom', '\0'],
      ['tom\0', 'tom-password'],
      ['', ''],
    ] as const) {
      const { agent, page } = await signIn(username, password);
      assert.deepEqual([page.status, agent.cookies.has('hufu_session')], [401, false], `${username} ${password}`);
      if (username !== '') assert.equal(strip(page), strip(nobody.page));
    }
    assert.equal(await find('tom'), undefined);
  });

  test('what somebody types is one value of the filter, whatever it holds (RFC 4515 §3)', async () => {
    for (const username of [
      '*',
      'to*',
      'tom)(uid=*',
      '*)(objectClass=*',
      'tom\\',
      'tom)(|(uid=*',
      'uid=tom',
      dnOf('tom'),
      't\u00f6m',
      'tom,ou=people',
    ])
      assert.equal((await signIn(username, 'tom-password')).page.status, 401, username);
    await slapd.add(`uid=a\\2Bb (c),ou=people,${BASE_DN}`, {
      objectClass: 'inetOrgPerson',
      uid: 'a+b (c)',
      cn: 'Odd',
      sn: 'Odd',
      userPassword: 'odd-password',
    });
    assert.equal((await signIn('a+b (c)', 'odd-password')).page.status, 303, 'an odd name is a name');
  });

  test('two entries of one name are nobody', async () => {
    await slapd.add(`ou=more,ou=people,${BASE_DN}`, { objectClass: 'organizationalUnit', ou: 'more' });
    for (const dn of [dnOf('double'), `uid=double,ou=more,ou=people,${BASE_DN}`])
      await slapd.add(dn, { objectClass: 'inetOrgPerson', uid: 'double', cn: 'Double', sn: 'Double', userPassword: 'double-password' });
    assert.equal((await signIn('double', 'double-password')).page.status, 401);
  });

  test('a name of ours never goes there, and nobody makes an account of a name that it has', async () => {
    await person(USER.username, { mail: 'alice@example.com' });
    assert.equal((await signIn(USER.username, `${USER.username}-password`)).page.status, 401);
    assert.equal((await signIn(USER.username, USER.password)).page.status, 303);
    const agent = new Agent(hufu.issuer);
    const taken = await agent.submit(await agent.get('/signup'), { username: 'TOM', password: 'two halves make a tally' });
    assert.equal(taken.status, 400, taken.text.slice(0, 300));
    assert.equal(await find('tom'), undefined);
  });

  test('who has set a password here signs in with that one alone', async () => {
    await person('both');
    assert.equal((await signIn('both', 'both-password')).page.status, 303);
    const { id, authVersion } = (await find('both')) ?? assert.fail();
    const now = Math.floor(Date.now() / 1000);
    const hash = await hufu.context.passwords.hash('a password of our own');
    await hufu.store.changePassword(hufu.context.tenant, id, authVersion, hash, { session: undefined, revokes: 'all' }, now);
    assert.equal((await signIn('both', 'both-password')).page.status, 401);
    assert.equal((await signIn('both', 'a password of our own')).page.status, 303);
  });

  test('an account that another upstream makes takes no name that the directory has', async () => {
    await person('mei-lin');
    const theirs = await startStandIns();
    const github = `  - { name: github, preset: github, client_id: gh, client_secret: gh-secret, web: '${theirs.origin}', api: '${theirs.origin}/api', create: true }\n`;
    const both = await startHufu({ yaml: `${ALLOWING}${entry()}${github}` });
    try {
      const agent = new Agent(both.issuer);
      const { page } = await follow(agent, await press(agent, 'github'), both.issuer, `${both.issuer}/account`);
      assert.equal(page.status, 303, page.text);
      assert.equal(await both.store.findUserByName(both.context.tenant, 'mei-lin'), undefined);
      assert.equal((await signIn('mei-lin', 'mei-lin-password', both)).page.status, 303);
    } finally {
      await both.stop();
      await theirs.stop();
    }
  });

  test('an entry that takes over a name is somebody else: what counts is its entryUUID (attacks FED-08)', async () => {
    await person('chen');
    assert.equal((await signIn('chen', 'chen-password')).page.status, 303);
    const before = (await find('chen')) ?? assert.fail();
    await slapd.remove(dnOf('chen'));
    assert.equal((await signIn('chen', 'chen-password')).page.status, 401, 'who has left is out');
    await person('chen', { userPassword: 'another-password' });
    const { page } = await signIn('chen', 'another-password');
    assert.equal(page.status, 303);
    const all = await hufu.store.listUsers(hufu.context.tenant, 0, 1_000);
    const other = all.find(({ username }) => /^chen-[a-z0-9]{4}$/.test(username)) ?? assert.fail();
    assert.notEqual(other.sub, before.sub);
    // Who is renamed stays who they are.
    await slapd.rename(dnOf('chen'), 'uid=chen.li');
    assert.equal((await signIn('chen.li', 'another-password')).page.status, 303);
    assert.equal(await find('chen.li'), undefined);
  });

  test('TLS that begins on a plain connection does as well; a certificate of somebody else, and a directory that is away, are an outage (RFC 4511 §4.14)', async () => {
    const startTls = await startHufu({
      yaml: `${ALLOWING}${entry({ url: slapd.plainUrl }).replace(/kind: 'ldap'/, 'kind: ldap, start_tls: true')}`,
    });
    const wary = await startHufu({ yaml: `${ALLOWING}${entry({ ca: slapd.foreignCa })}` });
    const waryToo = await startHufu({
      yaml: `${ALLOWING}${entry({ ca: slapd.foreignCa, url: slapd.plainUrl }).replace(/kind: 'ldap'/, 'kind: ldap, start_tls: true')}`,
    });
    const away = await startHufu({ yaml: `${ALLOWING}${entry({ url: 'ldaps://localhost:1' })}` });
    try {
      assert.equal((await signIn('mei', 'mei-password', startTls)).page.status, 303, startTls.logLines.join('\n'));
      for (const one of [wary, waryToo, away]) {
        const { page } = await signIn('mei', 'mei-password', one);
        assert.equal(page.status, 503);
        assert.equal(page.text.includes('mei-password') || one.logLines.join('').includes('mei-password'), false);
        assert.equal((await signIn(USER.username, USER.password, one)).page.status, 303, 'whoever has a password here needs no directory');
        const strip = ({ page: { status, text } }: Awaited<ReturnType<typeof signIn>>): string =>
          `${status} ${text.replaceAll(/value="[^"]*"|"decision-id">\w+/g, '')}`;
        const [nobody, ours] = [await signIn('nobody-at-all', 'x', one), await signIn(USER.username, 'x', one)];
        assert.equal(strip(ours), strip(nobody), 'a wrong password for a name of ours says nothing else (attacks USR-02)');
      }
    } finally {
      for (const one of [startTls, wary, waryToo, away]) await one.stop();
    }
  });

  test('twenty at a time are all answered, and none by the answer to another', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        signIn(turn % 2 === 0 ? 'mei' : 'tom', turn % 4 < 2 ? `${turn % 2 === 0 ? 'mei' : 'tom'}-password` : 'wrong'),
      ),
    );
    assert.deepEqual(
      answers.map(({ page }) => page.status),
      Array.from({ length: 20 }, (_, turn) => (turn % 4 < 2 ? 303 : 401)),
    );
  });
});
