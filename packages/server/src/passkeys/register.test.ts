import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Trail } from '../decisions/trail.ts';
import { type Lies, softPasskey } from '../testing/authenticator.ts';
import { BROWSER_ID } from '../testing/pages.ts';
import { assertWith, ORIGIN, passkeyOf, tryRegistering, userNamed } from '../testing/passkeys.ts';
import { openWorld, type World } from '../testing/world.ts';
import { acceptedPasskeys } from './accepted.ts';
import { listPasskeys } from './passkey.ts';
import { type RegisteredPasskey, registerPasskey, registrationOptions } from './register.ts';

function problemOf(registered: RegisteredPasskey): string {
  return registered.kind === 'refused' ? `${registered.problem}: ${registered.detail}` : registered.kind;
}

describe('making a passkey', () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  test('the options ask for a passkey that signs in alone, with no attestation, and name those that are there (WebAuthn §5.4)', async () => {
    const soft = await passkeyOf(world, 'bob', 'synced');
    const holder = { user: await userNamed(world, 'bob'), root: 'r', session: undefined };
    const options = await registrationOptions(world.ctx, BROWSER_ID, holder, world.clock.nowMs());
    assert.ok(options !== undefined && 'rp' in options.publicKey);
    const { rp, user, attestation, authenticatorSelection, excludeCredentials, pubKeyCredParams } = options.publicKey;
    assert.equal(rp.id, 'id.example');
    assert.deepEqual([user.name, user.displayName], ['bob', 'bob']);
    assert.equal(attestation, 'none');
    assert.deepEqual(authenticatorSelection, { residentKey: 'required', requireResidentKey: true, userVerification: 'required' });
    assert.deepEqual(
      excludeCredentials?.map(({ id }) => id),
      [soft.credentialId],
    );
    assert.deepEqual(
      pubKeyCredParams.map(({ alg }) => alg),
      [-8, -7, -257],
    );
    assert.equal(user.id, soft.handle, 'the handle is the same in all of a user’s passkeys (WebAuthn §5.4.3)');
    assert.equal(Buffer.from(user.id, 'base64url').length, 32);
  });

  test('what is kept of it: its key and handle, and whether it is synced and backed up (WebAuthn §5.8.4, §6.1.3, §14.6.1)', async () => {
    const own = await openWorld();
    for (const kind of ['counts', 'synced'] as const) await passkeyOf(own, 'alice', kind);
    const passkeys = await listPasskeys(own.ctx, (await userNamed(own)).id);
    assert.deepEqual(
      passkeys.map(({ data }) => [data.backupEligible, data.backedUp, data.transports]),
      [
        [false, false, ['internal']],
        [true, true, ['internal']],
      ],
    );
    assert.equal(new Set(passkeys.map(({ data }) => data.handle)).size, 1);
    assert.equal((await userNamed(own)).authVersion, 2);
    await own.close();
  });

  test('keys of each kind that authenticators have are taken, and sign in (RFC 9052 §7, RFC 9053 §2, RFC 8812 §2, RFC 8949 §3)', async () => {
    const own = await openWorld();
    for (const key of ['ES256', 'EdDSA', 'RS256'] as const) {
      const soft = softPasskey({ origin: ORIGIN, key });
      assert.equal(problemOf(await tryRegistering(own, 'alice', soft)), 'added', key);
      assert.equal((await assertWith(own, soft)).kind, 'proved', key);
      assert.equal((await assertWith(own, soft, { challenge: 'A'.repeat(24) })).kind, 'refused', key);
    }
    await own.close();
  });

  test('a credential that was made elsewhere, without its holder, or as another kind is refused by name (WebAuthn §5.8.1, §7.1, attacks USR-24)', async () => {
    const cases: readonly (readonly [Lies, RegExp])[] = [
      [{ origin: 'https://evil.example' }, /^wrong_site: it was used at/],
      [{ rpId: 'evil.example' }, /^wrong_site: it is for another RP ID/],
      [{ clientData: { crossOrigin: true } }, /^wrong_site: .* frame/],
      [{ clientData: { topOrigin: 'https://evil.example' } }, /^wrong_site: .* frame/],
      [{ verified: false }, /^unverified/],
      [{ present: false }, /^unverified/],
      [{ type: 'webauthn.get' }, /^malformed: its type/],
      [{ challenge: 'A'.repeat(24) }, /^expired/],
      [{ algorithm: -39 }, /^malformed/],
      [{ credentialId: 'A'.repeat(1_368) }, /^malformed: its id/],
      [{ credentialId: 'A'.repeat(27) }, /^malformed: its id/],
      [{ format: 'tpm' }, /^malformed: it has an attestation/],
      [{ format: 'packed', statement: new Map([['x5c', 'certificates']]) }, /^malformed: it has an attestation/],
      [
        {
          format: 'packed',
          statement: new Map<string, string | number>([
            ['alg', -7],
            ['sig', 'x'],
          ]),
        },
        /^malformed/,
      ],
      [{ format: 'none', statement: new Map([['sig', 'x']]) }, /^malformed/],
    ];
    for (const [lies, problem] of cases)
      assert.match(problemOf(await tryRegistering(world, 'alice', softPasskey({ origin: ORIGIN }), lies)), problem, JSON.stringify(lies));
    assert.deepEqual(await listPasskeys(world.ctx, (await userNamed(world)).id), []);
  });

  test('an answer makes one passkey, in the session it was asked in, for whom it was asked (WebAuthn §13.4.3, attacks USR-24)', async () => {
    const { ctx, clock } = world;
    const alice = await userNamed(world);
    const holder = { user: alice, root: 'session 1', session: undefined };
    const options = await registrationOptions(ctx, BROWSER_ID, holder, clock.nowMs());
    assert.ok(options !== undefined);
    const soft = softPasskey({ origin: ORIGIN });
    const answer = { challenge: options.challenge, credential: soft.create(options), name: 'Key' };
    const judge = async (browser: string, part: Partial<typeof holder>): Promise<string> =>
      problemOf(await registerPasskey(ctx, browser, { ...holder, ...part }, answer, new Trail(), clock.nowMs()));
    assert.match(await judge('another-browser-24-chars', {}), /another browserId/);
    assert.match(await judge(BROWSER_ID, { root: 'session 2' }), /another root/);
    assert.match(await judge(BROWSER_ID, { user: await userNamed(world, 'bob') }), /another userId/);
    const all: readonly string[] = await Promise.all(Array.from({ length: 20 }, () => judge(BROWSER_ID, {})));
    assert.equal(all.filter((kind) => kind === 'added').length, 1, all.join());
    assert.match(await judge(BROWSER_ID, {}), /its challenge has been used/);
    const again = { ...holder, user: await userNamed(world) };
    assert.match(problemOf(await registerPasskey(ctx, BROWSER_ID, again, answer, new Trail(), clock.nowMs())), /another authVersion/);
  });

  test('a credential id is one person’s: nobody registers somebody else’s (WebAuthn §7.1 step 26)', async () => {
    const soft = softPasskey({ origin: ORIGIN });
    assert.equal(problemOf(await tryRegistering(world, 'alice', soft)), 'added');
    const { handle } = soft;
    assert.match(problemOf(await tryRegistering(world, 'bob', soft)), /^already_there/);
    assert.match(problemOf(await tryRegistering(world, 'alice', soft)), /^already_there/);
    soft.handle = handle;
    const asserted = await assertWith(world, soft);
    assert.ok(asserted.kind === 'proved' && asserted.user.username === 'alice');
  });

  test('the browser is told which passkeys still count, and nothing where there is none (WebAuthn §5.1.10)', async () => {
    const own = await openWorld();
    assert.equal(acceptedPasskeys(own.ctx, []), undefined);
    const softs = [await passkeyOf(own, 'bob', 'synced'), await passkeyOf(own, 'bob')];
    const passkeys = await listPasskeys(own.ctx, (await userNamed(own, 'bob')).id);
    assert.deepEqual(acceptedPasskeys(own.ctx, passkeys), {
      rpId: 'id.example',
      userId: softs[0]?.handle,
      allAcceptedCredentialIds: softs.map(({ credentialId }) => credentialId),
    });
    await own.close();
  });
});
