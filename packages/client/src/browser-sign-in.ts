import type { Client } from './client.ts';
import { mismatch } from './client-error.ts';
import { finishSignIn, type SignedIn } from './finish-sign-in.ts';
import { indexedPending } from './indexed-pending.ts';
import type { PendingStore } from './pending-sign-in.ts';
import { prepareSignIn, type SignInRequest } from './sign-in.ts';

/** Leaves the page for the sign-in. Resolves when the browser is on its way; rejects with `ClientError` where it stays. */
export async function signInByRedirect(client: Client, request: SignInRequest, store: PendingStore = indexedPending()): Promise<void> {
  const { url, pending } = await prepareSignIn(client, request);
  await store.put(pending);
  location.assign(url);
}

/**
 * Ends the sign-in where the page was opened by the way back from the server; resolves with undefined where it was opened otherwise. The code
 * leaves the address bar and the history at once, and the app's own parameters stay. Throws `ClientError`, as `finishSignIn` does.
 */
export async function finishRedirect(client: Client, store: PendingStore = indexedPending()): Promise<SignedIn | undefined> {
  const here = new URL(location.href);
  if (!isAnswer(here.searchParams)) return undefined;
  const address = new URL(here);
  for (const name of ANSWER) address.searchParams.delete(name);
  history.replaceState(history.state, '', address.href);
  return finish(client, here.searchParams, store);
}

/** Takes the sign-in that an answer belongs to, and ends it. */
export async function finish(client: Client, answer: URLSearchParams, store: PendingStore, signal?: AbortSignal): Promise<SignedIn> {
  const pending = await store.take(answer.get('state') ?? '');
  if (pending === undefined) throw mismatch('state', 'no sign-in of this browser is waiting for this answer');
  return finishSignIn(client, answer, pending, signal);
}

/** What the server adds to the address (RFC 6749 §4.1.2, RFC 9207 §2). */
const ANSWER = ['code', 'state', 'iss', 'session_state', 'error', 'error_description', 'error_uri'];

function isAnswer(parameters: URLSearchParams): boolean {
  return parameters.has('state') && (parameters.has('code') || parameters.has('error'));
}
