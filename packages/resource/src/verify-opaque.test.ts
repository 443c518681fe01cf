import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { IntrospectionOptions } from './introspection.ts';
import type { Finding } from './revocations.ts';
import { INTROSPECTION_ENDPOINT, type TestIntrospection, testIntrospection } from './testing/introspection.ts';
import { makeKey, signToken, startIssuer } from './testing/issuer.ts';
import { type Verifier, type VerifierOptions, verifier } from './verifier.ts';

const ISSUER = 'https://as.example';
const AUDIENCE = 'https://api.example/files';
const NOW = 1_800_000_000;
const CREDENTIALS = { clientId: 'files', clientSecret: 'secret' } as const;

let as: TestIntrospection;
let now = NOW;
let progress = 0;
beforeEach(() => {
  as = testIntrospection();
  now = NOW;
  progress = 0;
});

function make(introspection: Partial<IntrospectionOptions> = {}, more: Partial<VerifierOptions> = {}): Verifier {
  return verifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    introspection: { credentials: CREDENTIALS, endpoint: INTROSPECTION_ENDPOINT, ...introspection },
    fetch: as.fetch,
    nowMs: () => now * 1000,
    monotonicMs: () => progress * 1000,
    ...more,
  });
}

function pass(seconds: number): void {
  now += seconds;
  progress += seconds;
}

/** An answer that is complete. */
function active(changes: object = {}): Record<string, unknown> {
  return {
    scope: 'files:read',
    client_id: 'app',
    sub: 'tiger',
    aud: AUDIENCE,
    iss: ISSUER,
    iat: NOW,
    exp: NOW + 600,
    jti: 'one',
    ...changes,
  };
}

async function outcome(tokens: Verifier, text: string): Promise<string> {
  const result = await tokens.verify(text);
  return result.kind === 'live' ? 'live' : result.reason;
}

test('a token that is no JWT is asked about, as the client that we are, and what the issuer says is read (RFC 7662 §2.1, §2.2)', async () => {
  as.answers.set('opaque', active({ authorization_details: [{ type: 'file' }] }));
  const token = await make().verify('opaque');
  assert.ok(token.kind === 'live');
  assert.deepEqual(
    { ...token, claims: undefined },
    {
      kind: 'live',
      issuer: ISSUER,
      audience: [AUDIENCE],
      subject: 'tiger',
      clientId: 'app',
      tokenId: 'one',
      issuedAt: NOW,
      expiresAt: NOW + 600,
      scopes: ['files:read'],
      confirmation: undefined,
      authorizationDetails: [{ type: 'file' }],
      claims: undefined,
    },
  );
  assert.equal(as.headers[0]?.get('authorization'), `Basic ${btoa('files:secret')}`);
  assert.equal(as.headers[0]?.get('content-type'), 'application/x-www-form-urlencoded');
});

test('an answer may leave out all but active and aud (RFC 7662 §2.2)', async () => {
  as.answers.set('bare', { aud: [AUDIENCE], client_id: 'machine' });
  const token = await make().verify('bare');
  assert.ok(token.kind === 'live');
  assert.deepEqual([token.subject, token.clientId, token.issuedAt, token.expiresAt], ['machine', 'machine', 0, Number.POSITIVE_INFINITY]);
  assert.match(token.tokenId, /^[\w-]{43}$/);
  assert.equal(await outcome(make({}, { maxTokenAgeSeconds: 60 }), 'bare'), 'too_old', 'what does not say when it was issued has no age');
});

test('an answer for another resource, from another issuer, over, or with members that are none, is not for us (RFC 7662 §4)', async () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ aud: undefined }, 'wrong_audience'],
    [{ aud: 'https://other.example' }, 'wrong_audience'],
    [{ aud: [] }, 'wrong_audience'],
    [{ aud: [7] }, 'wrong_audience'],
    [{ iss: `${ISSUER}/` }, 'wrong_issuer'],
    [{ token_type: 'refresh_token' }, 'wrong_type'],
    [{ token_use: 'refresh_token' }, 'wrong_type'],
    [{ token_type: 7 }, 'wrong_type'],
    [{ exp: NOW - 10 }, 'expired'],
    [{ nbf: NOW + 11 }, 'not_yet_valid'],
    [{ iat: NOW + 11 }, 'not_yet_valid'],
    [{ exp: 'soon' }, 'wrong_claims'],
    [{ sub: 7 }, 'wrong_claims'],
    [{ sub: undefined, client_id: undefined }, 'wrong_claims'],
    [{ scope: ['files:read'] }, 'wrong_claims'],
    [{ authorization_details: [{}] }, 'wrong_claims'],
    [{ cnf: { kid: 'x' } }, 'unknown_binding'],
    [{ cnf: { jkt: 'a'.repeat(43) } }, 'sender_constrained'],
    [{ token_type: 'Bearer' }, 'live'],
    [{ token_type: 'DPoP' }, 'live'],
    [{ status: 'active', lineage: 'royal' }, 'live'],
  ];
  for (const [changes, expected] of cases) {
    as.answers.set('odd', active(changes));
    assert.equal(await outcome(make(), 'odd'), expected, JSON.stringify(changes));
  }
  as.answers.set('odd', active({ aud: undefined }));
  assert.equal(await outcome(make({ audience: 'if_present' }), 'odd'), 'live');
  as.answers.set('odd', active({ aud: 'https://other.example' }));
  assert.equal(await outcome(make({ audience: 'if_present' }), 'odd'), 'wrong_audience');
});

test('an answer serves for its ttl, counted from when it was asked for, and the token of 1,000 callers is asked about once', async () => {
  as.answers.set('hot', active());
  const tokens = make();
  as.isHeld = true;
  const all = Promise.all(Array.from({ length: 1_000 }, () => outcome(tokens, 'hot')));
  await new Promise((resolve) => setImmediate(resolve));
  pass(3);
  as.isHeld = false;
  as.release();
  assert.deepEqual(new Set(await all), new Set(['live']));
  assert.equal(as.asked.length, 1);
  pass(26.9);
  await outcome(tokens, 'hot');
  assert.equal(as.asked.length, 1);
  pass(0.1);
  await outcome(tokens, 'hot');
  assert.equal(as.asked.length, 2);
});

test('an answer does not serve up to its exp by the tolerance, nor without exp at all', async () => {
  as.answers.set('short', active({ exp: NOW + 20 }));
  as.answers.set('endless', active({ exp: undefined }));
  const tokens = make();
  assert.equal(await outcome(tokens, 'short'), 'live');
  pass(9);
  assert.equal(await outcome(tokens, 'short'), 'live');
  assert.equal(as.asked.length, 1);
  pass(1);
  assert.equal(await outcome(tokens, 'short'), 'live');
  assert.equal(as.asked.length, 2, 'within the tolerance its issuer decides');
  for (let at = 0; at < 3; at++) assert.equal(await outcome(tokens, 'endless'), 'live');
  assert.equal(as.asked.length, 5);
});

test('a clock that is set back does not make an answer serve for longer', async () => {
  as.answers.set('hot', active());
  const tokens = make();
  await outcome(tokens, 'hot');
  as.answers.delete('hot');
  progress += 30;
  now -= 5;
  assert.equal(await outcome(tokens, 'hot'), 'inactive');
});

test('a kept answer is looked at by its nbf too, where a clock is set back (RFC 7519 §4.1.5)', async () => {
  as.answers.set('new', active({ iat: undefined, nbf: NOW }));
  const tokens = make();
  assert.equal(await outcome(tokens, 'new'), 'live');
  now = NOW - 11;
  assert.equal(await outcome(tokens, 'new'), 'not_yet_valid');
  now = NOW - 10;
  assert.equal(await outcome(tokens, 'new'), 'live');
});

test('inactive is remembered for 5 seconds, and a token that is active again is asked about then', async () => {
  const tokens = make();
  assert.equal(await outcome(tokens, 'late'), 'inactive');
  as.answers.set('late', active());
  pass(4.9);
  assert.equal(await outcome(tokens, 'late'), 'inactive');
  assert.equal(as.asked.length, 1);
  pass(0.1);
  assert.equal(await outcome(tokens, 'late'), 'live');
});

test('an issuer that cannot be asked is 503 and never inactive, and nothing of it is remembered', async () => {
  const tokens = make({ timeoutMs: 50 });
  as.answers.set('good', active());
  const failures: readonly (() => Response | Promise<Response>)[] = [
    () => new Response('{"active":false}', { status: 500 }),
    () => new Response('{"error":"invalid_client"}', { status: 401 }),
    () => new Response('{"active":"false"}'),
    () => new Response('{"active":1}'),
    () => new Response('{}'),
    () => new Response('[]'),
    () => new Response('<html>'),
    () => new Response(`{"active":false,"x":"${'x'.repeat(70_000)}"}`),
    () => Promise.reject(new TypeError('fetch failed')),
  ];
  for (const fail of failures) {
    as.instead = fail;
    const result = await tokens.verify('good');
    assert.ok(result.kind === 'refused');
    assert.equal(result.reason, 'introspection_unavailable');
    assert.deepEqual([result.error.status, result.error.retryAfterSeconds], [503, 5]);
    as.instead = undefined;
    assert.equal(await outcome(make(), 'good'), 'live');
  }
});

test('where it is allowed, an answer that has grown old serves while the issuer is away, but not beyond its exp', async () => {
  as.answers.set('good', active({ exp: NOW + 110 }));
  const strict = make();
  const lenient = make({ onError: { allowStaleSeconds: 300 } });
  for (const tokens of [strict, lenient]) await outcome(tokens, 'good');
  as.instead = () => new Response(null, { status: 503 });
  pass(31);
  assert.equal(await outcome(strict, 'good'), 'introspection_unavailable');
  assert.equal(await outcome(lenient, 'good'), 'live');
  pass(68);
  assert.equal(await outcome(lenient, 'good'), 'live');
  pass(1);
  assert.equal(await outcome(lenient, 'good'), 'introspection_unavailable');
});

test('while the issuer does not answer nobody waits for it, and it is asked in the background, when it wants to be (RFC 9110 §10.2.3)', async () => {
  as.answers.set('good', active());
  const tokens = make({ onError: { allowStaleSeconds: 300 } });
  await outcome(tokens, 'good');
  as.instead = () => new Response(null, { status: 500 });
  pass(31);
  assert.equal(await outcome(tokens, 'good'), 'live');
  assert.equal(as.asked.length, 2);
  as.isHeld = true;
  pass(0.9);
  for (let at = 0; at < 3; at++) assert.equal(await outcome(tokens, 'good'), 'live');
  assert.equal(as.asked.length, 2);
  pass(0.1);
  as.instead = () => new Response(null, { status: 503, headers: { 'retry-after': '20' } });
  for (let at = 0; at < 3; at++) assert.equal(await outcome(tokens, 'good'), 'live');
  assert.equal(as.asked.length, 3);
  as.isHeld = false;
  as.release();
  await new Promise((resolve) => setImmediate(resolve));
  pass(19);
  assert.equal(await outcome(tokens, 'good'), 'live');
  assert.equal(as.asked.length, 3);
  as.instead = undefined;
  as.answers.delete('good');
  pass(1);
  assert.equal(await outcome(tokens, 'good'), 'live');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await outcome(tokens, 'good'), 'inactive', 'what was said in the background counts');
  assert.equal(as.asked.length, 4);
});

test('a token that the issuer chokes on keeps no other one alive: whether it is away is not for those who show tokens to say', async () => {
  for (const status of [403, 413, 500]) {
    now = NOW;
    progress = 0;
    as.answers.set('good', active({ exp: NOW + 3_600 }));
    const tokens = make({ ttlSeconds: 5, onError: { allowStaleSeconds: 3_000 } });
    await outcome(tokens, 'good');
    as.answers.delete('good');
    let seconds = 0;
    for (; seconds < 60 && (await outcome(tokens, 'good')) === 'live'; seconds += 0.9) {
      as.instead = () => new Response(null, { status });
      await outcome(tokens, `strange ${seconds}`);
      as.instead = undefined;
      pass(0.9);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Where the issuer is said to be away it is asked in the background, and the next look has the answer.
    assert.equal(seconds.toFixed(1), status === 500 ? '6.3' : '5.4', `${status}`);
  }
});

test('an answer that has grown old is looked at again after the issuer was asked in vain: it may be revoked by then, or over', async () => {
  let finding: Finding = { kind: 'fine' };
  const revocations = { issuer: ISSUER, look: () => finding };
  const tokens = make({ onError: { allowStaleSeconds: 300 } }, { revocations });
  for (const name of ['revoked', 'unknown', 'over', 'old']) as.answers.set(name, active());
  const cases: readonly (readonly [string, () => void, string])[] = [
    ['revoked', () => (finding = { kind: 'revoked', reason: 'user_revoked' }), 'revoked'],
    ['unknown', () => (finding = { kind: 'unknown', cause: 'test' }), 'introspection_unavailable'],
    ['over', () => (now = NOW + 595), 'introspection_unavailable'],
    ['old', () => (progress += 300), 'introspection_unavailable'],
  ];
  for (const [name, happen, expected] of cases) {
    finding = { kind: 'fine' };
    now = NOW;
    as.instead = undefined;
    assert.equal(await outcome(tokens, name), 'live');
    pass(31);
    as.instead = () => {
      happen();
      return new Response(null, { status: 500 });
    };
    assert.equal(await outcome(tokens, name), expected, name);
  }
});

test('who comes after a question was sent gets no answer to it where answers are not kept; one more is asked for all of them', async () => {
  let finding: Finding = { kind: 'fine' };
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  for (const tokens of [make({ ttlSeconds: 0 }), make({}, { revocations: { issuer: ISSUER, look: () => finding } })]) {
    as.answers.set('one', active());
    as.asked.length = 0;
    finding = { kind: 'fine' };
    await outcome(tokens, 'one');
    finding = { kind: 'unknown', cause: 'test' };
    as.isHeld = true;
    const first = outcome(tokens, 'one');
    await tick();
    as.answers.delete('one');
    const later = Array.from({ length: 100 }, () => outcome(tokens, 'one'));
    await tick();
    assert.equal(as.asked.length, 2, 'of one token there is one question at a time');
    as.isHeld = false;
    as.release();
    assert.equal(await first, 'live');
    assert.deepEqual(new Set(await Promise.all(later)), new Set(['inactive']));
    assert.equal(as.asked.length, 3);
  }
});

test('an issuer that fails is not asked for its metadata each time, and by many at once just once (RFC 8414 §3)', async () => {
  let documents = 0;
  let fail: () => Response | Promise<Response> = () => new Response(null, { status: 503 });
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (init.method === 'POST') return fail();
    documents += 1;
    return Response.json({ issuer: ISSUER, introspection_endpoint: url.replace(/\/\.well-known.*/, '/introspect') });
  };
  const tokens = verifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    fetch,
    nowMs: () => now * 1000,
    introspection: { credentials: CREDENTIALS },
  });
  await Promise.all(Array.from({ length: 40 }, (_, at) => outcome(tokens, `at-once-${at}`)));
  assert.equal(documents, 1);
  for (let at = 0; at < 20; at++) await outcome(tokens, `later-${at}`);
  assert.equal(documents, 1, 'whoever answers 503 is there');
  fail = () => Promise.reject(new TypeError('fetch failed'));
  for (let at = 0; at < 20; at++) await outcome(tokens, `away-${at}`);
  assert.equal(documents, 2, 'who does not answer may have moved');
  now += 5;
  for (let at = 0; at < 20; at++) await outcome(tokens, `long-away-${at}`);
  assert.equal(documents, 3);
});

test('an inactive that follows an active is believed, and no older answer comes back when the issuer goes away', async () => {
  as.answers.set('good', active());
  const tokens = make({ onError: { allowStaleSeconds: 300 } });
  await outcome(tokens, 'good');
  as.answers.delete('good');
  pass(30);
  assert.equal(await outcome(tokens, 'good'), 'inactive');
  as.instead = () => new Response(null, { status: 503 });
  pass(6);
  assert.equal(await outcome(tokens, 'good'), 'introspection_unavailable');
});

test('a flood of random tokens displaces none of the good ones, and does not keep them out (hit rate 100 %)', async () => {
  const tokens = make({ maxEntries: 800 });
  const good = Array.from({ length: 500 }, (_, at) => `good-${at}`);
  for (const token of good) {
    as.answers.set(token, active());
    await outcome(tokens, token);
  }
  const before = as.asked.length;
  for (let at = 0; at < 5_000; at++) await outcome(tokens, `random-${at}`);
  for (const token of good) assert.equal(await outcome(tokens, token), 'live');
  assert.equal(as.asked.length - before, 5_000);
});

test('at most 64 questions are under way; strangers leave room for tokens that held before, and those who find none get 503', async () => {
  as.answers.set('known', active());
  const tokens = make();
  await outcome(tokens, 'known');
  pass(30);
  as.isHeld = true;
  const flood = Array.from({ length: 1_000 }, (_, at) => outcome(tokens, `random-${at}`));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(as.asked.length - 1, 48);
  const known = outcome(tokens, 'known');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(as.asked.at(-1), 'known');
  as.isHeld = false;
  as.release();
  assert.equal(await known, 'live');
  const outcomes = await Promise.all(flood);
  assert.equal(outcomes.filter((one) => one === 'introspection_unavailable').length, 1_000 - 48 - 750);
  assert.equal(outcomes.filter((one) => one === 'inactive').length, 48 + 750);
});

test('nobody waits for a turn for ever', async () => {
  const tokens = make({ timeoutMs: 10_000 });
  as.isHeld = true;
  const flood = Array.from({ length: 100 }, (_, at) => outcome(tokens, `random-${at}`));
  for (const one of flood.slice(48)) assert.equal(await one, 'introspection_unavailable');
  as.isHeld = false;
  as.release();
  assert.equal((await Promise.all(flood)).filter((one) => one === 'inactive').length, 48);
});

test('a JWT is never asked about, good or bad, unless that is wanted', async () => {
  const key = makeKey('ES256', 'es');
  const issuer = await startIssuer([key]);
  try {
    const claims = { iss: issuer.issuer, aud: AUDIENCE, sub: 's', client_id: 'c', jti: 'j', iat: NOW, exp: NOW + 600 };
    const good = signToken(key, claims);
    const fetch = (url: string, init: RequestInit): Promise<Response> =>
      url === INTROSPECTION_ENDPOINT ? as.fetch(url, init) : globalThis.fetch(url, init);
    // An http issuer on this machine may be asked over https.
    const options = (jwts: IntrospectionOptions['jwts']): Partial<VerifierOptions> => ({
      issuer: issuer.issuer,
      fetch,
      introspection: { credentials: CREDENTIALS, endpoint: INTROSPECTION_ENDPOINT, ...(jwts === undefined ? {} : { jwts }) },
    });
    const tokens = make({}, options(undefined));
    assert.equal(await outcome(tokens, good), 'live');
    for (const bad of [`${good}x`, good.replace('.', '.e30'), `${good.split('.')[0]}.x.y`, signToken(key, { ...claims, aud: 'x' })])
      assert.notEqual(await outcome(tokens, bad), 'live');
    assert.deepEqual(as.asked, []);
    as.answers.set('a.b.c', active({ iss: issuer.issuer }));
    assert.equal(await outcome(tokens, 'a.b.c'), 'live', 'three parts, but no JWT');

    as.answers.set(good, active({ iss: issuer.issuer }));
    assert.equal(await outcome(make({}, options('always')), good), 'live');
    assert.equal(as.asked.at(-1), good);
    as.asked.length = 0;
    let finding: Finding = { kind: 'unknown', cause: 'test' };
    const revocations = { issuer: issuer.issuer, look: () => finding };
    assert.equal(await outcome(make({}, { ...options('never'), revocations }), good), 'revocations_unknown');
    const asking = make({}, { ...options('when_unknown'), revocations });
    assert.equal(await outcome(asking, good), 'live');
    assert.equal(await outcome(asking, good), 'live');
    assert.deepEqual(as.asked, [good, good], 'and nothing is kept of it');
    finding = { kind: 'fine' };
    assert.equal(await outcome(asking, good), 'live');
    finding = { kind: 'revoked', reason: 'user_revoked' };
    assert.equal(await outcome(asking, good), 'revoked');
    assert.equal(as.asked.length, 2);
  } finally {
    await issuer.close();
  }
});

test('what is known of revocations is looked at on each hit; while it is not known, each token is asked about', async () => {
  let finding: Finding = { kind: 'fine' };
  as.answers.set('good', active());
  const tokens = make({}, { revocations: { issuer: ISSUER, look: () => finding } });
  await outcome(tokens, 'good');
  assert.equal(await outcome(tokens, 'good'), 'live');
  assert.equal(as.asked.length, 1);
  for (const kind of ['unknown', 'unmarked'] as const) {
    finding = { kind, cause: 'test' };
    as.asked.length = 0;
    for (let at = 0; at < 3; at++) assert.equal(await outcome(tokens, 'good'), 'live');
    assert.equal(as.asked.length, 3);
  }
  finding = { kind: 'revoked', reason: 'user_revoked' };
  assert.equal(await outcome(tokens, 'good'), 'revoked');
  assert.equal(
    await outcome(make({}, { revocations: { issuer: ISSUER, look: () => finding } }), 'good'),
    'revoked',
    'also right after the answer',
  );
});

test('a token that does not look like one, or is longer than any, is nobody’s question', async () => {
  const tokens = make({}, { tokenPattern: /^hfa_[\w-]+$/g });
  as.answers.set('hfa_good', active());
  for (let at = 0; at < 3; at++) assert.equal(await outcome(tokens, 'hfa_good'), 'live');
  assert.equal(await outcome(tokens, 'random'), 'malformed');
  assert.equal(await outcome(tokens, `hfa_${'x'.repeat(8_200)}`), 'malformed');
  assert.deepEqual(as.asked, ['hfa_good']);
  const always = make({ jwts: 'always' }, { tokenPattern: /^hfa_/ });
  assert.equal(await outcome(always, 'random'), 'malformed', 'also where JWTs are asked about');
  assert.equal(await outcome(always, 'hfa_good'), 'live');
  assert.equal(await outcome(always, 'e30.e30.x'), 'inactive');
  assert.deepEqual(as.asked, ['hfa_good', 'hfa_good', 'e30.e30.x']);
});

test('a JWT that is asked about stays what it says of itself: its key, its scopes, its names', async () => {
  const key = makeKey('ES256', 'es');
  const issuer = await startIssuer([key]);
  try {
    const fetch = (url: string, init: RequestInit): Promise<Response> =>
      url === INTROSPECTION_ENDPOINT ? as.fetch(url, init) : globalThis.fetch(url, init);
    const revocations = { issuer: issuer.issuer, look: () => ({ kind: 'unknown', cause: 'test' }) as const };
    const tokens = make({ jwts: 'when_unknown' }, { issuer: issuer.issuer, fetch, revocations });
    const claims = { iss: issuer.issuer, aud: AUDIENCE, sub: 's', client_id: 'c', jti: 'j', iat: NOW, exp: NOW + 600, scope: 'read' };
    const bound = signToken(key, { ...claims, cnf: { jkt: 'a'.repeat(43) } });
    const bearer = signToken(key, claims);
    for (const text of [bound, bearer]) as.answers.set(text, active({ iss: issuer.issuer, scope: 'admin', sub: 'root', jti: 'other' }));
    assert.equal(await outcome(tokens, bound), 'sender_constrained');
    const said = await tokens.verify(bearer);
    assert.ok(said.kind === 'live');
    assert.deepEqual([said.scopes, said.subject, said.tokenId], [['read'], 's', 'j']);
    assert.deepEqual(as.asked, [bound, bearer]);
    as.answers.delete(bearer);
    assert.equal(await outcome(tokens, bearer), 'inactive');
  } finally {
    await issuer.close();
  }
});

test('members that are called status or lineage mean nothing where nobody asks for revocations; else one that is none is refused, and asked about once', async () => {
  as.answers.set('odd', active({ status: 'active', lineage: 'tiger' }));
  assert.equal(await outcome(make(), 'odd'), 'live');
  const tokens = make({}, { revocations: { issuer: ISSUER, look: () => ({ kind: 'fine' }) } });
  as.asked.length = 0;
  for (let at = 0; at < 3; at++) assert.equal(await outcome(tokens, 'odd'), 'unmarked');
  assert.equal(as.asked.length, 1);
});

test('the endpoint is found in the metadata, and looked for again after a failure (RFC 8414 §2)', async () => {
  const issuer = await startIssuer([]);
  try {
    issuer.served.metadata = { ...issuer.served.metadata, introspection_endpoint: `${issuer.issuer}/old` };
    const tokens = verifier({
      issuer: issuer.issuer,
      audience: AUDIENCE,
      introspection: { credentials: { authorization: () => 'Bearer x' } },
    });
    assert.equal(await outcome(tokens, 'opaque'), 'introspection_unavailable');
    issuer.served.metadata = { ...issuer.served.metadata, introspection_endpoint: `${issuer.issuer}/keys` };
    issuer.requests.length = 0;
    assert.equal(await outcome(tokens, 'opaque'), 'introspection_unavailable', 'a document without active is no answer');
    assert.deepEqual(issuer.requests, ['/.well-known/oauth-authorization-server', '/keys']);
  } finally {
    await issuer.close();
  }
});

test('no kept answer is active at or after exp, nor later than the revocation and the ttl, whatever happens in between', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('verify' as const) }),
    fc.record({ kind: fc.constant('revoke' as const) }),
    fc.record({ kind: fc.constant('away' as const) }),
    fc.record({ kind: fc.constant('back' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 200 }),
      fc.array(step, { maxLength: 40 }),
      async (ttlSeconds, allowStaleSeconds, life, steps) => {
        as = testIntrospection();
        now = NOW;
        progress = 0;
        as.answers.set('one', active({ exp: NOW + life }));
        const tokens = make({ ttlSeconds, onError: { allowStaleSeconds } }, { clockToleranceSeconds: 0 });
        let revokedAt = Number.POSITIVE_INFINITY;
        for (const one of steps) {
          if (one.kind === 'pass') pass(one.seconds);
          if (one.kind === 'away') as.instead = () => new Response(null, { status: 500 });
          if (one.kind === 'back') as.instead = undefined;
          if (one.kind === 'revoke') {
            as.answers.delete('one');
            revokedAt = Math.min(revokedAt, now);
          }
          if (one.kind !== 'verify' || (await outcome(tokens, 'one')) !== 'live') continue;
          assert.ok(now < NOW + life, `live at ${now - NOW} of ${life}`);
          assert.ok(now < revokedAt + ttlSeconds + allowStaleSeconds || now === revokedAt, `live ${now - revokedAt} after`);
        }
      },
    ),
    { numRuns: 300 },
  );
});
