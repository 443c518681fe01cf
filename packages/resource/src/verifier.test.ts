import assert from 'node:assert/strict';
import { constants, createHmac, sign } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ALGORITHMS } from './algorithms.ts';
import { KeySource } from './key-source.ts';
import { encode, makeKey, signToken, startIssuer, type TestIssuer, type TestKey } from './testing/issuer.ts';
import type { LiveToken } from './verification.ts';
import { type Verifier, type VerifierOptions, verifier } from './verifier.ts';

const NOW = 1_800_000_000;
const AUDIENCE = 'https://api.example/notes';

const keys = { es: makeKey('ES256', 'es'), rs: makeKey('RS256', 'rs'), ps: makeKey('PS256', 'ps'), ed: makeKey('EdDSA', 'ed') };
const published = [...ALGORITHMS.keys()].map((alg) => Object.values(keys).find((key) => key.alg === alg) ?? makeKey(alg, alg));
const stranger: TestKey = { ...makeKey('ES256', 'es') };

let issuer: TestIssuer;
let now = NOW;
let checked: Verifier;
before(async () => {
  issuer = await startIssuer(published);
  checked = make();
});
after(() => issuer.close());

function make(options: Partial<VerifierOptions> = {}): Verifier {
  return verifier({ issuer: issuer.issuer, audience: AUDIENCE, nowMs: () => now * 1000, ...options });
}

function claims(changes: object = {}): Record<string, unknown> {
  return {
    iss: issuer.issuer,
    aud: AUDIENCE,
    sub: 'tiger',
    client_id: 'app',
    jti: 'one',
    iat: NOW - 1,
    exp: NOW + 600,
    scope: 'notes:read notes:write',
    ...changes,
  };
}

async function reasonOf(token: string, verify: Verifier = checked): Promise<string> {
  const result = await verify.verify(token);
  if (result.kind === 'live') return 'live';
  assert.equal(result.error.code, 'invalid_token');
  assert.equal(result.error.status, 401);
  return result.reason;
}

async function requireLive(token: string, verify: Verifier = checked): Promise<LiveToken> {
  const result = await verify.verify(token);
  assert.equal(result.kind, 'live', result.kind === 'refused' ? `${result.reason}: ${result.error.detail ?? ''}` : '');
  assert.ok(result.kind === 'live');
  return result;
}

for (const key of published) {
  test(`an access token signed with ${key.alg} holds (RFC 9068 §4)`, async () => {
    const token = await requireLive(signToken(key, claims()));
    assert.deepEqual(
      { ...token, claims: undefined },
      {
        kind: 'live',
        issuer: issuer.issuer,
        subject: 'tiger',
        clientId: 'app',
        scopes: ['notes:read', 'notes:write'],
        audience: [AUDIENCE],
        tokenId: 'one',
        issuedAt: NOW - 1,
        expiresAt: NOW + 600,
        confirmation: undefined,
        authorizationDetails: [],
        claims: undefined,
      },
    );
  });

  test(`one changed bit of a token signed with ${key.alg} is refused, wherever it is (RFC 7515 §5.2)`, async () => {
    const token = signToken(key, claims({ jti: `bits ${key.alg}` }));
    await requireLive(token);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(await reasonOf(`${header}.${payload}.${changed.toString('base64url')}`), 'wrong_signature');
    }
    assert.equal(await reasonOf(`${header}.${encode(claims({ sub: 'somebody else' }))}.${signature}`), 'wrong_signature');
    assert.equal(await reasonOf(`${header}.${payload}.${Buffer.concat([bytes, Buffer.of(0)]).toString('base64url')}`), 'wrong_signature');
    assert.equal(await reasonOf(`${header}.${payload}.${bytes.subarray(1).toString('base64url')}`), 'wrong_signature');
  });
}

test('typ is at+jwt, also with application/ and in any case, and nothing else: an ID token is no access token (RFC 9068 §4, RFC 7515 §4.1.9, RFC 8725 §3.11)', async () => {
  for (const typ of ['at+jwt', 'application/at+jwt', 'AT+JWT', 'Application/At+Jwt'])
    await requireLive(signToken(keys.es, claims(), { typ }));
  for (const typ of ['JWT', 'jwt', 'logout+jwt', 'dpop+jwt', 'at+jwt ', 'xat+jwt', 'text/at+jwt', '', 1, null, ['at+jwt'], undefined]) {
    assert.equal(await reasonOf(signToken(keys.es, claims(), { typ })), 'wrong_type', String(typ));
  }
});

test('alg none in any spelling, with or without a signature, is refused (RFC 8725 §3.1)', async () => {
  for (const alg of ['none', 'None', 'nOnE', 'NONE', '']) {
    const input = `${encode({ alg, typ: 'at+jwt', kid: 'es' })}.${encode(claims())}`;
    for (const token of [`${input}.`, input, `${input}.AA`]) assert.match(await reasonOf(token), /^(malformed|wrong_algorithm)$/, token);
  }
});

test('HS256 keyed with the public key, in each of its forms, is refused (RFC 8725 §2.1)', async () => {
  const { publicKey } = keys.rs;
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const secrets = [pem, String(pem).trimEnd(), publicKey.export({ type: 'spki', format: 'der' }), JSON.stringify(keys.rs.jwk)];
  for (const secret of secrets) {
    const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: 'rs' })}.${encode(claims())}`;
    const mac = createHmac('sha256', secret).update(input).digest('base64url');
    assert.equal(await reasonOf(`${input}.${mac}`), 'wrong_algorithm');
  }
});

test('an algorithm off the allow-list is refused though its key is published (RFC 8725 §3.1)', async () => {
  const only = make({ algorithms: ['ES256'] });
  await requireLive(signToken(keys.es, claims()), only);
  assert.equal(await reasonOf(signToken(keys.rs, claims()), only), 'wrong_algorithm');
  assert.equal(await reasonOf(signToken(makeKey('ES384', 'es'), claims()), only), 'wrong_algorithm');
});

test('a key verifies only the algorithm that it is published for, and only one that it fits (RFC 8725 §3.1)', async () => {
  const asPs: TestKey = { ...keys.rs, alg: 'PS256' };
  assert.equal(await reasonOf(signToken(asPs, claims())), 'wrong_algorithm');
  assert.equal(await reasonOf(signToken(keys.es, claims(), { kid: 'rs' })), 'wrong_algorithm');
  assert.equal(await reasonOf(signToken(keys.ed, claims(), { kid: 'es' })), 'wrong_algorithm');
});

test('a key without alg verifies what fits its kind and strength, and nothing else (RFC 7517 §4.4, RFC 7518 §3.3)', async () => {
  const anonymous = [keys.es, keys.rs, makeKey('RS256', 'weak', 1024)].map((key) => ({ ...key, jwk: { ...key.jwk, alg: undefined } }));
  const other = await startIssuer(anonymous);
  try {
    const verify = verifier({ issuer: other.issuer, audience: AUDIENCE, nowMs: () => now * 1000 });
    const [es, rs, weak] = anonymous;
    assert.ok(es && rs && weak);
    const own = claims({ iss: other.issuer });
    await requireLive(signToken(es, own), verify);
    await requireLive(signToken(rs, own), verify);
    await requireLive(signToken({ ...rs, alg: 'PS256' }, own), verify);
    assert.equal(await reasonOf(signToken(rs, own, { kid: 'es' }), verify), 'wrong_algorithm');
    assert.equal(await reasonOf(signToken(keys.ed, own, { kid: 'rs' }), verify), 'wrong_algorithm');
    assert.equal(await reasonOf(signToken(weak, own), verify), 'wrong_algorithm');
  } finally {
    await other.close();
  }
});

test('an ECDSA signature in DER, or made of zeros, is refused (RFC 7518 §3.4)', async () => {
  const [header = '', payload = '', signature = ''] = signToken(keys.es, claims()).split('.');
  const raw = Buffer.from(signature, 'base64url');
  const integer = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(2, 33, 0), bytes]);
  const der = Buffer.concat([Buffer.of(0x30, 70), integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  for (const forged of [der, Buffer.alloc(64), Buffer.alloc(64, 0xff)]) {
    assert.equal(await reasonOf(`${header}.${payload}.${forged.toString('base64url')}`), 'wrong_signature');
  }
});

test('a PS256 signature with a salt of another length than the hash is refused (RFC 7518 §3.5)', async () => {
  const [header = '', payload = ''] = signToken(keys.ps, claims()).split('.');
  for (const saltLength of [0, 20, 31, 33]) {
    const key = { key: keys.ps.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
    const signature = sign('sha256', Buffer.from(`${header}.${payload}`), key).toString('base64url');
    assert.equal(await reasonOf(`${header}.${payload}.${signature}`), 'wrong_signature', String(saltLength));
  }
});

test('an RSA signature without its leading zero is refused, as is one that is longer than the modulus (RFC 8017 §8.1.2)', () => {
  for (const [alg, key] of [
    ['PS256', keys.ps],
    ['RS256', keys.rs],
  ] as const) {
    const scheme = ALGORITHMS.get(alg);
    assert.ok(scheme);
    let input = '';
    let signature: Buffer = Buffer.of(1);
    for (let i = 0; signature[0] !== 0 && i < 20_000; i += 1) {
      input = `${i}`;
      const padding = alg === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
      signature = sign('sha256', Buffer.from(input), { key: key.privateKey, ...padding });
    }
    assert.equal(signature[0], 0);
    assert.equal(scheme.verify(input, signature, key.publicKey), true, alg);
    assert.equal(scheme.verify(input, signature.subarray(1), key.publicKey), false, alg);
    assert.equal(scheme.verify(input, Buffer.concat([Buffer.of(0), signature]), key.publicKey), false, alg);
  }
});

test('another key under a published kid is refused (RFC 7515 §5.2)', async () => {
  assert.equal(await reasonOf(signToken(stranger, claims())), 'wrong_signature');
});

test('a kid that is no text, is too long, or is a trick is refused without a request for it (RFC 8725 §3.10)', async () => {
  now = NOW + 60;
  try {
    const before = issuer.requests.length;
    for (const kid of [undefined, null, 7, ['es'], { es: 1 }, '', 'k'.repeat(256)]) {
      assert.equal(await reasonOf(signToken(keys.es, claims(), { kid })), 'unknown_key', JSON.stringify(kid));
    }
    assert.equal(issuer.requests.length, before);
    for (const kid of ['../../dev/null', '/proc/self/environ', "' OR '1'='1", `${issuer.issuer}/trap`, '__proto__', 'constructor']) {
      assert.equal(await reasonOf(signToken(stranger, claims(), { kid })), 'unknown_key', kid);
    }
    assert.deepEqual(issuer.requests.slice(before), ['/keys']);
  } finally {
    now = NOW;
  }
});

test('keys that the token brings along or points to are not looked at (RFC 8725 §3.10)', async () => {
  const header = { jwk: stranger.jwk, jku: `${issuer.issuer}/trap`, x5u: `${issuer.issuer}/trap`, x5c: ['AA'] };
  assert.equal(await reasonOf(signToken(stranger, claims(), header)), 'wrong_signature');
  assert.equal(await reasonOf(signToken(stranger, claims(), { ...header, kid: 'mine' })), 'unknown_key');
  assert.ok(!issuer.requests.includes('/trap'));
});

test('crit and b64 are refused: we understand no extension (RFC 7515 §4.1.11)', async () => {
  for (const header of [{ crit: ['exp'], exp: 1 }, { crit: [] }, { crit: ['alg'] }, { b64: false }, { crit: ['b64'], b64: false }]) {
    assert.equal(await reasonOf(signToken(keys.es, claims(), header)), 'malformed');
  }
});

test('what is no compact JWS with two objects is refused, never thrown at (RFC 7515 §7.1)', async () => {
  const good = signToken(keys.es, claims());
  const [header = '', payload = '', signature = ''] = good.split('.');
  const bad = [
    '',
    '.',
    '..',
    'hfa_opaque',
    `${good}.`,
    `${good}.x`,
    `${header}.${payload}`,
    `${header}=.${payload}.${signature}`,
    ` ${good}`,
    `${good}\n`,
    JSON.stringify({ protected: header, payload, signature }),
    'x'.repeat(100_000),
    '\u0000',
    '\ud800',
  ];
  for (const token of bad) assert.equal(await reasonOf(token), 'malformed', token.slice(0, 40));
  for (const value of [[], 'text', 1, null, true]) assert.equal(await reasonOf(signToken(keys.es, value)), 'malformed');
});

test('iss is compared byte for byte (RFC 8725 §3.8)', async () => {
  const { issuer: own } = issuer;
  for (const iss of [`${own}/`, own.toUpperCase(), own.replace('http:', 'https:'), `${own}.evil.example`, '', undefined, null, [own]]) {
    assert.equal(await reasonOf(signToken(keys.es, claims({ iss }))), 'wrong_issuer', String(iss));
  }
});

test('a token of another issuer does not make us ask ours for its key', async () => {
  now = NOW + 120;
  const before = issuer.requests.length;
  assert.equal(await reasonOf(signToken(stranger, claims({ iss: 'https://other.example' }), { kid: 'theirs' })), 'wrong_issuer');
  assert.equal(issuer.requests.length, before);
  now = NOW;
});

test('aud is us, or a list of texts with us among them (RFC 7519 §4.1.3, RFC 8725 §3.9)', async () => {
  await requireLive(signToken(keys.es, claims({ aud: [AUDIENCE] })));
  await requireLive(signToken(keys.es, claims({ aud: ['https://other.example', AUDIENCE] })));
  const bad = [
    undefined,
    null,
    '',
    [],
    `${AUDIENCE}/`,
    AUDIENCE.toUpperCase(),
    [`${AUDIENCE}/`],
    [AUDIENCE, 1],
    [[AUDIENCE]],
    { 0: AUDIENCE },
    1,
  ];
  for (const aud of bad) assert.equal(await reasonOf(signToken(keys.es, claims({ aud }))), 'wrong_audience', JSON.stringify(aud));
});

test('exp, iat, sub, client_id and jti have to be there and be what they are (RFC 9068 §2.2, RFC 7519 §2)', async () => {
  const bad: readonly object[] = [
    ...[undefined, null, '1900000000', -1, true, [NOW + 600]].map((exp) => ({ exp })),
    ...[undefined, null, String(NOW), -1, {}].map((iat) => ({ iat })),
    ...[null, String(NOW), [NOW]].map((nbf) => ({ nbf })),
    ...['sub', 'client_id', 'jti'].flatMap((name) => [undefined, null, '', 7, ['x']].map((value) => ({ [name]: value }))),
    ...[null, 7, ['notes:read'], 'two  spaces', ' notes:read', '', 'no"quotes'].map((scope) => ({ scope })),
  ];
  for (const change of bad) assert.equal(await reasonOf(signToken(keys.es, claims(change))), 'wrong_claims', JSON.stringify(change));
  assert.deepEqual((await requireLive(signToken(keys.es, claims({ scope: undefined })))).scopes, []);
});

test('exp, nbf and iat are measured with the tolerance, to the second (RFC 7519 §4.1.4, §4.1.5)', async () => {
  const verify = make({ clockToleranceSeconds: 30 });
  const cases: readonly (readonly [object, string])[] = [
    [{ exp: NOW - 29 }, 'live'],
    [{ exp: NOW - 30 }, 'expired'],
    [{ exp: 1 }, 'expired'],
    [{ nbf: NOW + 30 }, 'live'],
    [{ nbf: NOW + 31 }, 'not_yet_valid'],
    [{ iat: NOW + 30 }, 'live'],
    [{ iat: NOW + 31 }, 'not_yet_valid'],
    [{ iat: NOW + 31, nbf: NOW - 5 }, 'not_yet_valid'],
  ];
  for (const [change, expected] of cases)
    assert.equal(await reasonOf(signToken(keys.es, claims(change)), verify), expected, JSON.stringify(change));
  const strict = make({ clockToleranceSeconds: 0 });
  assert.equal(await reasonOf(signToken(keys.es, claims({ exp: NOW })), strict), 'expired');
  assert.equal(await reasonOf(signToken(keys.es, claims({ exp: NOW + 1 })), strict), 'live');
});

test('a token that is bound to a key is not taken as a bearer token (RFC 9449 §7.2, RFC 8705 §3)', async () => {
  for (const cnf of [{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, null, 'x']) {
    assert.equal(await reasonOf(signToken(keys.es, claims({ cnf }))), 'unknown_binding', JSON.stringify(cnf));
  }
});

test('a verified token is served from memory, and no longer than its time or its key (RFC 9068 §4)', async () => {
  const rotating = await startIssuer([keys.es, keys.rs]);
  try {
    const verify = verifier({ issuer: rotating.issuer, audience: AUDIENCE, nowMs: () => now * 1000 });
    const token = signToken(keys.es, claims({ iss: rotating.issuer }));
    const first = await requireLive(token, verify);
    assert.equal(await requireLive(token, verify), first);
    const short = signToken(keys.es, claims({ iss: rotating.issuer, exp: NOW + 5 }));
    await requireLive(short, verify);
    now = NOW + 14;
    await requireLive(short, verify);
    now = NOW + 15;
    assert.equal(await reasonOf(short, verify), 'expired');

    // The same kid with another key behind it: what the first one had signed dies with it.
    const long = signToken(keys.es, claims({ iss: rotating.issuer, exp: NOW + 90_000 }));
    const other = signToken(keys.rs, claims({ iss: rotating.issuer, exp: NOW + 90_000 }));
    await requireLive(long, verify);
    const kept = await requireLive(other, verify);
    rotating.served.keys = [stranger.jwk, keys.rs.jwk];
    now = NOW + 700;
    assert.equal(await reasonOf(long, verify), 'wrong_signature');
    assert.equal(await requireLive(other, verify), kept);
    rotating.served.keys = [];
    now = NOW + 1_400;
    assert.equal(await reasonOf(other, verify), 'unknown_key');
  } finally {
    now = NOW;
    await rotating.close();
  }
});

test('a verified token is not served from memory before its time, where the clock was set back since (RFC 7519 §4.1.5)', async () => {
  try {
    for (const later of [{ nbf: NOW + 100 }, { iat: NOW + 100 }]) {
      const token = signToken(keys.es, claims({ ...later, jti: JSON.stringify(later) }));
      now = NOW + 100;
      await requireLive(token);
      now = NOW + 90;
      await requireLive(token);
      now = NOW + 89;
      assert.equal(await reasonOf(token), 'not_yet_valid');
    }
  } finally {
    now = NOW;
  }
});

test('what a caller is handed cannot be changed, so that one request never changes the next', async () => {
  const token = await requireLive(signToken(keys.es, claims({ act: { sub: 'x', deep: [[{}]] } })));
  const act = Object(token.claims['act']);
  for (const value of [token, token.claims, token.scopes, token.audience, act, act.deep, act.deep[0], act.deep[0][0]])
    assert.ok(Object.isFrozen(value));
});

test('a payload of brackets as deep as they come neither overflows nor passes unfrozen', async () => {
  const depth = 2_500;
  // Written by hand: not every Node's JSON.stringify goes as deep as its JSON.parse.
  const payload = JSON.stringify(claims({ deep: 0 })).replace('"deep":0', `"deep":${'['.repeat(depth)}${']'.repeat(depth)}`);
  const token = await requireLive(signToken(keys.es, payload));
  let value: unknown = token.claims['deep'];
  for (let level = 0; level < depth; level++) {
    assert.ok(Object.isFrozen(value));
    value = Object(value)[0];
  }
});

test('a refusal tells the caller a fixed text, and the log what was found', async () => {
  const result = await checked.verify(signToken(keys.es, claims({ aud: 'https://"other"\r\n.example' })));
  assert.ok(result.kind === 'refused');
  assert.equal(result.error.description, 'the access token is for another resource');
  assert.match(result.error.detail ?? '', /other/);
});

test('misuse is a TypeError', async () => {
  const bad: readonly object[] = [
    { issuer: 'http://as.example' },
    { issuer: 'https://as.example?x' },
    { issuer: 'as.example' },
    { issuer: undefined },
    { audience: '' },
    { audience: [AUDIENCE] },
    { jwksUri: 'file:///etc/passwd' },
    { jwksUri: 7 },
    { issuer: 'https://as.example', jwksUri: 'http://127.0.0.1/keys' },
    { algorithms: [] },
    { algorithms: ['HS256'] },
    { algorithms: ['none'] },
    { algorithms: 'ES256' },
    { clockToleranceSeconds: -1 },
    { clockToleranceSeconds: 301 },
    { clockToleranceSeconds: Number.NaN },
    { clockToleranceSeconds: '10' },
    { maxTokenAgeSeconds: 0 },
    { maxTokenLength: 20_000 },
    { maxCachedTokens: 0 },
    { maxCachedTokens: 2_000_000 },
    { keys: new KeySource({ issuer: 'https://other.example', jwksUri: undefined, fetch, nowMs: () => 0 }) },
    { tokenPattern: 'hfa_' },
    { introspection: {} },
    { introspection: { credentials: { clientId: 'a', clientSecret: 'b' }, ttlSeconds: -1 } },
    { introspection: { credentials: { clientId: 'a', clientSecret: 'b' }, negativeTtlSeconds: 6 } },
    { introspection: { credentials: { clientId: 'a', clientSecret: 'b' }, onError: {} } },
    { introspection: { credentials: { clientId: 'a', clientSecret: 'b' }, endpoint: 'http://api.example/' } },
    { introspection: { credentials: { clientId: 'a', clientSecret: 'b' }, jwts: 'sometimes' } },
    { introspection: { credentials: { clientId: 'a', clientSecret: 'b' }, audience: 'any' } },
    { revocations: { issuer: 'https://other.example', look: () => ({ kind: 'fine' }) } },
    { clockToleranceSeconds: 291, revocations: { issuer: issuer.issuer, look: () => ({ kind: 'fine' }) } },
    { fetch: 'fetch' },
    { nowMs: NOW },
  ];
  for (const options of bad) assert.throws(() => make(options), TypeError, JSON.stringify(options));
  // As from JavaScript, where no compiler looks.
  const untyped: { verify(token: unknown): Promise<unknown> } = Object(checked);
  for (const token of [undefined, null, 7, {}, Buffer.from('x')]) await assert.rejects(untyped.verify(token), TypeError);
});

test('a token without a kid means the one key that there is; with several nobody guesses (RFC 7515 §4.1.4, RFC 8725 §3.1)', async () => {
  const { kid: _, ...anonymous } = keys.es.jwk;
  for (const [published, expected] of [
    [[keys.es.jwk], 'live'],
    [[anonymous], 'live'],
    [[keys.es.jwk, keys.rs.jwk], 'unknown_key'],
    [[anonymous, keys.rs.jwk], 'unknown_key'],
    [[anonymous, anonymous], 'unknown_key'],
    [[], 'unknown_key'],
    [[{ ...keys.es.jwk, kid: '' }], 'unknown_key'],
  ] as const) {
    const other = await startIssuer([]);
    try {
      other.served.keys = published;
      const verify = make({ issuer: other.issuer });
      const own = claims({ iss: other.issuer });
      const label = JSON.stringify(published).slice(0, 80);
      assert.equal(await reasonOf(signToken(keys.es, own, { kid: undefined }), verify), expected, label);
      assert.equal(await reasonOf(signToken(keys.es, own, { kid: undefined }), verify), expected, label);
      if (expected === 'live') assert.equal(await reasonOf(signToken(stranger, own, { kid: undefined }), verify), 'wrong_signature');
    } finally {
      await other.close();
    }
  }
});

test('an issuer that ends with a slash is found without it, and its tokens name it with it (RFC 8414 §3.1)', async () => {
  const other = await startIssuer([keys.es]);
  try {
    const named = `${other.issuer}/`;
    other.served.metadata = { ...other.served.metadata, issuer: named };
    const verify = make({ issuer: named });
    assert.equal(await reasonOf(signToken(keys.es, claims({ iss: named })), verify), 'live');
    assert.equal(await reasonOf(signToken(keys.es, claims({ iss: other.issuer })), verify), 'wrong_issuer');
    assert.deepEqual(other.requests, ['/.well-known/oauth-authorization-server', '/keys']);
  } finally {
    await other.close();
  }
});

test('a token is not older than we allow, nor longer (RFC 9068 §4)', async () => {
  const young = make({ maxTokenAgeSeconds: 30 });
  assert.equal(await reasonOf(signToken(keys.es, claims({ iat: NOW - 40 })), young), 'live');
  assert.equal(await reasonOf(signToken(keys.es, claims({ iat: NOW - 41 })), young), 'too_old');
  const token = signToken(keys.es, claims());
  assert.equal(await reasonOf(token, young), 'live');
  now = NOW + 40;
  assert.equal(await reasonOf(token, young), 'too_old', 'also one that was verified before');
  now = NOW;
  const long = signToken(keys.es, claims({ padding: 'x'.repeat(6_500) }));
  assert.equal(await reasonOf(long), 'malformed');
  assert.equal(await reasonOf(long, make({ maxTokenLength: 16_384 })), 'live');
});

test('verifiers for several resources share the keys of their issuer: they are fetched once', async () => {
  const before = issuer.requests.filter((path) => path === '/keys').length;
  const keySource = new KeySource({ issuer: issuer.issuer, jwksUri: undefined, fetch, nowMs: () => NOW * 1000 });
  const other = 'https://api.example/other';
  const [one, two] = [AUDIENCE, other].map((audience) =>
    verifier({ issuer: issuer.issuer, audience, keys: keySource, maxCachedTokens: 10, nowMs: () => NOW * 1000 }),
  );
  assert.ok(one && two);
  await requireLive(signToken(keys.es, claims()), one);
  await requireLive(signToken(keys.rs, claims({ aud: other })), two);
  assert.equal(await reasonOf(signToken(keys.es, claims()), two), 'wrong_audience');
  assert.equal(issuer.requests.filter((path) => path === '/keys').length, before + 1);
});
