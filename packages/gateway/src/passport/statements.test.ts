import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { PASSPORT_ACTIONS, type PassportAction } from '@hufu/protocol/passport';
import { encode, makeKey, signToken } from '@hufu/resource/testing/issuer';
import type { Identity } from '../identify/identify.ts';
import type { HeadCheck, HeadVerdict } from '../proxy/forward-task.ts';
import { EDGE, notesService, publicKeyOf, SERVICE_KEY } from '../testing/passport-world.ts';
import { describe } from './describe.ts';
import { DEFAULT_LEVELS, type PassportService } from './settings.ts';
import { type PassportEffects, type StatementOutcome, Statements } from './statements.ts';

const NOW = 1_800_000_000;
const OTHER_KEY = makeKey('ES256', 'mail-1');
const PASSPORT = 'p1';

const IDENTITY: Identity = {
  kind: 'identity',
  token: {
    kind: 'live',
    issuer: 'https://id.example',
    subject: 'mei',
    clientId: 'app',
    scopes: [],
    audience: [],
    tokenId: 't',
    issuedAt: NOW,
    expiresAt: NOW + 600,
    authorizationDetails: [],
    confirmation: undefined,
    claims: { sid: 's1', device_id: 'd1' },
  },
  of: 'user',
  session: { id: 'cookie-1', expiresAt: NOW + 600, livesUntil: NOW + 600 },
  headers: [],
};

interface Ground {
  readonly did: string[];
  readonly told: StatementOutcome[];
  readonly check: HeadCheck;
  answer(texts: string | string[], status?: number): Promise<HeadVerdict>;
}

function ground(
  changes: {
    readonly service?: Partial<PassportService>;
    readonly identity?: Partial<Identity>;
    readonly effects?: PassportEffects | 'none';
  } = {},
): Ground {
  const did: string[] = [];
  const told: StatementOutcome[] = [];
  const effects: PassportEffects = {
    endSession: async (id) => void did.push(`end ${id}`),
    endSubject: async (issuer, subject) => void did.push(`end all of ${subject} at ${issuer}`),
    renew: (id) => void did.push(`renew ${id}`),
    clearing: ['a=; Max-Age=0'],
  };
  const levels = { ...DEFAULT_LEVELS, acr: new Map([['gold', 3] as const]) };
  const statements = new Statements({
    edge: EDGE,
    levels,
    nowMs: () => NOW * 1_000,
    onStatement: (outcome) => told.push(outcome),
    ...(changes.effects === 'none' ? {} : { effects: changes.effects ?? effects }),
  });
  const service = notesService({
    keys: new Map([[SERVICE_KEY.kid, publicKeyOf(SERVICE_KEY)]]),
    actions: PASSPORT_ACTIONS,
    ...changes.service,
  });
  const identity = { ...IDENTITY, ...changes.identity };
  const described = describe(identity, levels, { id: 'device_id' });
  const check = statements.expect({ id: PASSPORT, service, described, identity });
  return {
    did,
    told,
    check,
    answer: async (texts, status = 200) => (await check(status, { 'passport-action': texts as string })) ?? assert.fail('nothing was read'),
  };
}

function statement(action: string, changes: object = {}, header: object = {}, key = SERVICE_KEY): string {
  const claims = { v: 1, iss: 'notes', aud: EDGE, jti: 'a1', iat: NOW, exp: NOW + 30, pid: PASSPORT, action, sub: 'mei', ...changes };
  return signToken(key, claims, { typ: 'passport-action+jwt', ...header });
}

test('each action does its own, to the one whose Passport it was', async () => {
  const cases: readonly (readonly [PassportAction, string, readonly string[]])[] = [
    ['USER_LOGOUT', 'mei', ['end cookie-1']],
    ['USER_LOGOUT', 's1', ['end cookie-1']],
    ['USER_CLEAR_ALL', 'mei', ['end all of mei at https://id.example']],
    ['USER_RENEW', 'mei', ['renew cookie-1']],
    ['RENEW_RESCHEDULE', 'd1', ['renew cookie-1']],
    ['DEVICE_CLEAR', 'd1', ['end cookie-1']],
  ];
  for (const [action, sub, expected] of cases) {
    const { did, told, answer } = ground();
    const lines = expected[0]?.startsWith('end') === true ? ['set-cookie', 'a=; Max-Age=0'] : [];
    assert.deepEqual(await answer(statement(action, { sub })), { kind: 'pass', lines });
    assert.deepEqual(did, expected, action);
    assert.deepEqual(told, [{ service: 'notes', action, outcome: 'applied', reason: undefined }]);
  }
});

test('an answer without a statement waits for nothing', () => {
  const { check } = ground();
  assert.equal(check(200, {}), undefined);
  assert.equal(check(200, { 'passport-action': '' }), undefined);
});

test('a statement that is not of this service, this edge, this Passport, this minute or this user does nothing', async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    [statement('USER_LOGOUT', { pid: 'p2' }), /another Passport/],
    [statement('USER_LOGOUT', { iss: 'mail' }), /another service/],
    [statement('USER_LOGOUT', { aud: 'https://other.example' }), /another edge/],
    [statement('USER_LOGOUT', { sub: 'eve' }), /somebody else/],
    [statement('USER_CLEAR_ALL', { sub: 's1' }), /somebody else/],
    [statement('DEVICE_CLEAR', { sub: 'mei' }), /somebody else/],
    [statement('USER_LOGOUT', { exp: NOW }), /minute/],
    [statement('USER_LOGOUT', { iat: NOW + 10, exp: NOW + 20 }), /minute/],
    [statement('USER_LOGOUT', { exp: NOW + 61 }), /minute/],
    [statement('USER_LOGIN'), /may ask/],
    [statement('USER_LOGOUT', { v: 2 }), /wrong claims/],
    [statement('USER_LOGOUT', { jti: '' }), /wrong claims/],
    [statement('USER_LOGOUT', { level: 9 }), /wrong claims/],
    ['x', /no JWT/],
    [`${statement('USER_LOGOUT')}x`.padEnd(4_097, 'x'), /no JWT/],
  ];
  for (const [text, reason] of wrong) {
    const { did, told, answer } = ground();
    assert.deepEqual(await answer(text), { kind: 'pass', lines: [] });
    assert.deepEqual(did, [], text);
    assert.match(told[0]?.reason ?? '', reason);
    assert.equal(told[0]?.outcome, 'refused');
  }
});

test('every byte of a statement counts', async () => {
  const { did, answer } = ground();
  const text = statement('USER_LOGOUT');
  for (let at = 0; at < text.length; at += 3) await answer(`${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`);
  assert.deepEqual(did, []);
});

test('a statement is signed with a key of the service, and is no token and no Passport (RFC 8725 §3.1, §3.11)', async () => {
  const { did, told, answer } = ground();
  const claims = { v: 1, iss: 'notes', aud: EDGE, jti: 'a1', iat: NOW, exp: NOW + 30, pid: PASSPORT, action: 'USER_LOGOUT', sub: 'mei' };
  const input = `${encode({ alg: 'HS256', typ: 'passport-action+jwt', kid: SERVICE_KEY.kid })}.${encode(claims)}`;
  const pem = SERVICE_KEY.publicKey.export({ type: 'spki', format: 'pem' });
  const confused = `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
  const texts = [
    statement('USER_LOGOUT', {}, {}, OTHER_KEY),
    statement('USER_LOGOUT', {}, { kid: SERVICE_KEY.kid }, OTHER_KEY),
    statement('USER_LOGOUT', {}, { kid: undefined }),
    statement('USER_LOGOUT', {}, { typ: 'passport+jwt' }),
    statement('USER_LOGOUT', {}, { typ: 'at+jwt' }),
    statement('USER_LOGOUT', {}, { alg: 'ES384' }),
    statement('USER_LOGOUT', {}, { crit: ['b64'] }),
    confused,
  ];
  for (const text of texts) await answer(text);
  assert.deepEqual(did, []);
  assert.equal(told.length, texts.length);
});

test('a service may ask for what its policy says, and for nothing else', async () => {
  const { did, told, answer } = ground({ service: { actions: ['USER_RENEW'] } });
  await answer([statement('USER_LOGOUT'), statement('USER_RENEW', { jti: 'a2' })]);
  assert.deepEqual(did, ['renew cookie-1']);
  assert.deepEqual(
    told.map(({ outcome, reason }) => [outcome, reason]),
    [
      ['refused', 'is nothing that the service may ask for'],
      ['applied', undefined],
    ],
  );
});

test('a statement that comes twice is done once, also where the request was sent twice', async () => {
  const { did, answer } = ground();
  const text = statement('USER_RENEW');
  await answer([text, text]);
  await answer(text);
  await answer(`${text}, ${statement('USER_RENEW', { jti: 'a2' })}`);
  assert.deepEqual(did, ['renew cookie-1', 'renew cookie-1']);
});

test('of more than eight statements none is read', async () => {
  const { did, told, answer } = ground();
  await answer(Array.from({ length: 9 }, (_, at) => statement('USER_RENEW', { jti: `a${at}` })));
  assert.deepEqual(did, []);
  assert.equal(told.length, 1);
  await answer(Array.from({ length: 8 }, (_, at) => statement('USER_RENEW', { jti: `a${at}` })));
  assert.equal(did.length, 8);
});

test('a step-up is told to the client with 401, by the classes that lead there (RFC 9470 §3)', async () => {
  const { told, answer } = ground();
  const verdict = await answer(statement('USER_STEP_UP', { level: 3 }), 401);
  assert.ok(verdict.kind === 'pass');
  assert.match(verdict.lines.join(': '), /^www-authenticate: Bearer error="insufficient_user_authentication".*acr_values="gold"/);
  for (const [text, status] of [
    [statement('USER_STEP_UP', { jti: 'a2', level: 3 }), 200],
    [statement('USER_STEP_UP', { jti: 'a3' }), 401],
  ] as const)
    assert.deepEqual(await answer(text, status), { kind: 'pass', lines: [] });
  assert.deepEqual(
    told.map(({ outcome }) => outcome),
    ['applied', 'refused', 'refused'],
  );
});

test('what cannot be done is not told as done', async () => {
  const away = (): Promise<never> => Promise.reject(new Error('the store is away'));
  const { told, answer } = ground({ effects: { endSession: away, endSubject: away, renew: () => undefined, clearing: [] } });
  const verdict = await answer(statement('USER_LOGOUT'));
  assert.ok(verdict.kind === 'refused');
  assert.deepEqual([verdict.status, verdict.code], [503, 'action_failed']);
  assert.deepEqual(told[0], { service: 'notes', action: 'USER_LOGOUT', outcome: 'failed', reason: 'the store is away' });
});

test('where there is no session, or nobody who is a user, there is nothing to end', async () => {
  const bearer = ground({ identity: { session: undefined } });
  assert.deepEqual(await bearer.answer([statement('USER_LOGOUT'), statement('USER_CLEAR_ALL', { jti: 'a2' })]), {
    kind: 'pass',
    lines: [],
  });
  assert.deepEqual(bearer.did, ['end all of mei at https://id.example']);
  const client = ground({ identity: { of: 'client' } });
  await client.answer([statement('USER_CLEAR_ALL'), statement('USER_LOGOUT', { jti: 'a2' })]);
  assert.deepEqual(client.did, []);
  const none = ground({ effects: 'none' });
  await none.answer(statement('USER_LOGOUT'));
  assert.equal(none.told[0]?.outcome, 'refused');
});
