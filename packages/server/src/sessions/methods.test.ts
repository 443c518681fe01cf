import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acrOf, levelNamed, levelOf, ONE_FACTOR, PHISHING_RESISTANT, TWO_FACTORS } from '../tokens/acr.ts';
import { amrOf, authTimeOf, type ProvedMethod, withMethods } from './methods.ts';

const at = 1000;
const password: ProvedMethod = { method: 'password', at };
const totp: ProvedMethod = { method: 'totp', at };
const recovery: ProvedMethod = { method: 'recovery_code', at };
const mail: ProvedMethod = { method: 'email_code', at };
const link: ProvedMethod = { method: 'email_link', at };
const upstream: ProvedMethod = { method: 'upstream', at, upstream: { name: 'corp', multiFactor: false, dated: true } };
const strongUpstream: ProvedMethod = { method: 'upstream', at, upstream: { name: 'corp', multiFactor: true, dated: true } };
const passkey = (userVerified: boolean, backupEligible: boolean): ProvedMethod => ({
  method: 'passkey',
  at,
  passkey: { userVerified, backupEligible },
});

test('amr and acr say what was shown and no more (RFC 8176 §2, attacks USR-28)', () => {
  const cases: readonly (readonly [readonly ProvedMethod[], string, string | undefined])[] = [
    [[], '', undefined],
    [[password], 'pwd', ONE_FACTOR],
    [[mail], 'email', ONE_FACTOR],
    [[mail, link], 'email', ONE_FACTOR],
    [[password, mail], 'pwd email', ONE_FACTOR],
    [[mail, totp], 'email otp', ONE_FACTOR],
    [[mail, recovery], 'email otp', ONE_FACTOR],
    [[upstream], 'fed', ONE_FACTOR],
    [[passkey(false, true)], 'swk user', ONE_FACTOR],
    [[mail, passkey(false, true)], 'email swk user', ONE_FACTOR],
    [[password, totp], 'pwd otp mfa', TWO_FACTORS],
    [[password, recovery], 'pwd otp mfa', TWO_FACTORS],
    [[upstream, totp], 'fed otp mfa', TWO_FACTORS],
    [[strongUpstream], 'fed mfa', TWO_FACTORS],
    [[password, passkey(false, false)], 'pwd pop user mfa', PHISHING_RESISTANT],
    [[passkey(true, false)], 'pop user mfa', PHISHING_RESISTANT],
    [[passkey(true, true)], 'swk user mfa', PHISHING_RESISTANT],
  ];
  for (const [methods, amr, acr] of cases) {
    assert.equal(amrOf(methods).join(' '), amr);
    assert.equal(acrOf(amrOf(methods)), acr, amr);
  }
  assert.deepEqual([levelOf([]), levelOf(['pwd']), levelOf(['pwd', 'otp', 'mfa']), levelOf(['pop', 'mfa'])], [0, 1, 2, 3]);
  assert.deepEqual([ONE_FACTOR, TWO_FACTORS, PHISHING_RESISTANT, 'urn:else', ''].map(levelNamed), [1, 2, 3, 0, 0]);
});

test('auth_time is that of the oldest method, and of one method the latest counts (OpenID Connect Core §2)', () => {
  const later: ProvedMethod = { method: 'totp', at: at + 60 };
  const both = withMethods([password, { method: 'totp', at: at - 500 }], [later]);
  assert.deepEqual(both, [password, later]);
  assert.equal(authTimeOf(both), at);
  assert.deepEqual(withMethods([], [later]), [later]);
});
