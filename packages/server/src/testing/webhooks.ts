import { createHmac } from 'node:crypto';
import type { WebhookRecord, WebhookSettings } from '@hufu/store/port';
import { auditSealer } from '../audit/sealer.ts';
import { newWebhookSecret } from '../webhooks/secrets.ts';
import { wakeWebhooks } from '../webhooks/webhook-job.ts';
import type { Heard } from './receiver.ts';
import { BASIC_YAML, type World } from './world.ts';

/** `BASIC_YAML`, with receivers on this machine. */
export const WEBHOOK_YAML: string = `${BASIC_YAML}\npolicies: { outbound: { allow_hosts: ['127.0.0.1'] } }\n`;

let made = 0;

/** A webhook as an administrator makes it, at the end of the log as it is now. */
export async function makeWebhook(
  world: World,
  url: string,
  more: Partial<WebhookSettings> = {},
): Promise<{ readonly webhook: WebhookRecord; readonly secret: string }> {
  made += 1;
  const id = `wh_${made}`;
  const secret = newWebhookSecret(world.ctx, id, world.now());
  const settings = { url, description: '', actions: ['user.*'], secrets: [secret.kept], enabled: true, endedBy: undefined, ...more };
  await auditSealer(world.ctx).seal('due');
  const created = await world.store.createWebhook(world.tenant, { id, ...settings }, 100, world.now());
  if (created.kind !== 'created') throw new Error('there are too many');
  return { webhook: created.webhook, secret: secret.text };
}

/** So many changes of bob: `user.disabled` and `user.enabled` by turns, sealed. */
export async function change(world: World, times = 1): Promise<void> {
  const bob = await world.ctx.store.findUserByName(world.tenant, 'bob');
  if (bob === undefined) throw new Error('bob is gone');
  for (let i = 0; i < times; i += 1)
    await world.ctx.store.setUserEnabled(world.tenant, bob.id, !bob.enabled === (i % 2 === 0), world.now());
  await auditSealer(world.ctx).seal('due');
  wakeWebhooks(world.ctx);
}

/** Lets time pass; the job would look within a second. */
export function advance(world: World, seconds: number): void {
  world.clock.advance(seconds * 1000);
  wakeWebhooks(world.ctx);
}

/** What a request should be signed with (Standard Webhooks, "Signature scheme"), written here once more from its text. */
export function expectedSignature(secret: string, { headers, body }: Pick<Heard, 'headers' | 'body'>): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}
