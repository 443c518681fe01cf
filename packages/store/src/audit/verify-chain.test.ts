import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { SealedEntry } from '../port/audit.ts';
import { AUDIT_GENESIS, canonicalEntry, sealAfter, writeDetails } from './chain.ts';
import { SeenIds } from './seen-ids.ts';
import { ChainVerifier, type KnownHash } from './verify-chain.ts';

const TENANT = 7;
const START = { seq: 0, hash: AUDIT_GENESIS };
const mac = (text: string): string => createHmac('sha256', 'key').update(text).digest('base64url');

function chain(length: number): SealedEntry[] {
  const entries = Array.from({ length }, (_, index) => {
    const entry = {
      id: index + 1,
      atMs: 1000 * index,
      actor: { kind: 'admin', id: 'a' },
      via: '',
      requestId: '',
      action: 'client.put',
      target: { kind: 'client', id: `c${index}` },
      details: writeDetails({ index }),
    };
    return { ...entry, mac: mac(canonicalEntry(TENANT, entry)) };
  });
  return sealAfter(START, TENANT, entries);
}

/** The faults as `seq kind`, with the key and without it. */
function faultsOf(
  entries: readonly SealedEntry[],
  known: readonly KnownHash[] = [],
  after = START,
): { withKey: string[]; without: string[]; vouchedTo: number } {
  const verdicts = [mac, undefined].map((key) => {
    const verifier = new ChainVerifier(TENANT, after, { mac: key });
    for (const entry of entries) {
      verifier.add(entry);
      for (const each of known) if (each.seq === entry.seq) verifier.addCheckpoint(each);
    }
    for (const each of known) if (!entries.some(({ seq }) => seq === each.seq)) verifier.addCheckpoint(each);
    return verifier.end();
  });
  const [withKey, without] = verdicts.map((verdict) => verdict.faults.map(({ seq, kind }) => `${seq} ${kind}`));
  return { withKey: withKey ?? [], without: without ?? [], vouchedTo: verdicts[0]?.vouchedTo ?? 0 };
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  assert.ok(item !== undefined);
  return item;
}

function point(entries: readonly SealedEntry[], seq: number): KnownHash {
  return { seq, hash: at(entries, seq - 1).hash };
}

test('a chain as it was written has no faults, and checkpoints vouch for it', () => {
  const entries = chain(10);
  assert.deepEqual(faultsOf(entries, [point(entries, 4), point(entries, 8)]), { withKey: [], without: [], vouchedTo: 8 });
  assert.deepEqual(faultsOf(entries.slice(4), [point(entries, 8)], { seq: 4, hash: at(entries, 3).hash }).withKey, []);
  assert.deepEqual(faultsOf([]), { withKey: [], without: [], vouchedTo: 0 });
});

test('every part of an entry that is changed is named with its number', () => {
  const entries = chain(6);
  const third = at(entries, 2);
  const changes: Partial<SealedEntry>[] = [
    { id: 99 },
    { atMs: third.atMs + 1 },
    { actor: { kind: 'user', id: 'a' } },
    { actor: { kind: 'admin', id: 'b' } },
    { via: 'x' },
    { requestId: 'x' },
    { action: 'client.removed' },
    { target: { kind: 'user', id: 'c2' } },
    { target: { kind: 'client', id: 'c9' } },
    { details: '{"index": 2}' },
  ];
  for (const change of changes) {
    const changed = entries.with(2, { ...third, ...change });
    assert.deepEqual(faultsOf(changed), { withKey: ['3 mac', '3 altered'], without: ['3 altered'], vouchedTo: 0 });
  }
  assert.deepEqual(faultsOf(entries.with(2, { ...third, mac: 'x' })).without, ['3 altered']);
  assert.equal(at(faultsOf(entries.with(2, { ...third, hash: 'x'.repeat(43) })).withKey, 0), '3 broken');
});

test('what is signed and hashed stays what it was: a log is verified by versions to come', () => {
  const [entry] = chain(1);
  assert.ok(entry !== undefined);
  assert.equal(canonicalEntry(TENANT, entry), '["hufu-audit-1",7,1,0,"admin","a","","","client.put","client","c0","{\\"index\\":0}"]');
  assert.equal(entry.hash, 'W2rJBQu4cvNZK35UVz8M37Wg5gGCxegdYPJ5Chks9yo');
  // Nor is one tenant's entry another's.
  const verifier = new ChainVerifier(TENANT + 1, START, { mac });
  verifier.add(entry);
  assert.deepEqual(
    verifier.end().faults.map(({ kind }) => kind),
    ['mac', 'altered'],
  );
});

test('rows that are gone, swapped, put in or there twice are named', () => {
  const entries = chain(10);
  assert.deepEqual(faultsOf(entries.toSpliced(4, 1)).withKey, ['5 missing']);
  assert.deepEqual(faultsOf(entries.toSpliced(4, 3)).without, ['5 missing']);
  assert.deepEqual(faultsOf(entries.slice(1)).withKey, ['1 missing']);
  const swap = (one: number, other: number): SealedEntry[] =>
    entries.with(one - 1, { ...at(entries, other - 1), seq: one }).with(other - 1, { ...at(entries, one - 1), seq: other });
  assert.deepEqual(at(faultsOf(swap(3, 7)).withKey, 0), '3 swapped');
  assert.deepEqual(at(faultsOf(swap(3, 4)).withKey, 0), '3 swapped');
  // In a file the lines, each with its own number.
  assert.deepEqual(faultsOf(entries.with(2, at(entries, 6)).with(6, at(entries, 2))).withKey[0], '3 swapped');
  const invented = { ...at(entries, 0), id: 77, target: { kind: 'client', id: 'evil' } };
  const shifted = [
    ...entries.slice(0, 4),
    { ...invented, seq: 5, hash: 'y'.repeat(43) },
    ...entries.slice(4).map((entry) => ({ ...entry, seq: entry.seq + 1 })),
  ];
  assert.ok(faultsOf(shifted).without.includes('5 inserted'));
  assert.equal(at(faultsOf(shifted).without, 0), '5 inserted');
  assert.ok(faultsOf(shifted).withKey.includes('5 mac'));
  assert.deepEqual(faultsOf([...entries.slice(0, 5), at(entries, 4), ...entries.slice(5)]).withKey, ['5 inserted']);
});

test('a chain that was made anew is told by its signatures and by what is known of it', () => {
  const entries = chain(10);
  const known = [point(entries, 5), point(entries, 10)];
  // Whoever has the database alone can leave entries out and hash what is left …
  const shorter = sealAfter(START, TENANT, entries.toSpliced(6, 1));
  assert.deepEqual(faultsOf(shorter).withKey, []);
  assert.deepEqual(faultsOf(shorter, known).withKey, ['10 tail']);
  assert.deepEqual(faultsOf(sealAfter(START, TENANT, entries.toSpliced(2, 1)), known).withKey, ['5 checkpoint', '10 tail']);
  // … and not write any, nor write one once more.
  const invented = { ...at(entries, 2), id: 99 };
  assert.deepEqual(faultsOf(sealAfter(START, TENANT, entries.with(2, invented))).withKey, ['3 mac']);
  assert.deepEqual(faultsOf(sealAfter(START, TENANT, [...entries, at(entries, 2)])).withKey, ['11 repeated']);
  assert.deepEqual(faultsOf(entries.slice(0, 8), known).withKey, ['9 tail']);
});

test('an id that comes again is found among a million, however far apart', () => {
  const ids = new SeenIds();
  for (let id = 1; id <= 1_000_000; id += 1) assert.equal(ids.add(id), false);
  for (const id of [1, 65_535, 65_536, 65_537, 1_000_000]) assert.equal(ids.add(id), true, String(id));
  for (const id of [Number.MAX_SAFE_INTEGER, 1_000_001]) assert.deepEqual([ids.add(id), ids.add(id)], [false, true]);
});

test('a head that is beyond the end, or another, is told', () => {
  const entries = chain(3);
  const verifier = new ChainVerifier(TENANT, START, {});
  for (const entry of entries.slice(0, 2)) verifier.add(entry);
  assert.deepEqual(
    verifier.end({ seq: 3, hash: at(entries, 2).hash }).faults.map(({ seq, kind }) => [seq, kind]),
    [[3, 'head']],
  );
});

test('what somebody wrote down is held against the place that it is of, also where a part of the chain begins; what it cannot be held against is told', () => {
  const entries = chain(10);
  const verdict = (given: readonly KnownHash[], after: KnownHash = point(entries, 4)): string[] => {
    const verifier = new ChainVerifier(TENANT, after, { mac, given });
    for (const entry of entries.slice(4)) verifier.add(entry);
    return verifier.end().faults.map(({ seq, kind }) => `${seq} ${kind}`);
  };
  assert.deepEqual(verdict([point(entries, 4), point(entries, 7)]), []);
  // Another past than the one that somebody has: what comes after it fits that one, and nothing of it is changed.
  assert.deepEqual(verdict([{ seq: 4, hash: 'x'.repeat(43) }]), ['4 checkpoint']);
  assert.deepEqual(verdict([{ seq: 7, hash: 'x'.repeat(43) }]), ['7 checkpoint']);
  assert.deepEqual(verdict([point(entries, 2)]), ['2 checkpoint']);
  assert.deepEqual(verdict([{ seq: 11, hash: 'x'.repeat(43) }]), ['11 tail']);
});

test('a checkpoint that does not stand behind its entry is told, for nobody has held it against that', () => {
  const entries = chain(6);
  for (const [place, seq] of [
    [2, 4],
    [4, 2],
  ] as const) {
    const verifier = new ChainVerifier(TENANT, START, {});
    for (const entry of entries) {
      verifier.add(entry);
      if (entry.seq === place) verifier.addCheckpoint({ seq, hash: 'x'.repeat(43) });
    }
    assert.deepEqual(
      verifier.end().faults.map(({ seq: told, kind }) => [told, kind]),
      [[seq, 'checkpoint']],
    );
  }
});
