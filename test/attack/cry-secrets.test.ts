import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { hashSync } from '@node-rs/argon2';
import { Agent, authorizeAs, exchange, postForm } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { arena } from './oracles.ts';
import {
  API_BASIC,
  introspect,
  MACHINE_BASIC,
  refresh,
  revoke,
  SPA,
  signedIn,
  THIRD,
  THIRD_BASIC,
  tokensOf,
  userinfo,
  WEB_BASIC,
} from './sign-ins.ts';

const OLD_PASSWORD = 'a password from long ago';
const STRONG_PASSWORD = 'a password with a dear hash';
const OLD_HASH = hashSync(OLD_PASSWORD, { memoryCost: 4_096, timeCost: 1, parallelism: 1 });
const STRONG_HASH = hashSync(STRONG_PASSWORD, { memoryCost: 32_768, timeCost: 3, parallelism: 1 });
const YAML = `${BASIC_YAML}  - { username: carol, password_hash: '${OLD_HASH}' }\n  - { username: dave, password_hash: '${STRONG_HASH}' }\n`;

describe('CRY: secrets', () => {
  const here = arena({ yaml: YAML });
  const token = (fields: Record<string, string>, basic?: string): ReturnType<typeof postForm> =>
    postForm(`${here.issuer}/oauth/token`, fields, basic);

  // What stands in logs, in decision records and in the database is looked through after each case (O5).

  test('CRY-01 · a whole run, with every refusal there is, leaves no secret behind (ASVS 16.2.5, 14.2.1)', async () => {
    const agent = new Agent(here.issuer);
    const answer = await authorizeAs(agent, THIRD, USER);
    const wrong = { ...answer, verifier: 'w'.repeat(43) };
    assert.equal((await exchange(agent, THIRD, wrong, THIRD_BASIC)).status, 400);
    const one = await tokensOf(here.issuer, THIRD, THIRD_BASIC, agent);
    await exchange(agent, THIRD, await authorizeAs(agent, THIRD, USER), WEB_BASIC);
    await exchange(agent, THIRD, answer, THIRD_BASIC);
    await refresh(here.issuer, one.refresh, SPA);
    const two = await refresh(here.issuer, one.refresh, THIRD, THIRD_BASIC);
    await refresh(here.issuer, String(two.body['refresh_token']), THIRD, THIRD_BASIC);
    await refresh(here.issuer, one.refresh, THIRD, THIRD_BASIC);
    await userinfo(here.issuer, one.access);
    await introspect(here.issuer, one.access, API_BASIC);
    await revoke(here.issuer, one.refresh, THIRD_BASIC);
    await token({ grant_type: 'client_credentials' }, 'machine:a wrong secret that somebody typed');
    await agent.submit(await agent.get('/signin'), { username: 'alice', password: 'a wrong password that somebody typed' });
    await agent.post('/consent', { csrf: 'x'.repeat(43), request: 'y'.repeat(100), decision: 'allow' });
    await agent.get(`/oauth/logout?id_token_hint=${one.id}x`);
    const left = await agent.get(`/oauth/logout?id_token_hint=${one.id}`);
    assert.ok(left.status < 400, left.text);
  });

  test('CRY-01 · a secret in the wrong place is not kept either (ASVS 16.2.5)', async () => {
    const agent = await signedIn(here.issuer);
    const one = await tokensOf(here.issuer, SPA);
    const answer = await authorizeAs(agent, SPA, USER);
    const [id = '', secret = ''] = MACHINE_BASIC.split(':');
    const pasted = [one.access, one.refresh, one.id, answer.page.answer.get('code') ?? '', agent.cookies.get('hufu_session') ?? ''];
    for (const text of pasted) {
      assert.ok(text.length > 60);
      const encoded = encodeURIComponent(text);
      for (const path of [
        `/${encoded}`,
        `/oauth/userinfo/${encoded}`,
        `/logo/${encoded}`,
        `/oauth/token?access_token=${encoded}`,
        `/oauth/authorize?client_id=${encoded}`,
        `/signin?request=${encoded}`,
        `/consent?request=${encoded}`,
        `/oauth/logout?id_token_hint=${encoded}`,
      ]) {
        await agent.get(path);
        await (
          await fetch(here.issuer + path, { method: 'DELETE', headers: { 'user-agent': 'x', origin: 'https://app.example' } })
        ).arrayBuffer();
      }
      const good = {
        client_id: 'spa',
        redirect_uri: 'https://app.example/cb',
        response_type: 'code',
        code_challenge: 'c'.repeat(43),
        code_challenge_method: 'S256',
      };
      for (const name of [
        'redirect_uri',
        'response_type',
        'response_mode',
        'scope',
        'resource',
        'prompt',
        'max_age',
        'code_challenge',
        'code_challenge_method',
        'request',
        'request_uri',
        text,
      ]) {
        await agent.get(
          `/oauth/authorize?${new URLSearchParams({ ...good, [name]: name === 'redirect_uri' ? `https://app.example/cb?token=${text}` : text }).toString()}`,
        );
      }
      for (const name of [
        'grant_type',
        'client_id',
        'scope',
        'resource',
        'redirect_uri',
        'code',
        'refresh_token',
        'code_verifier',
        'client_assertion_type',
        text,
      ]) {
        await token({ grant_type: 'refresh_token', client_id: 'spa', refresh_token: 'x', [name]: text });
        await token({ grant_type: 'client_credentials', [name]: text }, MACHINE_BASIC);
      }
      await token({ grant_type: 'client_credentials' }, `${text}:x`);
      await agent.submit(await agent.get('/signin'), { username: text.slice(0, 250), password: 'x' });
    }
    // The classic: id and secret the wrong way round; the password where the name belongs.
    assert.equal((await token({ grant_type: 'client_credentials' }, `${secret}:${id}`)).status, 401);
    assert.equal((await token({ grant_type: 'client_credentials', client_id: secret, client_secret: id })).status, 401);
    assert.equal((await agent.get(`/oauth/authorize?client_id=${secret}&redirect_uri=x`)).status, 400);
    assert.equal((await agent.submit(await agent.get('/signin'), { username: USER.password, password: USER.username })).status, 401);
  });

  test('CRY-03 · passwords are Argon2id, client secrets keyed hashes, private keys sealed (RFC 9106 §4, ASVS 11.4.2)', async () => {
    const users = here.database.prepare('SELECT password_hash FROM users').all();
    assert.ok(users.length > 2);
    for (const user of users) assert.match(String(user['password_hash']), /^\$argon2id\$v=19\$/);
    const clients = here.database.prepare('SELECT client_id, secrets, metadata FROM clients').all();
    for (const client of clients) {
      for (const [hash] of JSON.parse(String(client['secrets']))) assert.match(hash, /^[A-Za-z0-9_-]{43}$/);
      assert.doesNotMatch(String(client['metadata']), /secret-0123/);
    }
    // A keyed hash: without the key, which is sealed, a guess cannot even be checked.
    const all = JSON.stringify(clients);
    for (const basic of [MACHINE_BASIC, WEB_BASIC, API_BASIC]) {
      const [id = '', secret = ''] = basic.split(':');
      for (const guess of [secret, `${id}\n${secret}`, `${id}:${secret}`, `client_secret\n${id}\n${secret}`]) {
        for (const encoding of ['hex', 'base64url', 'base64'] as const)
          assert.equal(all.includes(createHash('sha256').update(guess).digest(encoding)), false);
      }
    }
    for (const { sealed_private: sealed } of here.database.prepare('SELECT sealed_private FROM keys').all()) {
      const bytes = Buffer.from(Object(sealed));
      assert.ok(bytes.length >= 12 + 16 + 16);
      assert.equal(bytes.includes('PRIVATE KEY'), false);
      // PKCS #8 begins with a sequence and the version: an unsealed key would be seen.
      assert.notDeepEqual([bytes[0], bytes[4]], [0x30, 0x02]);
    }
  });

  test('CRY-08 · a sign-in makes a weak hash as strong as new ones, and leaves a stronger one alone (RFC 9106 §4)', async () => {
    const { store, context } = here.hufu;
    const hashOf = async (username: string): Promise<string> => (await store.findUserByName(context.tenant, username))?.passwordHash ?? '';
    assert.equal(await hashOf('carol'), OLD_HASH);
    await new Agent(here.issuer).submit(await new Agent(here.issuer).get('/signin'), { username: 'carol', password: 'wrong' });
    assert.equal(await hashOf('carol'), OLD_HASH, 'a wrong password changes nothing');
    await signedIn(here.issuer, { username: 'carol', password: OLD_PASSWORD });
    const upgraded = await hashOf('carol');
    assert.match(upgraded, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const again = await signedIn(here.issuer, { username: 'carol', password: OLD_PASSWORD });
    assert.equal(await hashOf('carol'), upgraded);
    assert.ok((await authorizeAs(again, SPA, USER)).page.answer.get('code') !== null);
    await signedIn(here.issuer, { username: 'dave', password: STRONG_PASSWORD });
    assert.equal(await hashOf('dave'), STRONG_HASH);
  });

  test('CRY-07 · no endpoint shows a private key (RFC 7517 §9.2)', async () => {
    for (const path of [
      '/oauth/jwks',
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
      '/',
      '/healthz',
      '/readyz',
    ]) {
      const text = await (await fetch(here.issuer + path)).text();
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'])
        assert.doesNotMatch(text, new RegExp(`"${member}":`), `${path} ${member}`);
      // The method private_key_jwt has the word in its name.
      assert.doesNotMatch(text.replaceAll('private_key_jwt', ''), /PRIVATE|sealed/i);
    }
    const { keys }: { readonly keys: readonly Record<string, unknown>[] } = Object(await (await fetch(`${here.issuer}/oauth/jwks`)).json());
    assert.ok(keys.length > 0);
    for (const key of keys) assert.ok(key['use'] === 'sig' || key['use'] === 'enc');
    assert.equal(new Set(keys.map((key) => key['kid'])).size, keys.length);
  });
});
