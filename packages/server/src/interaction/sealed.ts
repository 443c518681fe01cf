import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Context } from '../context.ts';

/** What a browser carries for us and may neither read nor change. */
export type SealedKind = 'ticket' | 'progress' | 'enrolment' | 'mail' | 'passkey_challenge' | 'bot_check' | 'upstream';

const SALT_LENGTH = 24;
const CIPHER = 'aes-256-gcm';
/** Each text has a key of its own, made from the salt at its beginning: no key and nonce ever meet two texts. */
const NONCE = Buffer.alloc(12);
const TAG_BYTES = 16;

/** Seals a JSON value for one purpose, as characters that an address may hold. */
export function seal(ctx: Pick<Context, 'keys' | 'random'>, kind: SealedKind, value: unknown): string {
  const salt = ctx.random.text(SALT_LENGTH);
  const cipher = createCipheriv(CIPHER, keyOf(ctx, kind, salt), NONCE);
  return `${salt}.${Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final(), cipher.getAuthTag()]).toString('base64url')}`;
}

/** What was sealed for that purpose; undefined for everything else. Its age is the caller's to judge. */
export function openSealed(ctx: Pick<Context, 'keys'>, kind: SealedKind, text: string, maxLength: number): unknown {
  if (text.length > maxLength || text[SALT_LENGTH] !== '.') return undefined;
  const sealed = text.slice(SALT_LENGTH + 1);
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length <= TAG_BYTES || bytes.toString('base64url') !== sealed) return undefined;
  try {
    const decipher = createDecipheriv(CIPHER, keyOf(ctx, kind, text.slice(0, SALT_LENGTH)), NONCE);
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString());
  } catch {
    return undefined;
  }
}

function keyOf(ctx: Pick<Context, 'keys'>, kind: SealedKind, salt: string): Buffer {
  return Buffer.from(ctx.keys.keyedHash(kind, salt), 'base64url');
}
