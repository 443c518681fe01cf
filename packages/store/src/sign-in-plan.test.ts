import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GrantId, grantId, type SessionId, sessionId, userId } from '@hufu/protocol/ids';
import fc from 'fast-check';
import { type Held, isOf, slotsOf, victimsOf } from './device-slots.ts';
import type { DeviceLimit } from './port.ts';
import { type OpenGrant, type OpenSession, planSignIn, type SignIn, type SignInPlan } from './sign-in-plan.ts';

const ADA = userId(1);
const NOW = 1_000;

test('sessions from before there were devices are each one by itself, and the oldest go', () => {
  const sessions = [session(1, null, 0, 5), session(2, null, 0, 4), session(3, 7, 1, 6)];
  const plan = mustPlan({ sessions, conditions: { limit: { max: 2, per: 'all', onExceed: 'replace' }, signsOut: [] } });
  assert.deepEqual(ends(plan), ['1 session_replaced', '2 session_replaced']);
  assert.equal(plan.turn, 2);
});

test('grants of a session from before there were devices go with it, and others stay', () => {
  const sessions = [session(1, null, 0, 5)];
  const grants = [grant(1, { sessionId: sessionId(1) }), grant(2, {})];
  const plan = mustPlan({ sessions, grants, conditions: { limit: { max: 1, per: 'all', onExceed: 'replace' }, signsOut: [] } });
  assert.deepEqual(
    plan.revokes.map(({ grant: { id }, reason }) => `${id} ${reason}`),
    ['1 session_replaced'],
  );
});

test('a grant that no session stands behind is as old as the sessions of its time', () => {
  const sessions = [session(1, 1, 1, 10), session(2, 2, 2, 20)];
  const grants = [grant(9, { at: 15, isCounted: true })];
  const limit = { max: 3, per: 'all', onExceed: 'replace' } as const;
  const [first] = [mustPlan({ sessions, grants, conditions: { limit, signsOut: [] } })];
  assert.deepEqual([ends(first), first.revokes.length], [['1 session_replaced'], 0]);
  const second = mustPlan({ sessions: sessions.slice(1), grants, conditions: { limit: { ...limit, max: 2 }, signsOut: [] } });
  assert.deepEqual([ends(second), second.revokes.map(({ grant: { id } }) => id)], [[], [9]]);
});

test('whoever was signed in at this browser before loses that session and nothing else, and counts for nobody', () => {
  const bob = userId(2);
  const foreign = { ...session(4, 8, 1, 5), userId: bob };
  const grants = [
    grant(1, { userId: bob, sessionId: foreign.id }),
    grant(2, { userId: bob, isOnline: false, isCounted: true, deviceId: 3 }),
  ];
  for (const onExceed of ['replace', 'refuse'] as const) {
    const plan = mustPlan({ replaces: foreign, grants, conditions: { limit: { max: 1, per: 'all', onExceed }, signsOut: [] } });
    assert.deepEqual(ends(plan), ['4 signed_out']);
    assert.deepEqual(
      plan.revokes.map(({ grant: { id }, reason }) => `${id} ${reason}`),
      ['1 signed_out'],
    );
    assert.equal(plan.replaced, 0);
  }
});

test('a device that is told to go is never the one that signs in', () => {
  const sessions = [session(1, 5, 1, 10)];
  const plan = mustPlan({
    sessions,
    device: { deviceId: 5, boundKey: null, type: 'desktop' },
    conditions: { limit: undefined, signsOut: [{ kind: 'device', id: 5 }] },
  });
  assert.deepEqual(ends(plan), []);
});

test('what has no device goes in the same act as those that have one, and nothing of anybody else', () => {
  const bob = userId(2);
  const sessions = [session(1, null, 1, 5), session(2, null, 2, 6)];
  const grants = [
    grant(1, { sessionId: sessionId(1) }),
    grant(2, { sessionId: sessionId(1), isOnline: false, isCounted: true }),
    grant(3, { isOnline: false, isCounted: true }),
    grant(4, { isOnline: false, isCounted: true }),
    grant(5, { userId: bob, isOnline: false }),
  ];
  const limit = { max: 3, per: 'all', onExceed: 'refuse' } as const;
  const places = [
    { kind: 'session', id: sessionId(1) },
    { kind: 'grant', id: grantId(3) },
    { kind: 'grant', id: grantId(5) },
  ] as const;
  assert.equal(planSignIn({ ...NOBODY, sessions, grants, conditions: { limit, signsOut: places } }).kind, 'too_many_devices');
  const signsOut = [...places, { kind: 'grant', id: grantId(2) } as const];
  const plan = mustPlan({ sessions, grants, conditions: { limit, signsOut } });
  assert.deepEqual(ends(plan), ['1 signed_out']);
  assert.deepEqual(
    plan.revokes.map(({ grant: { id }, reason }) => `${id} ${reason}`),
    ['1 signed_out', '2 signed_out', '3 signed_out'],
  );
});

test('what shares a device or a key is one slot, in whatever order it is read', () => {
  fc.assert(
    fc.property(fc.array(held(), { maxLength: 12 }), fc.integer(), (things, seed) => {
      const slots = slotsOf(things);
      assert.equal(slots.flatMap((slot) => slot.held).length, things.length);
      for (const one of slots) for (const other of slots) if (one !== other) assert.ok(one.held.every((thing) => !isOf(other, thing)));
      const turned = things.toSorted((one, other) => ((one.id * seed) % 7) - ((other.id * seed) % 7));
      assert.equal(slotsOf(turned).length, slots.length);
    }),
  );
});

test('after a sign-in there are never more devices than the limit, its own stays, and none goes without need', () => {
  const limits = fc.record({ max: fc.integer({ min: 1, max: 5 }), per: fc.constantFrom('all' as const, 'type' as const) });
  fc.assert(
    fc.property(
      fc.array(held(), { maxLength: 12 }),
      fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }),
      limits,
      (things, deviceId, limit) => {
        const types = new Map([1, 2, 3].map((id) => [id, id === 1 ? ('tablet' as const) : ('mobile' as const)]));
        const newcomer = { deviceId, boundKey: null, type: types.get(deviceId ?? 0) ?? ('other' as const) };
        const replaced = victimsOf(things, newcomer, { ...limit, onExceed: 'replace' }, types);
        const refused = victimsOf(things, newcomer, { ...limit, onExceed: 'refuse' }, types);
        assert.ok(replaced !== 'too_many_devices');
        assert.ok(replaced.every((slot) => !isOf(slot, newcomer)));
        const left = things.filter((thing) => !replaced.some((slot) => slot.held.includes(thing)));
        const full: DeviceLimit = { ...limit, onExceed: 'replace' };
        assert.deepEqual(victimsOf(left, newcomer, full, types), []);
        assert.equal(refused === 'too_many_devices', replaced.length > 0);
        const [last] = replaced.slice(-1);
        if (last !== undefined) assert.equal(victimsOf([...left, ...last.held], newcomer, full, types).length, 1);
      },
    ),
  );
});

function held(): fc.Arbitrary<Held> {
  return fc
    .tuple(
      fc.integer({ min: 1, max: 999 }),
      fc.option(fc.integer({ min: 1, max: 5 }), { nil: null }),
      fc.option(fc.constantFrom('a', 'b', 'c'), { nil: null }),
      fc.integer({ min: 0, max: 5 }),
    )
    .map(([id, deviceId, boundKey, turn]): Held => ({ kind: 'grant', id: grantId(id), deviceId, boundKey, turn, at: NOW }));
}

function session(id: number, deviceId: number | null, turn: number, createdAt: number): OpenSession {
  return { id: sessionId(id) satisfies SessionId, userId: ADA, deviceId, turn, createdAt, expiresAt: NOW };
}

function grant(id: number, more: Partial<OpenGrant>): OpenGrant {
  const plain = { sessionId: null, deviceId: null, boundKey: null, at: 1, expiresAt: NOW, isOnline: true, isCounted: false };
  return { id: grantId(id) satisfies GrantId, userId: ADA, ...plain, ...more };
}

const NOBODY: SignIn = {
  userId: ADA,
  conditions: { limit: undefined, signsOut: [] },
  replaces: undefined,
  sessions: [],
  grants: [],
  device: { deviceId: null, boundKey: null, type: 'desktop' },
  types: new Map(),
};

function mustPlan(more: Partial<SignIn>): SignInPlan {
  const plan = planSignIn({ ...NOBODY, ...more });
  assert.ok(plan.kind === 'plan');
  return plan;
}

function ends(plan: SignInPlan): string[] {
  return plan.ends.map(({ session: { id }, reason }) => `${id} ${reason}`);
}
