import { createHmac } from 'node:crypto';
import { equalText } from '@hufu/protocol/equal-text';
import { canonicalEntry } from '@hufu/store/audit/chain';
import type { SealedEntry } from '@hufu/store/port';
import { readDetails } from '../audit/export-audit.ts';
import type { Context } from '../context.ts';

/** What goes out: one event, and the name by which a receiver knows one that it has had. */
export interface Message {
  readonly id: string;
  readonly body: string;
}

/** The name of an entry for everybody: its hash is over all entries before it, so no other tenant, issuer or restored database has one of this name. */
export function messageId({ hash }: Pick<SealedEntry, 'hash'>): string {
  return `evt_${hash.slice(0, 32)}`;
}

/** An entry of the audit log as an event. It holds what the log holds, which is no secret, token or claim (attacks CRY-01). */
export function eventOf(ctx: Pick<Context, 'issuer'>, entry: SealedEntry): Message {
  const { seq, id, hash, atMs, actor, via, requestId, action, target, details } = entry;
  return messageOf(messageId(entry), action, atMs, {
    issuer: ctx.issuer,
    seq,
    id,
    hash,
    actor,
    via,
    request_id: requestId,
    target,
    details: readDetails(details),
  });
}

/** The shape of all payloads (Standard Webhooks, "Payload structure"). */
export function messageOf(id: string, type: string, atMs: number, data: object): Message {
  return { id, body: JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data }) };
}

/** Whether a server of this master key has written it: what somebody else puts into the database is sent to nobody. */
export function isGenuine(ctx: Pick<Context, 'tenant' | 'signAudit'>, entry: SealedEntry): boolean {
  return equalText(ctx.signAudit(canonicalEntry(ctx.tenant, entry)), entry.mac);
}

/**
 * The headers of a request (Standard Webhooks, "Signature scheme"): HMAC-SHA-256 over id, time and body, once for each key.
 *
 * @param now of the attempt, in seconds: an older one is refused as a replay
 */
export function signMessage({ id, body }: Message, keys: readonly Buffer[], now: number): Readonly<Record<string, string>> {
  const signed = `${id}.${now}.${body}`;
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': String(now), 'webhook-signature': signatures.join(' ') };
}
