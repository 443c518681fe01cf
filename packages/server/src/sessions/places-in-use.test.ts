import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveGrant } from '../testing/free-grants.ts';
import { answerOf, ask, signedIn } from '../testing/visits.ts';
import { BASIC_YAML, openWorld } from '../testing/world.ts';

const KEY = 'k'.repeat(43);
const YAML = BASIC_YAML.replaceAll('hufu: { first_party: true }', 'hufu: { first_party: true, devices: { max: 1, on_exceed: refuse } }');

test('a request that names the key of its grants is on no other device, and another key is (RFC 9449 §10)', async () => {
  const world = await openWorld({ yaml: YAML });
  await giveGrant(world, { boundKey: `jkt:${KEY}` });
  const alice = await signedIn(world);
  const isFull = async (part: Readonly<Record<string, string>>): Promise<boolean> => {
    const reply = await ask(world, alice, part);
    return String(reply.headers['location']).startsWith('/devices?') || !answerOf(reply).has('code');
  };
  assert.equal(await isFull({}), true);
  assert.equal(await isFull({ dpop_jkt: 'o'.repeat(43) }), true);
  assert.equal(await isFull({ dpop_jkt: KEY }), false);
  await giveGrant(world, { client: 'web', boundKey: `jkt:${KEY}` });
  const web = { client_id: 'web', redirect_uri: 'https://web.example/cb', scope: 'openid' };
  assert.equal(await isFull({ ...web, dpop_jkt: KEY }), true, 'the grants of a client that is held to no key get none');
  await world.close();
});
