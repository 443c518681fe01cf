/** What the SDK of resource servers must withstand, over HTTP against Hufu; what needs a forged issuer is tested beside its code. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Verifier, verifier } from '@hufu/resource/verifier';
import { OPAQUE_RESOURCE, RESOURCE } from '../support/hufu.ts';
import { arena } from './oracles.ts';
import { API_BASIC, machineToken, revoke, SPA, tokensOf } from './sign-ins.ts';

const [clientId = '', clientSecret = ''] = API_BASIC.split(':');

describe('SDK: the resource server', () => {
  const here = arena();
  const make = (audience: string, ttlSeconds: number, nowMs: () => number): Verifier =>
    verifier({ issuer: here.issuer, audience, nowMs, introspection: { credentials: { clientId, clientSecret }, ttlSeconds } });
  const outcome = async (tokens: Verifier, token: string): Promise<string> => {
    const result = await tokens.verify(token);
    return result.kind === 'live' ? 'live' : result.reason;
  };

  test('INT-10 · a revoked token dies in the cache of an API within its ttl, and at once where nothing is kept (RFC 7009 §2)', async () => {
    let ahead = 0;
    const nowMs = (): number => Date.now() + ahead;
    const kept = make(OPAQUE_RESOURCE, 30, nowMs);
    const asked = make(OPAQUE_RESOURCE, 0, nowMs);
    const { access } = await tokensOf(here.issuer, { ...SPA, scope: 'openid opaque' });
    for (const tokens of [kept, asked]) assert.equal(await outcome(tokens, access), 'live');
    assert.equal((await revoke(here.issuer, access, 'spa')).status, 200);
    assert.equal(await outcome(asked, access), 'inactive');
    assert.equal(await outcome(kept, access), 'live', 'within the bound that is stated');
    ahead = 30_000;
    assert.equal(await outcome(kept, access), 'inactive');
  });

  test('JWT-30 · an issuer and an audience are texts and no patterns, and a text as long as may be is compared at once (RFC 8725 §3.8, §3.9)', async () => {
    const token = await machineToken(here.issuer, 'read');
    assert.equal(await outcome(make(RESOURCE, 0, Date.now), token), 'live');
    for (const audience of ['https://api.example/.*', 'https://api.example.', 'https://api.examples/', '.*', `${'a'.repeat(50_000)}!`])
      assert.equal(await outcome(make(audience, 0, Date.now), token), 'wrong_audience', audience.slice(0, 30));
    const elsewhere = verifier({ issuer: `${here.issuer}/.*`, audience: RESOURCE, jwksUri: `${here.issuer}/oauth/jwks` });
    assert.equal(await outcome(elsewhere, token), 'wrong_issuer');
  });

  test('SDK-06 · 1,000 misses make one fetch, unknown keys one in five seconds, and keys that are there serve while the issuer is away, for a day (RFC 8725 §3.10)', async () => {
    let ahead = 0;
    let isAway = false;
    const asked: string[] = [];
    const options = {
      issuer: here.issuer,
      audience: RESOURCE,
      nowMs: () => Date.now() + ahead,
      clockToleranceSeconds: 300,
      fetch: (url: string, init: RequestInit) => {
        asked.push(new URL(url).pathname);
        return isAway ? Promise.reject(new TypeError('fetch failed')) : fetch(url, init);
      },
    };
    const tokens = verifier(options);
    const token = await machineToken(here.issuer, 'read');
    const [header = '', payload = '', signature = ''] = token.split('.');
    const strange = (kid: string): string => {
      const named = { ...JSON.parse(Buffer.from(header, 'base64url').toString()), kid };
      return `${Buffer.from(JSON.stringify(named)).toString('base64url')}.${payload}.${signature}`;
    };
    await Promise.all(Array.from({ length: 1_000 }, (_, at) => outcome(tokens, at % 2 === 0 ? token : strange(`k${at}`))));
    assert.deepEqual(asked, ['/.well-known/oauth-authorization-server', '/oauth/jwks']);
    for (let at = 0; at < 100; at++) assert.equal(await outcome(tokens, strange(`again${at}`)), 'unknown_key');
    assert.equal(asked.length, 2);
    ahead = 5_000;
    for (let at = 0; at < 100; at++) assert.equal(await outcome(tokens, strange(`later${at}`)), 'unknown_key');
    assert.equal(asked.length, 3);
    isAway = true;
    ahead = 250_000;
    assert.equal(await outcome(tokens, token), 'live');
    assert.equal(await outcome(tokens, strange('away')), 'keys_unavailable');
    ahead = 25 * 3_600_000;
    assert.equal(await outcome(tokens, token), 'keys_unavailable');
  });

  test('SDK-10 · clocks may differ by 10 seconds, by up to five minutes where that is wanted, and by no more (RFC 7519 §4.1.4)', async () => {
    const token = await machineToken(here.issuer, 'read');
    const now = Date.now();
    const at = (ahead: number, clockToleranceSeconds?: number): Promise<string> => {
      const options = { issuer: here.issuer, audience: RESOURCE, nowMs: () => now + ahead };
      return outcome(verifier(clockToleranceSeconds === undefined ? options : { ...options, clockToleranceSeconds }), token);
    };
    assert.deepEqual(await Promise.all([at(0), at(-8_000), at(605_000), at(-15_000), at(620_000)]), [
      'live',
      'live',
      'live',
      'not_yet_valid',
      'expired',
    ]);
    assert.deepEqual(await Promise.all([at(-290_000, 300), at(890_000, 300), at(-310_000, 300), at(910_000, 300)]), [
      'live',
      'live',
      'not_yet_valid',
      'expired',
    ]);
    assert.throws(() => verifier({ issuer: here.issuer, audience: RESOURCE, clockToleranceSeconds: 301 }), TypeError);
  });
});
