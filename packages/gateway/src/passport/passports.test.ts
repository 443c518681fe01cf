import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Passport } from '@hufu/resource/passport';
import { passportIntrospector } from '@hufu/resource/passport';
import type { LiveToken } from '@hufu/resource/verification';
import type { Identity } from '../identify/identify.ts';
import type { Refusal } from '../proxy/refusal.ts';
import type { Upstream } from '../proxy/upstream.ts';
import { checkRoute } from '../routes/check-route.ts';
import type { RoutePassport } from '../routes/route.ts';
import { EDGE, introspectorOf, notesService, secretOf, settingsOf } from '../testing/passport-world.ts';
import { createPassports } from './passports.ts';
import { passportRing } from './ring.ts';
import type { PassportSettings } from './settings.ts';

const NOW = 1_800_000_000;
const UPSTREAM: Upstream = { acquire: () => assert.fail('nobody asks') };

let now = NOW;

function token(changes: Partial<LiveToken> = {}): LiveToken {
  return Object.freeze({
    kind: 'live',
    issuer: 'https://id.example',
    subject: 'mei',
    clientId: 'app',
    scopes: ['notes:read'],
    audience: ['https://api.example'],
    tokenId: 't1',
    issuedAt: NOW - 10,
    expiresAt: NOW + 600,
    authorizationDetails: [],
    confirmation: undefined,
    claims: {},
    ...changes,
  });
}

function identity(ofToken: LiveToken, more: Partial<Identity> = {}): Identity {
  return { kind: 'identity', token: ofToken, of: 'user', session: undefined, headers: [], ...more };
}

function routeOf(passport: Partial<RoutePassport> = {}): ReturnType<typeof checkRoute> {
  const ground = {
    hosts: [],
    upstreams: new Map([['notes', UPSTREAM]]),
    audience: 'https://api.example',
    hasSessions: false,
    hasPassports: true,
  };
  return checkRoute({ name: 'notes', path: '/', upstream: 'notes', token: 'any', passport }, ground);
}

interface Ground {
  text(who: Identity, passport?: Partial<RoutePassport>): string;
  refusal(who: Identity, passport?: Partial<RoutePassport>): Refusal;
  read(who: Identity, passport?: Partial<RoutePassport>): Promise<Passport>;
}

function ground(changes: Partial<PassportSettings> = {}): Ground {
  now = NOW;
  const settings = settingsOf(changes);
  const passports = createPassports(settings, { nowMs: () => now * 1_000, upstreams: ['notes'] });
  const reader = introspectorOf(
    () => passportRing(settings.secrets, 0).jwks,
    () => now * 1_000,
  );
  const issue = (who: Identity, passport: Partial<RoutePassport> = {}): ReturnType<typeof passports.headers> =>
    passports.headers(who, routeOf(passport));
  const text = (who: Identity, passport?: Partial<RoutePassport>): string => {
    const issued = issue(who, passport);
    if (issued instanceof Promise || ('kind' in issued && issued.kind === 'refused')) assert.fail(JSON.stringify(issued));
    const lines = 'kind' in issued ? issued.lines : issued;
    assert.equal(lines[0] ?? 'passport', 'passport');
    return lines[1] ?? '';
  };
  return {
    text,
    refusal(who, passport) {
      const issued = issue(who, passport);
      return 'kind' in issued && issued.kind === 'refused' ? issued : assert.fail('it was issued');
    },
    async read(who, passport) {
      const reading = await reader.verify(text(who, passport));
      return reading.kind === 'passport' ? reading.passport : assert.fail(reading.reason);
    },
  };
}

test('a Passport says whose token it was, by which issuer, and nothing that opens anything', async () => {
  const { read } = ground({ deviceClaims: { id: 'device_id', type: 'device_type' } });
  const claims = {
    auth_time: NOW - 50,
    acr: 'gold',
    amr: ['pwd', 'otp'],
    sid: 's1',
    tenant: 'north',
    device_id: 'd1',
    device_type: 'phone',
    act: { sub: 'helper' },
    secret: 'never',
  };
  const passport = await read(identity(token({ claims })));
  assert.deepEqual(passport.user, {
    issuer: 'https://id.example',
    subject: 'mei',
    tenant: 'north',
    clientId: 'app',
    scopes: ['notes:read'],
    source: 'bearer',
    level: 2,
    authTime: NOW - 50,
    acr: 'gold',
    amr: ['pwd', 'otp'],
    sessionId: 's1',
  });
  assert.deepEqual(passport.device, { id: 'd1', type: 'phone', source: 'claim', level: 2 });
  assert.deepEqual(passport.actor, { sub: 'helper' });
  assert.equal(passport.issuer, EDGE);
  assert.equal(passport.expiresAt, NOW + 60);
  assert.equal(passport.isLenient, false);
  assert.doesNotMatch(JSON.stringify(passport.claims), /"(?:never|t1)"/);
});

test('who is not known to be a user is none in a Passport (RFC 9068 §5)', async () => {
  const { read } = ground();
  for (const whose of ['client', 'unknown'] as const) {
    const passport = await read(identity(token({ subject: 'app' }), { of: whose }));
    assert.equal(passport.user, undefined);
    assert.equal(passport.client?.clientId, 'app');
  }
});

test('the level is what the source comes to, lifted by a class of authentication, held down by the issuer and the device', async () => {
  const levels = {
    bearer: 1,
    dpop: 2,
    deviceDpop: 3,
    deviceClaim: 1,
    acr: new Map([['gold', 3] as const]),
    issuers: new Map([['https://weak.example', 1] as const]),
  } as const;
  const { read } = ground({ levels, deviceClaims: { id: 'device_id' } });
  const of = async (changes: Partial<LiveToken>, more: Partial<Identity> = {}): Promise<number> =>
    (await read(identity(token(changes), more))).level;
  const gold = { acr: 'gold' };
  const dpop = { method: 'jkt', thumbprint: 'a'.repeat(43) } as const;
  assert.equal(await of({}), 1);
  assert.equal(await of({}, { session: { id: 's', expiresAt: NOW + 900, livesUntil: NOW + 900 } }), 2);
  assert.equal(await of({ confirmation: dpop }), 2);
  assert.equal(await of({ confirmation: { ...dpop, method: 'x5t#S256' } }), 2);
  assert.equal(await of({ claims: gold }), 3);
  assert.equal(await of({ claims: gold, issuer: 'https://weak.example' }), 1);
  assert.equal(await of({ claims: { ...gold, device_id: 'd' } }), 1, 'as good as the weaker one');
  assert.equal(await of({ claims: gold, confirmation: dpop }), 3);
  assert.equal(await of({ claims: gold }, { of: 'client' }), 1, 'a client has no class of authentication');
  const lax = ground({ levels: { ...levels, rule: 'user' }, deviceClaims: { id: 'device_id' } });
  assert.equal((await lax.read(identity(token({ claims: { ...gold, device_id: 'd' } })))).level, 3);
});

test('a route that needs more lets nobody else pass, and says what would do (RFC 9470 §3)', () => {
  const { refusal, text } = ground({ levels: { acr: new Map([['gold', 3]]), issuers: new Map([['https://weak.example', 2]]) } });
  const who = identity(token());
  assert.ok(text(who, { minLevel: 2 }));
  const low = refusal(who, { minLevel: 3 });
  assert.deepEqual([low.status, low.code], [401, 'insufficient_user_authentication']);
  assert.match(String(low.headers), /^www-authenticate,Bearer error="insufficient_user_authentication".*acr_values="gold"/);
  assert.equal(
    refusal(identity(token({ issuer: 'https://weak.example' })), { minLevel: 3 }).code,
    'level_too_low',
    'no class would lift it',
  );
  assert.equal(refusal(identity(token(), { of: 'client' }), { minLevel: 3 }).status, 403);
  assert.equal(ground().refusal(who, { minLevel: 3 }).code, 'level_too_low');
  assert.equal(text(who, { send: false }), '');
});

test('one Passport serves the requests of a token for half of its time, and of nothing else', () => {
  const { text } = ground();
  const one = token();
  const first = text(identity(one));
  now = NOW + 29.9;
  assert.equal(text(identity(one)), first);
  now = NOW + 30;
  const second = text(identity(one));
  assert.notEqual(second, first);
  assert.notEqual(text(identity(token())), second, 'a token that is the same, read anew');
  assert.notEqual(
    text(identity(one, { session: { id: 's', expiresAt: NOW + 900, livesUntil: NOW + 900 } })),
    second,
    'the same token in a session',
  );
  assert.notEqual(text(identity(one), { actions: true }), second, 'where a service may answer to it, each request has its own');
  assert.notEqual(text(identity(one), { actions: true }), text(identity(one), { actions: true }));
  now = NOW - 100;
  assert.notEqual(text(identity(one)), second, 'a clock that was set back');
});

test('a level that a route needs is asked of a Passport that is kept, too', () => {
  const { text, refusal } = ground();
  const who = identity(token());
  text(who);
  assert.equal(refusal(who, { minLevel: 3 }).status, 403);
});

test('a Passport is over when its token is, its session, and its short time', async () => {
  const { read } = ground({ ttlSeconds: 120 });
  const until = async (changes: Partial<LiveToken>, more: Partial<Identity> = {}): Promise<number> =>
    (await read(identity(token(changes), more))).expiresAt - NOW;
  assert.equal(await until({}), 120);
  assert.equal(await until({ expiresAt: NOW + 40.5 }), 40);
  assert.equal(await until({ expiresAt: Number.POSITIVE_INFINITY }), 120);
  assert.equal(await until({}, { session: { id: 's', expiresAt: NOW + 20, livesUntil: NOW + 20 } }), 20);
  assert.equal(await until({ expiresAt: NOW - 5 }), 1, 'the edge takes it a moment longer: so does its Passport');
});

test('while the issuer is away a session is what it was, with little trust, until a time that is said', async () => {
  const { read, refusal } = ground({ levels: { acr: new Map([['gold', 3]]) } });
  const session = { id: 's', expiresAt: NOW + 900, livesUntil: NOW + 900, lenientUntil: NOW + 20 };
  const old = token({ expiresAt: NOW - 30, claims: { acr: 'gold' } });
  const passport = await read(identity(old, { session }));
  assert.deepEqual([passport.level, passport.user?.level, passport.isLenient], [1, 1, true]);
  assert.equal(passport.expiresAt, NOW + 20);
  const strict = refusal(identity(old, { session }), { minLevel: 2 });
  assert.deepEqual([strict.status, strict.code], [503, 'renewal_unavailable']);
  assert.deepEqual(strict.headers, ['retry-after', '5']);
  now = NOW + 19.5;
  assert.equal(refusal(identity(old, { session })).status, 503, 'nothing that is over when it arrives');
  now = NOW;
  assert.equal(
    (await read(identity(old, { session: { id: 's', expiresAt: NOW + 900, livesUntil: NOW + 900 } }))).isLenient,
    false,
    'nothing lenient is kept',
  );
});

test('while the secret is changed, what either key signs is good, and the new one signs when every service can know it', async () => {
  now = NOW;
  const passports = createPassports(settingsOf({ secrets: [secretOf(2), secretOf(1)] }), {
    nowMs: () => now * 1_000,
    upstreams: ['notes'],
  });
  // Another gateway, which has not been told yet; and a service that had asked that one for keys.
  const before = createPassports(settingsOf(), { nowMs: () => now * 1_000, upstreams: ['notes'] });
  let jwks = passportRing([secretOf(1)], 0).jwks;
  const reader = introspectorOf(
    () => jwks,
    () => now * 1_000,
  );
  const goes = async (from: typeof passports): Promise<boolean> => {
    const issued = from.headers(identity(token({ expiresAt: NOW + 10_000 })), routeOf());
    assert.ok(Array.isArray(issued));
    return (await reader.verify(issued[1])).kind === 'passport';
  };
  assert.ok(await goes(before));
  assert.ok(await goes(passports), 'the new gateway, and a service with the old set');
  jwks = passportRing([secretOf(2), secretOf(1)], 0).jwks;
  now = NOW + 299;
  assert.ok(await goes(passports));
  now = NOW + 301;
  assert.ok(await goes(passports), 'with the new key');
  assert.ok(await goes(before), 'with the old one');
});

test('a service with a secret of its own gets Passports that only it can read, and nobody publishes the secret', async () => {
  now = NOW;
  const secret = new Uint8Array(32).fill(9);
  const settings = settingsOf({ services: [notesService({ secret })] });
  const passports = createPassports(settings, { nowMs: () => NOW * 1_000, upstreams: ['notes', 'mail'] });
  const issued = passports.headers(identity(token()), routeOf());
  assert.ok(Array.isArray(issued));
  const reader = passportIntrospector({ edge: EDGE, service: 'notes', secrets: [secret], nowMs: () => NOW * 1_000 });
  assert.equal((await reader.verify(issued[1])).kind, 'passport');
  assert.doesNotMatch(JSON.stringify(passportRing(settings.secrets, 0).jwks), /oct|"k"|"d"/);
});

test('what a token says may be too much for a header', () => {
  const { refusal } = ground();
  assert.equal(refusal(identity(token({ claims: { act: { sub: 'x'.repeat(7_000) } } }))).status, 431);
});

test('Passports that cannot be are refused at the start', () => {
  const wrong: readonly (readonly [Partial<PassportSettings>, RegExp])[] = [
    [{ edge: '' }, /needs a name/],
    [{ ttlSeconds: 121 }, /2 to 120/],
    [{ secrets: [] }, /there is none/],
    [{ secrets: [secretOf(1), secretOf(1)] }, /the same/],
    [{ services: [notesService(), notesService({ upstreams: ['mail'] })] }, /two services are called/],
    [{ services: [notesService({ upstreams: ['mail'] })] }, /called as an upstream that is not its own/],
    [{ services: [notesService({ name: 'a' }), notesService({ name: 'b' })] }, /of two services/],
    [{ services: [notesService({ upstreams: ['gone'], name: 'x' })] }, /which there is not/],
    [{ services: [notesService({ actions: ['USER_LOGOUT'] })] }, /no key/],
    [{ services: [notesService({ secret: new Uint8Array(5) })] }, /32 bytes/],
  ];
  for (const [changes, message] of wrong)
    assert.throws(() => createPassports(settingsOf(changes), { nowMs: () => 0, upstreams: ['notes', 'mail'] }), message);
});
