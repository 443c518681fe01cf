import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHufu, type TestHufu } from './hufu.ts';
import { refresh, signIn } from './sign-in.ts';

const MEI = { username: 'mei', password: 'a tally in two halves' };

let hufu: TestHufu;
before(async () => {
  hufu = await startHufu();
  // Frozen: what a test measures to the second does not depend on how fast the machine is. Never backwards: keys and tokens are of today.
  await hufu.setClock({ now: '2035-01-01T09:00:00Z' });
});
after(() => hufu.stop());

test('an access token is over after ten minutes', async () => {
  const { access_token: token } = await signIn(hufu.issuer, MEI);
  const call = (): Promise<Response> => fetch(`${hufu.issuer}/test/resource`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await call()).status, 200);
  await hufu.setClock({ advance: 'PT9M59S' });
  assert.equal((await call()).status, 200);
  await hufu.setClock({ advance: 'PT1S' });
  assert.equal((await call()).status, 401);
});

test('whoever comes back within half a year is still signed in, and after that no longer', async () => {
  const { refresh_token: first } = await signIn(hufu.issuer, MEI);
  await hufu.setClock({ advance: 'P179D' });
  const reply = await refresh(hufu.issuer, first);
  assert.equal(reply.status, 200);
  const { refresh_token: second } = Object(await reply.json());
  await hufu.setClock({ advance: 'P180D' });
  const late = await refresh(hufu.issuer, second);
  assert.equal(late.status, 400);
  assert.equal(Object(await late.json()).error, 'invalid_grant');
});
