import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from './concurrent.ts';
import { step } from './spec.ts';
import { CODE_TTL, newWorld, type Op, OVERLAP, type Reply, type World } from './world.ts';

/** The checker itself: it must know good histories from bad ones. */

const NOW = 1_000_000;
const BY = { client: 'pub', genuine: true } as const;

function after(world: World, op: Op, reply: Reply): World {
  const next = step(world, op, reply);
  assert.equal(next.kind, 'right', JSON.stringify({ op, reply, next }));
  return next.kind === 'right' ? next.world : world;
}

const AUTHORIZED = after(
  newWorld(NOW),
  { kind: 'authorize', client: 'pub', scopes: ['openid', 'opaque'], offline: 'no', login: false, deny: false },
  { outcome: 'ok', pages: ['signin'], code: 'code' },
);
const redeem: Op = { kind: 'redeem', token: 'code', by: BY, verifier: 'right', redirect: 'right' };
const refresh = (token: string): Op => ({ kind: 'refresh', token, by: BY, scopes: undefined, resource: undefined });
const revoke = (token: string): Op => ({ kind: 'revoke', token, by: BY });
const introspect = (token: string): Op => ({ kind: 'introspect', token, caller: 'api' });
const advance = (seconds: number): Op => ({ kind: 'advance', seconds });
const tokens = (access: string, refreshToken: string): Reply => ({
  outcome: 'ok',
  access: { text: access, name: access },
  refresh: refreshToken,
  scope: 'openid opaque',
  expiresIn: 120,
  idToken: true,
});
const OK: Reply = { outcome: 'ok' };
const REFUSED: Reply = { outcome: 'invalid_grant' };
const INACTIVE: Reply = { outcome: 'inactive' };
const REDEEMED = after(AUTHORIZED, redeem, tokens('a1', 'r1'));
const ROTATED = after(REDEEMED, refresh('r1'), tokens('a2', 'r2'));
const ACTIVE: Reply = { outcome: 'ok', claims: { client_id: 'pub', exp: NOW + 120, iat: NOW, scope: 'openid opaque', auth_time: NOW } };

const HISTORIES: readonly (readonly [title: string, explicable: boolean, from: World, ops: readonly (readonly [Op, Reply])[]])[] = [
  [
    'a code has one winner',
    true,
    AUTHORIZED,
    [
      [redeem, tokens('a1', 'r1')],
      [redeem, REFUSED],
    ],
  ],
  [
    'never two (I1)',
    false,
    AUTHORIZED,
    [
      [redeem, tokens('a1', 'r1')],
      [redeem, tokens('b1', 's1')],
    ],
  ],
  [
    'nor none',
    false,
    AUTHORIZED,
    [
      [redeem, REFUSED],
      [redeem, REFUSED],
    ],
  ],
  [
    'a refresh token has one successor, for both',
    true,
    REDEEMED,
    [
      [refresh('r1'), tokens('a2', 'r2')],
      [refresh('r1'), tokens('a2', 'r2')],
    ],
  ],
  [
    'never two successors (I3)',
    false,
    REDEEMED,
    [
      [refresh('r1'), tokens('a2', 'r2')],
      [refresh('r1'), tokens('a3', 'r3')],
    ],
  ],
  [
    'nor two access tokens of one successor',
    false,
    REDEEMED,
    [
      [refresh('r1'), tokens('a2', 'r2')],
      [refresh('r1'), tokens('a3', 'r2')],
    ],
  ],
  ['nor a token that was there before', false, REDEEMED, [[refresh('r1'), tokens('a1', 'r2')]]],
  ['nor the old refresh token as the new one', false, REDEEMED, [[refresh('r1'), tokens('a2', 'r1')]]],
  [
    'a refresh before the revocation',
    true,
    REDEEMED,
    [
      [refresh('r1'), tokens('a2', 'r2')],
      [revoke('r1'), OK],
    ],
  ],
  [
    'a refresh after the revocation',
    true,
    REDEEMED,
    [
      [refresh('r1'), REFUSED],
      [revoke('r1'), OK],
    ],
  ],
  [
    'a refresh is not refused for nothing',
    false,
    REDEEMED,
    [
      [refresh('r1'), REFUSED],
      [introspect('a1'), ACTIVE],
    ],
  ],
  [
    'introspection before or after a revocation',
    true,
    REDEEMED,
    [
      [introspect('a1'), ACTIVE],
      [introspect('a1'), INACTIVE],
      [revoke('a1'), OK],
    ],
  ],
  ['nothing dies by itself', false, REDEEMED, [[introspect('a1'), INACTIVE]]],
  [
    'a replay kills, and what comes before it lives',
    true,
    REDEEMED,
    [
      [redeem, REFUSED],
      [refresh('r1'), tokens('a2', 'r2')],
      [introspect('a1'), INACTIVE],
    ],
  ],
  [
    'disabling and enabling revives nothing (I9)',
    false,
    after(after(REDEEMED, { kind: 'disable' }, OK), { kind: 'enable' }, OK),
    [[introspect('a1'), ACTIVE]],
  ],
  [
    'within the overlap the same again',
    true,
    after(ROTATED, advance(OVERLAP), OK),
    [[refresh('r1'), { ...tokens('b2', 'r2'), expiresIn: 120 }]],
  ],
  [
    'after it theft (I4)',
    true,
    after(ROTATED, advance(OVERLAP + 1), OK),
    [
      [refresh('r1'), REFUSED],
      [refresh('r2'), REFUSED],
    ],
  ],
  [
    'and not only of the presented one',
    false,
    after(after(ROTATED, advance(OVERLAP + 1), OK), refresh('r1'), REFUSED),
    [[refresh('r2'), tokens('a3', 'r3')]],
  ],
  ['a code that is over brings nothing (I21)', false, after(AUTHORIZED, advance(CODE_TTL), OK), [[redeem, tokens('a1', 'r1')]]],
  ['a wrong verifier brings nothing (I14)', false, AUTHORIZED, [[{ ...redeem, verifier: 'none' }, tokens('a1', 'r1')]]],
  ['another client brings nothing (I13)', false, AUTHORIZED, [[{ ...redeem, by: { client: 'conf', genuine: true } }, tokens('a1', 'r1')]]],
  [
    'and changes nothing',
    true,
    after(AUTHORIZED, { ...redeem, by: { client: 'conf', genuine: true } }, REFUSED),
    [[redeem, tokens('a1', 'r1')]],
  ],
];

for (const [title, explicable, from, ops] of HISTORIES) {
  test(`the checker ${explicable ? 'explains' : 'refuses'}: ${title}`, () => {
    const worlds = explain(
      from,
      ops.map(([op]) => op),
      ops.map(([, reply]) => reply),
    );
    assert.equal(worlds.length > 0, explicable);
  });
}
