import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeStep } from '@hufu/protocol/totp';
import { StoreUnavailable } from '@hufu/store/port';
import { appCode } from '../testing/second-factors.ts';
import { openWorld, START_MS } from '../testing/world.ts';
import { addTotp, beginTotp, resumeTotp } from './totp-enrolment.ts';

test('what is being added is sealed to its user, their version, what it is for, and fifteen minutes; its QR code says the same as its text (RFC 6238 §5.1)', async () => {
  const world = await openWorld();
  const { ctx } = world;
  const [alice, bob] = [await world.store.findUserByName(world.tenant, 'alice'), await world.store.findUserByName(world.tenant, 'bob')];
  if (alice === undefined || bob === undefined) assert.fail();
  const pending = beginTotp(ctx, alice, 'session 1', START_MS);
  assert.match(pending.uri, new RegExp(`^otpauth://totp/id\\.example:alice\\?secret=${pending.secret}&issuer=id\\.example$`));
  assert.equal(pending.modules.data.length, pending.modules.size ** 2);
  assert.notEqual(beginTotp(ctx, alice, 'session 1', START_MS).secret, pending.secret);
  assert.equal(resumeTotp(ctx, alice, 'session 1', pending.sealed, START_MS + 899_999)?.secret, pending.secret);
  assert.equal(resumeTotp(ctx, alice, 'session 1', pending.sealed, START_MS + 900_000), undefined, 'too late');
  assert.equal(resumeTotp(ctx, bob, 'session 1', pending.sealed, START_MS), undefined, 'somebody else');
  assert.equal(resumeTotp(ctx, alice, 'session 2', pending.sealed, START_MS), undefined, 'elsewhere');
  assert.equal(resumeTotp(ctx, { ...alice, authVersion: 1 }, 'session 1', pending.sealed, START_MS), undefined, 'another version');
  await world.close();
});

test('three apps at most, under names without anything that cannot be seen, and only by a version that is the present one', async () => {
  const world = await openWorld();
  const { ctx, store, tenant } = world;
  const find = async (): ReturnType<typeof store.findUserByName> => store.findUserByName(tenant, 'alice');
  const add = async (version?: number): Promise<string> => {
    const user = (await find()) ?? assert.fail();
    const pending = beginTotp(ctx, user, 'x', START_MS);
    if (version !== undefined) await store.lockUser(tenant, user.id, undefined, world.now());
    const code = appCode(bytesOf(pending.secret), timeStep(world.now()));
    return (
      await addTotp(ctx, user, { boundTo: 'x', sealed: pending.sealed, code, name: ' my\u202e\nphone ', session: undefined }, START_MS)
    ).kind;
  };
  assert.deepEqual([await add(), await add(), await add(), await add()], ['added', 'added', 'added', 'full']);
  const user = (await find()) ?? assert.fail();
  assert.deepEqual(
    (await store.listFactors(tenant, user.id)).map(({ name }) => name),
    ['my phone', 'my phone', 'my phone'],
  );
  await world.close();
});

test('failures of other apps are forgotten once a new one is there; if they cannot be, it is there all the same', async () => {
  const forgotten: boolean[] = [];
  let isAway = false;
  const world = await openWorld({
    wrap: (store) => ({
      ...store,
      async forgetTries(tenant, kind, subject) {
        const user = (await store.findUserByName(tenant, 'alice')) ?? assert.fail();
        forgotten.push((await store.listFactors(tenant, user.id)).length > 0);
        if (isAway) throw new StoreUnavailable('away');
        return await store.forgetTries(tenant, kind, subject);
      },
    }),
  });
  const { ctx, store, tenant } = world;
  const add = async (digits?: string): Promise<string> => {
    const user = (await store.findUserByName(tenant, 'alice')) ?? assert.fail();
    const { sealed, secret } = beginTotp(ctx, user, 'x', START_MS);
    const code = digits ?? appCode(bytesOf(secret), timeStep(world.now()));
    return (await addTotp(ctx, user, { boundTo: 'x', sealed, code, name: '', session: undefined }, START_MS)).kind;
  };
  assert.deepEqual([await add('abcdef'), forgotten], ['wrong_code', []]);
  isAway = true;
  assert.deepEqual([await add(), forgotten], ['added', [true]]);
  assert.equal(world.events('request.failed').length, 1);
  await world.close();
});

/** Of base32. */
function bytesOf(text: string): Uint8Array {
  const bits = [...text].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}
