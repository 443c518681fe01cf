import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answerOf, ask, askUserinfo, claimsOf, postToken, signedIn, tokensOf } from '../testing/visits.ts';
import { BASIC_YAML, openWorld, START } from '../testing/world.ts';

const world = await openWorld({
  yaml: BASIC_YAML.replace('name: Alice Example', "name: Alice Example, 'name#fi': Liisa, nickname: Al"),
});
const alice = await signedIn(world);
after(() => world.close());

async function userinfoOf(tokens: Readonly<Record<string, unknown>>): Promise<object> {
  const reply = await askUserinfo(world, tokens['access_token']);
  return JSON.parse(reply.body.toString());
}

const CLAIMS = JSON.stringify({ userinfo: { nickname: { essential: true } }, id_token: { name: null, email: { essential: true } } });

test('a claim that is asked for stands where it was asked for, also after a refresh (OpenID Connect Core §5.5, §12.2)', async () => {
  const tokens = await tokensOf(world, { scope: 'openid', claims: CLAIMS, claims_locales: 'fi' }, alice);
  const claims = claimsOf(tokens['id_token']);
  assert.deepEqual(
    [claims['name'], claims['name#fi'], claims['email'], claims['nickname']],
    ['Alice Example', 'Liisa', 'alice@example.com', undefined],
  );
  assert.deepEqual(await userinfoOf(tokens), { sub: 'alice-sub', nickname: 'Al' });
  const form = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(tokens['refresh_token']) };
  const refreshed = await postToken(world, form);
  assert.equal(claimsOf(refreshed.json['id_token'])['email'], 'alice@example.com');
  assert.deepEqual(await userinfoOf(refreshed.json), { sub: 'alice-sub', nickname: 'Al' });
});

test('a client hears no claim whose scope it may not ask for, and none without openid (OpenID Connect Core §5.5.1)', async () => {
  const third = { client_id: 'third', redirect_uri: 'https://third.example/cb', scope: 'openid', claims: CLAIMS };
  const page = await ask(world, alice, third);
  assert.match(String(page.headers['location']), /^\/consent\?/);
  await world.store.giveConsent(
    world.tenant,
    alice.user.id,
    world.ctx.config.clients[2]?.clientId ?? assert.fail(),
    ['openid'],
    [world.ctx.issuer],
    START,
  );
  const asked = await ask(world, alice, { ...third, prompt: 'none' });
  assert.equal(answerOf(asked).get('error'), 'consent_required', 'what is asked for by name is agreed to by name');
  const heard = ['openid', 'claim"name', 'claim"nickname'];
  await world.store.giveConsent(world.tenant, alice.user.id, world.ctx.config.clients[2]?.clientId ?? assert.fail(), heard, [], START);
  assert.ok(answerOf(await ask(world, alice, { ...third, prompt: 'none' })).has('code'), 'email is not in its scope: nobody asks for it');
  const plain = await tokensOf(world, { scope: 'read', claims: CLAIMS }, alice);
  assert.equal('id_token' in plain, false);
});

test('claims can name the one whom the client expects, as a hint does (OpenID Connect Core §5.5.1)', async () => {
  const claims = (sub: string): string => JSON.stringify({ id_token: { sub: { value: sub } } });
  assert.ok(answerOf(await ask(world, alice, { claims: claims('alice-sub'), prompt: 'none' })).has('code'));
  assert.equal(answerOf(await ask(world, alice, { claims: claims('bob-sub'), prompt: 'none' })).get('error'), 'login_required');
});

test('an essential acr that cannot be had is refused; a voluntary one is answered with the true one (OpenID Connect Unmet Authentication Requirements §2, attacks AUT-45)', async () => {
  const claims = (rule: object): string => JSON.stringify({ id_token: { acr: rule } });
  const unmet = await ask(world, alice, { claims: claims({ essential: true, values: ['urn:example:gold'] }) });
  assert.equal(answerOf(unmet).get('error'), 'unmet_authentication_requirements');
  for (const part of [{ claims: claims({ values: ['urn:example:gold'] }) }, { acr_values: 'urn:example:gold urn:hufu:acr:1' }]) {
    assert.equal(claimsOf((await tokensOf(world, part, alice))['id_token'])['acr'], 'urn:hufu:acr:1');
  }
});
