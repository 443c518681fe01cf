import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJwt } from '@hufu/protocol/jwt';
import fc from 'fast-check';
import { readToken } from './read-token.ts';
import { encode } from './testing/issuer.ts';

const part = fc.oneof(
  fc.constantFrom(
    '{"alg":"ES256"}',
    '{"alg":"none"}',
    '{"alg":1}',
    '{"alg":"ES256","crit":[]}',
    '{"alg":"ES256","b64":true}',
    '{}',
    '[]',
    'null',
    '1',
    '"x"',
  ),
  fc.json({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const raw = fc.oneof(
  part.map((text) => encode(text)),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from([0x7b, ...bytes]).toString('base64url')),
  // JSON but for its bytes: no UTF-8, overlong, half a surrogate, a mark in front.
  fc
    .constantFrom([0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xc3, 0xa9], [0xe2, 0x82])
    .map((bytes) => Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]).toString('base64url')),
  fc.constant(Buffer.from('\ufeff{}').toString('base64url')),
  fc.constantFrom('', 'A', 'AB', 'AQ', 'AQ==', 'e30', 'e30=', 'e31', ' e30', 'e30\n', 'e3-_', 'e3+/', '7727e30', 'é', '\ud800', 'Ł'),
  fc.base64String({ maxLength: 12 }),
);

test('a token reads exactly as protocol reads it, in all that is taken and all that is refused (RFC 7515 §7.1, RFC 8725 §3.7)', () => {
  let read = 0;
  fc.assert(
    fc.property(raw, raw, raw, fc.constantFrom('.', '', '..'), (header, payload, signature, dot) => {
      for (const text of [
        `${header}.${payload}${dot}${signature}`,
        `${encode('{"alg":"ES256","kid":"k"}')}.${payload}.${signature}`,
        header,
      ]) {
        const ours = readToken(text);
        const theirs = readJwt(text);
        assert.deepEqual(
          ours === undefined ? undefined : { ...ours, signature: [...ours.signature] },
          theirs === undefined ? undefined : { ...theirs, signature: [...theirs.signature] },
        );
        if (ours !== undefined) read += 1;
        // From memory too.
        assert.deepEqual(readToken(text)?.header, theirs?.header);
      }
    }),
    { numRuns: 3_000 },
  );
  assert.ok(read > 100, `only ${read} were tokens at all`);
  assert.equal(readToken(`${encode('{"alg":"ES256"}')}.${encode('{}')}.${'A'.repeat(20_000)}`), undefined);
  for (let at = 0; at < 200; at++) assert.equal(readToken(`${encode({ alg: 'ES256', kid: `${at}` })}.e30.AA`)?.header['kid'], `${at}`);
});
