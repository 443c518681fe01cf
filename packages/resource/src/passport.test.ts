import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { type PassportContents, type PassportLevel, writePassport } from '@hufu/protocol/passport';
import { PassportError, type PassportIntrospector, type PassportOptions, type PassportReading, passportIntrospector } from './passport.ts';
import { encode, makeKey, signToken, startIssuer, type TestIssuer } from './testing/issuer.ts';

const KEY = makeKey('ES256', 'edge-1');
const NEXT = makeKey('ES256', 'edge-2');
const EDGE = 'https://edge.example';
const NOW = 1_800_000_000;
const SECRET = 'a secret that the edge shares with one service';

let issuer: TestIssuer | undefined;
afterEach(async () => {
  await issuer?.close();
  issuer = undefined;
});

const MEI: NonNullable<PassportContents['user']> = {
  issuer: 'https://id.example',
  subject: 'mei',
  tenant: undefined,
  clientId: 'app',
  scopes: ['notes:read', 'notes:write'],
  source: 'session',
  level: 2,
  authTime: NOW - 100,
  acr: 'urn:hufu:acr:1',
  amr: ['pwd'],
  sessionId: 'sid-1',
};

function claimsOf(changes: object = {}): object {
  const device = { id: 'phone', type: undefined, source: 'claim', level: 2 } as const;
  const contents = {
    issuer: EDGE,
    audience: 'notes',
    user: MEI,
    client: undefined,
    device,
    level: 2,
    actor: undefined,
    isLenient: false,
  } as const;
  return { ...writePassport(contents), jti: 'one', iat: NOW, exp: NOW + 60, ...changes };
}

function passportText(changes: object = {}, header: object = {}, key = KEY): string {
  return signToken(key, claimsOf(changes), { typ: 'passport+jwt', ...header });
}

let now = NOW;
async function ground(changes: Partial<PassportOptions> = {}): Promise<PassportIntrospector> {
  now = NOW;
  issuer = await startIssuer([KEY]);
  return passportIntrospector({ edge: EDGE, service: 'notes', jwksUri: `${issuer.issuer}/keys`, nowMs: () => now * 1_000, ...changes });
}

function why(reading: PassportReading): string {
  return reading.kind === 'refused' ? reading.reason : 'passport';
}

function passportOf(reading: PassportReading): Extract<PassportReading, { kind: 'passport' }>['passport'] {
  return reading.kind === 'passport' ? reading.passport : assert.fail(reading.reason);
}

test('a Passport says who a request is from, by what and how surely', async () => {
  const reader = await ground();
  const passport = passportOf(await reader.read({ rawHeaders: ['Host', 'x', 'Passport', passportText()] }));
  assert.deepEqual(passport.user, MEI);
  assert.deepEqual(passport.device, { id: 'phone', type: undefined, source: 'claim', level: 2 });
  assert.equal(passport.level, 2);
  assert.equal(passport.id, 'one');
  assert.ok(Object.isFrozen(passport.claims) && Object.isFrozen(passport.user));
  assert.equal(why(await reader.read({ headers: new Headers({ passport: passportText() }) })), 'passport');
});

test('every byte of it counts: a Passport with one that is another, with less and with more is refused', async () => {
  const reader = await ground();
  const text = passportText();
  for (let at = 0; at < text.length; at++) {
    const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    assert.equal((await reader.verify(changed)).kind, 'refused', `byte ${at}`);
    assert.equal((await reader.verify(text.slice(0, at))).kind, 'refused', `less than ${at}`);
  }
  for (const more of ['A', '=', '.', ' ', `.${text}`]) assert.equal((await reader.verify(text + more)).kind, 'refused', more);
});

test('a user of one Passport and the device of another are no Passport: one signature is over both', async () => {
  const reader = await ground();
  const [head, body, tail] = passportText().split('.');
  const other = passportText({ user: { ...Object(claimsOf())['user'], sub: 'eve' }, device: { id: 'hers', src: 'dpop', level: 3 } });
  const [, otherBody, otherTail] = other.split('.');
  const claims = (part = ''): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString());
  const spliced = encode({ ...claims(body), device: claims(otherBody)['device'] });
  for (const signature of [tail, otherTail]) assert.equal(why(await reader.verify(`${head}.${spliced}.${signature}`)), 'wrong_signature');
  const reordered = encode(Object.fromEntries(Object.entries(claims(body)).toReversed()));
  assert.equal(why(await reader.verify(`${head}.${reordered}.${tail}`)), 'wrong_signature', 'the same claims in another order');
});

test('a version that is not known is refused, and a claim that is not known is kept', async () => {
  const reader = await ground();
  for (const v of [2, 0, '1', undefined]) assert.equal(why(await reader.verify(passportText({ v }))), 'wrong_claims', String(v));
  const passport = passportOf(await reader.verify(passportText({ risk: { score: 7 } })));
  assert.deepEqual(passport.claims['risk'], { score: 7 });
});

test('claims that are missing or of another kind are refused', async () => {
  const reader = await ground();
  const { user } = Object(claimsOf());
  const wrong: readonly object[] = [
    { jti: undefined },
    { iat: 'x' },
    { exp: null },
    { exp: NOW + 121 },
    { level: 4 },
    { level: '3' },
    { user: undefined },
    { client: user },
    { user: { ...user, iss: undefined } },
    { user: { ...user, sub: 7 } },
    { user: { ...user, level: -1 } },
    { user: { ...user, amr: 'pwd' } },
    { user: [] },
    { device: { id: '', src: 'claim', level: 1 } },
    { act: 'x' },
    { lenient: 'no' },
  ];
  for (const changes of wrong) assert.equal(why(await reader.verify(passportText(changes))), 'wrong_claims', JSON.stringify(changes));
});

test('a Passport is good from when it was made until it is over, give or take what clocks differ', async () => {
  const reader = await ground();
  const text = passportText();
  const at = async (seconds: number): Promise<string> => {
    now = NOW + seconds;
    return why(await reader.verify(text));
  };
  assert.equal(await at(-6), 'not_yet_valid');
  assert.equal(await at(-5), 'passport');
  assert.equal(await at(64), 'passport');
  assert.equal(await at(65), 'expired');
  assert.equal(await at(64), 'passport', 'what is remembered is measured, too');
});

test('a Passport for another service, or of another edge, is worth nothing here', async () => {
  const reader = await ground();
  assert.equal(why(await reader.verify(passportText({ aud: 'mail' }))), 'wrong_service');
  assert.equal(why(await reader.verify(passportText({ aud: ['notes'] }))), 'wrong_service');
  assert.equal(why(await reader.verify(passportText({ iss: 'https://other.example' }))), 'wrong_edge');
  assert.deepEqual(issuer?.requests, [], 'nobody was asked for keys');
});

test('a request has one Passport: none, two, and two spelled differently are refused', async () => {
  const reader = await ground();
  const text = passportText();
  assert.equal(why(await reader.read({ rawHeaders: ['Host', 'x'] })), 'no_passport');
  assert.deepEqual(await reader.read({ rawHeaders: ['Passport', text, 'PASSPORT', text] }), {
    kind: 'refused',
    status: 400,
    reason: 'two_passports',
  });
  const headers = new Headers({ passport: text });
  headers.append('passport', text);
  assert.equal(why(await reader.read({ headers })), 'two_passports');
});

test('the algorithm is that of the key, and the type says what it is (RFC 8725 §3.1, §3.11)', async () => {
  const reader = await ground();
  const pem = KEY.publicKey.export({ type: 'spki', format: 'pem' });
  const mac = (header: object, secret: string | Buffer): string => {
    const input = `${encode({ typ: 'passport+jwt', kid: KEY.kid, ...header })}.${encode(claimsOf())}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  assert.equal(why(await reader.verify(mac({ alg: 'HS256' }, pem))), 'wrong_algorithm');
  assert.equal(why(await reader.verify(mac({ alg: 'ES256' }, pem))), 'wrong_signature');
  assert.equal(why(await reader.verify(mac({ alg: 'none' }, pem))), 'malformed');
  assert.equal(why(await reader.verify(passportText({}, { crit: ['x'] }))), 'malformed');
  for (const typ of ['at+jwt', 'JWT', 'passport-action+jwt', undefined])
    assert.equal(why(await reader.verify(passportText({}, { typ }))), 'wrong_type');
  assert.equal(why(await reader.verify(passportText({}, { kid: undefined }))), 'unknown_key');
  const shared = passportIntrospector({ edge: EDGE, service: 'notes', secrets: [SECRET], nowMs: () => NOW * 1_000 });
  assert.equal(why(await shared.verify(passportText())), 'wrong_algorithm');
  assert.equal(why(await shared.verify(mac({ alg: 'HS256' }, SECRET))), 'passport');
  assert.equal(why(await shared.verify(mac({ alg: 'HS256' }, `${SECRET}.`))), 'wrong_signature');
});

test('while a secret is changed, both are good', async () => {
  const shared = passportIntrospector({ edge: EDGE, service: 'notes', secrets: [`new ${SECRET}`, SECRET], nowMs: () => NOW * 1_000 });
  const input = `${encode({ typ: 'passport+jwt', alg: 'HS256' })}.${encode(claimsOf())}`;
  const sign = (secret: string): string => `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  assert.equal(why(await shared.verify(sign(SECRET))), 'passport');
  assert.equal(why(await shared.verify(sign(`new ${SECRET}`))), 'passport');
});

test('a key that was added is found with one look; while the edge is away, a known key goes on for a day, and an unknown one is 503', async () => {
  const reader = await ground();
  assert.equal(why(await reader.verify(passportText())), 'passport');
  assert.ok(issuer !== undefined);
  issuer.served.keys = [KEY.jwk, NEXT.jwk];
  now += 6;
  assert.equal(why(await reader.verify(passportText({ iat: now, exp: now + 60 }, {}, NEXT))), 'passport');
  assert.equal(why(await reader.verify(passportText({ iat: now, exp: now + 60 }))), 'passport', 'the key before goes on');
  assert.equal(issuer.requests.length, 2);
  issuer.served.answer = (_, response) => response.writeHead(500).end();
  now += 86_000;
  const late = { iat: now, exp: now + 60 };
  assert.equal(why(await reader.verify(passportText(late))), 'passport');
  const unknown = await reader.verify(passportText(late, { kid: 'nobody' }));
  assert.equal(why(unknown), 'keys_unavailable');
  assert.equal(unknown.kind === 'refused' && unknown.status, 503);
  now += 1_000;
  assert.equal(why(await reader.verify(passportText({ iat: now, exp: now + 60 }))), 'keys_unavailable', 'more than a day');
});

test('who is not known well enough, or not lately, does not pass', async () => {
  const reader = await ground();
  const passport = passportOf(await reader.verify(passportText()));
  passport.require(2);
  passport.require(0, 100);
  const reasonOf = (act: () => void): unknown => {
    try {
      act();
    } catch (error) {
      return error instanceof PassportError ? [error.status, error.reason] : error;
    }
    return undefined;
  };
  assert.deepEqual(
    reasonOf(() => passport.require(3)),
    [403, 'level_too_low'],
  );
  assert.deepEqual(
    reasonOf(() => passport.require(2, 99)),
    [403, 'authenticated_too_long_ago'],
  );
  // Of a configuration that lacks it.
  const { missing }: { readonly missing: PassportLevel } = Object({});
  assert.deepEqual(
    reasonOf(() => passport.require(missing)),
    [403, 'level_too_low'],
  );
  assert.deepEqual(
    reasonOf(() => passport.require(2, Number.NaN)),
    [403, 'authenticated_too_long_ago'],
  );
  const { user } = Object(claimsOf());
  const silent = passportOf(await reader.verify(passportText({ user: { ...user, auth_time: undefined } })));
  assert.deepEqual(
    reasonOf(() => silent.require(2, 99)),
    [403, 'authenticated_too_long_ago'],
  );
});

test('an introspector that cannot be is misuse', () => {
  const base = { edge: EDGE, service: 'notes' };
  const wrong: readonly PassportOptions[] = [
    base,
    { ...base, jwksUri: 'https://edge.example/keys', secrets: [SECRET] },
    { ...base, secrets: ['short'] },
    { ...base, secrets: [SECRET, SECRET, SECRET, SECRET, SECRET] },
    { ...base, secrets: [SECRET], clockTolerance: -1 },
  ];
  for (const options of wrong) assert.throws(() => passportIntrospector(options), TypeError);
});
