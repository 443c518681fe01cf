import { NOTHING, type Nothing, type Operation } from './operation.ts';
import { choice, flag, list, maybe, object, PAGING, type Page, type Paging, page, type Shape, text, time, whole } from './shape.ts';

/** Why something was not delivered; never what the target answered. */
export const WEBHOOK_FAILURES = ['refused', 'unreachable', 'gone', 'altered'] as const;
export type WebhookFailureName = (typeof WEBHOOK_FAILURES)[number];

const ENDS = ['gone', 'failing'] as const;
const STATES = ['delivered', 'waiting', 'dead', 'due'] as const;

export interface WebhookSecretView {
  readonly created_at: number;
  /** Absent: it does not end. */
  readonly expires_at?: number;
}

export interface WebhookView {
  readonly webhook_id: string;
  readonly url: string;
  readonly description: string;
  readonly actions: readonly string[];
  readonly enabled: boolean;
  readonly ended_by?: (typeof ENDS)[number];
  readonly created_at: number;
  readonly version: number;
  readonly cursor_seq: number;
  readonly failures: number;
  readonly failing_since?: number;
  readonly next_attempt_at?: number;
  readonly delivered_at?: number;
  readonly secrets: readonly WebhookSecretView[];
}

export interface AllWebhooks {
  readonly webhooks: readonly WebhookView[];
}

export interface NewWebhook {
  readonly url: string;
  readonly actions: readonly string[];
  readonly description?: string;
}

export interface ChangedWebhook {
  readonly url: string;
  readonly actions: readonly string[];
  readonly description: string;
  readonly enabled: boolean;
}

export interface MadeWebhook {
  readonly webhook: WebhookView;
  readonly secret: string;
}

export interface NewWebhookSecret {
  /** Seconds that the secrets before it sign as well. */
  readonly overlap?: number;
}

export interface WebhookTest {
  readonly delivered: boolean;
  readonly reason?: WebhookFailureName;
}

export interface WebhookDeliveryView {
  readonly seq: number;
  readonly message_id: string;
  readonly action: string;
  readonly state: (typeof STATES)[number];
  readonly attempts: number;
  readonly reason?: WebhookFailureName;
  readonly at: number;
}

export interface WebhookDeliveryFilter extends Paging {
  readonly state?: (typeof STATES)[number];
}

const URL_TEXT: Shape<string> = text(
  'Where requests go: https, and an address that is public (`policies.outbound.allow_hosts` names others).',
  {
    min: 1,
    max: 2048,
  },
);
const ACTIONS: Shape<readonly string[]> = {
  ...list(
    'What it is told of: names of actions of the audit log (`user.created`), their beginnings (`user.*`), or `*` for all.',
    text('', { min: 1, max: 100, pattern: '^(\\*|[a-z][a-z_]*(\\.[a-z][a-z_]*)*(\\.\\*)?)$' }),
    { max: 50 },
  ),
  minItems: 1,
};
const DESCRIPTION: Shape<string> = text('What it is for.', { max: 200 });
const REASON: Shape<WebhookFailureName> = choice(
  '`refused`: it answered, and not with success. `unreachable`: no answer came in time, or it may not be called. `gone`: it wants no more (410). `altered`: the entry is not as a server has written it, and was not sent.',
  WEBHOOK_FAILURES,
);

const webhook: Shape<WebhookView> = object<WebhookView>('Webhook', {
  webhook_id: text('What it is called by.'),
  url: text('Where requests go.'),
  description: DESCRIPTION,
  actions: list('What it is told of.', text('')),
  enabled: flag('Whether anything is sent.'),
  ended_by: maybe(choice('Why the server has switched it off: it answered 410, or has failed for five days.', ENDS)),
  created_at: time('When it was made.'),
  version: whole('Rises with each change.'),
  cursor_seq: whole('The last entry of the audit log that is done with; it follows what is not wanted a little later.'),
  failures: whole('Attempts that have failed since one did not.'),
  failing_since: maybe(time('When the first of those was.')),
  next_attempt_at: maybe(time('When the next one is.')),
  delivered_at: maybe(time('When it was last told something.')),
  secrets: list(
    'Secrets that sign, newest first.',
    object<WebhookSecretView>('WebhookSecret', {
      created_at: time('When it was made.'),
      expires_at: maybe(time('When it ends; absent where it does not.')),
    }),
  ),
});
const made: Shape<MadeWebhook> = object<MadeWebhook>('MadeWebhook', {
  webhook,
  secret: text('What its requests are signed with. It is shown here and nowhere else.'),
});
const delivery: Shape<WebhookDeliveryView> = object<WebhookDeliveryView>('WebhookDelivery', {
  seq: whole('The entry of the audit log.', { min: 1 }),
  message_id: text('`webhook-id` of its requests.'),
  action: text('What was done.'),
  state: choice('`waiting`: it failed and is tried again. `dead`: it was given up. `due`: somebody wants it sent once more.', STATES),
  attempts: whole('How often it was tried.'),
  reason: maybe(REASON),
  at: time('When it was last tried.'),
});

export interface WebhookOperations {
  readonly 'webhooks.list': Operation<never, Nothing, undefined, AllWebhooks>;
  readonly 'webhooks.get': Operation<'webhook_id', Nothing, undefined, WebhookView>;
  readonly 'webhooks.create': Operation<never, Nothing, NewWebhook, MadeWebhook>;
  readonly 'webhooks.update': Operation<'webhook_id', Nothing, ChangedWebhook, WebhookView>;
  readonly 'webhooks.delete': Operation<'webhook_id', Nothing, undefined, undefined>;
  readonly 'webhooks.secrets.rotate': Operation<'webhook_id', Nothing, NewWebhookSecret, MadeWebhook>;
  readonly 'webhooks.test': Operation<'webhook_id', Nothing, undefined, WebhookTest>;
  readonly 'webhooks.deliveries.list': Operation<'webhook_id', WebhookDeliveryFilter, undefined, Page<WebhookDeliveryView>>;
  readonly 'webhooks.deliveries.redeliver': Operation<'webhook_id' | 'seq', Nothing, undefined, undefined>;
}

const params = { webhook_id: text('The webhook.', { min: 1, max: 64 }) };
/** An address often lets whoever knows it in, so `read` sees none. */
const role = 'security' as const;

export const WEBHOOK_OPERATIONS: WebhookOperations = {
  'webhooks.list': {
    method: 'GET',
    path: '/webhooks',
    summary: 'Who is told of changes.',
    role,
    effect: 'read',
    params: {},
    query: NOTHING,
    reply: { status: 200, body: object<AllWebhooks>('Webhooks', { webhooks: list('In order of their ids.', webhook) }) },
  },
  'webhooks.get': {
    method: 'GET',
    path: '/webhooks/{webhook_id}',
    summary: 'One webhook, and how it fares.',
    role,
    effect: 'read',
    params,
    query: NOTHING,
    reply: { status: 200, body: webhook },
  },
  'webhooks.create': {
    method: 'POST',
    path: '/webhooks',
    summary: 'Sends what is done from now on to an address, signed.',
    role,
    effect: 'dangerous',
    params: {},
    query: NOTHING,
    body: object<NewWebhook>('NewWebhook', { url: URL_TEXT, actions: ACTIONS, description: maybe(DESCRIPTION) }),
    reply: { status: 201, body: made },
    once: true,
    conflicts: true,
  },
  'webhooks.update': {
    method: 'PUT',
    path: '/webhooks/{webhook_id}',
    summary: 'Changes where and what is sent, or whether anything is. One that is enabled again goes on where it was.',
    role,
    effect: 'dangerous',
    params,
    query: NOTHING,
    body: object<ChangedWebhook>('ChangedWebhook', {
      url: URL_TEXT,
      actions: ACTIONS,
      description: DESCRIPTION,
      enabled: flag('Whether anything is sent.'),
    }),
    reply: { status: 200, body: webhook },
    match: 'required',
  },
  'webhooks.delete': {
    method: 'DELETE',
    path: '/webhooks/{webhook_id}',
    summary: 'Removes a webhook, with what is known of its deliveries.',
    role,
    effect: 'dangerous',
    params,
    query: NOTHING,
    reply: { status: 204 },
    match: 'optional',
  },
  'webhooks.secrets.rotate': {
    method: 'POST',
    path: '/webhooks/{webhook_id}/secrets',
    summary: 'Gives a webhook a new secret; those before it sign as well until the overlap ends.',
    role,
    effect: 'dangerous',
    params,
    query: NOTHING,
    body: object<NewWebhookSecret>('NewWebhookSecret', {
      overlap: maybe(whole('Seconds that the secrets before it sign as well; a day where it is left out.', { max: 2_592_000 })),
    }),
    reply: { status: 201, body: made },
    once: true,
    conflicts: true,
  },
  'webhooks.test': {
    method: 'POST',
    path: '/webhooks/{webhook_id}/test',
    summary: 'Sends an event `webhook.test` now, and says whether it was taken.',
    role,
    effect: 'change',
    params,
    query: NOTHING,
    reply: {
      status: 200,
      body: object<WebhookTest>('WebhookTest', { delivered: flag('Whether it was taken.'), reason: maybe(REASON) }),
    },
  },
  'webhooks.deliveries.list': {
    method: 'GET',
    path: '/webhooks/{webhook_id}/deliveries',
    summary: 'What a webhook was told last, and what it was not, newest first.',
    role,
    effect: 'read',
    params,
    query: object<WebhookDeliveryFilter>('', { ...PAGING, state: maybe(choice('Only those.', STATES)) }),
    reply: { status: 200, body: page(delivery) },
  },
  'webhooks.deliveries.redeliver': {
    method: 'POST',
    path: '/webhooks/{webhook_id}/deliveries/{seq}',
    summary: 'Sends once more what was delivered or given up.',
    role,
    effect: 'change',
    params: { ...params, seq: text('The number of an entry: a whole number from 1 on.', { pattern: '^[1-9][0-9]{0,14}$' }) },
    query: NOTHING,
    reply: { status: 204 },
    conflicts: true,
  },
};
