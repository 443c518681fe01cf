import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { claimsOf, tokensOf } from '../testing/visits.ts';
import { openWorld, START } from '../testing/world.ts';
import { readIdTokenHint } from './read-id-token-hint.ts';

const world = await openWorld();
const tokens: Readonly<Record<string, unknown>> = await tokensOf(world);
after(() => world.close());

test('an ID token of ours is a hint however old it is, as long as we have its key (RP-Initiated Logout §2, OpenID Connect Core §3.1.2.1)', async () => {
  const text = String(tokens['id_token']);
  const expected = { sub: 'alice-sub', aud: 'spa', sid: claimsOf(text)['sid'], issuedAt: START, expiresAt: START + 3_600, byClient: false };
  assert.deepEqual(await readIdTokenHint(world.ctx, text, START), expected);
  assert.deepEqual(await readIdTokenHint(world.ctx, text, START + 30 * 86_400), expected);
});

test('unsigned, changed, of another kind or by somebody else: no hint (RFC 8725 §3.1, §3.11)', async () => {
  const text = String(tokens['id_token']);
  const [, payload = '', signature = ''] = text.split('.');
  const signer = world.ctx.keys.signerFor('ES256', START) ?? assert.fail();
  const header = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = claimsOf(text);
  const bad = [
    '',
    'x.y.z',
    String(tokens['access_token']),
    `${header({ alg: 'none', typ: 'JWT', kid: signer.kid })}.${payload}.`,
    `${header({ alg: 'none', typ: 'JWT', kid: signer.kid })}.${payload}.${signature}`,
    `${header({ alg: 'RS256', typ: 'JWT', kid: signer.kid })}.${payload}.${signature}`,
    `${header({ alg: 'ES256', typ: 'JWT' })}.${payload}.${signature}`,
    `${header({ alg: 'ES256', typ: 'JWT', kid: 'x' })}.${payload}.${signature}`,
    signer.sign('at+jwt', claims),
    signer.sign('JWT', { ...claims, iss: 'https://other.example' }),
    signer.sign('JWT', { ...claims, sub: 7 }),
    signer.sign('JWT', { ...claims, aud: ['spa', 'web'] }),
  ];
  for (const hint of bad) assert.equal(await readIdTokenHint(world.ctx, hint, START), undefined, hint);
  assert.deepEqual((await readIdTokenHint(world.ctx, signer.sign('JWT', { ...claims, sid: 7 }), START))?.sid, undefined);
});
