import type { KeyObject } from 'node:crypto';
import type { PublicJwks } from '@hufu/protocol/client-jwks';
import type { Client } from '../clients.ts';
import type { Context } from '../context.ts';
import { type ClientKey, importKeys, selectEncryptionKey, selectVerificationKeys } from './client-key.ts';
import { type KeySet, peekRemoteKeys, type RemoteKeySet, remoteKeys } from './remote-keys.ts';

/** Which key a JWT was signed with, as its header says (RFC 7515 §4.1.4). */
export interface KeyHint {
  readonly kid: string | undefined;
  readonly alg: string;
}

/** Whose keys they are: by value, or behind a URL. */
export interface KeySource {
  readonly jwks: PublicJwks | undefined;
  readonly jwksUri: string | undefined;
}

/** Keys to try, or why there are none: for decision records, without its subject ("has no key for ES256"). */
export interface FoundKeys {
  readonly keys: readonly KeyObject[];
  readonly reason: string;
}

/**
 * The keys that a JWT of the client may have been signed with (OpenID Connect Core §10.1): the one of that `kid`, or, where the JWT names
 * none, those whose kind, `use` and `alg` fit, five at most. A `kid` that is not in the copy of its `jwks_uri` makes us look there again.
 *
 * @param now seconds since 1970.
 */
export async function findVerificationKeys(ctx: Context, client: Client, hint: KeyHint, now: number): Promise<readonly KeyObject[]> {
  return (await lookForKeys(ctx, client.metadata, hint, now)).keys;
}

/** The same for whoever signs, with the reason where there are none. */
export async function lookForKeys(ctx: Context, source: KeySource, { kid, alg }: KeyHint, now: number): Promise<FoundKeys> {
  const set = await keySet(ctx, source, 'any', now);
  const found = selectVerificationKeys(set.keys, kid, alg);
  if (found.length > 0 || set.asked) return toFound(found, set, kid, alg);
  const newer = await keySet(ctx, source, 'newer', now);
  return toFound(selectVerificationKeys(newer.keys, kid, alg), newer, kid, alg);
}

/**
 * The key of the client that something is encrypted to with this `alg` (OpenID Connect Core §10.2); undefined where it has none. One that is
 * for encryption (`use`) is preferred, one that is for signatures is never taken.
 */
export async function findEncryptionKey(
  ctx: Context,
  client: Client,
  alg: string,
  now: number,
): Promise<{ readonly key: KeyObject; readonly kid: string | undefined } | undefined> {
  const set = await keySet(ctx, client.metadata, 'any', now);
  const found = selectEncryptionKey(set.keys, alg);
  if (found !== undefined || set.asked) return found;
  return selectEncryptionKey((await keySet(ctx, client.metadata, 'newer', now)).keys, alg);
}

/** Whether the client registered that public key, for anything but encryption (RFC 8705 §2.2.2). */
export async function hasPublicKey(ctx: Context, client: Client, key: KeyObject, now: number): Promise<boolean> {
  const isAmong = ({ keys }: RemoteKeySet): boolean => keys.some((candidate) => candidate.use !== 'enc' && isSameKey(candidate.key, key));
  const set = await keySet(ctx, client.metadata, 'any', now);
  return isAmong(set) || (!set.asked && isAmong(await keySet(ctx, client.metadata, 'newer', now)));
}

/** Keys of different kinds are not compared: the error that OpenSSL keeps of that ends the TLS connection whose bytes are being read. */
function isSameKey(one: KeyObject, other: KeyObject): boolean {
  return one.asymmetricKeyType === other.asymmetricKeyType && one.equals(other);
}

// One source for each version of a client's row, or for each start: imported once, and gone with it.
const imported = new WeakMap<KeySource, readonly ClientKey[]>();

function keySet(ctx: Context, source: KeySource, want: 'any' | 'newer', now: number): RemoteKeySet | Promise<RemoteKeySet> {
  const { jwksUri } = source;
  if (jwksUri !== undefined) return remoteKeys(ctx, jwksUri, want, now);
  return { keys: ownKeys(source), fault: undefined, asked: true };
}

function ownKeys(source: KeySource): readonly ClientKey[] {
  let keys = imported.get(source);
  if (keys === undefined) imported.set(source, (keys = source.jwks === undefined ? [] : importKeys(source.jwks)));
  return keys;
}

/** The keys of a client that are here, by value or fetched before; `fetchedAt` of the latter. Nothing is fetched. */
export function knownKeys(ctx: Context, source: KeySource, now: number): KeySet & { readonly fetchedAt: number | undefined } {
  const { jwksUri } = source;
  return jwksUri === undefined ? { keys: ownKeys(source), fault: undefined, fetchedAt: undefined } : peekRemoteKeys(ctx, jwksUri, now);
}

function toFound(found: readonly ClientKey[], set: RemoteKeySet, kid: string | undefined, alg: string): FoundKeys {
  const which = kid === undefined ? '' : ` with the kid ${JSON.stringify(kid.slice(0, 60))}`;
  const why = set.fault === undefined ? '' : `; its jwks_uri: ${set.fault}`;
  return { keys: found.map(({ key }) => key), reason: `has no key for ${alg}${which}${why}` };
}
