import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { UserRecord } from '@hufu/store/port';
import { Agent, type Page } from '../support/agent.ts';
import { startHufu, type TestHufu } from '../support/hufu.ts';
import { type StandIns, startStandIns, TENANT } from '../support/upstreams/stand-ins.ts';
import { ALLOWING } from '../support/upstreams/two-upstreams.ts';
import { follow, press } from '../support/upstreams/visitor.ts';

const indent = (text: string): string => text.trim().replaceAll('\n', '\n      ');

describe('presets, against what their providers document', () => {
  let theirs: StandIns;
  let hufu: TestHufu;
  before(async () => {
    theirs = await startStandIns();
    const { origin } = theirs;
    hufu = await startHufu({
      yaml: `${ALLOWING}
upstreams:
  - { name: google, preset: google, client_id: goog, client_secret: goog-secret, issuer: '${origin}/google', create: true, domains: [example.com] }
  - { name: github, preset: github, client_id: gh, client_secret: gh-secret, web: '${origin}', api: '${origin}/api', create: true, domains: [example.com] }
  - { name: microsoft, preset: microsoft, tenant: ${TENANT}, client_id: ms, client_secret: ms-secret, authority: '${origin}/ms', create: true, domains: [example.com], link: verified_email, trust_amr: true }
  - name: apple
    preset: apple
    client_id: com.example.web
    team_id: TEAM
    key_id: KEY
    issuer: '${origin}/apple'
    create: true
    private_key: |
      ${indent(theirs.apple.privateKey)}
  - { name: wechat, preset: wechat, client_id: wx1, client_secret: wx-secret, web: '${origin}', api: '${origin}', create: true }
  - { name: wechat-wrong, preset: wechat, client_id: wx1, client_secret: wrong, web: '${origin}', api: '${origin}', create: true }
  - name: alipay
    preset: alipay
    client_id: ali1
    web: '${origin}'
    gateway: '${origin}/gateway.do'
    create: true
    private_key: |
      ${indent(theirs.alipay.ours)}
    alipay_public_key: |
      ${indent(theirs.alipay.theirs)}
  - { name: dingtalk, preset: dingtalk, client_id: ding1, client_secret: ding-secret, web: '${origin}', api: '${origin}', create: true }
  - name: plain
    kind: oauth2
    issuer: plain.example
    client_id: gh
    client_secret: gh-secret
    client_auth: client_secret_post
    scopes: [user:email]
    authorization_endpoint: '${origin}/login/oauth/authorize'
    token_endpoint: '${origin}/login/oauth/access_token'
    userinfo_endpoint: '${origin}/api/user'
    subject: id
    claims: { preferred_username: login }
    create: true
`,
    });
  });
  after(async () => {
    await hufu.stop();
    await theirs.stop();
  });
  afterEach(() => {
    theirs.bends.clear();
    theirs.faults.length = 0;
  });

  async function signIn(name: string, agent: Agent = new Agent(hufu.issuer)): Promise<{ readonly agent: Agent; readonly page: Page }> {
    const sent = await press(agent, name);
    assert.equal(sent.status, 303, sent.text);
    const { page } = await follow(agent, sent, hufu.issuer, `${hufu.issuer}/account`);
    if (page.name !== '' || page.action === '') return { agent, page };
    // A form that the other site sends: our cookies do not come with it.
    const cookies = new Map(agent.cookies);
    agent.cookies.clear();
    const relay = await agent.post(page.action, page.hidden, { 'sec-fetch-site': 'cross-site' });
    for (const [key, value] of cookies) agent.cookies.set(key, value);
    assert.equal(relay.name, 'upstream-return');
    return { agent, page: await agent.submit(relay, {}) };
  }

  async function userOf(upstream: string, issuer: string, subject: string): Promise<UserRecord> {
    const identity = await hufu.store.findIdentity(hufu.context.tenant, upstream, issuer, subject);
    return (
      (identity && (await hufu.store.findUser(hufu.context.tenant, identity.userId))) ??
      assert.fail(`nobody has ${upstream} ${issuer} ${subject}`)
    );
  }

  async function arrives(name: string): Promise<void> {
    const { agent, page } = await signIn(name);
    assert.deepEqual([page.status, agent.cookies.has('hufu_session'), theirs.faults], [303, true, []], page.text);
  }

  async function refused(name: string, status = 400): Promise<void> {
    const { agent, page } = await signIn(name);
    assert.deepEqual([page.status, page.name, agent.cookies.has('hufu_session')], [status, 'error', false], page.text);
  }

  test('an upstream that says no time is enough for what is sensitive where somebody has no other way, and a password at a directory is one (attacks USR-14)', async () => {
    const own = await startHufu({
      yaml: `${ALLOWING}
upstreams:
  - { name: github, preset: github, client_id: gh, client_secret: gh-secret, web: '${theirs.origin}', api: '${theirs.origin}/api' }
  - { name: directory, kind: ldap, url: 'ldaps://127.0.0.1:1', base_dn: dc=example }
`,
    });
    try {
      const { store, context } = own;
      const now = Math.floor(Date.now() / 1000);
      const identity = { upstream: 'github', issuer: theirs.origin, subject: '583231', label: '' };
      const lin = { sub: 'lin', username: 'lin', passwordHash: undefined, claims: {}, source: 'upstream', identity } as const;
      const made = await store.createUser(context.tenant, lin, now);
      assert.ok(made.kind === 'created');
      const again = async (): Promise<Page> => {
        const agent = new Agent(own.issuer);
        const sent = await press(agent, 'github', '/signin?next=security&fresh=1');
        return (await follow(agent, sent, own.issuer, `${own.issuer}/account`)).page;
      };
      const first = await again();
      assert.deepEqual([first.status, first.location], [303, '/account/security'], first.text);
      const directory = { upstream: 'directory', issuer: 'dc=example', subject: 'x', label: '' };
      await store.linkIdentity(context.tenant, made.user.id, made.user.authVersion, directory, undefined, now);
      const page = await again();
      assert.deepEqual([page.status, page.name], [403, 'error'], page.text);
    } finally {
      await own.stop();
    }
  });

  test('GitHub: by its number, with the primary address of its list and not the one of the profile', async () => {
    await arrives('github');
    const user = await userOf('github', theirs.origin, '583231');
    assert.deepEqual([user.username, user.claims], ['mei-lin', { name: 'Mei Lin', email: 'mei@example.com', email_verified: true }]);
    theirs.bends.set('/login/oauth/access_token', () => ({ error: 'bad_verification_code', error_description: 'x' }));
    await refused('github');
    theirs.bends.clear();
    theirs.bends.set('/api/user', () => ({ login: 'mei-lin' }));
    await refused('github');
  });

  test('GitHub: an address that it has not verified is not, and without the list there is none', async () => {
    for (const [turn, list] of [
      [{ email: 'x@example.com', primary: true, verified: false }],
      [{ email: 'x@example.com', primary: true, verified: 'true' }],
      [],
    ].entries()) {
      theirs.bends.set('/api/user', (body) => ({ ...body, id: 1_000 + turn }));
      theirs.bends.set('/api/user/emails', () => list);
      await arrives('github');
      const user = await userOf('github', theirs.origin, String(1_000 + turn));
      assert.notEqual(user.claims['email_verified'], true);
    }
  });

  test('Google and Microsoft: OpenID Connect; the email of the second is nobody’s proof', async () => {
    await refused('google', 403);
    const github = await userOf('github', theirs.origin, '583231');
    assert.equal(github.claims['email'], 'mei@example.com', 'whose address it is, by GitHub’s word; no rule links Google to it');
    theirs.bends.set('/google id_token', () => ({ email: 'other@example.com' }));
    await arrives('google');
    await arrives('microsoft');
    const user = await userOf('microsoft', `${theirs.origin}/ms/${TENANT}/v2.0`, 'person');
    assert.deepEqual([user.username, user.claims['email_verified']], ['mei', false]);
    const [session] = await hufu.store.listSessions(hufu.context.tenant, user.id, 1, Math.floor(Date.now() / 1000));
    assert.deepEqual(session?.amr, ['fed', 'mfa']);
  });

  test('Apple: a signed client secret, an answer by form, and nothing of what comes beside the token', async () => {
    await arrives('apple');
    const user = await userOf('apple', `${theirs.origin}/apple`, 'person');
    assert.deepEqual(user.claims, { email: 'relay@privaterelay.appleid.com', email_verified: false });
    theirs.bends.set('/apple id_token', () => ({ nonce: 'another' }));
    await refused('apple');
  });

  test('WeChat: appid and secret, errors with status 200, and the unionid', async () => {
    await arrives('wechat');
    const user = await userOf('wechat', theirs.origin, 'union-1');
    assert.deepEqual(user.claims, { nickname: '小梅' });
    await refused('wechat-wrong');
    theirs.bends.set('/sns/userinfo', ({ unionid: _unionid, ...body }) => body);
    await refused('wechat');
    theirs.bends.set('/sns/userinfo', (body) => ({ ...body, openid: 'somebody-else', unionid: 'union-2' }));
    await refused('wechat');
  });

  test('WeChat: who declines comes back without a code, and to the sign-in page', async () => {
    const agent = new Agent(hufu.issuer);
    const sent = await press(agent, 'wechat');
    const state = new URL(sent.location).searchParams.get('state') ?? '';
    assert.match(sent.location, /#wechat_redirect$/);
    const back = await agent.get(`/signin/with/wechat/callback?state=${state}`);
    assert.deepEqual([back.status, back.location], [303, '/signin']);
  });

  test('Alipay: calls that our key signs, and answers that count under theirs alone', async () => {
    await arrives('alipay');
    const user = await userOf('alipay', `${theirs.origin}/ali1`, 'ali-open-id');
    assert.deepEqual(user.claims, { nickname: '阿梅 {"} \\' });
    const bends: readonly [string, (body: Record<string, unknown>) => unknown][] = [
      ['whole', ({ whole }) => String(whole).replace('ali-open-id', 'ali-open-ix')],
      ['whole', ({ whole }) => String(whole).replace(/"sign":"[^"]*"/, '"sign":"AAAA"')],
      ['whole', ({ whole }) => String(whole).replace(/,"sign":"[^"]*"/, '')],
      ['whole', ({ whole }) => String(whole).replace('{', '{"alipay_user_info_share_response":{"code":"10000","open_id":"x"},')],
      ['whole', () => '{"error_response":{"code":"40002","sub_code":"isv.invalid-signature"}}'],
      ['alipay_user_info_share_response', (body) => ({ ...body, open_id: 'somebody-else' })],
      ['alipay_user_info_share_response', () => ({ code: '20001', msg: 'no', sub_code: 'aop.invalid-auth-token' })],
    ];
    for (const [name, bend] of bends) {
      theirs.bends.clear();
      theirs.bends.set(name, bend);
      await refused('alipay');
    }
  });

  test('DingTalk: JSON for a token, which goes in a header of its own', async () => {
    await arrives('dingtalk');
    const user = await userOf('dingtalk', theirs.origin, 'ding-union');
    assert.deepEqual(user.claims, { nickname: '梅', email: 'mei@example.com', email_verified: false });
    theirs.bends.set('/v1.0/contact/users/me', ({ unionId: _unionId, ...body }) => body);
    await refused('dingtalk');
  });

  test('any OAuth 2 that says whose token it is: by the member that was named, kept apart from the others (RFC 6749 §4.1.1, §4.1.3, RFC 6750 §2.1, RFC 7636 §4.3)', async () => {
    await arrives('plain');
    const user = await userOf('plain', 'plain.example', '583231');
    assert.notEqual(user.id, (await userOf('github', theirs.origin, '583231')).id);
    assert.equal(user.claims['email_verified'], false, 'nobody has said so');
  });

  test('an answer that comes to the address of another upstream is none, also where nobody says iss: no code is shown to anybody (RFC 9700 §4.4)', async () => {
    const agent = new Agent(hufu.issuer);
    const sent = await press(agent, 'github');
    const back = await agent.get(sent.location);
    const swapped = back.location.replace('/with/github/', '/with/plain/');
    theirs.bends.set('/login/oauth/access_token', () => ({ pushed: theirs.faults.push('a code was shown') }));
    const page = await agent.get(swapped);
    assert.deepEqual([page.status, page.name, agent.cookies.has('hufu_session')], [400, 'error', false]);
    assert.deepEqual(theirs.faults, []);
    assert.equal((await agent.get(back.location)).status, 403, 'it is used up');
  });

  test('an upstream that is away is said to be so, and nobody is signed in', async () => {
    theirs.bends.set('/google metadata', () => ({ issuer: 'https://elsewhere.example' }));
    const away = await startHufu({
      yaml: `${ALLOWING}upstreams:\n  - { name: google, preset: google, client_id: g, client_secret: s, issuer: 'http://127.0.0.1:1', create: true }\n  - { name: bent, preset: google, client_id: g, client_secret: s, issuer: '${theirs.origin}/google', create: true }\n`,
    });
    try {
      for (const [name, status] of [
        ['google', 502],
        ['bent', 400],
      ] as const) {
        const agent = new Agent(away.issuer);
        const page = await press(agent, name);
        assert.deepEqual([page.status, page.name], [status, 'error']);
        assert.match(page.headers.get('hufu-decision') ?? '', /^.{18}$/);
        const chinese = await agent.post(`/signin/with/${name}?ui_locales=zh-CN`, (await agent.get('/signin')).hidden, {
          'accept-language': 'zh-CN',
        });
        assert.match(chinese.text, status === 502 ? /对方服务没有响应/ : /无法核实对方服务的答复/);
      }
    } finally {
      await away.stop();
    }
  });
});
