import type { PendingSignIn } from '@hufu/client/pending-sign-in';
import { clearCookie, readCookies, writeCookie } from './cookie-jar.ts';
import type { TokenHandler } from './token-handler.ts';

/** A sign-in on its way: what its browser keeps, sealed. Several go side by side, each with a cookie of its own. */
export interface Transaction {
  readonly pending: PendingSignIn;
  readonly returnTo: string;
  /** Who was signed in when it began. */
  readonly begunBy: string | undefined;
}

const SECONDS = 600;
const MAX_TRANSACTIONS = 5;

/** `SameSite=Lax` always: the answer comes from the issuer's site. */
export function transactionCookie({ keys, cookies }: TokenHandler, transaction: Transaction): string {
  const name = cookies.transaction(transaction.pending.state);
  return writeCookie(name, keys.seal('transaction', name, JSON.stringify(transaction)), SECONDS, 'Lax');
}

/** The one that an answer with this `state` belongs to; undefined where this browser has none. */
export function findTransaction(handler: TokenHandler, cookieHeader: string | undefined, state: string): Transaction | undefined {
  const name = handler.cookies.transaction(state);
  const value = readCookies(cookieHeader, name).get(name);
  const transaction = value === undefined ? undefined : open(handler, name, value);
  return transaction?.pending.state === state ? transaction : undefined;
}

/** What clears the oldest, so that with one more there are no more than five: a header has an end. */
export function clearOldest(handler: TokenHandler, cookieHeader: string | undefined): readonly string[] {
  const found = [...readCookies(cookieHeader, handler.cookies.transactions)].map(([name, value]) => ({
    name,
    at: open(handler, name, value)?.pending.createdAtMs ?? 0,
  }));
  const newest = found.toSorted((one, other) => other.at - one.at);
  return newest.slice(MAX_TRANSACTIONS - 1).map(({ name }) => clearCookie(name));
}

function open({ keys }: TokenHandler, name: string, value: string): Transaction | undefined {
  const text = keys.open('transaction', name, value);
  // Sealed by us: whoever can do that need not lie about its form.
  return text === undefined ? undefined : (JSON.parse(text) as Transaction);
}
