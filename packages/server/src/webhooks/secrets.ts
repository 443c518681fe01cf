import type { WebhookRecord, WebhookSecret } from '@hufu/store/port';
import type { Context } from '../context.ts';

/** As Standard Webhooks has them: `whsec_` and the base64 of 24 to 64 bytes. */
const PREFIX = 'whsec_';
/** 33 bytes: no padding. */
const CHARACTERS = 44;
/** Secrets that are good at the same time: each is a signature of every request. */
export const MAX_SECRETS = 3;

/** A new secret, and how it is kept: readable with the master key alone, for this webhook alone. */
export function newWebhookSecret(ctx: Context, webhookId: string, now: number): { readonly text: string; readonly kept: WebhookSecret } {
  const text = PREFIX + Buffer.from(ctx.random.text(CHARACTERS), 'base64url').toString('base64');
  return { text, kept: { sealed: ctx.keys.sealSecret(text, contextOf(ctx, webhookId)), createdAt: now, expiresAt: 0 } };
}

/** The new one, and those before it that are good for `overlapSeconds` more, or for less where they would have ended sooner. */
export function rotateSecrets(
  secrets: readonly WebhookSecret[],
  made: WebhookSecret,
  overlapSeconds: number,
  now: number,
): readonly WebhookSecret[] {
  const end = now + overlapSeconds;
  const before = secrets.map((secret) => ({ ...secret, expiresAt: secret.expiresAt === 0 ? end : Math.min(end, secret.expiresAt) }));
  return [made, ...goodSecrets(before, now)].slice(0, MAX_SECRETS);
}

export function goodSecrets(secrets: readonly WebhookSecret[], now: number): readonly WebhookSecret[] {
  return secrets.filter(({ expiresAt }) => expiresAt === 0 || expiresAt > now);
}

/** The keys of a webhook that are good now. */
export function signingKeys(ctx: Context, { id, secrets }: Pick<WebhookRecord, 'id' | 'secrets'>, now: number): readonly Buffer[] {
  return goodSecrets(secrets, now).map(({ sealed }) =>
    Buffer.from(ctx.keys.openSecret(sealed, contextOf(ctx, id)).slice(PREFIX.length), 'base64'),
  );
}

function contextOf({ tenant }: Context, webhookId: string): string {
  return `webhook_secret ${tenant} ${webhookId}`;
}
