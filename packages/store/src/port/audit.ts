import type { TenantId, UserId } from '@hufu/protocol/ids';

/** `admin`: an administrator through the admin API. `client`: a program, for itself. `system`: nobody; the server does it by itself. */
export type ActorKind = 'user' | 'client' | 'admin' | 'cli' | 'system';

/** Who is behind the verbs that are called on `actingAs(…)`, and what their entries are signed with. */
export interface Acting {
  readonly actor: { readonly kind: ActorKind; readonly id: string };
  /** The client that somebody acts through; empty where there is none. */
  readonly via: string;
  /** Names the request in logs and replies; empty where there is none. */
  readonly requestId: string;
  /** Names the target where the verb itself knows only a number, or less than the caller. */
  readonly target?: AuditTarget;
  /** That user is told by their subject identifier. */
  readonly about?: { readonly id: UserId; readonly sub: string };
  /** More to tell than the verb does; no secret. */
  readonly details?: Readonly<Record<string, AuditDetail>>;
  nowMs(): number;
  /** A keyed hash that whoever has the database alone cannot make; base64url. */
  mac(text: string): string;
}

export interface AuditTarget {
  readonly kind: string;
  readonly id: string;
}

export type AuditDetail = string | number | boolean;

/** What somebody changed, as a verb wrote it together with the change. */
export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly via: string;
  readonly requestId: string;
  readonly action: string;
  readonly target: AuditTarget;
  /** JSON of a flat object, its names in order. */
  readonly details: string;
  /** Over all of the above and the tenant. */
  readonly mac: string;
}

/** With its place in the chain: `hash` is over the one before, `seq`, `mac` and all of the entry. */
export interface SealedEntry extends AuditEntry {
  readonly seq: number;
  readonly hash: string;
}

export interface AuditCheckpoint {
  readonly seq: number;
  readonly hash: string;
  readonly atMs: number;
  /** What the server signed: that `seq` has this hash. */
  readonly jws: string;
  /** The public key that it was signed with, as a JWK. */
  readonly jwk: string;
}

export interface AuditHead {
  /** The last number that was given out, and its hash; 0 and `AUDIT_GENESIS` before the first. */
  readonly seq: number;
  readonly hash: string;
  readonly checkpoint: AuditCheckpoint | undefined;
}

export interface AuditFilter {
  readonly actor?: { readonly kind: string; readonly id: string };
  readonly action?: string;
  readonly target?: AuditTarget;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Those with smaller numbers. */
  readonly before?: number;
}

export interface Audit {
  /**
   * Gives committed entries their place in the chain, in the order of their times, at most `limit`; of any number of callers one at a time (`busy`: somebody else is at it). `expected`: what the caller
   * knows to be the head; `broken` where the chain does not have it: then nothing is sealed.
   */
  sealAudit(
    tenant: TenantId,
    limit: number,
    expected?: { readonly seq: number; readonly hash: string },
  ): Promise<
    | { readonly kind: 'sealed'; readonly entries: readonly SealedEntry[]; readonly seq: number; readonly hash: string }
    | { readonly kind: 'busy' | 'broken' }
  >;
  readAuditHead(tenant: TenantId): Promise<AuditHead>;
  /** After `afterSeq`, in the order of the chain. */
  readAudit(tenant: TenantId, afterSeq: number, limit: number): Promise<SealedEntry[]>;
  /** Newest first. */
  listAudit(tenant: TenantId, filter: AuditFilter, limit: number): Promise<SealedEntry[]>;
  /** One that stands for a number stays. */
  putAuditCheckpoint(tenant: TenantId, checkpoint: AuditCheckpoint): Promise<void>;
  /** With numbers from `fromSeq` on, in their order. */
  listAuditCheckpoints(tenant: TenantId, fromSeq: number, limit: number): Promise<AuditCheckpoint[]>;
}
