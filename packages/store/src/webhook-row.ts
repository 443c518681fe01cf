import { requireText } from './encoding.ts';
import type {
  WebhookDelivery,
  WebhookDeliveryState,
  WebhookEnd,
  WebhookFailure,
  WebhookProgress,
  WebhookRecord,
  WebhookSecret,
  WebhookSettings,
} from './port/webhooks.ts';
import { DEAD_KEPT, DELIVERED_KEPT } from './retention.ts';

/** What settings and progress are in columns, in both engines. */
export const SETTING_COLUMNS = ['url', 'description', 'actions', 'secrets', 'enabled', 'ended_by'] as const;
export const PROGRESS_COLUMNS = [
  'cursor_seq',
  'failures',
  'failing_since',
  'head_seq',
  'head_attempts',
  'head_since',
  'due_at',
  'delivered_at',
] as const;
export const WEBHOOK_COLUMNS: readonly (keyof WebhookRow)[] = ['id', ...SETTING_COLUMNS, 'created_at', 'version', ...PROGRESS_COLUMNS];
export const DELIVERY_COLUMNS = ['seq', 'message_id', 'action', 'state', 'attempts', 'reason', 'at'] as const;

export interface WebhookRow {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly actions: string;
  readonly secrets: string;
  readonly enabled: number;
  readonly ended_by: string;
  readonly created_at: number;
  readonly version: number;
  readonly cursor_seq: number;
  readonly failures: number;
  readonly failing_since: number;
  readonly head_seq: number;
  readonly head_attempts: number;
  readonly head_since: number;
  readonly due_at: number;
  readonly delivered_at: number;
}

export interface DeliveryRow {
  readonly seq: number;
  readonly message_id: string;
  readonly action: string;
  readonly state: string;
  readonly attempts: number;
  readonly reason: string;
  readonly at: number;
}

export type Values = readonly (string | number)[];

/** In the order of `SETTING_COLUMNS`. */
export function writeSettings({ url, description, actions, secrets, enabled, endedBy }: WebhookSettings): Values {
  return [
    requireText('an address', url, MAX_TEXT),
    requireText('a description', description, MAX_TEXT),
    requireText('actions', JSON.stringify(actions), MAX_LIST),
    requireText('secrets', JSON.stringify(secrets), MAX_LIST),
    enabled ? 1 : 0,
    endedBy ?? '',
  ];
}

/** In the order of `PROGRESS_COLUMNS`. */
export function writeProgress(progress: WebhookProgress): Values {
  const { cursorSeq, failures, failingSince, headSeq, headAttempts, headSince, dueAt, deliveredAt } = progress;
  return [cursorSeq, failures, failingSince, headSeq, headAttempts, headSince, dueAt, deliveredAt];
}

/** In the order of `DELIVERY_COLUMNS`. */
export function writeDelivery({ seq, messageId, action, state, attempts, reason, at }: WebhookDelivery): Values {
  return [seq, messageId, action, state, attempts, reason ?? '', at];
}

export function readWebhook(row: WebhookRow): WebhookRecord {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    actions: JSON.parse(row.actions) as readonly string[],
    secrets: JSON.parse(row.secrets) as readonly WebhookSecret[],
    enabled: row.enabled === 1,
    endedBy: row.ended_by === '' ? undefined : (row.ended_by as WebhookEnd),
    createdAt: row.created_at,
    version: row.version,
    cursorSeq: row.cursor_seq,
    failures: row.failures,
    failingSince: row.failing_since,
    headSeq: row.head_seq,
    headAttempts: row.head_attempts,
    headSince: row.head_since,
    dueAt: row.due_at,
    deliveredAt: row.delivered_at,
  };
}

export function readDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    seq: row.seq,
    messageId: row.message_id,
    action: row.action,
    state: row.state as WebhookDeliveryState,
    attempts: row.attempts,
    reason: row.reason === '' ? undefined : (row.reason as WebhookFailure),
    at: row.at,
  };
}

/** How many of a state stay; the others come and go with what they wait for. */
export const KEPT: Readonly<Partial<Record<WebhookDeliveryState, number>>> = { delivered: DELIVERED_KEPT, dead: DEAD_KEPT };

const MAX_TEXT = 2_048;
const MAX_LIST = 16_384;
