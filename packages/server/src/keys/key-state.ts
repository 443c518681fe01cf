import { createSecretKey, type KeyObject } from 'node:crypto';
import type { TenantId } from '@hufu/protocol/ids';
import { idPermutation } from '@hufu/protocol/tally-id';
import type { KeyRecord } from '@hufu/store/port';
import { importPrivate, type SigningAlgorithm, signingAlgorithms } from './algorithms.ts';
import { type DecryptionKey, decryptionKey } from './decryption-key.ts';
import type { MasterKey } from './master-key.ts';
import { type Signer, signer, thumbprint } from './signer.ts';

/** The keys of a tenant as they were at one version, opened. */
export interface KeyState {
  readonly version: number;
  readonly records: readonly KeyRecord[];
  readonly seals: ReadonlyMap<number, KeyObject>;
  readonly sealKeyId: number;
  readonly hashKey: KeyObject;
  readonly permutation: ReturnType<typeof idPermutation>;
  readonly signers: readonly Signer[];
  readonly byKid: ReadonlyMap<string, Signer>;
  readonly decryptionKeys: readonly DecryptionKey[];
}

/** Throws `MasterKeyError` where one of them was not sealed here: keys are never half used (CRY-06). */
export function readState(records: readonly KeyRecord[], tenant: TenantId, version: number, master: MasterKey): KeyState {
  const seals = new Map<number, KeyObject>();
  const signers: Signer[] = [];
  const decryptionKeys: DecryptionKey[] = [];
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
    else if (record.use === 'enc') decryptionKeys.push(decryptionKey(record, secret));
    else signers.push(signer(record, requireAlgorithm(record.alg), importPrivate(secret), thumbprint(record.publicJwk)));
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
    decryptionKeys,
  };
}

/** The key of an `alg` that is in use: active, not retired, the youngest. */
export function findCurrent<Key extends { readonly record: KeyRecord }>(keys: readonly Key[], alg: string, now: number): Key | undefined {
  let best: Key | undefined;
  let first: Key | undefined;
  for (const candidate of keys) {
    const { activeAt, retiredAt } = candidate.record;
    if (candidate.record.alg !== alg || !isAlive(candidate.record, now) || (retiredAt !== 0 && retiredAt <= now)) continue;
    if (first === undefined || activeAt < first.record.activeAt) first = candidate;
    if (activeAt <= now && (best === undefined || activeAt >= best.record.activeAt)) best = candidate;
  }
  // The one before was revoked, or a test clock stands before the first key was made: then the next one has to do.
  return best ?? first;
}

export function isAlive(key: KeyRecord, now: number): boolean {
  return key.expiresAt === 0 || key.expiresAt > now;
}

export function requireAlgorithm(alg: string): SigningAlgorithm {
  const found = signingAlgorithms.get(alg);
  if (found === undefined) throw new TypeError(`no signing algorithm ${alg}`);
  return found;
}

/** What a private key at rest is sealed for: moved to another place it does not open. */
export function sealContext(tenant: TenantId, use: string, alg: string): string {
  return `hufu key ${tenant} ${use} ${alg}`;
}
