import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Context } from '../context.ts';

/**
 * An authorization request on its way through our pages: carried by the browser under our own seal instead of kept in the store, so that
 * nobody fills it by asking. It is read and checked anew at each step; `id` is taken once, when the code is issued.
 */
export interface Ticket {
  /** 24 random characters. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** The authorization request's parameters as a query. */
  readonly query: string;
  /** The session that a sign-in for this request opened; 0 = none yet. */
  readonly session: number;
}

/** Seconds that a person may take to sign in and decide. */
export const TICKET_SECONDS = 1_800;
/** Characters; so that the address of a page stays below what servers and browsers take. */
export const MAX_TICKET = 7_000;

/**
 * Encrypted, since what came to us encrypted must not stand in addresses and histories. Each ticket has a key of its own, made from its name, so
 * that no nonce is ever used twice.
 */
export function writeTicket(ctx: Pick<Context, 'keys'>, ticket: Ticket): string {
  const cipher = createCipheriv(CIPHER, keyOf(ctx, ticket.id), NONCE);
  const text = JSON.stringify([ticket.startedMs, ticket.query, ticket.session]);
  return `${ticket.id}.${Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url')}`;
}

/** A ticket that opens; its age is the caller's to judge. */
export function readTicket(ctx: Pick<Context, 'keys'>, text: string): Ticket | undefined {
  const dot = text.indexOf('.');
  if (dot < 0 || text.length > MAX_TICKET) return undefined;
  const id = text.slice(0, dot);
  const parts = open(ctx, id, text.slice(dot + 1));
  if (!Array.isArray(parts)) return undefined;
  const [startedMs, query, session]: unknown[] = parts;
  if (typeof startedMs !== 'number' || typeof query !== 'string' || typeof session !== 'number') return undefined;
  return { id, startedMs, query, session };
}

const CIPHER = 'aes-256-gcm';
const NONCE = Buffer.alloc(12);
const TAG_BYTES = 16;

function open(ctx: Pick<Context, 'keys'>, id: string, sealed: string): unknown {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length <= TAG_BYTES || bytes.toString('base64url') !== sealed) return undefined;
  try {
    const decipher = createDecipheriv(CIPHER, keyOf(ctx, id), NONCE).setAuthTag(bytes.subarray(-TAG_BYTES));
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString());
  } catch {
    return undefined;
  }
}

function keyOf(ctx: Pick<Context, 'keys'>, id: string): Buffer {
  return Buffer.from(ctx.keys.keyedHash('ticket', id), 'base64url');
}
