import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { storeOn } from '@hufu/store/memory';
import { Agent, authorizeAs, postForm } from '../support/agent.ts';
import { startHufu, type TestHufu, USER } from '../support/hufu.ts';
import { assertInactive, authorizePath } from './expect.ts';
import { API_BASIC, introspect, refresh, THIRD, THIRD_BASIC, tokensOf, userinfo } from './sign-ins.ts';

// Without the arena: there whatever is sent as a credential is one, and here that is everything in the database.
describe('CRY: a stolen database', () => {
  const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  let hufu: TestHufu;
  before(async () => {
    hufu = await startHufu({ store: await storeOn(database) });
  });
  after(() => hufu.stop());

  /** Every text in the rows that have to do with secrets, and each again behind every prefix that we have. */
  function loot(): ReadonlySet<string> {
    const columns = [
      'secret_hash',
      'access_hash',
      'code_hash',
      'code_request',
      'own_key',
      'subject',
      'sub',
      'password_hash',
      'secrets',
      'sealed_private',
      'public_jwk',
    ];
    const texts = new Set<string>();
    for (const table of ['clients', 'users', 'sessions', 'grants', 'keys', 'marks', 'revoked_tokens']) {
      for (const row of database.prepare(`SELECT * FROM ${table}`).all()) {
        for (const column of columns) {
          const value = row[column];
          const text = value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : String(value ?? '');
          for (const word of text.split(/[\s",:{}[\]]+/)) if (word.length >= 16 && word.length < 300) texts.add(word);
        }
      }
    }
    return texts;
  }

  test('CRY-03 · nothing that stands in the database opens anything (ASVS 6.5.2, 11.4.1)', async () => {
    const agent = new Agent(hufu.issuer);
    const one = await tokensOf(hufu.issuer, THIRD, THIRD_BASIC, agent);
    const open = await authorizeAs(agent, THIRD, USER);
    assert.ok(open.page.answer.get('code') !== null);
    const texts = loot();
    assert.ok(texts.size > 15, String(texts.size));
    for (const text of texts) {
      const printable = text.replace(/[^\x21-\x3a\x3c-\x7e]/g, '');
      assert.ok((await userinfo(hufu.issuer, printable)).status >= 400);
      assertInactive(await introspect(hufu.issuer, text, API_BASIC));
      assert.equal((await refresh(hufu.issuer, text, THIRD, THIRD_BASIC)).status, 400);
      const redeemed = await postForm(
        `${hufu.issuer}/oauth/token`,
        { grant_type: 'authorization_code', code: text, redirect_uri: THIRD.redirectUri, code_verifier: open.verifier },
        THIRD_BASIC,
      );
      assert.equal(redeemed.status, 400);
      assert.equal(
        (await postForm(`${hufu.issuer}/oauth/token`, { grant_type: 'client_credentials' }, `machine:${printable}`)).status,
        401,
      );
      const thief = new Agent(hufu.issuer);
      thief.cookies.set('hufu_session', printable);
      assert.equal((await thief.get(authorizePath({ prompt: 'none' }))).answer.get('error'), 'login_required');
      const page = await thief.get('/signin');
      assert.equal((await thief.submit(page, { ...USER, password: text })).status, 401, 'a hash is no password');
    }
    assert.equal((await refresh(hufu.issuer, one.refresh, THIRD, THIRD_BASIC)).status, 200, 'and none of it did harm');
  });

  test('CRY-03 · whoever writes into the database makes no token either: a row alone is half a tally (docs/decisions/0002)', async () => {
    const one = await tokensOf(hufu.issuer, { ...THIRD, scope: 'openid' }, THIRD_BASIC);
    const bob = await tokensOf(hufu.issuer, { ...THIRD, scope: 'openid' }, THIRD_BASIC, new Agent(hufu.issuer), {
      username: 'bob',
      password: 'bobs long password here',
    });
    // Bob's row gets what Alice's row knows of her secret: what each of them holds names its own row, under the seal.
    const rows = database
      .prepare('SELECT id, secret_hash, access_hash FROM grants WHERE redeemed = 1 AND user_id IS NOT NULL ORDER BY id DESC LIMIT 2')
      .all();
    const [bobs, alices] = rows;
    assert.ok(bobs !== undefined && alices !== undefined);
    database
      .prepare('UPDATE grants SET secret_hash = ?, access_hash = ? WHERE id = ?')
      .run(alices['secret_hash'] ?? null, alices['access_hash'] ?? null, bobs['id'] ?? null);
    const claims: unknown = await (await userinfo(hufu.issuer, one.access)).json();
    assert.equal((await refresh(hufu.issuer, bob.refresh, THIRD, THIRD_BASIC)).status, 400);
    assert.equal((await userinfo(hufu.issuer, bob.access)).status, 401);
    // docs/decisions/0002: prefix and secret are 28 characters, then head and seal.
    for (const forged of [
      one.refresh.slice(0, 28) + bob.refresh.slice(28),
      bob.refresh.slice(0, 28) + one.refresh.slice(28),
      one.refresh.slice(0, 44) + bob.refresh.slice(44),
    ]) {
      assert.equal((await refresh(hufu.issuer, forged, THIRD, THIRD_BASIC)).status, 400, 'the seal is over both halves');
    }
    assert.equal(typeof Object(claims).sub, 'string');
  });
});
