import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { systemClock } from './clock.ts';
import { type StatusListsOptions, statusLists } from './status-lists.ts';
import { answer, makeKey, signToken, startIssuer, type TestIssuer } from './testing/issuer.ts';
import { type Verifier, verifier } from './verifier.ts';

const AUDIENCE = 'https://api.example/notes';
const NOW = 1_800_000_000;
const key = makeKey('ES256', 'list');

let as: TestIssuer;
let now = NOW;
let progress = 0;
/** By path: what is changed of a list of zeros, and its header. */
let lists: Map<
  string,
  { payload?: object; header?: object; statuses?: readonly (readonly [number, number])[]; cache?: string; key?: typeof key }
>;
beforeEach(async () => {
  now = NOW;
  progress = 0;
  lists = new Map([['/oauth/status/5', {}]]);
  as = await startIssuer([key]);
  as.served.answer = (request, response) => {
    const list = lists.get(request.url ?? '');
    if (list === undefined) return answer(as.served, request, response);
    const bytes = Buffer.alloc(256);
    for (const [index, status] of list.statuses ?? []) bytes[index >> 2] = (bytes[index >> 2] ?? 0) | (status << ((index % 4) * 2));
    const lst = deflateSync(bytes).toString('base64url');
    const payload = {
      iss: as.issuer,
      sub: as.issuer + request.url,
      iat: now,
      exp: now + 30,
      ttl: 15,
      status_list: { bits: 2, lst },
      ...list.payload,
    };
    const text = signToken(list.key ?? key, payload, { typ: 'statuslist+jwt', ...list.header });
    const cache = list.cache === undefined ? {} : { 'cache-control': list.cache };
    response.writeHead(200, { 'content-type': 'application/statuslist+jwt', ...cache }).end(text);
  };
});
afterEach(() => as.close());

function make(options: Partial<StatusListsOptions> = {}): Verifier {
  const clocks = { nowMs: () => now * 1000, monotonicMs: () => progress * 1000 };
  const revocations = statusLists({ issuer: as.issuer, ...clocks, ...options });
  return verifier({ issuer: as.issuer, audience: AUDIENCE, revocations, ...clocks });
}

function pass(seconds: number): void {
  now += seconds;
  progress += seconds;
}

let jtis = 0;

function token(idx = 7, changes: object = {}): string {
  jtis += 1;
  const claims = { iss: as.issuer, aud: AUDIENCE, sub: 's', client_id: 'c', jti: `${jtis}`, iat: NOW, exp: NOW + 3_600 };
  return signToken(key, { ...claims, status: { status_list: { uri: `${as.issuer}/oauth/status/5`, idx } }, ...changes });
}

async function outcome(tokens: Verifier, text: string = token()): Promise<string> {
  const result = await tokens.verify(text);
  return result.kind === 'live' ? 'live' : `${result.reason}${result.reason === 'revoked' ? ` ${result.error.detail}` : ''}`;
}

function fetches(): number {
  return as.requests.filter((path) => path.startsWith('/oauth/status/')).length;
}

test('the place of a token in its list says whether it holds (Token Status List §4.1, §6.1, §7.1, §8.3)', async () => {
  lists.set('/oauth/status/5', {
    statuses: [
      [7, 1],
      [9, 2],
      [10, 3],
      [1_023, 1],
    ],
  });
  const tokens = make();
  assert.deepEqual(await Promise.all([6, 7, 8, 9, 10, 1_022, 1_023, 1_024].map((index) => outcome(tokens, token(index)))), [
    'live',
    'revoked invalid',
    'live',
    'revoked suspended',
    'revoked status 3',
    'live',
    'revoked invalid',
    'unmarked',
  ]);
  assert.equal(fetches(), 1);
});

test('an ancestor that is revoked takes its tokens along, from whichever list', async () => {
  lists.set('/oauth/status/6', { statuses: [[3, 1]] });
  const tokens = make();
  const of = (grant: string): string =>
    token(7, {
      lineage: [
        { grant: '5/1', client_id: 'a' },
        { grant, client_id: 'b' },
      ],
    });
  assert.equal(await outcome(tokens, of('6/2')), 'live');
  assert.equal(await outcome(tokens, of('6/3')), 'revoked invalid');
  assert.equal(await outcome(tokens, of('8/3')), 'revocations_unknown', 'its list is not there');
});

test('a list serves for its ttl, is fetched again before it is over, and then fails closed', async () => {
  const tokens = make();
  assert.equal(await outcome(tokens), 'live');
  pass(11.9);
  assert.equal(await outcome(tokens), 'live');
  assert.equal(fetches(), 1);
  const before = as.served.answer;
  as.served.answer = (_request, response) => response.writeHead(500).end();
  pass(3);
  for (let at = 0; at < 10; at++) assert.equal(await outcome(tokens), 'live');
  pass(0.1);
  const refused = await tokens.verify(token());
  assert.ok(refused.kind === 'refused');
  assert.deepEqual([refused.reason, refused.error.status], ['revocations_unknown', 503]);
  as.served.answer = before;
  assert.equal(await outcome(tokens), 'revocations_unknown', 'it is asked once a second');
  pass(1);
  assert.equal(await outcome(tokens), 'live');
});

test('max-age, our own bound and the clock make its time shorter, never longer', async () => {
  lists.set('/oauth/status/5', { cache: 'max-age=4', statuses: [] });
  const short = make();
  await outcome(short);
  pass(4);
  lists.set('/oauth/status/5', { statuses: [[7, 1]] });
  assert.equal(await outcome(short), 'revoked invalid');
  const bounded = make({ maxAgeSeconds: 2 });
  lists.set('/oauth/status/5', {});
  await outcome(bounded);
  pass(2);
  lists.set('/oauth/status/5', { statuses: [[7, 1]] });
  assert.equal(await outcome(bounded), 'revoked invalid');
  for (const payload of [{ iat: NOW - 60, exp: NOW + 90 }, { iat: NOW + 60, exp: NOW + 90 }, { exp: NOW - 30 }]) {
    lists.set('/oauth/status/5', { payload });
    assert.equal(await outcome(make()), 'revocations_unknown', JSON.stringify(payload));
  }
});

test('a list that says not to be kept is kept for a second all the same: nobody could use it else', async () => {
  for (const cache of ['no-cache', 'no-store', 'max-age=0']) {
    lists.set('/oauth/status/5', { cache });
    const tokens = make();
    assert.equal(await outcome(tokens), 'live', cache);
    pass(0.9);
    assert.equal(await outcome(tokens), 'live');
    lists.set('/oauth/status/5', { statuses: [[7, 1]] });
    pass(0.1);
    assert.equal(await outcome(tokens), 'revoked invalid');
  }
});

test('a list has its time from when it was issued, wherever it was kept and whatever is said of it on the way (Token Status List §8.3)', async () => {
  lists.set('/oauth/status/5', { payload: { iat: NOW }, cache: 'max-age=600' });
  pass(9);
  const tokens = make();
  assert.equal(await outcome(tokens), 'live');
  pass(5.9);
  assert.equal(await outcome(tokens), 'live');
  pass(0.1);
  assert.equal(await outcome(tokens), 'revocations_unknown');
  const refused = await make().verify(token());
  assert.match(String(refused.kind === 'refused' && refused.error.detail), /15 seconds old/);
});

test('behind a cache there is no gap: a list that is over is asked for at once, however short it served', async () => {
  lists.set('/oauth/status/5', { payload: { iat: NOW } });
  pass(14.6);
  const tokens = make();
  assert.equal(await outcome(tokens), 'live');
  pass(0.5);
  // The cache has another one now.
  lists.set('/oauth/status/5', { payload: { iat: NOW + 15 } });
  assert.equal(await outcome(tokens), 'live');
  as.served.answer = (_request, response) => response.writeHead(500).end();
  pass(15);
  const before = fetches();
  for (let at = 0; at < 5; at++) assert.equal(await outcome(tokens), 'revocations_unknown');
  assert.equal(fetches(), before + 1, 'what failed is asked for once a second');
});

test('more lists than are kept: each answers who asked for it, and the one that is used most stays', async () => {
  for (let list = 0; list < 40; list++) lists.set(`/oauth/status/${100 + list}`, {});
  const of = (list: number): string => token(7, { status: { status_list: { uri: `${as.issuer}/oauth/status/${100 + list}`, idx: 7 } } });
  const tokens = make();
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, list) => outcome(tokens, of(list))));
  assert.deepEqual(new Set(outcomes), new Set(['live']));
  as.requests.length = 0;
  const others = make();
  for (let list = 1; list < 40; list++) {
    assert.equal(await outcome(others, of(0)), 'live');
    assert.equal(await outcome(others, of(list)), 'live');
  }
  assert.equal(fetches(), 40);
});

test('an older list does not displace a newer one', async () => {
  lists.set('/oauth/status/5', { statuses: [[7, 1]] });
  const tokens = make();
  assert.equal(await outcome(tokens), 'revoked invalid');
  pass(13);
  lists.set('/oauth/status/5', { payload: { iat: NOW - 1 } });
  await outcome(tokens);
  while (fetches() < 2) await systemClock.wait(5);
  await systemClock.wait(50);
  assert.equal(await outcome(tokens), 'revoked invalid');
});

test('1,000 tokens at once make one fetch', async () => {
  const tokens = make();
  const all = await Promise.all(Array.from({ length: 1_000 }, (_, at) => outcome(tokens, token(at))));
  assert.deepEqual(new Set(all), new Set(['live']));
  assert.equal(fetches(), 1);
});

test('what is not the issuer’s list, to the last member, says nothing (Token Status List §5.1, §8.3)', async () => {
  const lst = deflateSync(Buffer.alloc(256)).toString('base64url');
  const wrong: readonly (readonly [string, Parameters<typeof lists.set>[1]])[] = [
    ['type', { header: { typ: 'at+jwt' } }],
    ['sub', { payload: { sub: 'https://as.example/oauth/status/5' } }],
    ['iss', { payload: { iss: 'https://as.example' } }],
    ['iat', { payload: { iat: undefined } }],
    ['ttl', { payload: { ttl: '15' } }],
    ['signature', { key: makeKey('ES256', 'list') }],
    ['alg', { header: { alg: 'none' } }],
    ['bits', { payload: { status_list: { bits: 3, lst } } }],
    ['lst', { payload: { status_list: { bits: 2, lst: `${lst}=` } } }],
    ['not deflated', { payload: { status_list: { bits: 2, lst: 'AAAA' } } }],
    ['a bomb', { payload: { status_list: { bits: 2, lst: deflateSync(Buffer.alloc(2_000_000)).toString('base64url') } } }],
    ['no list', { payload: { status_list: undefined } }],
  ];
  for (const [name, list] of wrong) {
    lists.set('/oauth/status/5', list);
    assert.equal(await outcome(make()), 'revocations_unknown', name);
  }
  lists.set('/oauth/status/5', {});
  assert.equal(await outcome(make({ isBarred: (kid) => kid === 'list' })), 'revocations_unknown', 'a key that was given up');
  // Somebody's without types, that has to ask first: a promise is no `false`.
  const slow = new Proxy(() => false, { apply: () => Promise.resolve(true) });
  assert.equal(await outcome(make({ isBarred: slow })), 'revocations_unknown', 'nobody knows yet');
  assert.equal(await outcome(make()), 'live');
});

test('nothing is fetched from elsewhere than below the prefix', async () => {
  const tokens = make();
  for (const uri of [
    'https://evil.example/oauth/status/5',
    `${as.issuer}/oauth/status/../5`,
    `${as.issuer}/oauth/status/5?x`,
    `${as.issuer}/oauth/status/`,
    `${as.issuer}/oauth/status/a/b`,
    `${as.issuer}.evil.example/oauth/status/5`,
  ])
    assert.equal(await outcome(tokens, token(7, { status: { status_list: { uri, idx: 7 } } })), 'unmarked', uri);
  assert.equal(await outcome(tokens, token(7, { status: undefined })), 'unmarked');
  assert.equal(fetches(), 0);
});

test('a list is not asked for before the signature and the audience hold', async () => {
  const tokens = make();
  await outcome(tokens, token(7, { aud: 'https://other.example' }));
  await outcome(tokens, `${token().slice(0, -4)}AAAA`);
  assert.equal(fetches(), 0);
});

test('misuse of status lists is a TypeError', () => {
  for (const wrong of [
    { issuer: 'http://as.example' },
    { prefix: 'https://as.example/status' },
    { prefix: 'http://as.example/status/' },
    { prefix: 7 },
    { maxAgeSeconds: 0 },
    { clockToleranceSeconds: 301 },
  ]) {
    const options: StatusListsOptions = Object({ issuer: 'https://as.example', ...wrong });
    assert.throws(() => statusLists(options), TypeError, JSON.stringify(wrong));
  }
});
