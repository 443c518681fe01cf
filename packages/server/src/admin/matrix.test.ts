/** Every operation of the table × everybody who may come (attacks ADM-01): what is added to the table is in here at once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OPERATION_NAMES, operationOf } from '@hufu/protocol/admin/operations';
import { PROBLEM } from '@hufu/protocol/admin/problem';
import { ADMIN_SCOPES, covers, ROLES, type Role, scopeOf, scopesFor } from '@hufu/protocol/admin/roles';
import { ask, openAdminWorld, personToken, programToken, roleToken } from '../testing/admin-world.ts';
import { postToken, tokensOf } from '../testing/visits.ts';
import { API, SECRETS, type World } from '../testing/world.ts';
import { judgeOf } from './validate.ts';

let world: World;
let elsewhere: World;
before(async () => {
  world = await openAdminWorld();
  elsewhere = await openAdminWorld({ issuer: 'https://other.example' });
});
after(async () => {
  await world.close();
  await elsewhere.close();
});

/** How far a token gets: `in` is anything that its access is not the reason of. */
async function fareOf(token: string): Promise<ReadonlyMap<string, string>> {
  const fares = new Map<string, string>();
  for (const name of OPERATION_NAMES) {
    const { status, json, headers } = await ask(world, token, name);
    if (status >= 400) {
      assert.deepEqual(judgeOf(PROBLEM)(json), [], name);
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.equal(json['decision_id'], headers['hufu-decision']);
    }
    fares.set(name, status === 401 || status === 403 ? `${status} ${String(json['error'])}` : 'in');
  }
  return fares;
}

function expected(fare: (operation: (typeof OPERATION_NAMES)[number]) => string): ReadonlyMap<string, string> {
  return new Map(OPERATION_NAMES.map((name) => [name, fare(name)]));
}

const nobody = expected(() => '401 invalid_token');

describe('who gets how far (attacks ADM-01)', () => {
  test('nobody, with nonsense, with a token for something else, or of another issuer’s: problem details (RFC 9457 §3, §3.1)', async () => {
    assert.deepEqual(await fareOf(''), nobody);
    assert.deepEqual(await fareOf('nonsense'), nobody);
    const machine = await postToken(world, { grant_type: 'client_credentials', scope: 'read' }, { basic: `machine:${SECRETS.machine}` });
    assert.deepEqual(await fareOf(String(machine.json['access_token'])), nobody);
    assert.deepEqual(await fareOf(String((await tokensOf(world, { scope: 'openid read', resource: API }))['access_token'])), nobody);
    assert.deepEqual(await fareOf(await roleToken(elsewhere, 'owner')), nobody, 'an owner of another tenant (attacks ADM-08)');
    assert.deepEqual(await fareOf(await personToken(elsewhere, 'u-owner')), nobody);
  });

  for (const role of ROLES)
    test(`a program with the scope of ${role}`, async () => {
      const fare = expected((name) => (scopesFor(operationOf(name)).includes(scopeOf(role)) ? 'in' : '403 insufficient_scope'));
      assert.deepEqual(await fareOf(await roleToken(world, role)), fare);
    });

  test('a program with a narrower scope', async () => {
    const fare = expected((name) => (name.startsWith('limits.') || name === 'me.get' ? 'in' : '403 insufficient_scope'));
    assert.deepEqual(await fareOf(await programToken(world, 'ops-limits', 'hufu:admin:limits')), fare);
  });

  test('a person without a role', async () => {
    assert.deepEqual(
      await fareOf(await personToken(world, 'alice')),
      expected(() => '403 access_denied'),
    );
  });

  for (const role of ROLES)
    test(`a person with the role ${role}, and less by their token`, async () => {
      const may = (name: (typeof OPERATION_NAMES)[number], as: Role): boolean => covers(as, operationOf(name).role);
      assert.deepEqual(
        await fareOf(await personToken(world, `u-${role}`)),
        expected((name) => (may(name, role) ? 'in' : '403 access_denied')),
      );
      const narrow = await fareOf(await personToken(world, `u-${role}`, scopeOf('read')));
      assert.deepEqual(
        narrow,
        expected((name) => (operationOf(name).role === 'read' ? 'in' : '403 insufficient_scope')),
      );
    });

  test('a client that hufu.yaml names no such scope for gets no such token, whoever signs in', async () => {
    const asked = { client_id: 'plain', client_secret: 'x', redirect_uri: 'https://plain.example/cb' };
    for (const scope of ADMIN_SCOPES) await assert.rejects(() => tokensOf(world, { ...asked, scope: `openid ${scope}` }), scope);
  });

  test('what is dangerous needs a sign-in of the last five minutes, and a look at it does not (RFC 9470 §3)', async () => {
    const own = await openAdminWorld();
    const token = await personToken(own, 'u-owner');
    own.clock.advance(301_000);
    for (const name of OPERATION_NAMES) {
      const operation = operationOf(name);
      const { status, json, headers } = await ask(own, token, name, {
        headers: { 'if-match': '*' },
        ...(operation.body === undefined ? {} : { body: {} }),
      });
      const isRefused = status === 401 && json['error'] === 'insufficient_user_authentication';
      // What has a body that does not do is told that first.
      assert.equal(isRefused, operation.effect === 'dangerous' && status !== 400, `${name} ${status}`);
      if (isRefused) assert.match(String(headers['www-authenticate']), /^Bearer error="insufficient_user_authentication".*max_age="300"/);
    }
    const preview = await ask(own, token, 'users.revoke', { params: { sub: 'bob-sub' }, query: 'dry_run=true' });
    assert.equal(preview.status, 200);
    await own.close();
  });
});
