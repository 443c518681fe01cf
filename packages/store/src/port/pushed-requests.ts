import type { ClientId, TenantId } from '@hufu/protocol/ids';

/** An authorization request that its client has sent ahead. */
export interface PushedRequest {
  readonly id: number;
  /** SHA-256 of the secret in its `request_uri`, base64url. */
  readonly secretHash: string;
  readonly clientId: ClientId;
  /** The parameters, encrypted; at most `MAX_PUSHED_REQUEST` characters. */
  readonly parameters: string;
  /** The key that its proof was made with (RFC 9449 §10.1), as `GrantRecord.boundKey`. */
  readonly boundKey: string | undefined;
  readonly createdAt: number;
  /** Until when it may begin. The row stays for `PUSHED_REQUEST_SECONDS` more, for those that have begun. */
  readonly expiresAt: number;
}

export interface PushedRequests {
  /** Parameters that are too long are a `TypeError`. */
  pushRequest(tenant: TenantId, request: Omit<PushedRequest, 'id'>, now: number): Promise<{ readonly id: number }>;
  /**
   * Also one that has expired, until its row falls. Undefined from the moment when its client was revoked or removed. That it is answered once is
   * a mark (`pushed_request`).
   */
  findPushedRequest(tenant: TenantId, id: number): Promise<PushedRequest | undefined>;
}
