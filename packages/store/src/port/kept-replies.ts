import type { TenantId } from '@hufu/protocol/ids';

/** What is known of a request that may come again (`Idempotency-Key`). */
export type KeptReply =
  /** Nobody has sent it before: whoever is told this, alone among any number, does it and ends with `keepReply`. */
  | { readonly kind: 'begun' }
  /** It began at `at`, and nobody has said what came of it. */
  | { readonly kind: 'running'; readonly at: number }
  /** The same key came with another request. */
  | { readonly kind: 'other' }
  | { readonly kind: 'kept'; readonly reply: string };

export interface KeptReplies {
  /**
   * @param name of the caller, the operation and the key together: at most 64 characters.
   * @param digest of the request: at most 64 characters.
   */
  beginReply(tenant: TenantId, name: string, digest: string, expiresAt: number, now: number): Promise<KeptReply>;
  /** @param reply sealed; undefined: nothing happened, and the same request may come again. */
  keepReply(tenant: TenantId, name: string, reply: string | undefined): Promise<void>;
}
