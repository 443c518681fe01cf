import type { WebhookDeliveryView, WebhookOperations, WebhookView } from '@hufu/protocol/admin/webhooks';
import type { WebhookDelivery, WebhookRecord, WebhookSettings } from '@hufu/store/port';
import type { Context } from '../../context.ts';
import { OutboundRefused } from '../../outbound/fetch-outbound.ts';
import { guard } from '../../outbound/guard.ts';
import { attemptMessage } from '../../webhooks/attempt.ts';
import { findPassed } from '../../webhooks/find-passed.ts';
import { messageOf } from '../../webhooks/message.ts';
import { goodSecrets, newWebhookSecret, rotateSecrets } from '../../webhooks/secrets.ts';
import { wakeWebhooks } from '../../webhooks/webhook-job.ts';
import { type AdminCall, type Perform, requireMatch } from '../call.ts';
import { readPage } from '../cursor.ts';
import { AdminRefusal, conflict, invalid, notFound } from '../refusal.ts';

const ID_PREFIX = 'wh_';
const USUAL_OVERLAP = 86_400;
/** Of one tenant: each looks at the log and holds a place among those who are sent to (attacks SSR-14). */
const MAX_WEBHOOKS = 20;

export const WEBHOOKS: { readonly [N in keyof WebhookOperations]: Perform<N> } = {
  'webhooks.list': async ({ ctx, now }) => ({
    body: { webhooks: (await ctx.store.listWebhooks(ctx.tenant)).map((webhook) => viewOf(webhook, now)) },
  }),

  'webhooks.get': async (call) => answer(await requireWebhook(call), call.now),

  'webhooks.create': async (call) => {
    const { ctx, body, now } = call;
    requireAddress(ctx, body.url);
    const id = ID_PREFIX + ctx.random.text(24);
    const secret = newWebhookSecret(ctx, id, now);
    const { url, actions, description = '' } = body;
    const webhook = { id, url, actions, description, secrets: [secret.kept], enabled: true, endedBy: undefined };
    const after = { url, actions, description };
    const made = await call.change({ target: { kind: 'webhook', id }, after }, (store) =>
      store.createWebhook(ctx.tenant, webhook, MAX_WEBHOOKS, now),
    );
    if (made.kind === 'full') throw conflict(`there are ${MAX_WEBHOOKS} webhooks, and there may be no more`);
    return { body: { webhook: viewOf(made.webhook, now), secret: secret.text }, etag: etagOf(made.webhook) };
  },

  'webhooks.update': async (call) => {
    const { ctx, body, now } = call;
    const there = await requireWebhook(call);
    requireMatch(call, etagOf(there));
    requireAddress(ctx, body.url);
    const { url, actions, description, enabled } = body;
    const passedTo = String(actions) === String(there.actions) ? 0 : await findPassed(ctx, there);
    return answer(await put(call, there, { ...there, url, actions, description, enabled, endedBy: undefined }, passedTo), now);
  },

  'webhooks.delete': async (call) => {
    const { ctx } = call;
    const there = await requireWebhook(call);
    requireMatch(call, etagOf(there));
    const target = { kind: 'webhook', id: there.id } as const;
    const removed = await call.change({ target, before: toldOf(there) }, (store) => store.removeWebhook(ctx.tenant, there.id));
    if (removed === 'unknown') throw notFound('webhook');
    return { body: undefined };
  },

  'webhooks.secrets.rotate': async (call) => {
    const { ctx, body, now } = call;
    const there = await requireWebhook(call);
    const secret = newWebhookSecret(ctx, there.id, now);
    const secrets = rotateSecrets(there.secrets, secret.kept, body.overlap ?? USUAL_OVERLAP, now);
    const webhook = await put(call, there, { ...there, secrets }, 0);
    return { body: { webhook: viewOf(webhook, now), secret: secret.text }, etag: etagOf(webhook) };
  },

  'webhooks.test': async (call) => {
    const { ctx, nowMs } = call;
    const webhook = await requireWebhook(call);
    const message = messageOf(`test_${ctx.random.text(32)}`, 'webhook.test', nowMs, { issuer: ctx.issuer, webhook_id: webhook.id });
    const attempt = await attemptMessage(ctx, webhook, message);
    return { body: attempt.kind === 'delivered' ? { delivered: true } : { delivered: false, reason: attempt.reason } };
  },

  'webhooks.deliveries.list': async (call) => {
    const { ctx, query } = call;
    const { id } = await requireWebhook(call);
    const page = readPage(call);
    const filter = {
      ...(query.state === undefined ? {} : { state: query.state }),
      ...(page.after === undefined ? {} : { before: Number(page.after) }),
    };
    const found = await ctx.store.listWebhookDeliveries(ctx.tenant, id, filter, page.limit + 1);
    return { body: page.cut(found, ({ seq }) => String(seq), deliveryView) };
  },

  'webhooks.deliveries.redeliver': async (call) => {
    const { ctx, params } = call;
    const { id, enabled } = await requireWebhook(call);
    if (!enabled) throw conflict('it is disabled: nothing is sent');
    const seq = Number(params.seq);
    const done = await call.change({ target: { kind: 'webhook', id } }, (store) => store.redeliverWebhook(ctx.tenant, id, seq));
    if (done === 'unknown') throw notFound('delivery, or it is not done with');
    wakeWebhooks(ctx);
    return { body: undefined };
  },
};

async function requireWebhook({ ctx, params, trail }: Pick<AdminCall<'webhooks.get'>, 'ctx' | 'params' | 'trail'>): Promise<WebhookRecord> {
  trail.at('admin_target');
  const { webhook_id: id } = params;
  const found = /^[\w-]+$/.test(id) ? await ctx.store.findWebhook(ctx.tenant, id) : undefined;
  if (found === undefined) throw notFound('webhook');
  return found;
}

/** What can be seen of an address without asking for it; what its name leads to is judged at each request (attacks SSR-01, SSR-05, SSR-06). In one text for all: it tells nothing of what is where. */
function requireAddress(ctx: Context, url: string): void {
  try {
    guard(url, ctx.config.policies.outboundAllowHosts);
  } catch (error) {
    if (!(error instanceof OutboundRefused)) throw error;
    const detail = 'is no address that may be called: https, a public host, and a port that web servers have';
    throw invalid([{ pointer: '/url', detail }]);
  }
}

async function put(
  { ctx, now, change }: Pick<AdminCall<'webhooks.update'>, 'ctx' | 'now' | 'change'>,
  there: WebhookRecord,
  next: WebhookSettings,
  passedTo: number,
): Promise<WebhookRecord> {
  const target = { kind: 'webhook', id: there.id } as const;
  const done = await change({ target, before: toldOf(there), after: toldOf(next) }, (store) =>
    store.changeWebhook(ctx.tenant, there.id, next, there.version, now, passedTo),
  );
  if (done.kind === 'done') return done.webhook;
  if (done.kind === 'unknown') throw notFound('webhook');
  throw new AdminRefusal('precondition_failed', 'it has changed meanwhile: read it again');
}

function toldOf({ url, actions, description, enabled, secrets }: WebhookSettings): unknown {
  return { url, actions, description, enabled, secrets: secrets.map(({ createdAt, expiresAt }) => [createdAt, expiresAt]) };
}

function answer(webhook: WebhookRecord, now: number): { readonly body: WebhookView; readonly etag: string } {
  return { body: viewOf(webhook, now), etag: etagOf(webhook) };
}

function viewOf(webhook: WebhookRecord, now: number): WebhookView {
  const { enabled, endedBy, failures, failingSince, dueAt, deliveredAt } = webhook;
  return {
    webhook_id: webhook.id,
    url: webhook.url,
    description: webhook.description,
    actions: webhook.actions,
    enabled,
    ...(endedBy === undefined ? {} : { ended_by: endedBy }),
    created_at: webhook.createdAt,
    version: webhook.version,
    cursor_seq: webhook.cursorSeq,
    failures,
    ...(failingSince === 0 ? {} : { failing_since: failingSince }),
    ...(enabled && failures > 0 ? { next_attempt_at: Math.max(now, dueAt) } : {}),
    ...(deliveredAt === 0 ? {} : { delivered_at: deliveredAt }),
    secrets: goodSecrets(webhook.secrets, now).map(({ createdAt, expiresAt }) => ({
      created_at: createdAt,
      ...(expiresAt === 0 ? {} : { expires_at: expiresAt }),
    })),
  };
}

function deliveryView({ seq, messageId, action, state, attempts, reason, at }: WebhookDelivery): WebhookDeliveryView {
  return { seq, message_id: messageId, action, state, attempts, ...(reason === undefined ? {} : { reason }), at };
}

function etagOf({ version }: WebhookRecord): string {
  return `"${version}"`;
}
