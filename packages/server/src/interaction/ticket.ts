import type { Context } from '../context.ts';
import { openSealed, seal } from './sealed.ts';

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
  /** Whether somebody has been asked for more than they need to show, and asked once is enough. */
  readonly wished: boolean;
  /** The session in which the user has said to go on here, although the client loses its place elsewhere; 0 = nobody has. */
  readonly here: number;
}

/** Seconds that a person may take to sign in and decide. */
export const TICKET_SECONDS = 1_800;
/** Characters; so that the address of a page stays below what servers and browsers take. */
export const MAX_TICKET = 7_000;

/** Encrypted, since what came to us encrypted must not stand in addresses and histories. */
export function writeTicket(ctx: Pick<Context, 'keys' | 'random'>, ticket: Ticket): string {
  return seal(ctx, 'ticket', ticketParts(ticket));
}

/** A ticket that opens; its age is the caller's to judge. */
export function readTicket(ctx: Pick<Context, 'keys'>, text: string): Ticket | undefined {
  const parts = openSealed(ctx, 'ticket', text, MAX_TICKET);
  // Of the version before, a ticket's name was what stood before its seal.
  return readTicketParts(parts, text.slice(0, text.indexOf('.')));
}

/** A ticket as a JSON value, for what carries one under a seal of its own. */
export function ticketParts({ id, startedMs, query, session, wished, here }: Ticket): readonly unknown[] {
  return [startedMs, query, session, wished, id, here];
}

/** What `ticketParts` has made. */
export function readTicketParts(parts: unknown, name?: string): Ticket | undefined {
  if (!Array.isArray(parts)) return undefined;
  const [startedMs, query, session, wished, id = name, here = 0]: unknown[] = parts;
  if (typeof startedMs !== 'number' || typeof query !== 'string' || typeof session !== 'number' || typeof id !== 'string') return undefined;
  return { id, startedMs, query, session, wished: wished === true, here: typeof here === 'number' ? here : 0 };
}
