import { equalText } from '@hufu/protocol/equal-text';
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

export function writeTicket(ctx: Context, ticket: Ticket): string {
  // The browser can read it: a session's number would say how many there are.
  const session = ctx.keys.tally.permutation.permute(ticket.session);
  const body = Buffer.from(JSON.stringify([ticket.id, ticket.startedMs, ticket.query, session])).toString('base64url');
  return `${body}.${ctx.keys.keyedHash('ticket', body)}`;
}

/** A ticket whose seal holds; its age is the caller's to judge. */
export function readTicket(ctx: Context, text: string): Ticket | undefined {
  const dot = text.indexOf('.');
  if (dot < 0 || text.length > MAX_TICKET) return undefined;
  const body = text.slice(0, dot);
  if (!equalText(text.slice(dot + 1), ctx.keys.keyedHash('ticket', body))) return undefined;
  const parts: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
  if (!Array.isArray(parts)) return undefined;
  const [id, startedMs, query, session]: unknown[] = parts;
  if (typeof id !== 'string' || typeof startedMs !== 'number' || typeof query !== 'string' || typeof session !== 'number') return undefined;
  return { id, startedMs, query, session: ctx.keys.tally.permutation.restore(session) };
}
