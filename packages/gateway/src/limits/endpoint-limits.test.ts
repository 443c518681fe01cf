import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointLimits } from './endpoint-limits.ts';

function limitsAt(): { readonly ask: ReturnType<typeof endpointLimits>; pass(ms: number): void } {
  let now = 1_000_000;
  const ask = endpointLimits({ monotonicMs: () => now, wallMs: () => now });
  return { ask, pass: (ms) => void (now += ms) };
}

test('one address makes the issuer and the store do so much, and others are not kept waiting by it (attacks HTP-01)', () => {
  const { ask, pass } = limitsAt();
  for (let at = 0; at < 300; at++) assert.equal(ask('203.0.113.9', at % 2 === 0 ? '/edge/logout' : '/edge/callback'), undefined);
  const refused = ask('203.0.113.9', '/edge/callback');
  assert.deepEqual([refused?.status, refused?.code, refused?.headers], [429, 'too_many_requests', ['retry-after', '1']]);
  assert.equal(ask('203.0.113.10', '/edge/callback'), undefined);
  pass(34);
  assert.equal(ask('203.0.113.9', '/edge/logout'), undefined);
  assert.equal(ask('203.0.113.9', '/edge/logout')?.status, 429);
});

test('a network of IPv6 is one address, and who begins a sign-in, pages that look who is signed in, or an issuer that signs many out, are not counted', () => {
  const { ask } = limitsAt();
  for (let at = 0; at < 300; at++) ask(`2001:db8:1:2::${at.toString(16)}`, '/edge/callback');
  assert.equal(ask('2001:db8:1:2:3::1', '/edge/callback')?.status, 429);
  assert.equal(ask('2001:db8:1:3::1', '/edge/callback'), undefined);
  for (let at = 0; at < 500; at++)
    for (const path of ['/edge/login', '/edge/session', '/edge/backchannel-logout', '/edge/passport/jwks'])
      assert.equal(ask('203.0.113.9', path), undefined);
});
