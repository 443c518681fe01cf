import { createHmac } from 'node:crypto';
import type { Ask } from '../remote-store.ts';

/** Letters of base64url: 192 bits of the hash. */
const LENGTH = 32;

const MIN_SECRET_BYTES = 16;

/** Throws a `TypeError` for a secret that is too short. */
export function requireSecret(secret: Uint8Array): void {
  if (secret.length < MIN_SECRET_BYTES) throw new TypeError(`a secret has ${MIN_SECRET_BYTES} bytes or more`);
}

/**
 * What a rule's state for somebody is called in Redis. Other parameters, or a key of other parts, make another name: what is there is never
 * read by another rule, and a rule that changes begins anew.
 */
export function keyName(
  prefix: string,
  secret: Uint8Array,
  { tag, parts }: { readonly tag: string; readonly parts: string },
  { rule, override, key }: Ask,
): string {
  return macName(prefix, secret, [tag, rule.name, parts, override === undefined ? '' : `=${override}`, key]);
}

/**
 * A name that tells nobody what it is of, and is no other's: each in a slot of its own.
 *
 * @param secret the same for all processes
 */
export function macName(prefix: string, secret: Uint8Array, parts: readonly string[]): string {
  let text = '';
  for (const part of parts) text += `${part.length}:${part}`;
  return `${prefix}{${createHmac('sha256', secret).update(text).digest('base64url').slice(0, LENGTH)}}`;
}
