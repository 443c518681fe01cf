/** How an entry of the audit log stands in bytes, and how one follows another. The same for every engine, and for whoever verifies without one. */
import { hash } from 'node:crypto';
import type { AuditDetail, AuditEntry, SealedEntry } from '../port/audit.ts';

/** What the first entry comes after. */
export const AUDIT_GENESIS: string = 'A'.repeat(43);

/** What is signed: a JSON list in a fixed order, so that no two entries have the same text. */
export function canonicalEntry(tenant: number, entry: Omit<AuditEntry, 'mac'>): string {
  const { id, atMs, actor, via, requestId, action, target, details } = entry;
  return JSON.stringify(['hufu-audit-1', tenant, id, atMs, actor.kind, actor.id, via, requestId, action, target.kind, target.id, details]);
}

/** SHA-256 as base64url. `text` is what `canonicalEntry` says of the entry. */
export function chainHash(
  previous: string,
  tenant: number,
  entry: Omit<SealedEntry, 'hash'>,
  text: string = canonicalEntry(tenant, entry),
): string {
  return hash('sha256', `${previous}\n${entry.seq}\n${entry.mac}\n${text}`, 'base64url');
}

/** Entries with their numbers and hashes, after the head. */
export function sealAfter(
  head: { readonly seq: number; readonly hash: string },
  tenant: number,
  entries: readonly AuditEntry[],
): SealedEntry[] {
  let { seq, hash: previous } = head;
  return entries.map((entry) => {
    seq += 1;
    previous = chainHash(previous, tenant, { ...entry, seq });
    return { ...entry, seq, hash: previous };
  });
}

/** Names in their order and no more than fits: what is too long is cut. */
export function writeDetails(details: Readonly<Record<string, AuditDetail | undefined>>): string {
  const told = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .slice(0, MAX_DETAILS)
    .map(([name, value]) => [name, typeof value === 'string' ? cutText(value, MAX_DETAIL) : value]);
  return JSON.stringify(Object.fromEntries(told));
}

/** Without a NUL, which PostgreSQL has no text for, and without half a character. */
export function cutText(text: string, max: number): string {
  return text.slice(0, max).replaceAll('\0', '').toWellFormed();
}

const MAX_DETAILS = 16;
const MAX_DETAIL = 256;
