import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenMarks } from '@hufu/resource/marks';
import type { Finding } from '@hufu/resource/revocations';
import { type FollowedLog, mayStayOpen, revocationsBy } from './lenient-revocations.ts';

/** A follower whose every answer is set, that doubts after ten seconds. */
class Log implements FollowedLog {
  readonly issuer = 'https://as.example';
  readonly maxAgeMs = 10_000;
  ageMs = 0;
  isWhole = true;
  revoked = false;

  look(): Finding {
    if (this.revoked) return { kind: 'revoked', reason: undefined };
    return this.isWhole && this.ageMs <= 10_000 ? { kind: 'fine' } : { kind: 'unknown', cause: 'old' };
  }

  state(): ReturnType<FollowedLog['state']> {
    return { node: 'n', position: 1, entries: 0, mode: 'stream', ageMs: this.ageMs, isWhole: this.isWhole };
  }
}

function token(tokenId: string): TokenMarks {
  return { kid: 'k', tokenId, clientId: 'c', issuedAt: 1, status: undefined, lineage: [], subjectHash: () => '' };
}

test('while the log is away, tokens that held before go on for their time; others do not, and nothing after it', () => {
  const log = new Log();
  const revocations = revocationsBy({ maxAgeSeconds: 10, whenOlder: { openForSeconds: 300 } }, log);
  const [known, unknown] = [token('known'), token('unknown')];
  assert.deepEqual(revocations.look(known), { kind: 'fine' });
  log.ageMs = 10_001;
  assert.deepEqual(revocations.look(known), { kind: 'fine' });
  assert.deepEqual(revocations.look(unknown), { kind: 'unknown', cause: 'old' });
  log.ageMs = 310_000;
  assert.deepEqual(revocations.look(known), { kind: 'fine' });
  log.ageMs = 310_001;
  assert.deepEqual(revocations.look(known), { kind: 'unknown', cause: 'old' });
  log.ageMs = Number.POSITIVE_INFINITY;
  assert.deepEqual(revocations.look(known), { kind: 'unknown', cause: 'old' });
});

test('what is known to be revoked stays refused, whatever the age of the log', () => {
  const log = new Log();
  const revocations = revocationsBy({ maxAgeSeconds: 10, whenOlder: { openForSeconds: 300 } }, log);
  const known = token('known');
  revocations.look(known);
  log.revoked = true;
  log.ageMs = 20_000;
  assert.deepEqual(revocations.look(known), { kind: 'revoked', reason: undefined });
});

test('a log that has missed something vouches for nothing, however young', () => {
  const log = new Log();
  const revocations = revocationsBy({ maxAgeSeconds: 10, whenOlder: { openForSeconds: 300 } }, log);
  const known = token('known');
  revocations.look(known);
  log.isWhole = false;
  for (const ageMs of [0, 20_000]) {
    log.ageMs = ageMs;
    assert.deepEqual(revocations.look(known), { kind: 'unknown', cause: 'old' });
  }
});

test('a route may be stricter than the follower, or closed at once', () => {
  const log = new Log();
  const strict = revocationsBy({ maxAgeSeconds: 2, whenOlder: 'closed' }, log);
  const known = token('known');
  log.ageMs = 1_000;
  assert.deepEqual(strict.look(known), { kind: 'fine' });
  log.ageMs = 2_001;
  assert.deepEqual(strict.look(known), { kind: 'unknown', cause: 'the feed was heard 2001 ms ago' });
  assert.equal(mayStayOpen({ maxAgeSeconds: 2, whenOlder: 'closed' }, 2_001), false);
  assert.equal(mayStayOpen({ maxAgeSeconds: 2, whenOlder: { openForSeconds: 60 } }, 62_000), true);
});
