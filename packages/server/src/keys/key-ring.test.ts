import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { readJwt } from '@hufu/protocol/jwt';
import { openMemory } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { decryptCompact } from '../jose/decrypt.ts';
import { encryptCompact } from '../jose/encrypt.ts';
import { jsonLog, type Log } from '../log.ts';
import { shareRsaKeys } from '../testing/shared-key.ts';
import { DECRYPT_SECONDS, type KeyRing, openKeyRing, PUBLISH_LEAD_SECONDS } from './key-ring.ts';
import { MasterKeyError, masterKey } from './master-key.ts';

const MATERIAL = new Uint8Array(32).fill(7);
const MASTER = masterKey(MATERIAL);
const T = 1_800_000_000;
const DAY = 86_400;

interface Ground {
  readonly store: Store;
  readonly events: string[];
  open(now: number, part?: Partial<Parameters<typeof openKeyRing>[0]>): Promise<KeyRing>;
}

async function ground(): Promise<Ground> {
  const store = await openMemory();
  const events: string[] = [];
  const log: Log = jsonLog(
    (line) => events.push(String(JSON.parse(line).event)),
    () => T * 1000,
  );
  const tenant = (await store.ensureTenant('default')).id;
  await shareRsaKeys(store, MATERIAL, [], T);
  const open: Ground['open'] = (now, part = {}) =>
    openKeyRing(
      { store, tenant, master: MASTER, algorithms: ['ES256'], rotateEverySeconds: 90 * DAY, verifySeconds: 90_000, log, ...part },
      now,
    );
  return { store, events, open };
}

interface Published {
  readonly kid: string;
  readonly kty: string;
  readonly use: string;
}

function published(ring: KeyRing, now: number, use: string): readonly Published[] {
  const { keys }: { keys: Published[] } = JSON.parse(ring.jwks(now).body.toString());
  return keys.filter((key) => key.use === use);
}

function kids(ring: KeyRing, now: number): readonly string[] {
  return published(ring, now, 'sig').map(({ kid }) => kid);
}

function encryptionKid(ring: KeyRing, now: number, kty: string): string {
  const found = published(ring, now, 'enc').filter((key) => key.kty === kty);
  assert.equal(found.length, 1, 'one of each kind at any time');
  return found[0]?.kid ?? '';
}

function signingKid(ring: KeyRing, now: number, alg = 'ES256'): string {
  return ring.signerFor(alg, now)?.kid ?? 'none';
}

test('keys are made once: a second opening and a second node find the same ones, and nothing is written', async () => {
  const { store, events, open } = await ground();
  const [a, b] = await Promise.all([open(T), open(T)]);
  assert.equal(signingKid(a, T), signingKid(b, T));
  assert.equal(a.sealKeyId, b.sealKeyId);
  assert.equal(a.keyedHash('x', 'y'), b.keyedHash('x', 'y'));
  assert.equal(a.tally.permutation.permute(7), b.tally.permutation.permute(7));
  const tenant = (await store.ensureTenant('default')).id;
  const rows = await store.listKeys(tenant);
  assert.deepEqual(rows.map(({ use }) => use).toSorted(), ['enc', 'enc', 'hash', 'id', 'seal', 'sig']);
  assert.equal(events.filter((event) => event === 'key.added').length, 5, 'and the RSA one that all tests share');
  const version = await store.keysVersion(tenant);
  const again = await open(T + 1000);
  assert.equal(await store.keysVersion(tenant), version);
  assert.equal(signingKid(again, T), signingKid(a, T));
});

test('a new key is in the JWKS before it signs, and the old one verifies until its last token is over (OpenID Connect Core §10.1.1)', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const old = signingKid(ring, T);
  const last = ring.signerFor('ES256', T + PUBLISH_LEAD_SECONDS - 1)?.sign('JWT', { n: 1 }) ?? '';
  assert.equal((await ring.rotateNow(T)).length, 3);

  const published = kids(ring, T);
  assert.equal(published.length, 2);
  for (const at of [T, T + PUBLISH_LEAD_SECONDS - 1]) assert.equal(signingKid(ring, at), old, 'the new key is only published yet');
  const young = signingKid(ring, T + PUBLISH_LEAD_SECONDS);
  assert.notEqual(young, old);
  assert.deepEqual(new Set(published), new Set([old, young]));

  const end = T + PUBLISH_LEAD_SECONDS + 90_000;
  assert.ok(ring.verifierFor(old, end - 1));
  const jwt = readJwt(last);
  assert.ok(jwt !== undefined && ring.verifierFor(old, end - 1)?.verify(jwt.signingInput, jwt.signature));
  assert.ok(kids(ring, end - 1).includes(old));
  assert.equal(ring.verifierFor(old, end), undefined);
  assert.deepEqual(kids(ring, end), [young], 'out of the JWKS on the second, without waiting for a job');
});

test('a key verifies as long as the longest token that it may have signed', async () => {
  const { open } = await ground();
  const ring = await open(T, { verifySeconds: 30 * DAY });
  const old = signingKid(ring, T);
  await ring.rotateNow(T);
  assert.ok(ring.verifierFor(old, T + PUBLISH_LEAD_SECONDS + 30 * DAY - 1));
  assert.equal(ring.verifierFor(old, T + PUBLISH_LEAD_SECONDS + 30 * DAY), undefined);
});

test('keys rotate by themselves when they are old enough, once for any number of nodes, and dead ones fall', async () => {
  const { store, events, open } = await ground();
  const [a, b] = [await open(T), await open(T)];
  const first = signingKid(a, T);
  await a.rotateWhenDue(T + 90 * DAY - 1);
  assert.equal(kids(a, T).length, 1, 'not due yet');

  const due = T + 90 * DAY;
  await Promise.all([a.rotateWhenDue(due), b.rotateWhenDue(due)]);
  await a.rotateWhenDue(due + 60);
  assert.equal(kids(a, due).length, 2);
  assert.deepEqual(kids(b, due), kids(a, due));
  assert.equal(events.filter((event) => event === 'key.added').length, 5 + 3);

  const over = due + PUBLISH_LEAD_SECONDS + 90_000;
  await b.rotateWhenDue(over);
  const tenant = (await store.ensureTenant('default')).id;
  assert.equal((await store.listKeys(tenant)).filter(({ use }) => use === 'sig').length, 1);
  await a.follow(over);
  assert.equal(a.verifierFor(first, due), undefined, 'the row is gone, whatever the time');
  assert.equal(
    (await store.listKeys(tenant)).some(({ use }) => use === 'seal'),
    true,
    'a seal key never falls: live grants hang on it',
  );
});

test('follow() takes in what another process rotated, and asks for nothing but a number while nothing changed', async () => {
  const { store, events, open } = await ground();
  let lists = 0;
  const counting = new Proxy(store, {
    get(target, name: keyof Store) {
      if (name === 'listKeys') lists++;
      const verb: unknown = target[name];
      return typeof verb === 'function' ? verb.bind(target) : verb;
    },
  });
  const [a, b] = [await open(T, { store: counting }), await open(T)];
  lists = 0;
  await a.follow(T);
  assert.equal(lists, 0);
  await b.rotateNow(T);
  assert.equal(kids(a, T).length, 1);
  await a.follow(T);
  assert.deepEqual(kids(a, T), kids(b, T));
  assert.equal(lists, 1);
  assert.ok(events.includes('keys.reloaded'));
  const at = T + PUBLISH_LEAD_SECONDS;
  assert.equal(signingKid(a, at), signingKid(b, at), 'both change over at the same second');
});

test('two who rotate at the same moment make one successor', async () => {
  const { open } = await ground();
  const [a, b] = [await open(T), await open(T)];
  const made = await Promise.all([a.rotateNow(T), b.rotateNow(T)]);
  assert.equal(made.flat().length, 3, 'one that signs and two that are encrypted to');
  await Promise.all([a.follow(T), b.follow(T)]);
  assert.equal(kids(a, T).length, 2);
  assert.equal(signingKid(a, T + PUBLISH_LEAD_SECONDS), signingKid(b, T + PUBLISH_LEAD_SECONDS));
});

test('another master key opens nothing, and nothing is made or written in its place (attacks CRY-06)', async () => {
  const { store, open } = await ground();
  const ring = await open(T);
  const tenant = (await store.ensureTenant('default')).id;
  const before = await store.listKeys(tenant);
  const wrong = masterKey(new Uint8Array(32).fill(8));
  await assert.rejects(open(T, { master: wrong }), MasterKeyError);
  await assert.rejects(open(T + 400 * DAY, { master: wrong, algorithms: ['ES256', 'EdDSA'] }), MasterKeyError);
  assert.deepEqual(await store.listKeys(tenant), before);
  assert.deepEqual(kids(await open(T), T), kids(ring, T));
});

test('one row under another master key, or moved to another use, stops the start (attacks CRY-06)', async () => {
  const { store, open } = await ground();
  await open(T);
  const tenant = (await store.ensureTenant('default')).id;
  const seal = (await store.listKeys(tenant)).find(({ use }) => use === 'seal');
  assert.ok(seal);
  const { id: _, ...row } = seal;
  await store.addKey(tenant, { ...row, use: 'hash' }, 10_000);
  await assert.rejects(open(T), MasterKeyError);
});

test('the JWKS holds public members alone, with kid, use and alg, for every algorithm (RFC 7517 §5, RFC 7518 §6)', async () => {
  const { open } = await ground();
  const ring = await open(T, { algorithms: ['ES256', 'RS256', 'EdDSA'] });
  const { keys: all }: { keys: Record<string, unknown>[] } = JSON.parse(ring.jwks(T).body.toString());
  const keys = all.filter((key) => key['use'] === 'sig');
  const members: Record<string, string[]> = {
    EC: ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    RSA: ['alg', 'e', 'kid', 'kty', 'n', 'use'],
    OKP: ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
  };
  assert.equal(keys.length, 3);
  for (const key of keys) {
    assert.deepEqual(Object.keys(key).toSorted(), members[String(key['kty'])]);
    assert.equal(key['use'], 'sig');
    assert.equal(ring.verifierFor(String(key['kid']), T)?.alg, key['alg']);
  }
});

test('the JWKS has an ETag that changes with it and with nothing else (RFC 9110 §8.8.3)', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const before = ring.jwks(T);
  assert.match(before.etag, /^"[\w-]{22}"$/);
  assert.equal(ring.jwks(T + 500), before, 'the very same bytes, made once');
  await ring.rotateNow(T);
  assert.notEqual(ring.jwks(T).etag, before.etag);
});

test('a clock that is set back sees the JWKS of that time again', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const [old, oldEncryption] = [signingKid(ring, T), encryptionKid(ring, T, 'EC')];
  await ring.rotateNow(T);
  const over = T + PUBLISH_LEAD_SECONDS + 90_000;
  assert.equal(kids(ring, over).includes(old), false);
  assert.ok(kids(ring, T).includes(old));
  assert.equal(encryptionKid(ring, T, 'EC'), oldEncryption);
});

test('an algorithm that is added to a running platform gets its key; one that has none signs nothing', async () => {
  const { open } = await ground();
  const before = await open(T);
  assert.equal(before.signerFor('EdDSA', T), undefined);
  const after = await open(T + 10, { algorithms: ['ES256', 'EdDSA'] });
  assert.equal(after.signerFor('EdDSA', T + 10)?.alg, 'EdDSA');
  assert.equal(signingKid(after, T + 10), signingKid(before, T));
  await assert.rejects(open(T, { algorithms: ['HS256'] }), TypeError);
});

test('hashes of one purpose are nothing at another, and a seal needs a key that is there', async () => {
  const { open } = await ground();
  const ring = await open(T);
  assert.notEqual(ring.keyedHash('csrf', 'x'), ring.keyedHash('ticket', 'x'));
  assert.match(ring.keyedHash('csrf', 'x'), /^[\w-]{43}$/);
  assert.equal(ring.tally.mac(9_999, 'x'), undefined);
  assert.match(ring.tally.mac(ring.sealKeyId, 'x') ?? '', /^[\w-]{43}$/);
});

test('clients encrypt to one RSA and one EC key, which are in the JWKS for that use and for no one algorithm (RFC 7517 §4.2, RFC 7518 §6)', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const { keys }: { keys: Record<string, unknown>[] } = JSON.parse(ring.jwks(T).body.toString());
  const members = keys.filter((key) => key['use'] === 'enc').map((key) => Object.keys(key).toSorted().join(' '));
  assert.deepEqual(members.toSorted(), ['crv kid kty use x y', 'e kid kty n use']);
  assert.deepEqual(
    ring.decryptionKeys(T).map(({ kid }) => kid),
    published(ring, T, 'enc').map(({ kid }) => kid),
  );
  for (const { kid } of published(ring, T, 'enc')) assert.equal(ring.verifierFor(kid, T), undefined, 'and it verifies nothing');
});

test('what was encrypted to a key opens for a day after the next one took its place in the JWKS, on every node (OpenID Connect Core §10.2.1)', async () => {
  const { open } = await ground();
  const [ring, other] = [await open(T), await open(T)];
  const old = encryptionKid(ring, T, 'EC');
  const key = ring.decryptionKeys(T).find(({ kid }) => kid === old)?.key;
  assert.ok(key);
  const text = await encryptCompact({ alg: 'ECDH-ES', enc: 'A256GCM', key: createPublicKey(key), kid: old }, 'for you', undefined);
  await ring.rotateNow(T);
  await other.follow(T);

  const turn = T + PUBLISH_LEAD_SECONDS;
  for (const node of [ring, other]) {
    assert.equal(encryptionKid(node, turn - 1, 'EC'), old, 'not before every node has the next one');
    const young = encryptionKid(node, turn, 'EC');
    assert.notEqual(young, old);
    assert.ok(node.decryptionKeys(turn - 1).some(({ kid }) => kid === young));
    const last = turn + DECRYPT_SECONDS - 1;
    assert.equal((await decryptCompact(text, { pairs: node.decryptionKeys(last), secrets: [] }))?.plaintext, 'for you');
    assert.equal(await decryptCompact(text, { pairs: node.decryptionKeys(last + 1), secrets: [] }), undefined);
  }
});

test('encryption keys rotate when they are old enough, and dead ones fall', async () => {
  const { store, open } = await ground();
  const ring = await open(T);
  const first = ['RSA', 'EC'].map((kty) => encryptionKid(ring, T, kty));
  const due = T + 90 * DAY;
  await ring.rotateWhenDue(due);
  const over = due + PUBLISH_LEAD_SECONDS + DECRYPT_SECONDS;
  await ring.rotateWhenDue(over);
  const tenant = (await store.ensureTenant('default')).id;
  assert.equal((await store.listKeys(tenant)).filter(({ use }) => use === 'enc').length, 2);
  for (const kty of ['RSA', 'EC']) assert.ok(!first.includes(encryptionKid(ring, over, kty)));
});

test('a key that may be stolen is worth nothing from the second on, and its successor signs at once (attacks CRY-07)', async () => {
  const { events, open } = await ground();
  const [ring, other] = [await open(T), await open(T)];
  const stolen = signingKid(ring, T);
  assert.deepEqual(await ring.revokeKey(stolen, T + 5), { kind: 'revoked', use: 'sig', alg: 'ES256' });
  await other.follow(T + 5);
  for (const node of [ring, other]) {
    const successor = signingKid(node, T + 5);
    assert.notEqual(successor, stolen);
    assert.deepEqual(kids(node, T + 5), [successor], 'out of the JWKS, and the new one is in');
    assert.equal(node.verifierFor(stolen, T + 5), undefined);
    assert.equal(node.verifierFor(stolen, T), undefined, 'whatever the time');
  }
  assert.equal(signingKid(ring, T + 5), signingKid(other, T + 5));
  assert.equal(ring.list(T + 5).find(({ kid }) => kid === signingKid(ring, T + 5))?.activeAt, T + 5);
  assert.ok(events.includes('key.revoked'));
  assert.deepEqual(await ring.revokeKey(stolen, T + 6), { kind: 'unknown' });
  assert.deepEqual(await ring.revokeKey('nobody', T + 6), { kind: 'unknown' });
});

test('where a successor is published already, it takes over early instead of a third key', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const stolen = signingKid(ring, T);
  await ring.rotateNow(T);
  const [next] = kids(ring, T).filter((kid) => kid !== stolen);
  await ring.revokeKey(stolen, T + 5);
  assert.deepEqual(kids(ring, T + 5), [next]);
  assert.equal(signingKid(ring, T + 5), next);
});

test('where the next key is revoked, another one is there when the key in use retires (attacks CRY-07)', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const first = signingKid(ring, T);
  await ring.rotateNow(T);
  const turn = T + PUBLISH_LEAD_SECONDS;
  const next = signingKid(ring, turn);
  assert.equal(ring.planRemoval(next, T + 5)?.successorAt, turn);
  await ring.revokeKey(next, T + 5);
  assert.equal(signingKid(ring, T + 5), first);
  const third = signingKid(ring, turn);
  assert.ok(third !== first && third !== next && third !== 'none', third);
  assert.ok(kids(ring, T + 5).includes(third), 'published before it signs');
});

test('a line whose newest key is to retire gets another one with the next look', async () => {
  const { store, open } = await ground();
  const ring = await open(T);
  const tenant = (await store.ensureTenant('default')).id;
  const row = (await store.listKeys(tenant)).find(({ use }) => use === 'sig') ?? assert.fail();
  await store.retireKey(tenant, row.id, T + 1000, T + 2000);
  await ring.rotateWhenDue(T + 1);
  assert.notEqual(signingKid(ring, T + 1000), 'none');
});

test('a next key is taken back before it has signed, and another one takes its place', async () => {
  const { events, open } = await ground();
  const [ring, other] = [await open(T), await open(T)];
  const first = signingKid(ring, T);
  await ring.rotateNow(T);
  const turn = T + PUBLISH_LEAD_SECONDS;
  const next = signingKid(ring, turn);
  assert.deepEqual(ring.planRetirement(next, turn + 1, T + 5), { kind: 'in_use_by_then', activeAt: turn });
  const told = ring.planRetirement(next, T + 5, T + 5);
  assert.ok(told.kind === 'planned');
  assert.deepEqual([told.loses, told.endsAt, told.successorAt], [false, T + 5, turn]);
  assert.deepEqual(await ring.retireKey(next, T + 5, T + 5), told);
  await other.follow(T + 5);
  for (const node of [ring, other]) {
    assert.equal(signingKid(node, T + 5), first);
    assert.ok(!kids(node, T + 5).includes(next), 'out of the JWKS');
    assert.ok(!['none', first, next].includes(signingKid(node, turn)));
  }
  assert.ok(events.includes('key.retired'));
  assert.deepEqual(await ring.retireKey(next, T + 6, T + 6), { kind: 'unknown' });
});

test('an old key stops verifying when it is told to, and not a second before; the key in use is never retired', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const first = signingKid(ring, T);
  assert.deepEqual(await ring.retireKey(first, T, T), { kind: 'current' }, 'the only one');
  await ring.rotateNow(T);
  assert.deepEqual(await ring.retireKey(first, T, T), { kind: 'current' });
  const turn = T + PUBLISH_LEAD_SECONDS;
  const told = await ring.retireKey(first, turn + 60, turn);
  assert.ok(told.kind === 'planned');
  assert.deepEqual([told.loses, told.endsAt, told.successorAt, told.key.expiresAt], [true, turn + 60, undefined, turn + 90_000]);
  assert.ok(ring.verifierFor(first, turn + 59));
  assert.equal(ring.verifierFor(first, turn + 60), undefined);
  assert.equal(kids(ring, turn + 60).length, 1);
  const later = await ring.retireKey(first, turn + 70, turn + 1);
  assert.ok(later.kind === 'planned');
  assert.deepEqual([later.loses, later.endsAt], [false, turn + 60], 'never later than what was planned');
});

test('a retired key never signs again, also when the one after it was revoked', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const first = signingKid(ring, T);
  await ring.rotateNow(T);
  const later = T + PUBLISH_LEAD_SECONDS;
  const second = signingKid(ring, later);
  assert.notEqual(second, first);
  await ring.revokeKey(second, later);
  const third = signingKid(ring, later);
  assert.ok(third !== first && third !== second && third !== 'none');
  assert.ok(ring.verifierFor(first, later), 'the first one was not the stolen one');
  await ring.revokeKey(first, later);
  assert.deepEqual(kids(ring, later), [third]);
});

test('of nodes that revoke a key at the same moment one makes the successor', async () => {
  const { open } = await ground();
  const [a, b] = [await open(T), await open(T)];
  const stolen = signingKid(a, T);
  const outcomes = await Promise.all([a.revokeKey(stolen, T), b.revokeKey(stolen, T)]);
  assert.ok(outcomes.some(({ kind }) => kind === 'revoked'));
  await Promise.all([a.follow(T), b.follow(T)]);
  assert.equal(kids(a, T).length, 1);
  assert.equal(signingKid(a, T), signingKid(b, T));
});

test('an encryption key that may be stolen opens nothing any more, and another one is published', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const stolen = encryptionKid(ring, T, 'EC');
  assert.deepEqual(await ring.revokeKey(stolen, T), { kind: 'revoked', use: 'enc', alg: 'EC' });
  assert.notEqual(encryptionKid(ring, T, 'EC'), stolen);
  assert.ok(ring.decryptionKeys(T).every(({ kid }) => kid !== stolen));
});

test('the key of an algorithm that is configured no more gets no successor', async () => {
  const { open } = await ground();
  await open(T, { algorithms: ['ES256', 'EdDSA'] });
  const ring = await open(T);
  const stolen = signingKid(ring, T, 'EdDSA');
  await ring.revokeKey(stolen, T);
  assert.equal(ring.signerFor('EdDSA', T), undefined);
});

test('the list tells which key is next, which is in use and which one only verifies', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const first = signingKid(ring, T);
  const states = (now: number, use: string): readonly (readonly [string, string])[] =>
    ring
      .list(now)
      .filter((key) => key.use === use && key.alg !== 'RSA')
      .map(({ kid, state }) => [kid, state]);
  assert.deepEqual(states(T, 'sig'), [[first, 'current']]);
  await ring.rotateNow(T);
  const [, [second] = ['none']] = states(T, 'sig');
  assert.deepEqual(states(T, 'sig'), [
    [first, 'current'],
    [second, 'next'],
  ]);
  const turn = T + PUBLISH_LEAD_SECONDS;
  assert.deepEqual(states(turn, 'sig'), [
    [first, 'retired'],
    [second, 'current'],
  ]);
  assert.deepEqual(states(turn + 90_000, 'sig'), [[second, 'current']]);
  assert.deepEqual(
    states(turn, 'enc').map(([, state]) => state),
    ['retired', 'current'],
  );
});

test('a secret that has to be readable is encrypted, for one place, under this master key (attacks CRY-03)', async () => {
  const { open } = await ground();
  const ring = await open(T);
  const sealed = ring.sealSecret('the sécret', 'client_secret 1 web');
  assert.match(sealed, /^[\w-]+$/);
  assert.notEqual(sealed, ring.sealSecret('the sécret', 'client_secret 1 web'), 'two of the same look different');
  assert.equal(ring.openSecret(sealed, 'client_secret 1 web'), 'the sécret');
  const bytes = Buffer.from(sealed, 'base64url');
  assert.equal(bytes.includes('the s'), false);
  bytes[15] = (bytes[15] ?? 0) ^ 1;
  for (const [text, context] of [
    [sealed, 'client_secret 1 other'],
    [sealed, 'client_secret 2 web'],
    [bytes.toString('base64url'), 'client_secret 1 web'],
    [sealed.slice(0, 20), 'client_secret 1 web'],
    ['', 'client_secret 1 web'],
  ] as const)
    assert.throws(() => ring.openSecret(text, context), MasterKeyError, context);
});
