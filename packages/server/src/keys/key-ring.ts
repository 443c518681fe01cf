import { createHmac, type KeyObject, randomBytes } from 'node:crypto';
import type { TenantId } from '@hufu/protocol/ids';
import type { TallyKeys } from '@hufu/protocol/tally';
import type { KeyRecord, Store } from '@hufu/store/port';
import type { Log } from '../log.ts';
import { exportPrivate, publicJwk } from './algorithms.ts';
import { decryptionKeyTypes } from './decryption-key.ts';
import { type JwksDocument, jwksCache } from './jwks.ts';
import { findCurrent, isAlive, type KeyState, readState, requireAlgorithm, sealContext } from './key-state.ts';
import { type KeyStatus, listStatus } from './key-status.ts';
import type { MasterKey } from './master-key.ts';
import { planRetirement, type Removal, type Retirement } from './retirement.ts';
import type { Signer } from './signer.ts';

/** Seconds between a key's publication and its first use, so that every cache of the JWKS knows it by then; the JWKS is cached for half of it. */
export const PUBLISH_LEAD_SECONDS = 600;

/** Seconds that a retired key still decrypts: so long may a client have kept the JWKS. */
export const DECRYPT_SECONDS = 86_400;

export interface KeyRing {
  readonly tally: TallyKeys;
  /** The seal key for new credentials. */
  readonly sealKeyId: number;
  /** The key that signs now, or undefined where that algorithm has none. */
  signerFor(alg: string, now: number): Signer | undefined;
  /** The key of a token of ours that is being presented: by `kid`, unless it has expired. */
  verifierFor(kid: string, now: number): Signer | undefined;
  /** The key pairs that clients may have encrypted to, also those that are published no more. */
  decryptionKeys(now: number): readonly { readonly kid: string; readonly key: KeyObject }[];
  /** The JWKS document, ready to send, and its `ETag`. */
  jwks(now: number): JwksDocument;
  /** Keyed hash of a generated or configured secret, 32 bytes as base64url; `purpose` keeps kinds of secrets apart. */
  keyedHash(purpose: string, text: string): string;
  /**
   * Encrypts a text that has to be readable again, under the master key; base64url.
   * @param context what it is and whose: sealed for one place, it opens nowhere else
   */
  sealSecret(text: string, context: string): string;
  /** @throws MasterKeyError where it was sealed for another context or under another key, or was changed */
  openSecret(sealed: string, context: string): string;
  /** Takes in what another process added, retired or removed. Cheap when nothing changed. */
  follow(now: number): Promise<void>;
  /** Adds, retires and removes keys as their times come. */
  rotateWhenDue(now: number): Promise<void>;
  /**
   * Makes a successor for each key pair now, to be used after `PUBLISH_LEAD_SECONDS`. Ids of the new keys.
   * @param by the store in the name of who wants it; by default the server’s own
   */
  rotateNow(now: number, by?: Store): Promise<readonly number[]>;
  /**
   * Withdraws a key that somebody else may have: out of the JWKS at once, and nothing that it signed or could open is worth anything any
   * more. Where no other key is there to go on with, its successor is in use from `now` on; in the place of a next key there is another next key.
   */
  revokeKey(kid: string, now: number, by?: Store): Promise<RevokedKey>;
  /** What withdrawing a key now would bring; undefined for a key that is not there. */
  planRemoval(kid: string, now: number): Removal | undefined;
  /** What `retireKey` would do. */
  planRetirement(kid: string, at: number, now: number): Retirement;
  /**
   * Takes a next key back before it is in use, or ends an old one at `at`, before its time. Nothing is told in the log: what it signed stops verifying, and is
   * not called stolen. A key in use is not retired: `rotateNow` does that.
   */
  retireKey(kid: string, at: number, now: number, by?: Store): Promise<Retirement>;
  /** The key pairs with their times, in the order in which they were made. */
  list(now: number): readonly KeyStatus[];
}

export type RevokedKey = { readonly kind: 'revoked'; readonly use: 'sig' | 'enc'; readonly alg: string } | { readonly kind: 'unknown' };

export interface KeyRingOptions {
  readonly store: Store;
  readonly tenant: TenantId;
  readonly master: MasterKey;
  readonly algorithms: readonly string[];
  readonly rotateEverySeconds: number;
  /** Seconds that a retired key still verifies: no token that it signed lives longer. */
  readonly verifySeconds: number;
  readonly log: Log;
}

/** Key pairs that follow each other: those that sign with an `alg`, or those of a `kty` that clients encrypt to. */
interface Line {
  readonly use: 'sig' | 'enc';
  readonly alg: string;
}

/** Opens the tenant's keys, making those that are missing: one winner among processes that start together. */
export async function openKeyRing(options: KeyRingOptions, now: number): Promise<KeyRing> {
  const { store, tenant, master, log } = options;
  const lines: readonly Line[] = [
    ...options.algorithms.map((alg) => ({ use: 'sig', alg }) as const),
    ...[...decryptionKeyTypes.keys()].map((alg) => ({ use: 'enc', alg }) as const),
  ];
  let state = await load();
  let publish = jwksCache(state);
  for (const use of ['seal', 'hash', 'id'] as const) {
    if (!state.records.some((key) => key.use === use))
      await add({ use, alg: '' }, randomBytes(use === 'id' ? 16 : 32), { createdAt: now, activeAt: now }, 0);
  }
  const missing = lines.filter((line) => !state.records.some((key) => isOf(line, key) && isAlive(key, now)));
  // At the same time: an RSA key takes a tenth of a second of one core.
  const pairs = await Promise.all(missing.map(async (line) => [line, await generate(line)] as const));
  for (const [line, key] of pairs) await addPair(line, key, { createdAt: now, activeAt: now }, newest(line));
  await reload();

  async function load(): Promise<KeyState> {
    const version = await store.keysVersion(tenant);
    return readState(await store.listKeys(tenant), tenant, version, master);
  }

  async function reload(): Promise<void> {
    state = await load();
    publish = jwksCache(state);
  }

  async function add(
    { use, alg }: Pick<KeyRecord, 'use' | 'alg'>,
    secret: Uint8Array,
    times: Times,
    after: number,
    publicPart = '',
    by = store,
  ): Promise<number | undefined> {
    const sealedPrivate = master.seal(secret, sealContext(tenant, use, alg));
    const added = await by.addKey(tenant, { use, alg, publicJwk: publicPart, sealedPrivate, ...times, retiredAt: 0, expiresAt: 0 }, after);
    if (added.kind === 'present') return undefined;
    log.info('key.added', { use, alg, id: added.id });
    return added.id;
  }

  function addPair(line: Line, key: KeyObject, times: Times, after: number, by = store): Promise<number | undefined> {
    return add(line, exportPrivate(key), times, after, JSON.stringify(publicJwk(key)), by);
  }

  /** A pair after the newest there is now: if another one comes in between, this one is nobody's. */
  async function makePair(line: Line, times: Times, by = store): Promise<number | undefined> {
    const before = newest(line);
    return addPair(line, await generate(line), times, before, by);
  }

  function newest(line: Line): number {
    return state.records.reduce((id, key) => (isOf(line, key) ? Math.max(id, key.id) : id), 0);
  }

  /** A successor for the newest key of its line, and the others' retirement. */
  async function succeed(line: Line, at: number, by = store): Promise<number | undefined> {
    const activeAt = at + PUBLISH_LEAD_SECONDS;
    const id = await makePair(line, { createdAt: at, activeAt }, by);
    if (id !== undefined) {
      const afterlife = line.use === 'sig' ? options.verifySeconds : DECRYPT_SECONDS;
      for (const key of state.records) if (isOf(line, key)) await by.retireKey(tenant, key.id, activeAt, activeAt + afterlife);
    }
    return id;
  }

  /** Whether anything but `record` can go on with its line. */
  function hasOther(record: KeyRecord, at: number): boolean {
    const others = [...state.signers, ...state.decryptionKeys].filter((key) => isOf(record, key.record) && key.record.id !== record.id);
    return findCurrent(others, record.alg, at) !== undefined;
  }

  /**
   * From when on a successor is in use that has to be made before `record` goes; undefined where there is one. Whoever takes away the newest key of a line makes a
   * newer one first (`addKey` decides who does), so of several who take keys away at once none leaves the line without one.
   */
  function successorAt(record: KeyRecord, at: number): number | undefined {
    const line = lines.find((candidate) => isOf(candidate, record));
    if (line === undefined) return undefined;
    if (!hasOther(record, at)) return at;
    return record.id === newest(line) ? Math.max(at, record.activeAt) : undefined;
  }

  function find(kid: string): KeyRecord | undefined {
    return [...state.signers, ...state.decryptionKeys].find((key) => key.kid === kid)?.record;
  }

  /** Whatever happens after it: there is a key to go on with. */
  async function makeSuccessor({ use, alg }: KeyRecord, createdAt: number, activeAt: number, by: Store): Promise<void> {
    const line = lines.find((candidate) => candidate.use === use && candidate.alg === alg);
    if (line !== undefined) await makePair(line, { createdAt, activeAt }, by);
  }

  const ring: KeyRing = {
    tally: {
      tenant,
      get permutation() {
        return state.permutation;
      },
      mac(keyId, message) {
        const key = state.seals.get(keyId);
        return key === undefined ? undefined : createHmac('sha256', key).update(message, 'latin1').digest('base64url');
      },
    },
    get sealKeyId() {
      return state.sealKeyId;
    },
    signerFor: (alg, at) => findCurrent(state.signers, alg, at),
    verifierFor(kid, at) {
      const found = state.byKid.get(kid);
      return found !== undefined && isAlive(found.record, at) ? found : undefined;
    },
    decryptionKeys: (at) => state.decryptionKeys.filter((key) => isAlive(key.record, at)),
    jwks: (at) => publish(at),
    keyedHash(purpose, text) {
      return createHmac('sha256', state.hashKey).update(`${purpose}\n${text}`).digest('base64url');
    },
    sealSecret: (text, context) => Buffer.from(master.seal(Buffer.from(text), secretContext(context))).toString('base64url'),
    openSecret: (sealed, context) => Buffer.from(master.open(Buffer.from(sealed, 'base64url'), secretContext(context))).toString(),
    async follow() {
      if ((await store.keysVersion(tenant)) === state.version) return;
      await reload();
      log.info('keys.reloaded', { keys: state.records.length });
    },
    async rotateWhenDue(at) {
      await ring.follow(at);
      for (const line of lines) {
        const last = state.records.find((key) => key.id === newest(line));
        // A newest key that is to retire has lost its successor.
        if (last === undefined || last.retiredAt !== 0 || last.createdAt + options.rotateEverySeconds <= at) await succeed(line, at);
      }
      for (const key of state.records) {
        if (!isAlive(key, at)) await store.removeKey(tenant, key.id);
      }
      await ring.follow(at);
    },
    async rotateNow(at, by = store) {
      const ids: number[] = [];
      for (const line of lines) {
        const id = await succeed(line, at, by);
        if (id !== undefined) ids.push(id);
      }
      await ring.follow(at);
      return ids;
    },
    async revokeKey(kid, at, by = store) {
      await ring.follow(at);
      const record = find(kid);
      if (record === undefined) return { kind: 'unknown' };
      const from = successorAt(record, at);
      if (from !== undefined) await makeSuccessor(record, at, from, by);
      const outcome = await by.revokeKey(tenant, record.id, kid, at);
      await ring.follow(at);
      if (outcome === 'unknown') return { kind: 'unknown' };
      log.warn('key.revoked', { use: record.use, alg: record.alg, id: record.id });
      return { kind: 'revoked', use: record.use === 'enc' ? 'enc' : 'sig', alg: record.alg };
    },
    planRemoval(kid, at) {
      const record = find(kid);
      const key = listStatus(state, at).find((one) => one.kid === kid);
      return record === undefined || key === undefined ? undefined : { key, successorAt: successorAt(record, at) };
    },
    planRetirement: (kid, at, now) => planRetirement(ring.planRemoval(kid, now), at),
    async retireKey(kid, at, now, by = store) {
      await ring.follow(now);
      const plan = ring.planRetirement(kid, at, now);
      const record = find(kid);
      if (plan.kind !== 'planned' || record === undefined) return plan;
      if (plan.successorAt !== undefined) await makeSuccessor(record, now, plan.successorAt, by);
      await by.retireKey(tenant, record.id, at, at);
      await ring.follow(now);
      log.info('key.retired', { use: record.use, alg: record.alg, id: record.id });
      return plan;
    },
    list: (at) => listStatus(state, at),
  };
  return ring;
}

type Times = Pick<KeyRecord, 'createdAt' | 'activeAt'>;

function isOf(line: Pick<KeyRecord, 'use' | 'alg'>, key: KeyRecord): boolean {
  return key.use === line.use && key.alg === line.alg;
}

async function generate({ use, alg }: Line): Promise<KeyObject> {
  if (use === 'sig') return requireAlgorithm(alg).generate();
  const make = decryptionKeyTypes.get(alg);
  if (make === undefined) throw new TypeError(`no encryption key ${alg}`);
  return make();
}

/** Apart from the contexts of our own keys, whatever a caller hands in. */
function secretContext(context: string): string {
  return `hufu secret ${context}`;
}
