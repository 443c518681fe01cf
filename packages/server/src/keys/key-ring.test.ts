import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJwt } from '@hufu/protocol/jwt';
import { openMemory } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { jsonLog, type Log } from '../log.ts';
import { type KeyRing, openKeyRing, PUBLISH_LEAD_SECONDS } from './key-ring.ts';
import { MasterKeyError, masterKey } from './master-key.ts';

const MASTER = masterKey(new Uint8Array(32).fill(7));
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
  const open: Ground['open'] = (now, part = {}) =>
    openKeyRing(
      { store, tenant, master: MASTER, algorithms: ['ES256'], rotateEverySeconds: 90 * DAY, verifySeconds: 90_000, log, ...part },
      now,
    );
  return { store, events, open };
}

function kids(ring: KeyRing, now: number): readonly string[] {
  const { keys }: { keys: { kid: string }[] } = JSON.parse(ring.jwks(now).body.toString());
  return keys.map(({ kid }) => kid);
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
  assert.deepEqual(rows.map(({ use }) => use).toSorted(), ['hash', 'id', 'seal', 'sig']);
  assert.equal(events.filter((event) => event === 'key.added').length, 4);
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
  assert.deepEqual(await ring.rotateNow(T), [5]);

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
  assert.equal(events.filter((event) => event === 'key.added').length, 5);

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
  assert.equal(made.flat().length, 1);
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
  const [seal] = await store.listKeys(tenant);
  assert.ok(seal?.use === 'seal');
  const { id: _, ...row } = seal;
  await store.addKey(tenant, { ...row, use: 'hash' }, 10_000);
  await assert.rejects(open(T), MasterKeyError);
});

test('the JWKS holds public members alone, with kid, use and alg, for every algorithm (RFC 7517 §5, RFC 7518 §6)', async () => {
  const { open } = await ground();
  const ring = await open(T, { algorithms: ['ES256', 'RS256', 'EdDSA'] });
  const { keys }: { keys: Record<string, unknown>[] } = JSON.parse(ring.jwks(T).body.toString());
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
