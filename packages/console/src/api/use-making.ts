import { isProblem } from '@hufu/client/admin';
import { useState } from 'react';
import { goToSignIn, STEP_UP_SECONDS } from './sign-in.ts';
import { useAttempts } from './use-attempts.ts';

export interface Making {
  readonly busy: boolean;
  readonly error: unknown;
  /** One attempt. `act` sends `body` with the key that it is given. */
  make(body: object, act: (idempotencyKey: string) => Promise<void>): Promise<void>;
}

/** Makes what must not be made twice (`useAttempts`). Where the sign-in is too long ago, the page goes there and comes back. */
export function useMaking(): Making {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const attempt = useAttempts();

  async function make(body: object, act: (idempotencyKey: string) => Promise<void>): Promise<void> {
    setBusy(true);
    setError(undefined);
    try {
      await attempt(body, act);
    } catch (thrown) {
      if (isProblem(thrown, 'insufficient_user_authentication')) goToSignIn(STEP_UP_SECONDS);
      else setError(thrown);
    } finally {
      setBusy(false);
    }
  }
  return { busy, error, make };
}
