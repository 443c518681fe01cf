import { useRef } from 'react';
import { newKey } from './api.ts';

/**
 * For what must not be done twice. Every attempt at the same content has the same idempotency key, until one is known to have done it: where the answer was lost, the next attempt gets it, with the secret that was
 * made then (docs/decisions/0036). Other content is something else, with a key of its own.
 */
export function useAttempts(): <T>(content: object, act: (idempotencyKey: string) => Promise<T>) => Promise<T> {
  const attempt = useRef<{ readonly text: string; readonly key: string }>(undefined);
  return async (content, act) => {
    const text = JSON.stringify(content);
    if (attempt.current?.text !== text) attempt.current = { text, key: newKey() };
    const answer = await act(attempt.current.key);
    attempt.current = undefined;
    return answer;
  };
}
