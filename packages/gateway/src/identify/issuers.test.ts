import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RevocationFollower } from '@hufu/resource/follower';
import { signToken, startIssuer } from '@hufu/resource/testing/issuer';
import { AUDIENCE, KEY } from '../testing/gateway-world.ts';
import { issuerVerifiers } from './issuers.ts';

const NOW = 1_800_000_000;

test('tokens that held go on for as long as their route says while their issuer is away, also beyond the time of its keys', async () => {
  const issuer = await startIssuer([KEY]);
  issuer.served.cacheControl = 'max-age=60';
  let now = NOW;
  let ageMs = 0;
  const follower: RevocationFollower = {
    issuer: issuer.issuer,
    maxAgeMs: 10_000,
    look: () => (ageMs <= 10_000 ? { kind: 'fine' } : { kind: 'unknown', cause: 'old' }),
    state: () => ({ node: 'n', position: 1, entries: 0, mode: 'stream', ageMs, isWhole: true }),
    ready: () => Promise.resolve(),
    isFresh: () => ageMs <= 10_000,
    isBarred: () => false,
    subscribe: () => () => undefined,
    close: () => Promise.resolve(),
  };
  const all = issuerVerifiers([{ issuer: issuer.issuer, follower, users: 'subject' }], {
    nowMs: () => now * 1_000,
    monotonicMs: () => now * 1_000,
    maxCachedTokens: 10,
    maxStaleMs: 310_000,
  });
  const verify = all.verifierFor(AUDIENCE, { maxAgeSeconds: 10, whenOlder: { openForSeconds: 300 } });
  const token = (jti: string): string => {
    const status = { status_list: { uri: `${issuer.issuer}/oauth/status/7`, idx: 1 } };
    const claims = { iss: issuer.issuer, aud: AUDIENCE, sub: 'tiger', client_id: 'app', jti, iat: NOW, exp: NOW + 600, status };
    return signToken(KEY, claims);
  };
  const [known, other] = [token('known'), token('other')];
  const first = await verify.verify(known);
  assert.equal(first.kind, 'live');
  await issuer.close();
  for (const seconds of [30, 61, 120, 300]) {
    now = NOW + seconds;
    ageMs = seconds * 1_000;
    const said = await verify.verify(known);
    assert.equal(said.kind === 'live' ? 'live' : said.reason, 'live', `after ${seconds} seconds`);
    assert.equal((await verify.verify(other)).kind, 'refused', 'one that nobody has seen');
  }
  now = NOW + 311;
  ageMs = 311_000;
  assert.equal((await verify.verify(known)).kind, 'refused');
});
