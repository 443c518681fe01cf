import { OAuthError } from '@hufu/protocol/errors';
import { later } from '../clock.ts';
import type { Hub } from './hub.ts';

/** Of a process, and of one client. */
const MAX_WAITING = 1_000;
const MAX_OF_CLIENT = 256;
const RETRY_SECONDS = 2;

/** Requests that wait for something to happen. */
export interface LongPolls {
  /**
   * Done when the log goes further than `position`, after so many seconds, or when whoever asked is gone. Throws `temporarily_unavailable` where too many wait.
   */
  wait(client: string, position: number, seconds: number, whenGone: ((act: () => void) => void) | undefined): Promise<void>;
  close(): void;
}

export function longPolls(hub: Hub): LongPolls {
  const waiting = new Set<() => void>();
  const ofClient = new Map<string, number>();
  let isClosed = false;
  const stopHearing = hub.onChange(() => {
    for (const look of waiting) look();
  });
  return {
    async wait(client, position, seconds, whenGone) {
      if (isClosed || seconds === 0 || hub.head > position) return;
      const others = ofClient.get(client) ?? 0;
      if (waiting.size >= MAX_WAITING || others >= MAX_OF_CLIENT)
        throw new OAuthError('temporarily_unavailable', 'too many requests wait for revocations', { retryAfterSeconds: RETRY_SECONDS });
      const { epoch } = hub;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          if (!waiting.delete(look)) return;
          const left = (ofClient.get(client) ?? 1) - 1;
          if (left === 0) ofClient.delete(client);
          else ofClient.set(client, left);
          stopTimer();
          resolve();
        };
        const look = (): void => {
          if (isClosed || hub.head > position || hub.epoch !== epoch) done();
        };
        waiting.add(look);
        ofClient.set(client, others + 1);
        const stopTimer = later(seconds * 1000, done);
        whenGone?.(done);
      });
    },
    close() {
      isClosed = true;
      stopHearing();
      for (const look of waiting) look();
    },
  };
}
