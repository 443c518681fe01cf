import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExpiringIndex } from './expiring-index.ts';
import type { FeedEntry } from './feed-batch.ts';
import { readMarks, type TokenMarks } from './marks.ts';
import { RevocationIndex } from './revocation-index.ts';
import type { LiveToken } from './verification.ts';

const PREFIX = 'https://as.example/oauth/status/';

function entry(kind: string, id: string, changes: Partial<FeedEntry> = {}): FeedEntry {
  return { seq: 1, kind, id, at: 1, exp: 1_000, reason: 'r', before: Number.POSITIVE_INFINITY, isInfo: false, ...changes };
}

function marks(changes: Partial<LiveToken> = {}, claims: object = {}): TokenMarks {
  const token: LiveToken = {
    kind: 'live',
    issuer: 'https://as.example',
    subject: 'tiger',
    clientId: 'app',
    scopes: [],
    audience: ['a'],
    tokenId: 'j',
    issuedAt: 100,
    expiresAt: 900,
    confirmation: undefined,
    authorizationDetails: [],
    claims: { status: { status_list: { uri: `${PREFIX}1`, idx: 1 } }, ...claims },
    ...changes,
  };
  return readMarks(token, 'kid') ?? assert.fail();
}

test('an index agrees with a list that is walked through, whatever is put in and whatever falls', () => {
  const key = fc.integer({ min: 0, max: 5 });
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      key,
      exp: fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.constant(Number.POSITIVE_INFINITY)),
    }),
    fc.record({ kind: fc.constant('sweep' as const), key, exp: fc.integer({ min: 1, max: 1_200 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const index = new ExpiringIndex<number, number>();
      const model = new Map<number, number>();
      let now = 0;
      for (const one of steps) {
        if (one.kind === 'set') {
          index.set(one.key, one.key, one.exp);
          model.set(one.key, Math.max(model.get(one.key) ?? 0, one.exp));
        } else {
          now = Math.max(now, one.exp);
          index.sweep(now, 1_000);
          // What has ended a minute ago is gone, from both.
          for (const [name, exp] of model) if (exp + 60 <= now) model.delete(name);
        }
        for (const [name, exp] of model) if (exp > now) assert.equal(index.get(name), name, `${name} until ${exp} at ${now}`);
        if (one.kind === 'sweep') for (let name = 0; name <= 5; name++) assert.ok(model.has(name) || index.get(name) === undefined);
      }
    }),
  );
});

test('what falls at a time is bounded, and the rest falls later', () => {
  const index = new ExpiringIndex<number, number>();
  for (let at = 0; at < 100; at++) index.set(at, at, 10);
  assert.equal(index.sweep(59, 10), 0);
  assert.equal(index.sweep(60, 10), 10);
  assert.equal(index.size, 90);
  assert.equal(index.sweep(60, 1_000), 90);
  assert.equal(index.size, 0);
});

test('a look finds exactly what was revoked: by grant, token, client, subject, key, and by each ancestor', () => {
  const index = new RevocationIndex(PREFIX, 100);
  const hash = createHash('sha256').update('lion').digest('base64url');
  for (const one of [
    entry('grant', '1/2'),
    entry('jti', 'dead'),
    entry('client', 'gone', { before: 50 }),
    entry('subject', hash),
    entry('key', 'burnt'),
  ])
    assert.equal(index.take(one), 'taken');
  assert.equal(index.take(entry('session', 's', { isInfo: true })), 'info');
  assert.equal(index.take(entry('session', 's')), 'unknown');
  assert.equal(index.find(marks()).kind, 'fine');
  const place = (idx: number, uri = `${PREFIX}1`): object => ({ status: { status_list: { uri, idx } } });
  assert.equal(index.find(marks({}, place(2))).kind, 'revoked');
  assert.equal(index.find(marks({}, place(2, `${PREFIX}2`))).kind, 'fine');
  assert.equal(index.find(marks({ tokenId: 'dead' })).kind, 'revoked');
  assert.equal(index.find(marks({ clientId: 'gone' })).kind, 'fine', 'issued after');
  assert.equal(index.find(marks({ clientId: 'gone', issuedAt: 50 })).kind, 'revoked');
  assert.equal(index.find(marks({ clientId: 'gone', issuedAt: 0 })).kind, 'revoked', 'nobody says when it was issued');
  assert.equal(index.find(marks({ subject: 'lion' })).kind, 'revoked');
  assert.equal(
    index.find(
      marks(
        {},
        {
          lineage: [
            { grant: '3/3', client_id: 'x' },
            { grant: '1/2', client_id: 'y' },
          ],
        },
      ),
    ).kind,
    'revoked',
  );
  assert.equal(index.isBarred('burnt'), true);
});

test('of two entries about one thing the wider counts, and the later end', () => {
  const index = new RevocationIndex(PREFIX, 100);
  index.take(entry('grant', '1/1', { exp: 100 }));
  index.take(entry('grant', '1/1', { before: 50, exp: 10_000 }));
  assert.equal(index.find(marks()).kind, 'revoked');
  index.sweep(5_000, 100);
  assert.equal(index.find(marks()).kind, 'revoked');
  index.sweep(11_000, 100);
  assert.equal(index.find(marks()).kind, 'fine');
  assert.equal(index.size, 0);
});

test('there is room for so many entries and no more, and keys are always taken', () => {
  const index = new RevocationIndex(PREFIX, 3);
  for (const id of ['a', 'b', 'c']) assert.equal(index.take(entry('jti', id)), 'taken');
  assert.equal(index.take(entry('jti', 'd')), 'full');
  assert.equal(index.take(entry('jti', 'a', { exp: 9_999 })), 'known', 'it is there already');
  assert.equal(index.take(entry('key', 'k')), 'taken');
});
