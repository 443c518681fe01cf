import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readForm } from '@hufu/protocol/form';
import { tenantId } from '@hufu/protocol/ids';
import { openMemory } from '@hufu/store/memory';
import { type HistoryRecord, StoreUnavailable } from '@hufu/store/port';
import { authorize } from '../endpoints/authorize.ts';
import { jsonLog } from '../log.ts';
import { tokenFacts } from '../testing/token-facts.ts';
import { authorizationQuery, postToken, signedIn, tokensOf } from '../testing/visits.ts';
import { openWorld, SECRETS, START, START_MS } from '../testing/world.ts';
import { askedOf, type Facts, paramsOf, readFacts, type TokenFacts } from './facts.ts';
import { HISTORY_SECONDS, requestHistory } from './request-history.ts';

const FACTS = tokenFacts({ client: 'app', auth: 'none', granted: ['read'] });

interface Written {
  readonly records: readonly HistoryRecord[];
  readonly keepFrom: number;
}

function ground(fail = false): { history: ReturnType<typeof requestHistory>; written: Written[]; lines: string[] } {
  const written: Written[] = [];
  const lines: string[] = [];
  const store = {
    async recordHistory(_: unknown, records: readonly HistoryRecord[], keepFrom: number): Promise<void> {
      if (fail) throw new StoreUnavailable('gone');
      written.push({ records, keepFrom });
    },
  };
  const log = jsonLog(
    (line) => lines.push(line),
    () => START_MS,
  );
  return { history: requestHistory(store, tenantId(1), log), written, lines };
}

test('requests that are alike are one row with a count, minute by minute, and nothing is written twice', async () => {
  const { history, written } = ground();
  for (const ms of [0, 1, 59_999, 60_000]) history.note(FACTS, START_MS + ms);
  history.note({ ...FACTS, scope: 'read' }, START_MS);
  await history.flush(START_MS + 60_000);
  await history.flush(START_MS + 61_000);
  assert.equal(written.length, 1);
  const { records, keepFrom } = written[0] ?? assert.fail();
  assert.deepEqual(
    records.map(({ minute, times, facts }) => [minute - START, times, Object(JSON.parse(facts)).scope]),
    [
      [0, 3, undefined],
      [0, 1, 'read'],
      [60, 1, undefined],
    ],
  );
  assert.equal(keepFrom, START + 60 - HISTORY_SECONDS);
  assert.deepEqual(readFacts(records[0]?.facts ?? ''), JSON.parse(JSON.stringify(FACTS)));
});

test('requests that differ in anything are told apart, whatever they were sent with', async () => {
  const { history, written } = ground();
  const kinds: readonly Partial<TokenFacts>[] = [
    {},
    { client: 'other' },
    { auth: 'client_secret_basic' },
    { grantType: 'refresh_token' },
    { scope: '' },
    { scope: 'a' },
    { scope: 'a1 b' },
    { scope: 'a', redirectUri: 'b' },
    { redirectUri: 'b' },
    { resources: ['a'] },
    { resources: ['a', 'b'] },
    { resources: ['a","b'] },
    { grant: 1, at: 2, idle: 3 },
    { grant: 1, at: 3, idle: 3 },
    { grant: 1, at: 3, idle: 4 },
    { user: 1 },
    { granted: undefined },
    { granted: ['read', 'write'] },
    { granted: undefined, refused: { check: 'scope', error: 'invalid_scope' } },
    { granted: undefined, refused: { check: 'resource', error: 'invalid_scope' } },
  ];
  for (const kind of [...kinds, ...kinds]) history.note({ ...FACTS, ...kind }, START_MS);
  await history.flush(START_MS);
  const records = written[0]?.records ?? [];
  assert.deepEqual(
    records.map(({ facts, times }) => [facts, times]),
    kinds.map((kind) => [JSON.stringify({ ...FACTS, ...kind }), 2]),
  );
});

test('kinds of requests are bounded, those that were refused by themselves, and the rest is one count', async () => {
  const { history, written } = ground();
  const note = (facts: Facts): void => history.note(facts, START_MS);
  for (let i = 0; i < 5_000; i++) note({ ...FACTS, client: `x${i}`, refused: { check: 'client_known', error: 'invalid_client' } });
  for (let i = 0; i < 5_000; i++) note({ ...FACTS, grant: i });
  await history.flush(START_MS);
  const records = written.flatMap((one) => one.records);
  assert.equal(records.length, 5_001);
  assert.ok(
    written.every((one) => one.records.length <= 500),
    'some at a time',
  );
  const lost = records.filter(({ facts }) => readFacts(facts)?.kind === 'lost');
  assert.deepEqual(
    lost.map(({ times }) => times),
    [5_000],
  );
  history.note({ ...FACTS, grant: 7_000 }, START_MS);
  await history.flush(START_MS);
  assert.equal(written.at(-1)?.records.length, 1, 'there is room again');
});

test('a store that is away costs a line and what was counted, and nobody waits', async () => {
  const { history, lines } = ground(true);
  history.note(FACTS, START_MS);
  await history.flush(START_MS);
  await history.flush(START_MS);
  assert.deepEqual(
    lines.map((line) => [Object(JSON.parse(line)).event, Object(JSON.parse(line)).dropped]),
    [['history.dropped', 1]],
  );
});

test('what another version has written is passed over', () => {
  for (const text of ['{}', '{"kind":"later"}', '{"kind":"token","client":7}', 'null', '[]'])
    assert.equal(readFacts(text), undefined, text);
});

test('a body that a fact was cut from is let go', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const { history, written } = ground();
  const count = 500;
  const bodyBytes = 60_000;
  const held = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = held();
  for (let i = 0; i < count; i++) {
    // As it comes from a socket: one flat text.
    const body = Buffer.from(`grant_type=client_credentials&scope=a_scope_of_more_than_a_few_letters_${i}&x=${'x'.repeat(bodyBytes)}`);
    history.note({ ...FACTS, ...askedOf(readForm(body.toString())) }, START_MS);
  }
  const grown = held() - before;
  assert.ok(grown < (count * bodyBytes) / 10, `${grown} bytes`);
  await history.flush(START_MS);
  assert.equal(written[0]?.records.length, count);
});

test('what looks like a credential in the wrong place is not kept, nor a redirect URI that nobody asks for (attacks CRY-01)', async () => {
  const { history, written } = ground();
  const credential = `hfr_${'A'.repeat(40)}`;
  const refused = { granted: undefined, refused: { check: 'scope', error: 'invalid_scope' } } as const;
  history.note({ ...FACTS, ...askedOf(readForm(`grant_type=refresh_token&scope=read+${credential}`)), ...refused }, START_MS);
  const { params } = paramsOf(readForm(`redirect_uri=https%3A%2F%2Fx.example%2F%3Ft%3D${credential}&scope=openid`));
  history.note({ kind: 'authorize', client: 'app', isPushed: false, params, resources: [], session: undefined, ...refused }, START_MS);
  history.note({ ...FACTS, ...askedOf(readForm('grant_type=client_credentials&redirect_uri=https%3A%2F%2Fx.example%2F')) }, START_MS);
  await history.flush(START_MS);
  const texts = written[0]?.records.map(({ facts }) => facts) ?? [];
  assert.equal(texts.length, 3);
  assert.doesNotMatch(texts.join(), /hfr_/);
  assert.equal(Object(readFacts(texts[0] ?? '')).scope, 'read [credential]');
  assert.equal(Object(readFacts(texts[1] ?? '')).params.redirect_uri, 'https://x.example/?t=[credential]');
  assert.doesNotMatch(texts[2] ?? '', /x\.example/);
});

test('the words of one request together are bounded', () => {
  const long = 'x'.repeat(400);
  const many = readForm(`redirect_uri=${long}&scope=${long}&resource=${long}`, { repeatable: ['resource'] });
  assert.deepEqual(paramsOf(many), { params: {}, resources: [] });
  assert.deepEqual(askedOf(readForm(`grant_type=${long}&scope=${long}&resource=${long}`)).resources, []);
  assert.equal(paramsOf(readForm(`redirect_uri=${long}&scope=${long}`)).params['scope'], long);
});

test('what is too long, or stands somewhere else, is kept without its words', async () => {
  const store = await openMemory();
  const world = await openWorld({ store });
  const basic = { basic: `machine:${SECRETS.machine}` };
  await postToken(world, { grant_type: 'client_credentials', scope: 'x'.repeat(2_000) }, basic);
  const sent = (part: Record<string, string>): Promise<unknown> =>
    authorize(world.ctx, world.http({ path: '/oauth/authorize', query: authorizationQuery(part) }));
  await sent({ redirect_uri: `https://other.example/${'x'.repeat(2_000)}` });
  await sent({ redirect_uri: 'https://other.example/', request: 'x.y.z' });
  await world.ctx.history.flush(START_MS);
  const kept = (await store.listHistory(world.tenant, { minute: 0, id: 0 }, 10)).map(({ facts }) => readFacts(facts));
  assert.deepEqual(
    kept.map((facts) => (facts?.kind === 'token' ? [facts.grantType, facts.scope] : facts?.kind === 'authorize' ? facts.params : [])),
    [['', undefined], {}, {}],
  );
  await world.close();
  await store.close();
});

test('what is kept of people is their number, how they signed in and when', async () => {
  const store = await openMemory();
  const world = await openWorld({ store });
  await tokensOf(world, {}, await signedIn(world, 'alice', 'password', 'totp'));
  await world.ctx.history.flush(START_MS);
  const [first] = await store.listHistory(world.tenant, { minute: 0, id: 0 }, 10);
  const facts = readFacts(first?.facts ?? '');
  assert.ok(facts?.kind === 'authorize');
  const { user, ...shown } = facts.session ?? assert.fail();
  assert.ok(user > 0);
  assert.deepEqual(shown, {
    amr: ['pwd', 'otp', 'mfa'],
    methods: [
      { method: 'password', at: START },
      { method: 'totp', at: START },
    ],
    authAge: 0,
    age: 0,
    isNew: false,
  });
  assert.deepEqual(Object.keys(facts.params).toSorted(), [
    'code_challenge',
    'code_challenge_method',
    'redirect_uri',
    'response_type',
    'scope',
  ]);
  assert.equal(facts.params['code_challenge'], '1');
  await world.close();
  await store.close();
});
