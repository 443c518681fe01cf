import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { openMemory } from '@hufu/store/memory';
import { type DecisionRecord, type Store, StoreUnavailable } from '@hufu/store/port';
import { jsonLog } from '../log.ts';
import { systemRandom } from '../random.ts';
import { checks } from './checks.ts';
import { type DecisionJournal, decisionJournal, KEPT_DECISIONS } from './journal.ts';
import { Trail } from './trail.ts';

const T = 1_800_000_000_000;
const REFUSAL = new OAuthError('invalid_grant', 'no', { detail: 'because' });

interface Ground {
  readonly journal: DecisionJournal;
  readonly store: Store;
  readonly lines: readonly { readonly level: string; readonly event: string; readonly dropped?: number }[];
  find(id: string): Promise<DecisionRecord>;
}

async function ground(record?: Store['recordDecisions']): Promise<Ground> {
  const real = await openMemory();
  const tenant = (await real.ensureTenant('default')).id;
  const store =
    record === undefined
      ? real
      : new Proxy(real, { get: (target, name) => (name === 'recordDecisions' ? record : Reflect.get(target, name)) });
  const lines: { level: string; event: string; dropped?: number }[] = [];
  const log = jsonLog(
    (line) => lines.push(JSON.parse(line)),
    () => T,
  );
  const journal = decisionJournal({ store: store, tenant: tenant, random: systemRandom(), log: log, meter: { refused: () => undefined } });
  return { journal, store, lines, find: async (id) => (await real.findDecision(tenant, id)) ?? assert.fail(`no ${id}`) };
}

function trail(...names: (keyof typeof checks)[]): Trail {
  const made = new Trail();
  for (const name of names) made.at(name);
  return made;
}

test('a record tells the checks in their order; the last one failed, with the detail that the reply did not have', async () => {
  const { journal, find } = await ground();
  const path = trail('parameters', 'client_known', 'secret');
  path.clientId = 'spa';
  const id = journal.record('token', 400, REFUSAL, path, T + 7);
  await journal.settled();
  const { record, ...row } = await find(id);
  assert.deepEqual(row, { id, at: T / 1000, endpoint: 'token', status: 400, error: 'invalid_grant', clientId: 'spa' });
  assert.deepEqual(JSON.parse(record), {
    description: 'no',
    checks: [
      { check: 'parameters', outcome: 'passed' },
      { check: 'client_known', outcome: 'passed' },
      { check: 'secret', outcome: 'failed', detail: 'because' },
    ],
  });
});

test('a refusal without a detail is told by its description, and one before any check has no checks', async () => {
  const { journal, find } = await ground();
  const one = journal.record('token', 400, new OAuthError('invalid_request', 'code is missing'), trail('parameters'), T);
  const none = journal.record('http', 400, REFUSAL, new Trail(), T);
  await journal.settled();
  assert.equal(JSON.parse((await find(one)).record).checks[0].detail, 'code is missing');
  assert.deepEqual(JSON.parse((await find(none)).record).checks, []);
});

test('an id sorts by time, can be read aloud, and is unlike any other', async () => {
  const { journal } = await ground();
  const ids = [T, T + 1, T + 1_000, T + 86_400_000_000].map((at) => journal.record('token', 400, REFUSAL, new Trail(), at));
  assert.deepEqual(ids.toSorted(), ids);
  const many = new Set(Array.from({ length: 500 }, () => journal.record('token', 400, REFUSAL, new Trail(), T)));
  assert.equal(many.size, 500);
  for (const id of many) assert.match(id, /^[0-9A-HJKMNP-TV-Z]{18}$/);
  await journal.settled();
});

test('no credential is kept, in whatever parameter it came, and no detail without end (attacks CRY-01)', async () => {
  const { journal, find } = await ground();
  const code = `hfc_${'a'.repeat(64)}`;
  const jwt = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${'b'.repeat(40)}.${'c'.repeat(40)}`;
  const ids = [`scope ${code}`, `x${jwt}y`, 'z'.repeat(10_000)].map((detail) =>
    journal.record('authorize', 400, new OAuthError('invalid_scope', 'no', { detail }), trail('scope'), T),
  );
  await journal.settled();
  const records = await Promise.all(ids.map(async (id) => (await find(id)).record));
  assert.equal(
    records.some((record) => record.includes(code) || record.includes('b'.repeat(40))),
    false,
  );
  assert.equal(JSON.parse(records[2] ?? '').checks[0].detail.length, 500);
});

test('a request never waits for the store, and what waits is bounded: the rest is dropped, counted, and told once', async () => {
  let release = (): void => undefined;
  const written: number[] = [];
  const held = new Promise<void>((resolve) => (release = resolve));
  const { journal, lines } = await ground(async (_, batch) => {
    await held;
    written.push(batch.length);
  });
  journal.record('token', 400, REFUSAL, new Trail(), T);
  await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 2_500; i++) assert.match(journal.record('token', 400, REFUSAL, new Trail(), T), /^.{18}$/, 'an id all the same');
  release();
  await journal.settled();
  assert.deepEqual(written, [1, ...Array.from({ length: 10 }, () => 200)], 'in batches');
  assert.deepEqual(
    lines.map(({ level, event, dropped }) => [level, event, dropped]),
    [['warn', 'decisions.dropped', 500]],
  );
  journal.record('token', 400, REFUSAL, new Trail(), T);
  await journal.settled();
  assert.equal(lines.length, 1, 'not again for the same ones');
});

test('a store that is away costs the records that were due, says so, and the next ones are kept', async () => {
  let away = true;
  const written: string[] = [];
  const { journal, lines } = await ground(async (_, batch) => {
    if (away) throw new StoreUnavailable('gone');
    written.push(...batch.map(({ id }) => id));
  });
  journal.record('token', 400, REFUSAL, new Trail(), T);
  await journal.settled();
  assert.deepEqual(
    lines.map(({ level, event, dropped }) => [level, event, dropped]),
    [['error', 'decisions.dropped', 1]],
  );
  away = false;
  const id = journal.record('token', 400, REFUSAL, new Trail(), T);
  await journal.settled();
  assert.deepEqual(written, [id]);
  await journal.settled();
});

test('refusals of one turn are written together', async () => {
  const sizes: number[] = [];
  const { journal } = await ground(async (_, batch) => {
    sizes.push(batch.length);
  });
  for (let i = 0; i < 30; i++) journal.record('token', 400, REFUSAL, new Trail(), T);
  await journal.settled();
  assert.deepEqual(sizes, [30]);
});

test('every check has a title for people, and names a setting or says that there is none', () => {
  for (const [name, { title, setting }] of Object.entries(checks)) {
    assert.match(name, /^[a-z_]+$/);
    assert.match(title, /^[A-Z].+[^.]$/);
    assert.ok(setting === undefined || setting.length > 3, name);
  }
});

test('who asks the same again and again is told one decision, until its record may have gone', async () => {
  const { journal, store, find } = await ground();
  const tenant = (await store.ensureTenant('default')).id;
  const poll = (about: string | undefined, error = REFUSAL): string => {
    const path = trail('parameters', 'decided');
    path.repeats = about;
    return journal.record('token', 400, error, path, T);
  };
  const first = poll('pending 1');
  assert.equal(poll('pending 1'), first);
  const others = [poll('pending 2'), poll('pending 1', new OAuthError('invalid_request', 'no')), poll(undefined), poll(undefined)];
  assert.equal(new Set([first, ...others]).size, 5);
  await journal.settled();
  assert.equal((await store.listDecisions(tenant, 100)).length, 5);
  for (let left = KEPT_DECISIONS / 2; left > 0; left -= 1) {
    poll(undefined);
    if (left % 1000 === 0) await journal.settled();
  }
  const again = poll('pending 1');
  assert.notEqual(again, first);
  await journal.settled();
  await find(again);
});
