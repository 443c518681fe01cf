import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readHolder, writeHolder } from '@hufu/protocol/tally';
import { Agent, authorizeAs, exchange, type Page, postForm } from '../support/agent.ts';
import { startHufu, USER } from '../support/hufu.ts';
import { authorizePath } from './expect.ts';
import { arena } from './oracles.ts';
import { rawRequest, sendRaw } from './raw-http.ts';
import { BOB, refresh, revoke, SPA, SPA2, signedIn, tokensOf, WEB, WEB_BASIC } from './sign-ins.ts';

const SESSION = 'hufu_session';

describe('SES: session cookies', () => {
  const here = arena();
  const silent = (agent: Agent): Promise<Page> => agent.get(authorizePath({ prompt: 'none' }));

  /** With exactly these cookies, nobody is signed in: the login page, no code, and no failure. */
  async function assertNobody(cookies: string | readonly string[], about: string): Promise<void> {
    const lines = typeof cookies === 'string' ? [cookies] : cookies;
    for (const [path, expected] of [
      [authorizePath(), /^\/signin\?/],
      [authorizePath({ prompt: 'none' }), /error=login_required/],
    ] as const) {
      const { replies } = await sendRaw(
        here.issuer,
        rawRequest(
          here.issuer,
          'GET',
          path,
          lines.map((line) => `Cookie: ${line}`),
        ),
        { replies: 1 },
      );
      const location = replies[0]?.headers.get('location')?.[0] ?? '';
      assert.equal(replies[0]?.status, 303, `${about}: ${replies[0]?.status}`);
      assert.match(location, expected, about);
      assert.doesNotMatch(location, /[?&]code=/, about);
    }
  }

  test('SES-01 · a sign-in gives a new session, and the old one is dead (ASVS 7.2.4)', async () => {
    const agent = await signedIn(here.issuer);
    const first = agent.cookies.get(SESSION) ?? '';
    // Signing in again, as whoever: at our page, and because a client wants it fresh.
    await agent.submit(await agent.get('/signin'), USER);
    const second = agent.cookies.get(SESSION) ?? '';
    await authorizeAs(agent, { ...SPA, parameters: { prompt: 'login' } }, USER);
    const third = agent.cookies.get(SESSION) ?? '';
    await agent.submit(await agent.get('/signin'), BOB);
    const fourth = agent.cookies.get(SESSION) ?? '';
    assert.equal(new Set([first, second, third, fourth]).size, 4);
    for (const old of [first, second, third]) await assertNobody(`${SESSION}=${old}`, 'an old session');
    assert.ok((await silent(agent)).answer.get('code') !== null);
  });

  test('SES-03 · a cookie that a sibling site sets behind an invisible character is not ours (RFC 6265 §4.2.1)', async () => {
    const evil = (await signedIn(here.issuer, BOB)).cookies.get(SESSION) ?? '';
    const own = (await signedIn(here.issuer)).cookies.get(SESSION) ?? '';
    // A browser guards names that begin with `__Host-`; this one begins with another byte.
    const planted = `\u00a0${SESSION}=${evil}`;
    await assertNobody(planted, 'planted');
    const { replies } = await sendRaw(
      here.issuer,
      rawRequest(here.issuer, 'GET', authorizePath({ prompt: 'none' }), [`Cookie: ${SESSION}=${own}; ${planted}`]),
      { replies: 1 },
    );
    assert.match(replies[0]?.headers.get('location')?.[0] ?? '', /[?&]code=/, 'whoever is signed in stays so');
  });

  test('SES-01 · a session that somebody planted does not become the one of whoever signs in (ASVS 7.2.4, RFC 6819 §4.4.1.7)', async () => {
    const attacker = await signedIn(here.issuer, BOB);
    const planted = attacker.cookies.get(SESSION) ?? '';
    const victim = new Agent(here.issuer);
    for (const [name, value] of attacker.cookies) victim.cookies.set(name, value);
    await victim.submit(await victim.get('/signin'), USER);
    assert.notEqual(victim.cookies.get(SESSION), planted);
    await assertNobody(`${SESSION}=${planted}`, 'the planted one');
    // A session that nobody had is not taken up either.
    const other = new Agent(here.issuer);
    other.cookies.set(SESSION, `hfs_${'A'.repeat(64)}`);
    await other.submit(await other.get('/signin'), USER);
    assert.notEqual(other.cookies.get(SESSION), `hfs_${'A'.repeat(64)}`);
  });

  test('SES-01 · signing out ends the session at the server, not in the browser alone (ASVS 7.4.1)', async () => {
    const agent = await signedIn(here.issuer);
    const kept = agent.cookies.get(SESSION) ?? '';
    const tokens = await tokensOf(here.issuer, SPA, undefined, agent);
    await agent.get(`/oauth/logout?id_token_hint=${tokens.id}`);
    assert.equal(agent.cookies.has(SESSION), false);
    await assertNobody(`${SESSION}=${kept}`, 'after signing out');
    assert.equal((await refresh(here.issuer, tokens.refresh, SPA)).body['error'], 'invalid_grant');
  });

  test('SES-05 · a full cookie jar fails closed: the login page, never half signed in, no code in an address (attacks SES-05)', async () => {
    const agent = await signedIn(here.issuer);
    const own = [...agent.cookies].map(([name, value]) => `${name}=${value}`);
    const junk = Array.from({ length: 180 }, (_, i) => `tracker${i}=${'x'.repeat(40)}`);
    // Ours were pushed out, wholly or one of them; the others do no harm.
    await assertNobody(junk.join('; '), 'all pushed out');
    for (const kept of own.filter((pair) => !pair.startsWith(SESSION))) await assertNobody([...junk, kept].join('; '), kept.slice(0, 12));
    const session = own.find((pair) => pair.startsWith(SESSION)) ?? '';
    const { replies } = await sendRaw(
      here.issuer,
      rawRequest(here.issuer, 'GET', authorizePath({ prompt: 'none' }), [`Cookie: ${[...junk, session].join('; ')}`]),
      { replies: 1 },
    );
    assert.match(replies[0]?.headers.get('location')?.[0] ?? '', /[?&]code=/, 'with the session alone one is signed in');
    // The jar of the form's page was lost on the way: the form is refused, and nothing is done.
    const page = await agent.get('/signin');
    const without = new Agent(here.issuer);
    assert.equal((await without.submit(page, USER)).status, 403);
    const huge = await sendRaw(
      here.issuer,
      rawRequest(here.issuer, 'GET', authorizePath(), [
        `Cookie: ${Array.from({ length: 180 }, (_, i) => `t${i}=${'x'.repeat(100)}`).join('; ')}`,
      ]),
    );
    assert.equal(huge.replies[0]?.status, 431);
  });

  test('SES-05 · a cookie of ours that stands twice was set by somebody else, and is none (RFC 6265 §5.4, §8.6)', async () => {
    const agent = await signedIn(here.issuer);
    const attacker = await signedIn(here.issuer, BOB);
    const [ours, theirs] = [agent.cookies.get(SESSION) ?? '', attacker.cookies.get(SESSION) ?? ''];
    for (const header of [
      `${SESSION}=${ours}; ${SESSION}=${theirs}`,
      `${SESSION}=${theirs}; ${SESSION}=${ours}`,
      `${SESSION}=${ours}; ${SESSION}=${ours}`,
      `${SESSION}=${ours};${SESSION}=`,
    ])
      await assertNobody(header, header.slice(0, 20));
    await assertNobody([`${SESSION}=${ours}`, `${SESSION}=${theirs}`], 'two headers');
    for (const header of [
      `x${SESSION}=${ours}`,
      `${SESSION.toUpperCase()}=${ours}`,
      `${SESSION} =${ours}`,
      `"${SESSION}"=${ours}`,
      `a="; ${SESSION}x=${ours}; b="`,
    ])
      await assertNobody(header, header.slice(0, 20));
  });

  test('SES-06 · a session cookie that is cut, changed, forged or from elsewhere is as if there were none (CVE-2026-25748)', async () => {
    const agent = await signedIn(here.issuer);
    const cookie = agent.cookies.get(SESSION) ?? '';
    const { tally, sealKeyId } = here.hufu.context.keys;
    const live = readHolder(tally, 'session', cookie) ?? assert.fail();
    const neighbour = { ...tally, tenant: tally.tenant + 1, permutation: tally.permutation, mac: tally.mac };
    const elsewhere = await startHufu();
    const foreign = (await signedIn(elsewhere.issuer)).cookies.get(SESSION) ?? '';
    await elsewhere.stop();
    const tokens = await tokensOf(here.issuer, SPA, undefined, agent);
    const bad = [
      ...[0, 3, 4, 10, 20, 43, 44, 67].map((at) => cookie.slice(0, at) + (cookie[at] === 'A' ? 'B' : 'A') + cookie.slice(at + 1)),
      ...[0, 1, 4, 20, 44, 67].map((length) => cookie.slice(0, length)),
      `${cookie}A`,
      `"${cookie}"`,
      ` ${cookie}`.replace(' ', '%20'),
      cookie.toLowerCase(),
      cookie.replace('hfs_', 'hfr_'),
      `hfs_${tokens.refresh.slice(4)}`,
      tokens.refresh,
      tokens.access,
      tokens.id,
      foreign,
      writeHolder(neighbour, 'session', { keyId: sealKeyId, id: 1, generation: 0 }, cookie.slice(-24)),
      // Sealed with our key for a session that lives: the row's half does not match.
      writeHolder(tally, 'session', { keyId: sealKeyId, id: live.id, generation: 0 }, 'A'.repeat(24)),
      writeHolder(tally, 'session', { keyId: sealKeyId, id: 2 ** 40, generation: 0 }, 'A'.repeat(24)),
      'null',
      'undefined',
      '[object Object]',
      '%00',
      '../../etc/passwd',
      '{"id":1}',
      'x'.repeat(4_000),
    ];
    for (const text of bad) await assertNobody(`${SESSION}=${text}`, text.slice(0, 30));
    assert.ok((await silent(agent)).answer.get('code') !== null, 'the real one is still good');
    // A session is no bearer token, and its text is no credential anywhere else.
    assert.equal((await fetch(`${here.issuer}/oauth/userinfo`, { headers: { authorization: `Bearer ${cookie}` } })).status, 401);
    assert.equal((await refresh(here.issuer, cookie, SPA)).body['error'], 'invalid_grant');
    assert.equal((await revoke(here.issuer, cookie, 'spa')).status, 200);
    assert.ok((await silent(agent)).answer.get('code') !== null);
  });

  test('SES-06 · a session ends with its time, and is not longer than it was (ASVS 7.3.2)', async () => {
    const agent = await signedIn(here.issuer);
    const cookie = agent.cookies.get(SESSION) ?? '';
    await here.hufu.advance('P13D');
    assert.ok((await silent(agent)).answer.get('code') !== null);
    assert.equal(agent.cookies.get(SESSION), cookie);
    await here.hufu.advance('P1DT1S');
    await assertNobody(`${SESSION}=${cookie}`, 'after fourteen days');
  });

  test('SES-08 · two tabs with two clients end in crossed order, each with its own code, state, scopes and nonce (attacks SES-08)', async () => {
    const agent = new Agent(here.issuer);
    const verifiers = { one: 'one-'.padEnd(43, 'x'), two: 'two-'.padEnd(43, 'y') };
    const { createHash } = await import('node:crypto');
    const challenge = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');
    const startOne = await agent.get(
      authorizePath({ state: 'tab-1', nonce: 'nonce-1', scope: 'openid email', code_challenge: challenge(verifiers.one) }),
    );
    const startTwo = await agent.get(
      authorizePath({
        client_id: 'web',
        redirect_uri: WEB.redirectUri,
        state: 'tab-2',
        nonce: 'nonce-2',
        scope: 'openid profile read',
        code_challenge: challenge(verifiers.two),
      }),
    );
    const pageOne = await agent.get(startOne.location);
    const pageTwo = await agent.get(startTwo.location);
    const doneTwo = await agent.submit(pageTwo, USER);
    const doneOne = await agent.submit(pageOne, USER);
    assert.ok(doneOne.location.startsWith(SPA.redirectUri) && doneTwo.location.startsWith(WEB.redirectUri));
    assert.equal(doneOne.answer.get('state'), 'tab-1');
    assert.equal(doneTwo.answer.get('state'), 'tab-2');
    const tokensOne = await exchange(agent, SPA, { page: doneOne, verifier: verifiers.one });
    // The second sign-in of the browser replaced the first session of the same user: its grants moved along.
    const tokensTwo = await exchange(agent, WEB, { page: doneTwo, verifier: verifiers.two }, WEB_BASIC);
    for (const [tokens, nonce, scope, aud] of [
      [tokensOne, 'nonce-1', 'openid email', 'spa'],
      [tokensTwo, 'nonce-2', 'openid profile read', 'web'],
    ] as const) {
      assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
      assert.equal(tokens.body['scope'], scope);
      const claims = Object(JSON.parse(Buffer.from(String(tokens.body['id_token']).split('.')[1] ?? '', 'base64url').toString()));
      assert.equal(claims.nonce, nonce);
      assert.equal(claims.aud, aud);
    }
    // The ticket of one tab does not serve the other.
    const crossed = await agent.get(authorizePath({ client_id: 'spa2', redirect_uri: SPA2.redirectUri, state: 'tab-3', prompt: 'login' }));
    const page = await agent.get(crossed.location);
    const swapped = await agent.post('/signin', {
      ...page.hidden,
      ...USER,
      client_id: 'spa',
      redirect_uri: SPA.redirectUri,
      state: 'evil',
    });
    assert.ok(swapped.location.startsWith(SPA2.redirectUri));
    assert.equal(swapped.answer.get('state'), 'tab-3');
    assert.equal(
      (
        await postForm(`${here.issuer}/oauth/token`, {
          grant_type: 'authorization_code',
          client_id: 'spa',
          code: swapped.answer.get('code') ?? '',
          redirect_uri: SPA.redirectUri,
          code_verifier: 'x'.repeat(43),
        })
      ).body['error'],
      'invalid_grant',
    );
  });
});

describe('SES: cookies where the issuer is https', () => {
  const here = arena({ issuer: 'https://id.example' });

  test('SES-03 · every cookie but the browser state is __Host-, Secure, HttpOnly, SameSite=Lax, for the whole host and no other (RFC 6265bis §4.1.3.2)', async () => {
    const agent = new Agent(here.hufu.origin);
    const lines: string[] = [];
    const note = (page: Page): Page => {
      lines.push(...page.headers.getSetCookie());
      assert.match(page.headers.get('strict-transport-security') ?? '', /^max-age=\d{7,}$/);
      return page;
    };
    const form = note(await agent.get('/signin'));
    note(await agent.submit(form, USER));
    const page = note(await agent.get(authorizePath({ prompt: 'none' })));
    assert.equal(page.answer.get('iss'), 'https://id.example');
    note(await agent.submit(note(await agent.get('/oauth/logout')), { decision: 'sign_out' }));
    assert.deepEqual([...new Set(lines.map((line) => line.split('=')[0]))].toSorted(), [
      '__Host-hufu_browser',
      '__Host-hufu_browser_state',
      '__Host-hufu_known',
      '__Host-hufu_session',
    ]);
    for (const line of lines) {
      const flags = line.split('; ').slice(1);
      assert.deepEqual(
        flags.filter((flag) => !flag.startsWith('Max-Age=')).toSorted(),
        // Scripts in frames read it (OpenID Connect Session Management §3.2), and it opens nothing.
        line.startsWith('__Host-hufu_browser_state=')
          ? ['Path=/', 'SameSite=None', 'Secure']
          : ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'],
        line.slice(0, 20),
      );
    }
    const plain = new Agent(here.hufu.origin);
    await plain.submit(await plain.get('/signin'), USER);
    plain.cookies.set('hufu_session', plain.cookies.get('__Host-hufu_session') ?? '');
    plain.cookies.delete('__Host-hufu_session');
    assert.equal(
      (await plain.get(authorizePath({ prompt: 'none' }))).answer.get('error'),
      'login_required',
      "the name without its prefix is nobody's",
    );
  });
});
