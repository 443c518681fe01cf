import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientKeyPair, signWith } from '@hufu/server/testing/client-assertions';
import { Agent, authorizeAs, exchange, type JsonReply, postForm } from '../support/agent.ts';
import { askDevice, BANK, DEVICE_CLIENTS, decideDevice, pollDevice } from '../support/devices.ts';
import { BASIC_YAML, RESOURCE } from '../support/hufu.ts';
import { codeOf, linkOf, mailFor } from '../support/mails.ts';
import { assertInactive, authorizePath } from './expect.ts';
import { arena } from './oracles.ts';
import { API_BASIC, introspect, type Person, refresh, SPA, signedIn, tokensOf, userinfo } from './sign-ins.ts';
import { now } from './token-requests.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const NEXT = 'https://next.example/';
const SECRET = 'gate-secret-0123456789abcdef0123456789';
const idp = await clientKeyPair('i');
const POLICIES = `brute_force: off, sign_in: { methods: [password, email] }, trusted_issuers: [{ issuer: 'https://idp.example', accepts: [token-exchange, jwt-bearer], jwks: ${JSON.stringify({ keys: [idp.jwk] })}, subject: username, clients: [gate], scopes: [read] }]`;
const YAML = BASIC_YAML.replace('brute_force: off', POLICIES)
  .replace(
    '\nresources:',
    `${DEVICE_CLIENTS}  - { client_id: legacy, client_secret: ${SECRET}, grant_types: [password, refresh_token], scope: openid read, hufu: { unsafe_password_grant: true } }
  - client_id: gate
    client_secret: ${SECRET}
    grant_types: ['${EXCHANGE}', '${JWT_BEARER}']
    scope: read
    hufu: { resource_server_of: ['${RESOURCE}'], token_exchange: { audiences: ['${NEXT}'], scopes: [read] } }
resources:`,
  )
  .replace('\nusers:', `\n  - { identifier: '${NEXT}', scopes: [read], token_format: opaque }\nusers:`);

describe('USR: somebody whom an administrator has locked', () => {
  const here = arena({ yaml: YAML });
  const MEI: Person = { username: 'mei', password: 'two halves make a tally' };
  const ADDRESS = 'mei@post.example';

  const token = (fields: Record<string, string>, basic?: string): Promise<JsonReply> =>
    postForm(`${here.issuer}/oauth/token`, fields, basic);
  const password = (): Promise<JsonReply> =>
    token({ grant_type: 'password', username: MEI.username, password: MEI.password, scope: 'read' }, `legacy:${SECRET}`);
  const asserted = (grant: string, jti: string): Promise<JsonReply> => {
    const at = now(here);
    const assertion = signWith(idp, { iss: 'https://idp.example', sub: MEI.username, aud: here.issuer, iat: at, exp: at + 60, jti });
    const fields: Record<string, string> =
      grant === EXCHANGE
        ? { subject_token: assertion, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', audience: NEXT }
        : { assertion, scope: 'read' };
    return token({ grant_type: grant, ...fields }, `gate:${SECRET}`);
  };
  const exchanged = (subject: string): Promise<JsonReply> =>
    token(
      {
        grant_type: EXCHANGE,
        subject_token: subject,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        audience: NEXT,
      },
      `gate:${SECRET}`,
    );
  const askBank = (): Promise<JsonReply> =>
    postForm(`${here.issuer}/oauth/bc-authorize`, { scope: 'openid', login_hint: MEI.username }, `bank:${BANK.secret}`);
  const pollBank = (asked: JsonReply): Promise<JsonReply> =>
    token({ grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id: String(asked.body['auth_req_id']) }, `bank:${BANK.secret}`);
  const allowBank = async (asked: JsonReply): Promise<number> => {
    const query = new URLSearchParams({ auth_req_id: String(asked.body['auth_req_id']), action: 'allow' });
    return (await fetch(`${here.issuer}/test/ciba?${query.toString()}`, { method: 'POST' })).status;
  };

  test('USR-09 · gets a token on no path: password, code, refresh, device, CIBA, exchange, assertions, mail (ZITADEL CVE-2024-32868)', async () => {
    const { store, context } = here.hufu;
    const { tenant } = context;
    const passwordHash = await context.passwords.hash(MEI.password);
    const claims = { email: ADDRESS, email_verified: true };
    const made = await store.createUser(tenant, { sub: 'mei-sub', username: 'mei', passwordHash, claims, source: 'sign_up' }, now(here));
    const mei = made.user;
    const agent = await signedIn(here.issuer, MEI);
    const tokens = await tokensOf(here.issuer, SPA, undefined, agent, MEI);
    // All of it is good while nobody is locked, so that nothing below is refused for another reason.
    for (const [what, reply] of [
      ['password', await password()],
      ['jwt-bearer', await asserted(JWT_BEARER, 'one')],
      ['an assertion exchanged', await asserted(EXCHANGE, 'two')],
      ['a token exchanged', await exchanged(tokens.access)],
    ] as const)
      assert.equal(reply.status, 200, `${what}: ${JSON.stringify(reply.body)}`);
    const code = await authorizeAs(agent, SPA, MEI);
    const [allowed, open] = [await askDevice(here.issuer), await askDevice(here.issuer)];
    await decideDevice(agent, allowed, 'allow');
    const [agreed, waiting] = [await askBank(), await askBank()];
    assert.deepEqual([agreed.status, await allowBank(agreed)], [200, 200]);
    const browser = new Agent(here.issuer);
    const mailed = await browser.submit(await browser.get('/signin/email'), { address: ADDRESS });
    const letter = await mailFor(here.hufu.origin, ADDRESS);
    const recovering = new Agent(here.issuer);
    await recovering.submit(await recovering.get('/recover'), { address: ADDRESS });
    const reset = new URL(linkOf(await mailFor(here.hufu.origin, ADDRESS, 2)));

    await store.lockUser(tenant, mei.id, now(here) + 3_600, now(here));
    const typing = await browser.get(mailed.location);
    const resetForm = await recovering.get(reset.pathname + reset.search);
    assert.deepEqual([resetForm.status, resetForm.name, resetForm.action], [400, 'mail-told', ''], 'the link for a new password is over');
    const other = new Agent(here.issuer);
    assert.equal((await other.submit(await other.get('/signin'), MEI)).status, 401, 'the right password');
    assert.equal((await browser.submit(typing, { code: codeOf(letter) })).status, 401, 'a code by mail');
    assert.equal((await agent.get(authorizePath({ prompt: 'none' }))).answer.get('error'), 'login_required');
    assert.match((await agent.get('/device')).location, /^\/signin/, 'allows nothing');
    assert.equal((await pollDevice(here.issuer, open)).body['error'], 'authorization_pending');
    for (const [what, reply] of [
      ['password', await password()],
      ['code', await exchange(agent, SPA, code)],
      ['refresh', await refresh(here.issuer, tokens.refresh, SPA)],
      ['device', await pollDevice(here.issuer, allowed)],
      ['CIBA', await pollBank(agreed)],
      ['CIBA, still open', await pollBank(waiting)],
      ['CIBA, asked since', await askBank()],
      ['jwt-bearer', await asserted(JWT_BEARER, 'three')],
      ['an assertion exchanged', await asserted(EXCHANGE, 'four')],
      ['a token exchanged', await exchanged(tokens.access)],
    ] as const) {
      assert.ok(reply.status === 400 || reply.status === 403, `${what}: ${reply.status}`);
      for (const name of ['access_token', 'refresh_token', 'id_token', 'auth_req_id']) assert.equal(reply.body[name], undefined, what);
    }
    assertInactive(await introspect(here.issuer, tokens.access, API_BASIC));
    assert.equal((await userinfo(here.issuer, tokens.access)).status, 401);
    await store.lockUser(tenant, mei.id, undefined, now(here));
    assert.equal((await signedIn(here.issuer, MEI)).cookies.has('hufu_session'), true, 'and everything again afterwards');
    assert.equal((await refresh(here.issuer, tokens.refresh, SPA)).status, 200);
  });
});
