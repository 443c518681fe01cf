import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { prover } from '@hufu/server/testing/proofs';
import { Agent, authorizeAs, type JsonReply, type Page, postForm } from '../support/agent.ts';
import { BASIC_YAML, startHufu, type TestHufu, USER } from '../support/hufu.ts';
import { assertInactive, authorizePath } from './expect.ts';
import { API_BASIC, BOB, introspect, refresh, SPA, signedIn, tokensOf } from './sign-ins.ts';
import { SHARED_ENGINES, twoNodes } from './two-nodes.ts';

const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const NEWER = 'Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0';
const PHONE = 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36';

function withDevices(devices: string): string {
  return BASIC_YAML.replace('policies: { brute_force: off }', `policies: { brute_force: off, devices: ${devices} }`);
}

for (const engine of SHARED_ENGINES) {
  describe(`SES: devices, over ${engine}`, () => {
    const nodes = twoNodes(withDevices('{ max: 1 }'), engine);
    const silent = (agent: Agent): Promise<Page> => agent.get(authorizePath({ prompt: 'none' }));
    const at = (node: TestHufu, agent: Agent): Agent => {
      const other = new Agent(node.origin);
      for (const [name, value] of agent.cookies) other.cookies.set(name, value);
      return other;
    };

    test('SES-14 · whoever signs in elsewhere is out where they were: at both nodes at the next request, with the word for it', async () => {
      const here = await signedIn(nodes.first.origin, BOB);
      const tokens = await tokensOf(nodes.first.origin, SPA, undefined, here, BOB);
      const there = await signedIn(nodes.second.origin, BOB);
      for (const node of [nodes.first, nodes.second]) {
        const asked = (await silent(at(node, here))).answer;
        assert.equal(asked.get('error'), 'login_required');
        assert.match(asked.get('error_description') ?? '', /^session_replaced: /);
        assertInactive(await introspect(node.origin, tokens.access, API_BASIC));
        const refused = await refresh(node.origin, tokens.refresh, SPA);
        assert.match(String(refused.body['error_description']), /^session_replaced: /);
        assert.ok((await silent(at(node, there))).answer.get('code') !== null);
        const page = await at(node, here).get('/signin');
        assert.match(page.text, /signed in on/, 'the page says why');
      }
    });

    test('SES-14 · nothing of why is told to whoever has no secret of it', async () => {
      const here = await signedIn(nodes.first.origin, BOB);
      const tokens = await tokensOf(nodes.first.origin, SPA, undefined, here, BOB);
      await signedIn(nodes.second.origin, BOB);
      const forged = `${tokens.refresh.slice(0, -4)}AAAA`;
      for (const token of [forged, `${tokens.refresh}x`, 'hfr_nothing'])
        assert.doesNotMatch(String((await refresh(nodes.first.origin, token, SPA)).body['error_description']), /session_/);
      const cut = at(nodes.first, here);
      for (const [name, value] of cut.cookies) if (name.endsWith('hufu_session')) cut.cookies.set(name, `${value.slice(0, -4)}AAAA`);
      assert.doesNotMatch((await silent(cut)).answer.get('error_description') ?? '', /session_/);
    });

    test('SES-09 · a user who is deleted, and one who is locked, is out at both nodes at once (ASVS 7.4.2)', async () => {
      const { context, store } = nodes.first;
      const now = Math.floor(context.clock.nowMs() / 1000);
      const bob = (await store.findUserByName(context.tenant, BOB.username)) ?? assert.fail();
      const here = await signedIn(nodes.first.origin, BOB);
      const tokens = await tokensOf(nodes.first.origin, SPA, undefined, here, BOB);
      await store.lockUser(context.tenant, bob.id, now + 3_600, now);
      for (const node of [nodes.first, nodes.second]) {
        assert.equal((await silent(at(node, here))).answer.get('error'), 'login_required');
        assertInactive(await introspect(node.origin, tokens.access, API_BASIC));
        assert.equal((await refresh(node.origin, tokens.refresh, SPA)).body['error'], 'invalid_grant');
        const browser = new Agent(node.origin);
        assert.equal((await browser.submit(await browser.get('/signin'), BOB)).status, 401, 'the right password of somebody who is locked');
      }
      await store.lockUser(context.tenant, bob.id, undefined, now);
      assert.ok((await silent(at(nodes.second, here))).answer.get('code') !== null, 'nothing was revoked');
      await store.deleteUser(context.tenant, bob.id, now);
      for (const node of [nodes.first, nodes.second]) {
        assert.equal((await silent(at(node, here))).answer.get('error'), 'login_required');
        assertInactive(await introspect(node.origin, tokens.access, API_BASIC));
        assert.equal((await refresh(node.origin, tokens.refresh, SPA)).body['error'], 'invalid_grant');
        const browser = new Agent(node.origin);
        assert.equal((await browser.submit(await browser.get('/signin'), BOB)).status, 401);
      }
      const rows = await store.listSessions(context.tenant, bob.id, 99, now);
      assert.deepEqual(
        [rows, await store.listDevices(context.tenant, bob.id), await store.listGrants(context.tenant, { userId: bob.id }, 99)],
        [[], [], []],
      );
    });
  });
}

describe('SES: what a session is held to', () => {
  const policy = async (devices: string, act: (hufu: TestHufu) => Promise<void>): Promise<void> => {
    const hufu = await startHufu({ yaml: withDevices(devices) });
    await act(hufu).finally(() => hufu.stop());
  };
  const ask = (agent: Agent, agentName: string): Promise<Page> => agent.get(authorizePath({ prompt: 'none' }), { 'user-agent': agentName });
  const signInAs = async (hufu: TestHufu, agentName: string): Promise<Agent> => {
    const agent = new Agent(hufu.issuer);
    const headers = { 'user-agent': agentName };
    const page = await agent.get('/signin', headers);
    assert.equal((await agent.post(page.action, { ...page.hidden, ...USER }, headers)).status, 303);
    return agent;
  };
  const stolen = ({ issuer, cookies }: Agent): Agent => {
    const thief = new Agent(issuer);
    for (const [name, value] of cookies) if (name.endsWith('session')) thief.cookies.set(name, value);
    return thief;
  };

  test('SES-06 · a session cookie alone, at another browser, is nothing where sessions are held to the browser’s own (gateway 4.3)', async () => {
    for (const mismatch of ['deny', 'step_up'])
      await policy(`{ binding: browser_cookie, on_mismatch: ${mismatch} }`, async (hufu) => {
        const agent = await signInAs(hufu, DESKTOP);
        const thief = stolen(agent);
        assert.equal((await ask(thief, DESKTOP)).answer.get('error'), 'login_required');
        assert.equal((await thief.get('/account')).status, 303);
        assert.ok((await ask(agent, DESKTOP)).answer.get('code') !== null, 'whose it is goes on');
      });
    await policy('{ binding: browser_cookie, on_mismatch: log }', async (hufu) => {
      const agent = await signInAs(hufu, DESKTOP);
      assert.ok((await ask(stolen(agent), DESKTOP)).answer.get('code') !== null);
      assert.ok(hufu.logLines.some((line) => line.includes('session.elsewhere')));
    });
  });

  test('SES-06 · where sessions are held to what a browser says of itself, an update passes and another browser does not (gateway 4.3)', async () => {
    await policy('{ binding: fingerprint, on_mismatch: deny }', async (hufu) => {
      const agent = await signInAs(hufu, DESKTOP);
      assert.ok((await ask(agent, NEWER)).answer.get('code') !== null);
      assert.equal((await ask(agent, PHONE)).answer.get('error'), 'login_required');
      assert.ok((await ask(agent, DESKTOP)).answer.get('code') !== null);
    });
  });

  test('SES-01 · whoever signs in anew after a mismatch goes on under a new session, and the old one is dead (ASVS 7.2.4)', async () => {
    await policy('{ binding: fingerprint, on_mismatch: step_up }', async (hufu) => {
      const agent = await signInAs(hufu, DESKTOP);
      const tokens = await tokensOf(hufu.issuer, SPA, undefined, agent);
      const old = new Map(agent.cookies);
      const page = await agent.get('/signin', { 'user-agent': PHONE });
      assert.equal((await agent.post(page.action, { ...page.hidden, ...USER }, { 'user-agent': PHONE })).status, 303);
      const before = new Agent(hufu.issuer);
      for (const [name, value] of old) before.cookies.set(name, value);
      assert.equal((await ask(before, DESKTOP)).answer.get('error'), 'login_required');
      assert.equal((await refresh(hufu.issuer, tokens.refresh, SPA)).status, 200, 'what lived there goes on');
    });
  });

  test('SES-14 · sessions that were made for longer than they may last by now end', async () => {
    const hufu = await startHufu({ yaml: BASIC_YAML });
    const agent = await signedIn(hufu.issuer);
    const { config } = hufu.context;
    Object.assign(config.policies.sessions, { absoluteSeconds: 0 });
    assert.equal((await agent.get(authorizePath({ prompt: 'none' }))).answer.get('error'), 'login_required');
    await hufu.stop();
  });

  test('a client that is held to one device by a key: whoever has copied its tokens has nothing (gateway 4.3, RFC 9449 §5)', async () => {
    const hufu = await startHufu({
      yaml: BASIC_YAML.replace('hufu: { first_party: true }', 'hufu: { first_party: true, devices: { max: 1, binding: dpop } }'),
    });
    const [key, thief] = [await prover(), await prover()];
    const nowSeconds = (): number => Math.floor(hufu.context.clock.nowMs() / 1000);
    const send = (fields: Record<string, string>, prove: typeof key | undefined): Promise<JsonReply> =>
      postForm(
        `${hufu.issuer}/oauth/token`,
        { client_id: 'spa', ...fields },
        undefined,
        prove === undefined ? {} : { dpop: prove.prove({ htm: 'POST', htu: `${hufu.issuer}/oauth/token`, iat: nowSeconds() }) },
      );
    const agent = new Agent(hufu.issuer);
    const { page, verifier } = await authorizeAs(agent, SPA, USER);
    const code = {
      grant_type: 'authorization_code',
      code: page.answer.get('code') ?? '',
      redirect_uri: SPA.redirectUri,
      code_verifier: verifier,
    };
    assert.equal((await send(code, undefined)).body['error'], 'invalid_dpop_proof');
    const tokens = await send(code, key);
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    const again = { grant_type: 'refresh_token', refresh_token: String(tokens.body['refresh_token']) };
    assert.equal((await send(again, thief)).body['error'], 'invalid_grant');
    assert.equal((await send(again, undefined)).body['error'], 'invalid_dpop_proof');
    assert.equal((await send(again, key)).status, 200);
    await hufu.stop();
  });
});
