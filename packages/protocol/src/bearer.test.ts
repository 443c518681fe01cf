import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBearerChallenge, formatChallenge, formatDpopChallenge, readBearerToken, readPresentedToken } from './bearer.ts';
import { OAuthError } from './errors.ts';
import { readForm } from './form.ts';

/** Any code points, half of them ASCII; also lone surrogates. */
const anyText = fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0x10ffff)), { maxLength: 60 }).map((codes) => String.fromCodePoint(...codes));
const TOKEN = 'hfaAQ-._~+/x==';
const refusedAs = (code: string, description: RegExp, ...request: Parameters<typeof readBearerToken>) => {
  const read = readBearerToken(...request);
  assert.ok(read.kind === 'refused', JSON.stringify(read));
  assert.equal(read.error.code, code);
  assert.match(read.error.description, description);
};

test('the access token stands in the Authorization header (RFC 6750 §2.1)', () => {
  for (const header of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN}`])
    assert.deepEqual(readBearerToken(header), { kind: 'token', token: TOKEN, scheme: 'Bearer' });
});

test('or in the form body (RFC 6750 §2.2)', () => {
  assert.deepEqual(readBearerToken(undefined, readForm(`access_token=${encodeURIComponent(TOKEN)}&x=1`)), {
    kind: 'token',
    token: TOKEN,
    scheme: 'Bearer',
  });
  assert.deepEqual(readBearerToken('Basic aWQ6cw==', readForm('access_token=abc')), { kind: 'token', token: 'abc', scheme: 'Bearer' });
});

test('where a token may be bound to a key it also comes with the scheme DPoP, in the header alone (RFC 9449 §7.1)', () => {
  for (const header of [`DPoP ${TOKEN}`, `dpop  ${TOKEN}`, `DPOP ${TOKEN}`])
    assert.deepEqual(readPresentedToken(header), { kind: 'token', token: TOKEN, scheme: 'DPoP' });
  assert.deepEqual(readPresentedToken(`Bearer ${TOKEN}`), { kind: 'token', token: TOKEN, scheme: 'Bearer' });
  assert.deepEqual(readPresentedToken(undefined, readForm('access_token=abc')), { kind: 'token', token: 'abc', scheme: 'Bearer' });
  assert.deepEqual(readPresentedToken('DPoPx abc'), { kind: 'absent' });
  assert.equal(readPresentedToken('DPoP').kind, 'refused');
  assert.equal(readPresentedToken(`DPoP ${TOKEN}`, readForm('access_token=abc')).kind, 'refused');
});

test('a challenge for proofs says with which algorithms (RFC 9449 §7.1)', () => {
  const error = new OAuthError('invalid_dpop_proof', 'no "proof"');
  assert.equal(
    formatDpopChallenge({ error, scope: ['read'] }, ['ES256', 'EdDSA']),
    `DPoP error="invalid_dpop_proof", error_description="no 'proof'", scope="read", algs="ES256 EdDSA"`,
  );
});

test('without either, the request has no token: other schemes are not ours (RFC 6750 §3.1)', () => {
  for (const header of [undefined, '', 'Basic aWQ6cw==', 'DPoP abc', 'Bearerabc', 'BearerToken abc', 'abc'])
    assert.deepEqual(readBearerToken(header), { kind: 'absent' }, String(header));
  assert.deepEqual(readBearerToken(undefined, readForm('x=1&access_token=')), { kind: 'absent' });
});

test('two ways at once, or twice, is invalid_request (RFC 6750 §2, §3.1)', () => {
  refusedAs('invalid_request', /more than one way/, `Bearer ${TOKEN}`, readForm('access_token=abc'));
  refusedAs('invalid_request', /more than one way/, `Bearer ${TOKEN}`, readForm(`access_token=${encodeURIComponent(TOKEN)}`));
  refusedAs('invalid_request', /repeated/, undefined, readForm('access_token=a&access_token=a', { repetition: 'listed' }));
});

test('a malformed token is invalid_request, one that is too long invalid_token (RFC 6750 §2.1, §3.1)', () => {
  for (const header of [
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a,b',
    'Bearer a=b',
    'Bearer =',
    'Bearer "a"',
    'Bearer a\0',
    'Bearer é',
    'Bearer a\t',
  ])
    refusedAs('invalid_request', /malformed/, header);
  refusedAs('invalid_request', /malformed/, undefined, readForm('access_token=a%20b'));
  assert.equal(readBearerToken(`Bearer ${'a'.repeat(16_384)}`).kind, 'token');
  refusedAs('invalid_token', /too long/, `Bearer ${'a'.repeat(16_385)}`);
  refusedAs('invalid_token', /too long/, `Bearer ${'a'.repeat(1_048_576)}`);
});

test('a request without a token is challenged without an error (RFC 6750 §3.1)', () => {
  assert.equal(formatBearerChallenge({ realm: 'https://as.example' }), 'Bearer realm="https://as.example"');
  assert.equal(formatBearerChallenge({}), 'Bearer');
});

test('a challenge names the error, the scope, the step-up and the metadata (RFC 6750 §3, RFC 9470 §3, RFC 9728 §5.1)', () => {
  assert.equal(
    formatBearerChallenge({
      realm: 'api',
      error: new OAuthError('insufficient_scope', 'the "write" scope is missing'),
      scope: ['read', 'write'],
      acrValues: ['urn:mfa', 'phr'],
      maxAgeSeconds: 0,
      resourceMetadata: 'https://api.example/.well-known/oauth-protected-resource',
    }),
    `Bearer realm="api", error="insufficient_scope", error_description="the 'write' scope is missing", scope="read write", acr_values="urn:mfa phr", max_age="0", resource_metadata="https://api.example/.well-known/oauth-protected-resource"`,
  );
});

test('a quoted string holds what it was given and splits no header (RFC 9110 §5.5, §5.6.4, §11.6.1)', () => {
  assert.equal(
    formatChallenge('Basic', [
      ['realm', 'a"b\\c'],
      ['x', undefined],
      ['charset', 'UTF-8'],
    ]),
    'Basic realm="a\\"b\\\\c", charset="UTF-8"',
  );
  fc.assert(
    fc.property(anyText, (value) => {
      const written = formatChallenge('Bearer', [['realm', value]]);
      const inside = /^Bearer realm="((?:[^"\\]|\\["\\])*)"$/.exec(written)?.[1];
      assert.ok(inside !== undefined, written);
      assert.match(written, /^[\x20-\x7e]*$/);
      if (/^[\x20-\x7e]*$/.test(value)) assert.equal(inside.replace(/\\(.)/g, '$1'), value);
    }),
  );
});

test('any header is a token, absent or refused; a token is what RFC 6750 §2.1 calls b64token', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `Bearer ${text}`),
      ),
      (header) => {
        const read = readBearerToken(header);
        if (read.kind === 'token') assert.match(read.token, /^[A-Za-z0-9\-._~+/]+=*$/);
      },
    ),
  );
});
