import { countedAddress } from './address.ts';
import type { KeyPart, Subject } from './rule.ts';

/**
 * What a subject counts as under these parts: no two lists of values make the same text.
 * @returns undefined where a part is missing; an address never is
 */
export function keyOf(subject: Subject, parts: readonly KeyPart[]): string | undefined {
  const [only] = parts;
  if (only === undefined) return '';
  if (parts.length === 1) return partOf(subject, only);
  let key = '';
  for (const part of parts) {
    const value = partOf(subject, part);
    if (value === undefined) return undefined;
    key += `${value.length}:${value}`;
  }
  return key;
}

/** Whether no part is a secret, or may be one: tokens, headers and claims. */
export function isPlainKey(parts: readonly KeyPart[]): boolean {
  return parts.every((part) => typeof part === 'string' && part !== 'token');
}

/** The key of all requests that lack a part: no list of values makes it. */
export const ABSENT = '';

/** A part of a subject, undefined where it is missing or empty. */
export function partOf(subject: Subject, part: KeyPart): string | undefined {
  if (part === 'address') return countedAddress(subject.address);
  const value = rawPartOf(subject, part);
  return value === '' ? undefined : value;
}

function rawPartOf(subject: Subject, part: Exclude<KeyPart, 'address'>): string | undefined {
  if (typeof part === 'string') return subject[part];
  return 'header' in part ? subject.header?.(part.header) : subject.claim?.(part.claim);
}
