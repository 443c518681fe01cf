import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { expectedSignature } from '../testing/webhooks.ts';
import { openWorld } from '../testing/world.ts';
import { messageOf, signMessage } from './message.ts';
import { goodSecrets, MAX_SECRETS, newWebhookSecret, rotateSecrets, signingKeys } from './secrets.ts';
import { wantsAction } from './wants.ts';

test('a request is signed as Standard Webhooks has it: their own library takes it, and nothing that was changed', async () => {
  const world = await openWorld();
  const now = Math.floor((performance.timeOrigin + performance.now()) / 1000);
  const { text, kept } = newWebhookSecret(world.ctx, 'wh_1', 1);
  assert.match(text, /^whsec_[A-Za-z0-9+/]{44}$/);
  assert.ok(!JSON.stringify(kept).includes(text.slice(6)), 'what is kept is sealed');
  const keys = signingKeys(world.ctx, { id: 'wh_1', secrets: [kept] }, 1);
  const message = messageOf('evt_1', 'user.created', 1_767_225_600_123, { name: '虎符' });
  const headers = { ...signMessage(message, keys, now) };
  assert.equal(headers['webhook-signature'], expectedSignature(text, { headers, body: message.body }));
  const library = new Webhook(text);
  assert.deepEqual(library.verify(message.body, headers), {
    type: 'user.created',
    timestamp: '2026-01-01T00:00:00.123Z',
    data: { name: '虎符' },
  });
  for (const [body, changed] of [
    [`${message.body} `, headers],
    [message.body, { ...headers, 'webhook-id': 'evt_2' }],
    [message.body, { ...headers, 'webhook-timestamp': String(now + 1) }],
    [message.body, { ...headers, ...signMessage(message, keys, now - 600) }],
  ] as const)
    assert.throws(() => library.verify(body, { ...changed }));
  assert.throws(
    () => signingKeys(world.ctx, { id: 'wh_2', secrets: [kept] }, 1),
    /master key/,
    'sealed for one webhook, it opens for no other',
  );
  await world.close();
});

test('after a rotation both secrets sign until the overlap ends, and no more than three do', async () => {
  const world = await openWorld();
  const secrets = Array.from({ length: 5 }, (_, index) => newWebhookSecret(world.ctx, 'wh_1', index));
  const [first, second] = secrets;
  assert.ok(first !== undefined && second !== undefined);
  const rotated = rotateSecrets([first.kept], second.kept, 60, 100);
  const message = messageOf('evt_1', 'user.created', 0, {});
  const signaturesAt = (now: number): readonly string[] =>
    String(signMessage(message, signingKeys(world.ctx, { id: 'wh_1', secrets: rotated }, now), now)['webhook-signature']).split(' ');
  const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': '159' };
  assert.deepEqual(
    signaturesAt(159),
    [second, first].map(({ text }) => expectedSignature(text, { headers, body: message.body })),
  );
  assert.equal(signaturesAt(160).length, 1);
  assert.deepEqual(rotateSecrets([first.kept], second.kept, 0, 100), [second.kept], 'without an overlap the old one is gone');
  const [late] = rotateSecrets([{ ...first.kept, expiresAt: 110 }], second.kept, 60, 100).slice(1);
  assert.equal(late?.expiresAt, 110, 'no rotation makes one live longer');
  const all = secrets.reduce<readonly (typeof first.kept)[]>((there, { kept }) => rotateSecrets(there, kept, 60, 100), []);
  assert.equal(goodSecrets(all, 100).length, MAX_SECRETS);
  assert.equal(all[0], secrets[4]?.kept);
  await world.close();
});

test('an action is wanted by its name, by the beginning of its name up to a dot, or by the star', () => {
  const wanted = (pattern: string): readonly string[] =>
    ['user.created', 'user.claims_changed', 'users', 'user', 'client.put', 'webhook.changed'].filter((action) =>
      wantsAction([pattern], action),
    );
  assert.deepEqual(wanted('user.created'), ['user.created']);
  assert.deepEqual(wanted('user.*'), ['user.created', 'user.claims_changed']);
  assert.deepEqual(wanted('user'), ['user']);
  assert.equal(wanted('*').length, 6);
  assert.deepEqual(wanted('us.*'), []);
  assert.equal(wantsAction([], 'user.created'), false);
  assert.equal(wantsAction(['client.*', 'user.created'], 'user.created'), true);
});
