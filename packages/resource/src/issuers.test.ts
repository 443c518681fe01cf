import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { anyIssuer } from './issuers.ts';
import { makeKey, signToken, startIssuer, type TestIssuer, type TestKey } from './testing/issuer.ts';
import { type Verifier, verifier } from './verifier.ts';

const AUDIENCE = 'https://api.example';
const keys = { a: makeKey('ES256', 'same'), b: makeKey('ES256', 'same') };

let a: TestIssuer;
let b: TestIssuer;
let both: Verifier;
before(async () => {
  a = await startIssuer([keys.a]);
  b = await startIssuer([keys.b]);
  both = anyIssuer([verifier({ issuer: a.issuer, audience: AUDIENCE }), verifier({ issuer: b.issuer, audience: AUDIENCE })]);
});
after(async () => {
  await a.close();
  await b.close();
});

function token(iss: unknown, key: TestKey): string {
  const iat = Math.floor(Date.now() / 1000);
  return signToken(key, { iss, aud: AUDIENCE, sub: 's', client_id: 'c', jti: 'j', iat, exp: iat + 60 });
}

async function outcome(text: string, tokens: Verifier = both): Promise<string> {
  const result = await tokens.verify(text);
  return result.kind === 'live' ? result.issuer : result.reason;
}

test('a token is verified by the keys of the issuer that it names, and by no other’s (RFC 8725 §3.8)', async () => {
  assert.equal(await outcome(token(a.issuer, keys.a)), a.issuer);
  assert.equal(await outcome(token(b.issuer, keys.b)), b.issuer);
  assert.equal(await outcome(token(a.issuer, keys.b)), 'wrong_signature');
  for (const iss of [`${a.issuer}/`, 'https://other.example', undefined, [a.issuer], '__proto__', 'constructor'])
    assert.equal(await outcome(token(iss, keys.a)), 'wrong_issuer', String(iss));
});

test('a token that names no issuer goes to the one that takes such, or to none', async () => {
  assert.equal(await outcome('opaque'), 'malformed');
  const asked: string[] = [];
  const opaque: Verifier = {
    ...both,
    verify: (text) => {
      asked.push(text);
      return both.verify(token(a.issuer, keys.a));
    },
  };
  const one = anyIssuer([verifier({ issuer: a.issuer, audience: AUDIENCE })], opaque);
  assert.equal(await outcome('opaque', one), a.issuer);
  assert.equal(await outcome(token(b.issuer, keys.b), one), 'wrong_issuer');
  assert.deepEqual(asked, ['opaque']);
});

test('misuse of several issuers is a TypeError', async () => {
  const one = verifier({ issuer: a.issuer, audience: AUDIENCE });
  assert.throws(() => anyIssuer([]), TypeError);
  assert.throws(() => anyIssuer([one, one]), TypeError);
  assert.throws(() => anyIssuer([one, verifier({ issuer: b.issuer, audience: 'https://other.example' })]), TypeError);
  const untyped: { verify(text: unknown): Promise<unknown> } = Object(both);
  await assert.rejects(untyped.verify(7), TypeError);
});
