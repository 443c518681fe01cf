import { finish } from './browser-sign-in.ts';
import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import { pause, systemClock, until } from './clock.ts';
import type { SignedIn } from './finish-sign-in.ts';
import { indexedPending } from './indexed-pending.ts';
import { PENDING_MS, type PendingStore } from './pending-sign-in.ts';
import { prepareSignIn, type SignInRequest } from './sign-in.ts';

const LOOK_MS = 500;

/**
 * Signs in in a window of its own: to be called in the very handler of a click, or the browser blocks the window. The page at `redirectUri`
 * calls `finishPopup()`. What the window says comes by a channel of the own origin, so no other site can speak in it.
 *
 * Throws `ClientError`: `popup_blocked`, `popup_closed`, `timeout` after ten minutes, or as `finishSignIn` does; the reason of the signal.
 */
export async function signInByPopup(client: Client, request: SignInRequest, store: PendingStore = indexedPending()): Promise<SignedIn> {
  const popup = window.open('about:blank', '_blank', 'popup,width=480,height=720');
  if (popup === null) throw new ClientError('unsupported', 'popup_blocked', 'the browser does not open the window');
  // The pages that it goes to are those of others: none of them is to send this one elsewhere (RFC 9700 §4.11).
  popup.opener = null;
  const ended = new AbortController();
  try {
    const { url, pending } = await prepareSignIn(client, { display: 'popup', ...request });
    await store.put(pending);
    const answer = nextAnswer(pending.state, AbortSignal.any([ended.signal, AbortSignal.timeout(PENDING_MS)]), request.signal);
    // Where the window fails first, nobody waits for it any more.
    answer.catch(() => undefined);
    popup.location.replace(url);
    const parameters = await Promise.race([answer, closed(popup, ended.signal)]);
    return await finish(client, parameters, store, request.signal);
  } finally {
    ended.abort();
    popup.close();
  }
}

/** Tells the page that opened this window what the server said, and closes it. For the page at `redirectUri`, before anything else. */
export function finishPopup(): void {
  const { searchParams, pathname } = new URL(location.href);
  history.replaceState(undefined, '', pathname);
  const channel = new BroadcastChannel(channelOf(searchParams.get('state') ?? ''));
  channel.postMessage(searchParams.toString());
  channel.close();
  window.close();
}

/** Nobody can name the channel who does not know the state. */
function channelOf(state: string): string {
  return `hufu-popup ${state}`;
}

/** @param limit aborted when it takes too long; `signal`, when whoever asked has given up. */
async function nextAnswer(state: string, limit: AbortSignal, signal: AbortSignal | undefined): Promise<URLSearchParams> {
  const channel = new BroadcastChannel(channelOf(state));
  const answer = new Promise<URLSearchParams>((resolve) => {
    channel.onmessage = ({ data }) => {
      if (typeof data === 'string') resolve(new URLSearchParams(data));
    };
  });
  try {
    return await until(answer, signal === undefined ? limit : AbortSignal.any([limit, signal]));
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ClientError('refused', 'timeout', 'the sign-in took too long', { cause });
  } finally {
    channel.close();
  }
}

/**
 * Rejects when the user closed the window. A window that its pages cut off from us says that it is closed, too: so it counts only when the
 * user is back here.
 */
async function closed(popup: Window, signal: AbortSignal): Promise<never> {
  for (let looks = 0; looks < 2; looks = popup.closed && document.hasFocus() ? looks + 1 : 0) await pause(systemClock, LOOK_MS, signal);
  throw new ClientError('refused', 'popup_closed', 'the window was closed before the sign-in was over');
}
