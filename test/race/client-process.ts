/** One of several processes that share a session in a file: does what its parent says. */
import { type Clock, systemClock } from '@hufu/client/clock';
import { filePlace } from '@hufu/client/node/file-storage';
import { TokenSession } from '@hufu/client/session/token-session';
import { type FirstTokens, renewerByProxy, signedInWith } from '../support/session-by-proxy.ts';

const [file = '', issuer = '', proxy = ''] = process.argv.slice(2);
let ahead = 0;
const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + ahead };
const session = new TokenSession({
  issuer,
  clientId: 'spa',
  place: await filePlace(file),
  renewer: renewerByProxy(issuer, proxy, String(process.pid)),
  clock,
});
const events: string[] = [];
for (const name of ['expired', 'replaced', 'signed_out', 'changed', 'storage_failed'] as const) session.on(name, () => events.push(name));

interface Told {
  readonly id: number;
  /** Milliseconds by which the clock goes on first. */
  readonly ahead: number;
  /** Callers at once; 0: none. */
  readonly callers: number;
  readonly signIn?: FirstTokens;
}

process.on('message', (told: Told) => {
  ahead = told.ahead;
  const { id, callers, signIn } = told;
  const work = async (): Promise<object> => {
    if (signIn !== undefined) await session.signedIn(signedInWith(signIn));
    const tokens = await Promise.all(Array.from({ length: callers }, async () => (await session.accessToken()).token));
    const { idToken } = await session.current();
    return { id, tokens: [...new Set(tokens)], idToken, events };
  };
  work().then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ id, error: String(error), events }),
  );
});
process.send?.({ id: 0 });
