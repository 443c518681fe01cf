import type { UserId } from '@hufu/protocol/ids';
import type { FactorRecord } from '@hufu/store/port';
import type { Context } from '../context.ts';
import { sha256 } from '../tokens/secrets.ts';

/** What is kept of a passkey, in `FactorRecord.data`. */
export interface PasskeyData {
  /** As the authenticator calls it, base64url. */
  readonly credentialId: string;
  /** COSE key (RFC 9052 §7), base64url. */
  readonly publicKey: string;
  /** Of its user: 32 random bytes as base64url, the same in all of a user's passkeys (WebAuthn §14.6.1). */
  readonly handle: string;
  /** Whether it may be copied to other devices (WebAuthn §6.1.3 `BE`); never changes. */
  readonly backupEligible: boolean;
  /** Whether it was, as it was made (`BS`). */
  readonly backedUp: boolean;
  /** How browsers reach it (WebAuthn §5.8.4). */
  readonly transports: readonly string[];
  /** Model of the authenticator, as it says without proof; zeros where it says nothing. */
  readonly aaguid: string;
}

export interface Passkey {
  readonly factor: FactorRecord;
  readonly data: PasskeyData;
}

/** What a passkey is found by. */
export function passkeyLookup(credentialId: string): string {
  return sha256(credentialId);
}

/** The factor as a passkey; undefined for another kind of factor. */
export function readPasskey(factor: FactorRecord): Passkey | undefined {
  if (factor.kind !== 'passkey') return undefined;
  const { credentialId, publicKey, handle, backupEligible, backedUp, transports, aaguid } = factor.data;
  if (typeof credentialId !== 'string' || typeof publicKey !== 'string' || typeof handle !== 'string') return undefined;
  return {
    factor,
    data: {
      credentialId,
      publicKey,
      handle,
      backupEligible: backupEligible === true,
      backedUp: backedUp === true,
      transports: Array.isArray(transports) ? transports.filter((word) => typeof word === 'string') : [],
      aaguid: typeof aaguid === 'string' ? aaguid : '',
    },
  };
}

/** A user's passkeys, the oldest first. */
export async function listPasskeys(ctx: Context, user: UserId): Promise<readonly Passkey[]> {
  return (await ctx.store.listFactors(ctx.tenant, user)).map(readPasskey).filter((passkey) => passkey !== undefined);
}
