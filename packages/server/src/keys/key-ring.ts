import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { TenantId } from '@hufu/protocol/ids';
import type { TallyKeys } from '@hufu/protocol/tally';
import { idPermutation } from '@hufu/protocol/tally-id';
import type { KeyRecord, Store } from '@hufu/store/port';
import type { Log } from '../log.ts';
import { exportPrivate, importPrivate, publicJwk, type SigningAlgorithm, signingAlgorithms } from './algorithms.ts';
import { writeJwks } from './jwks.ts';
import type { MasterKey } from './master-key.ts';
import { type Signer, signer, thumbprint } from './signer.ts';

/** Seconds between a key's publication and its first use, so that every cache of the JWKS knows it by then; the JWKS is cached for half of it. */
export const PUBLISH_LEAD_SECONDS = 600;

export interface KeyRing {
  readonly tally: TallyKeys;
  /** The seal key for new credentials. */
  readonly sealKeyId: number;
  /** The key that signs now, or undefined where that algorithm has none. */
  signerFor(alg: string, now: number): Signer | undefined;
  /** The key of a token of ours that is being presented: by `kid`, unless it has expired. */
  verifierFor(kid: string, now: number): Signer | undefined;
  /** STAND-IN until part A: the key pairs that clients may have encrypted to. */
  decryptionKeys(now: number): readonly { readonly kid: string; readonly key: KeyObject }[];
  /** The JWKS document, ready to send, and its `ETag`. */
  jwks(now: number): { readonly body: Buffer; readonly etag: string };
  /** Keyed hash of a generated or configured secret, 32 bytes as base64url; `purpose` keeps kinds of secrets apart. */
  keyedHash(purpose: string, text: string): string;
  /** A text encrypted under the master key, base64url; it opens with the same `context` alone. */
  sealSecret(text: string, context: string): string;
  /** Throws `MasterKeyError` where the key or the context is another one. */
  openSecret(sealed: string, context: string): string;
  /** Takes in what another process added, retired or removed. Cheap when nothing changed. */
  follow(now: number): Promise<void>;
  /** Adds, retires and removes keys as their times come. */
  rotateWhenDue(now: number): Promise<void>;
  /** Publishes a successor for each signing key now, to be used after `PUBLISH_LEAD_SECONDS`. Ids of the new keys. */
  rotateNow(now: number): Promise<readonly number[]>;
}

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

/** Opens the tenant's keys, making those that are missing: one winner among processes that start together. */
export async function openKeyRing(options: KeyRingOptions, now: number): Promise<KeyRing> {
  const { store, tenant, master, log } = options;
  let state = await load();
  for (const use of ['seal', 'hash', 'id'] as const) {
    if (!state.records.some((key) => key.use === use))
      await add(use, '', randomBytes(use === 'id' ? 16 : 32), { createdAt: now, activeAt: now }, 0);
  }
  for (const alg of options.algorithms) {
    if (!state.records.some((key) => key.use === 'sig' && key.alg === alg && alive(key, now)))
      await addSigningKey(alg, { createdAt: now, activeAt: now }, newest(alg));
  }
  state = await load();

  async function load(): Promise<State> {
    const version = await store.keysVersion(tenant);
    return readState(await store.listKeys(tenant), tenant, version, master);
  }

  async function add(
    use: KeyRecord['use'],
    alg: string,
    secret: Uint8Array,
    times: Times,
    after: number,
    publicPart = '',
  ): Promise<number | undefined> {
    const added = await store.addKey(
      tenant,
      {
        use,
        alg,
        publicJwk: publicPart,
        sealedPrivate: master.seal(secret, sealContext(tenant, use, alg)),
        ...times,
        retiredAt: 0,
        expiresAt: 0,
      },
      after,
    );
    if (added.kind === 'present') return undefined;
    log.info('key.added', { use, alg, id: added.id });
    return added.id;
  }

  async function addSigningKey(alg: string, times: Times, after: number): Promise<number | undefined> {
    const key = await algorithm(alg).generate();
    return add('sig', alg, exportPrivate(key), times, after, JSON.stringify(publicJwk(key)));
  }

  function newest(alg: string): number {
    return state.records.reduce((id, key) => (key.use === 'sig' && key.alg === alg ? Math.max(id, key.id) : id), 0);
  }

  /** A successor for the newest key of `alg`, and that one's retirement. */
  async function succeed(alg: string, at: number): Promise<number | undefined> {
    const before = newest(alg);
    const activeAt = at + PUBLISH_LEAD_SECONDS;
    const id = await addSigningKey(alg, { createdAt: at, activeAt }, before);
    if (id !== undefined) {
      for (const key of state.records) {
        if (key.use === 'sig' && key.alg === alg) await store.retireKey(tenant, key.id, activeAt, activeAt + options.verifySeconds);
      }
    }
    return id;
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
    signerFor(alg, at) {
      let best: Signer | undefined;
      let first: Signer | undefined;
      for (const candidate of state.signers) {
        const { activeAt, retiredAt } = candidate.record;
        if (candidate.alg !== alg || !alive(candidate.record, at)) continue;
        if (first === undefined || activeAt < first.record.activeAt) first = candidate;
        if (activeAt > at || (retiredAt !== 0 && retiredAt <= at)) continue;
        if (best === undefined || activeAt >= best.record.activeAt) best = candidate;
      }
      // A test clock can stand before the first key was made: then that one signs.
      return best ?? first;
    },
    verifierFor(kid, at) {
      const found = state.byKid.get(kid);
      return found !== undefined && alive(found.record, at) ? found : undefined;
    },
    decryptionKeys: () => [],
    jwks(at) {
      const living = state.signers.filter((key) => alive(key.record, at));
      // Keys only ever leave: their number says which ones are left.
      if (state.jwks?.keys !== living.length) state.jwks = { keys: living.length, ...writeJwks(living) };
      return state.jwks;
    },
    keyedHash(purpose, text) {
      return createHmac('sha256', state.hashKey).update(`${purpose}\n${text}`).digest('base64url');
    },
    sealSecret: (text, context) => Buffer.from(master.seal(Buffer.from(text), context)).toString('base64url'),
    openSecret: (sealed, context) => Buffer.from(master.open(Buffer.from(sealed, 'base64url'), context)).toString(),
    async follow() {
      if ((await store.keysVersion(tenant)) === state.version) return;
      state = await load();
      log.info('keys.reloaded', { keys: state.records.length });
    },
    async rotateWhenDue(at) {
      await ring.follow(at);
      for (const alg of options.algorithms) {
        const last = state.records.find((key) => key.id === newest(alg));
        if (last === undefined || last.createdAt + options.rotateEverySeconds <= at) await succeed(alg, at);
      }
      for (const key of state.records) {
        if (!alive(key, at)) await store.removeKey(tenant, key.id);
      }
      await ring.follow(at);
    },
    async rotateNow(at) {
      const ids: number[] = [];
      for (const alg of options.algorithms) {
        const id = await succeed(alg, at);
        if (id !== undefined) ids.push(id);
      }
      await ring.follow(at);
      return ids;
    },
  };
  return ring;
}

type Times = Pick<KeyRecord, 'createdAt' | 'activeAt'>;

interface State {
  readonly version: number;
  readonly records: readonly KeyRecord[];
  readonly seals: ReadonlyMap<number, KeyObject>;
  readonly sealKeyId: number;
  readonly hashKey: KeyObject;
  readonly permutation: ReturnType<typeof idPermutation>;
  readonly signers: readonly Signer[];
  readonly byKid: ReadonlyMap<string, Signer>;
  jwks: { readonly keys: number; readonly body: Buffer; readonly etag: string } | undefined;
}

function readState(records: readonly KeyRecord[], tenant: TenantId, version: number, master: MasterKey): State {
  const seals = new Map<number, KeyObject>();
  const signers: Signer[] = [];
  let sealKeyId = 0;
  let hashKey = createSecretKey(Buffer.alloc(32));
  let permutation = idPermutation(new Uint8Array(16));
  for (const record of records) {
    const secret = master.open(record.sealedPrivate, sealContext(tenant, record.use, record.alg));
    if (record.use === 'seal') {
      seals.set(record.id, createSecretKey(Buffer.from(secret)));
      sealKeyId = Math.max(sealKeyId, record.id);
    } else if (record.use === 'hash') hashKey = createSecretKey(Buffer.from(secret));
    else if (record.use === 'id') permutation = idPermutation(Uint8Array.from(secret));
    else signers.push(signer(record, algorithm(record.alg), importPrivate(secret), thumbprint(record.publicJwk)));
  }
  return {
    version,
    records,
    seals,
    sealKeyId,
    hashKey,
    permutation,
    signers,
    byKid: new Map(signers.map((key) => [key.kid, key])),
    jwks: undefined,
  };
}

function alive(key: KeyRecord, now: number): boolean {
  return key.expiresAt === 0 || key.expiresAt > now;
}

function algorithm(alg: string): SigningAlgorithm {
  const found = signingAlgorithms.get(alg);
  if (found === undefined) throw new TypeError(`no signing algorithm ${alg}`);
  return found;
}

function sealContext(tenant: TenantId, use: string, alg: string): string {
  return `hufu key ${tenant} ${use} ${alg}`;
}
