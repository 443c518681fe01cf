import { isProblem } from '@hufu/client/admin';
import { useRef, useState } from 'react';
import { newKey } from './api.ts';
import { goToSignIn, STEP_UP_SECONDS } from './sign-in.ts';

export interface Making {
  readonly busy: boolean;
  readonly error: unknown;
  /** One attempt. `act` sends `body` with the key that it is given. */
  make(body: object, act: (idempotencyKey: string) => Promise<void>): Promise<void>;
}

/**
 * Makes what must not be made twice. Every attempt at the same content has the same key, until one is known to have done it: where the answer was lost, the next attempt gets it. Other content
 * is something else, with a key of its own. Where the sign-in is too long ago, the page goes there and comes back.
 */
export function useMaking(): Making {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const attempt = useRef<{ readonly text: string; readonly key: string }>(undefined);

  async function make(body: object, act: (idempotencyKey: string) => Promise<void>): Promise<void> {
    const text = JSON.stringify(body);
    if (attempt.current?.text !== text) attempt.current = { text, key: newKey() };
    setBusy(true);
    setError(undefined);
    try {
      await act(attempt.current.key);
      attempt.current = undefined;
    } catch (thrown) {
      if (isProblem(thrown, 'insufficient_user_authentication')) goToSignIn(STEP_UP_SECONDS);
      else setError(thrown);
    } finally {
      setBusy(false);
    }
  }
  return { busy, error, make };
}
