import type { TenantId } from '@hufu/protocol/ids';

/** Why an event was not delivered; nothing of what the target answered. `altered`: the entry is not as a server has written it, and is never sent. */
export type WebhookFailure = 'refused' | 'unreachable' | 'gone' | 'altered';

/** Why the server has switched a webhook off: the target said so, or has failed for days. */
export type WebhookEnd = 'gone' | 'failing';

export interface WebhookSecret {
  /** Readable with the master key alone. */
  readonly sealed: string;
  readonly createdAt: number;
  /** 0: it stays. */
  readonly expiresAt: number;
}

/** What an administrator says of a webhook. */
export interface WebhookSettings {
  readonly url: string;
  readonly description: string;
  /** Names of actions of the audit log, `PREFIX.*`, or `*`. */
  readonly actions: readonly string[];
  /** Newest first. */
  readonly secrets: readonly WebhookSecret[];
  readonly enabled: boolean;
  readonly endedBy: WebhookEnd | undefined;
}

/** How far it has come. Times are 0 where there is none. */
export interface WebhookProgress {
  /** The last entry of the audit log that is done with: delivered, given up, or not wanted. */
  readonly cursorSeq: number;
  /** Attempts that failed since one did not, and since when. */
  readonly failures: number;
  readonly failingSince: number;
  /** The entry that was tried last and is not done with, how often it was, and since when; 0 where there is none. */
  readonly headSeq: number;
  readonly headAttempts: number;
  readonly headSince: number;
  /** Not tried before. */
  readonly dueAt: number;
  readonly deliveredAt: number;
}

export interface WebhookRecord extends WebhookSettings, WebhookProgress {
  readonly id: string;
  readonly createdAt: number;
  /** Rises with each change of its settings. */
  readonly version: number;
}

/** `waiting`: it failed and is tried again. `due`: somebody wants it sent once more. */
export type WebhookDeliveryState = 'delivered' | 'waiting' | 'dead' | 'due';

/** What became of an entry for a webhook. */
export interface WebhookDelivery {
  readonly seq: number;
  readonly messageId: string;
  readonly action: string;
  readonly state: WebhookDeliveryState;
  readonly attempts: number;
  /** Of the last attempt that failed. */
  readonly reason: WebhookFailure | undefined;
  /** The last attempt. */
  readonly at: number;
}

/** A webhook that one caller alone sends for, until its lease ends. */
export interface TakenWebhook {
  readonly webhook: WebhookRecord;
  /** Names this lease: grows with each. */
  readonly lease: number;
  /** What somebody wants sent once more, at most `MAX_REDELIVERIES` of it. */
  readonly redeliveries: readonly WebhookDelivery[];
}

export interface WebhookSettlement {
  /** Of the webhook that `progress` was judged by. */
  readonly version: number;
  /** Absent: it has come no farther (an entry was sent once more). */
  readonly progress?: WebhookProgress;
  readonly delivery?: WebhookDelivery;
  /** The lease ends then: `now` gives it back. */
  readonly leasedUntil: number;
}

/** Webhooks read the sealed audit log, each at its own place: nothing is queued for them. */
export interface Webhooks {
  /** In the order of their ids. */
  listWebhooks(tenant: TenantId): Promise<WebhookRecord[]>;
  findWebhook(tenant: TenantId, id: string): Promise<WebhookRecord | undefined>;
  /** It begins at the end that the log has now. `full`: there are `most`. */
  createWebhook(
    tenant: TenantId,
    webhook: WebhookSettings & { readonly id: string },
    most: number,
    now: number,
  ): Promise<{ readonly kind: 'created'; readonly webhook: WebhookRecord } | { readonly kind: 'full' }>;
  /**
   * Where `version` is still that. One that becomes enabled is due at once, and has not failed yet: the entry that it stopped at has all its time again.
   *
   * @param passedTo what the settings before did not want up to there, so that those after it are not asked about it; 0 where nothing is known
   */
  changeWebhook(
    tenant: TenantId,
    id: string,
    settings: WebhookSettings,
    version: number,
    now: number,
    passedTo: number,
  ): Promise<{ readonly kind: 'done'; readonly webhook: WebhookRecord } | { readonly kind: 'changed' | 'unknown' }>;
  /** With its deliveries. Whoever is sending settles nothing any more. */
  removeWebhook(tenant: TenantId, id: string): Promise<'removed' | 'unknown'>;
  /** Those that are enabled, that nobody has, and that are due and not where the log ends, or have something to be sent once more (`isAsked`); with the number that the log ends with. */
  dueWebhooks(
    tenant: TenantId,
    now: number,
  ): Promise<{ readonly webhook: WebhookRecord; readonly isAsked: boolean; readonly end: number }[]>;
  /** To one of any number of callers, until `now + leaseSeconds`; undefined to the others, and where it is not due any more. */
  takeWebhook(tenant: TenantId, id: string, leaseSeconds: number, now: number): Promise<TakenWebhook | undefined>;
  /**
   * What has come of it, in one act; the webhook as it is now. `lost`: the lease is another's by now, or the webhook is gone. `changed`: somebody has changed the webhook, so that its progress is to be
   * judged anew. Nothing has changed by either.
   */
  settleWebhook(
    tenant: TenantId,
    id: string,
    lease: number,
    settlement: WebhookSettlement,
  ): Promise<{ readonly kind: 'kept' | 'changed'; readonly webhook: WebhookRecord } | { readonly kind: 'lost' }>;
  /** Newest first; the last `DELIVERED_KEPT` that were delivered, and `DEAD_KEPT` that were given up. */
  listWebhookDeliveries(
    tenant: TenantId,
    id: string,
    filter: { readonly state?: WebhookDeliveryState; readonly before?: number },
    limit: number,
  ): Promise<WebhookDelivery[]>;
  /** Sends once more what was delivered or given up. */
  redeliverWebhook(tenant: TenantId, id: string, seq: number): Promise<'done' | 'unknown'>;
}
