import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Trail } from '../decisions/trail.ts';
import { type Lies, softPasskey } from '../testing/authenticator.ts';
import { BROWSER_ID } from '../testing/pages.ts';
import { assertWith, ORIGIN, passkeyOf, userNamed } from '../testing/passkeys.ts';
import { openWorld, type World } from '../testing/world.ts';
import { type AssertedPasskey, assertionOptions, verifyAssertion, type WantedPasskey } from './assert.ts';

const SIGN_IN: WantedPasskey = { purpose: 'sign_in' };

function problemOf(asserted: AssertedPasskey): string {
  return asserted.kind === 'refused' ? `${asserted.problem}: ${asserted.detail}` : asserted.kind;
}

describe('asking for a passkey, and judging the answer', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  test('a discoverable passkey says by itself whose it is, that its holder was verified, and whether it is copied (WebAuthn §5.1, §6.3, §7.2)', async () => {
    for (const kind of ['counts', 'synced'] as const) {
      const soft = await passkeyOf(world, 'alice', kind);
      for (let time = 0; time < 2; time++) {
        const asserted = await assertWith(world, soft);
        assert.ok(asserted.kind === 'proved', problemOf(asserted));
        assert.equal(asserted.user.username, 'alice');
        assert.deepEqual(asserted.proved, {
          method: 'passkey',
          at: world.now(),
          passkey: { userVerified: true, backupEligible: kind === 'synced' },
        });
      }
    }
  });

  test('before anybody is known, the options name nobody’s passkeys and demand verification; afterwards, theirs (WebAuthn §5.5, §5.8.3, attacks USR-01)', async () => {
    const soft = await passkeyOf(world, 'bob');
    const before = await assertionOptions(world.ctx, BROWSER_ID, SIGN_IN, world.clock.nowMs());
    assert.ok(before !== undefined && 'rpId' in before.publicKey);
    assert.deepEqual(
      [before.publicKey.rpId, before.publicKey.allowCredentials, before.publicKey.userVerification],
      ['id.example', [], 'required'],
    );
    const bob = await userNamed(world, 'bob');
    const wanted = { purpose: 'second', user: bob, root: 'root' } as const;
    const known = await assertionOptions(world.ctx, BROWSER_ID, wanted, world.clock.nowMs());
    assert.ok(known !== undefined && 'allowCredentials' in known.publicKey);
    assert.deepEqual(known.publicKey.allowCredentials, [{ id: soft.credentialId, type: 'public-key', transports: ['internal'] }]);
  });

  test('what was signed elsewhere or says something else is refused by name (WebAuthn §6.1, §7.2, attacks USR-24)', async () => {
    const soft = await passkeyOf(world, 'alice', 'synced');
    const { privateKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cases: readonly (readonly [Lies, RegExp])[] = [
      [{ origin: 'https://id.example.evil.example' }, /^wrong_site: it was used at/],
      [{ origin: 'https://id.example:8443' }, /^wrong_site/],
      [{ origin: 'http://id.example' }, /^wrong_site/],
      [{ origin: 'android:apk-key-hash:abc' }, /^wrong_site/],
      [{ rpId: 'example' }, /^wrong_site: it is for another RP ID/],
      [{ clientData: { crossOrigin: true } }, /^wrong_site: .* frame/],
      [{ clientData: { crossOrigin: 'yes' } }, /^wrong_site: .* frame/],
      [{ clientData: { topOrigin: 'https://evil.example' } }, /^wrong_site: .* frame/],
      [{ verified: false }, /^unverified: the authenticator did not/],
      [{ present: false }, /^unverified: nobody was there/],
      [{ type: 'webauthn.create' }, /^malformed: its type/],
      [{ challenge: 'A'.repeat(24) }, /^expired: another challenge/],
      [{ userHandle: null }, /^not_found: its user handle/],
      [{ userHandle: 'A'.repeat(43) }, /^not_found: its user handle/],
      [{ credentialId: 'A'.repeat(27) }, /^not_found: nobody has/],
      [{ signWith: foreign }, /^not_found: its signature is wrong/],
      [{ backupEligible: false }, /^not_found: whether it may be backed up/],
    ];
    for (const [lies, problem] of cases) assert.match(problemOf(await assertWith(world, soft, lies)), problem, JSON.stringify(lies));
    assert.equal(problemOf(await assertWith(world, soft)), 'proved');
  });

  test('an answer is good once, here, for what was asked, and for five minutes (WebAuthn §13.4.3, attacks USR-24)', async () => {
    const soft = await passkeyOf(world, 'alice', 'synced');
    const { ctx, clock } = world;
    const options = await assertionOptions(ctx, BROWSER_ID, SIGN_IN, clock.nowMs());
    assert.ok(options !== undefined);
    const answer = { challenge: options.challenge, credential: soft.get(options) };
    const judge = async (browser: string, wanted: WantedPasskey, sent = answer): Promise<string> =>
      problemOf(await verifyAssertion(ctx, browser, wanted, sent, new Trail(), clock.nowMs()));
    const alice = await userNamed(world, 'alice');
    const second = { purpose: 'second', user: alice, root: 'root' } as const;
    assert.equal(await judge('another-browser-24-chars', SIGN_IN), 'expired: it is for another browserId');
    assert.equal(await judge(BROWSER_ID, second), 'expired: it is for another purpose');
    assert.equal(await judge(BROWSER_ID, SIGN_IN, { ...answer, challenge: `${answer.challenge}A` }), 'expired: its seal does not hold');
    assert.equal(await judge(BROWSER_ID, SIGN_IN, { ...answer, credential: '{}' }), 'malformed: the credential does not read');
    assert.equal(await judge(BROWSER_ID, SIGN_IN), 'proved');
    assert.equal(await judge(BROWSER_ID, SIGN_IN), 'expired: its challenge has been used');
    const late = await assertionOptions(ctx, BROWSER_ID, SIGN_IN, clock.nowMs() - 300_000);
    assert.ok(late !== undefined);
    assert.equal(await judge(BROWSER_ID, SIGN_IN, { challenge: late.challenge, credential: soft.get(late) }), 'expired: its time is over');
  });

  test('a second factor is one of theirs, in the sign-in it was asked in, as they are now (WebAuthn §7.2 step 6, attacks USR-24)', async () => {
    const [own, foreign] = [await passkeyOf(world, 'alice'), await passkeyOf(world, 'bob')];
    const alice = await userNamed(world, 'alice');
    const second = { purpose: 'second', user: alice, root: 'root-1' } as const;
    const proved = await assertWith(world, own, { userHandle: null }, second);
    assert.ok(proved.kind === 'proved' && proved.proved.passkey?.userVerified === true, problemOf(proved));
    assert.match(problemOf(await assertWith(world, own, { verified: false }, second)), /^unverified/);
    assert.match(problemOf(await assertWith(world, foreign, {}, second)), /^not_found: it is the passkey of somebody else/);
    assert.match(problemOf(await assertWith(world, own, { userHandle: foreign.handle }, second)), /^not_found: its user handle/);
    const options = await assertionOptions(world.ctx, BROWSER_ID, second, world.clock.nowMs());
    assert.ok(options !== undefined);
    const answer = { challenge: options.challenge, credential: own.get(options) };
    const judge = async (wanted: WantedPasskey): Promise<string> =>
      problemOf(await verifyAssertion(world.ctx, BROWSER_ID, wanted, answer, new Trail(), world.clock.nowMs()));
    assert.match(await judge({ ...second, root: 'root-2' }), /another root/);
    assert.match(await judge({ ...second, purpose: 'step_up' }), /another purpose/);
    assert.match(await judge({ ...second, user: { ...alice, authVersion: alice.authVersion + 1 } }), /another authVersion/);
    assert.match(await judge({ ...second, user: await userNamed(world, 'bob') }), /another userId/);
    assert.equal(await judge(second), 'proved');
  });

  test('a counter that goes back is a copy: refused, and nothing of it is remembered (WebAuthn §6.1.1, §7.2 step 22, attacks USR-24)', async () => {
    const soft = await passkeyOf(world, 'bob');
    assert.equal(problemOf(await assertWith(world, soft, { counter: 7 })), 'proved');
    for (const counter of [7, 3, 0])
      assert.equal(problemOf(await assertWith(world, soft, { counter })), `copied: its counter is ${counter} after 7`);
    assert.equal(problemOf(await assertWith(world, soft, { counter: 8 })), 'proved');
  });

  test('a wrong signature moves neither the counter nor the challenge', async () => {
    const soft = await passkeyOf(world, 'bob');
    const { privateKey: foreign } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const options = await assertionOptions(world.ctx, BROWSER_ID, SIGN_IN, world.clock.nowMs());
    assert.ok(options !== undefined);
    const judge = async (lies: Lies): Promise<string> =>
      problemOf(
        await verifyAssertion(
          world.ctx,
          BROWSER_ID,
          SIGN_IN,
          { challenge: options.challenge, credential: soft.get(options, lies) },
          new Trail(),
          world.clock.nowMs(),
        ),
      );
    assert.match(await judge({ signWith: foreign, counter: 4_000_000_000 }), /signature is wrong/);
    assert.equal(await judge({}), 'proved');
  });

  test('nobody who is disabled has a passkey, and one that was removed is nobody’s', async () => {
    const soft = await passkeyOf(world, 'bob', 'synced');
    const bob = await userNamed(world, 'bob');
    await world.store.setUserEnabled(world.tenant, bob.id, false, world.now());
    assert.equal(problemOf(await assertWith(world, soft)), 'not_found: nobody has this passkey');
    await world.store.setUserEnabled(world.tenant, bob.id, true, world.now());
    assert.equal(problemOf(await assertWith(world, soft)), 'proved');
    await world.store.removeFactors(world.tenant, bob.id, world.now());
    assert.equal(problemOf(await assertWith(world, soft)), 'not_found: nobody has this passkey');
  });

  test('a passkey that is removed while it is judged lets nobody in', async () => {
    const { store, tenant } = world;
    const soft = await passkeyOf(world, 'bob', 'synced');
    const bob = await userNamed(world, 'bob');
    const slow = Object.assign(Object.create(store), {
      async takeOnce(...taken: Parameters<typeof store.takeOnce>) {
        await store.removeFactors(tenant, bob.id, world.now());
        return store.takeOnce(...taken);
      },
    });
    const between = { ...world, ctx: { ...world.ctx, store: slow } };
    assert.equal(problemOf(await assertWith(between, soft)), 'not_found: it was removed meanwhile');
  });

  test('where the issuer is an IP address there are no passkeys (WebAuthn §4, §5.1.3)', async () => {
    const ip = await openWorld({ issuer: 'http://127.0.0.1:4400' });
    assert.equal(await assertionOptions(ip.ctx, BROWSER_ID, SIGN_IN, ip.clock.nowMs()), undefined);
    const six = await openWorld({ issuer: 'http://[::1]:4400' });
    assert.equal(await assertionOptions(six.ctx, BROWSER_ID, SIGN_IN, six.clock.nowMs()), undefined);
    for (const one of [ip, six]) await one.close();
  });

  test('50 who show one answer are one sign-in (attacks USR-24)', async () => {
    for (const kind of ['counts', 'synced'] as const) {
      const soft = await passkeyOf(world, 'alice', kind);
      const options = await assertionOptions(world.ctx, BROWSER_ID, SIGN_IN, world.clock.nowMs());
      assert.ok(options !== undefined);
      const answer = { challenge: options.challenge, credential: soft.get(options) };
      const all: readonly AssertedPasskey[] = await Promise.all(
        Array.from({ length: 50 }, () => verifyAssertion(world.ctx, BROWSER_ID, SIGN_IN, answer, new Trail(), world.clock.nowMs())),
      );
      assert.equal(all.filter((one) => one.kind === 'proved').length, 1);
    }
  });

  test('a passkey of another server is nobody’s here', async () => {
    const soft = softPasskey({ origin: ORIGIN });
    soft.handle = 'A'.repeat(43);
    assert.equal(problemOf(await assertWith(world, soft)), 'not_found: nobody has this passkey');
  });
});
