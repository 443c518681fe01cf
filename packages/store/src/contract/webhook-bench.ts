/** What cases about webhooks begin with. */
import type { WebhookDelivery, WebhookProgress, WebhookSettings } from '../port.ts';
import { NOW } from './bench.ts';

export function someWebhook(more: Partial<WebhookSettings> = {}): WebhookSettings {
  return {
    url: 'https://receiver.example/hook',
    description: 'tests',
    actions: ['user.*'],
    secrets: [{ sealed: 'sealed', createdAt: NOW, expiresAt: 0 }],
    enabled: true,
    endedBy: undefined,
    ...more,
  };
}

/** Nothing has happened. */
export const STILL: WebhookProgress = {
  cursorSeq: 0,
  failures: 0,
  failingSince: 0,
  headSeq: 0,
  headAttempts: 0,
  headSince: 0,
  dueAt: NOW,
  deliveredAt: 0,
};

export function someDelivery(seq: number, more: Partial<WebhookDelivery> = {}): WebhookDelivery {
  return { seq, messageId: `evt_${seq}`, action: 'user.created', state: 'delivered', attempts: 1, reason: undefined, at: NOW, ...more };
}
