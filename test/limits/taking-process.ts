/** One of several processes that share limits in Redis: takes as it is told, and says when it was allowed to, by the server's clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@hufu/flow/redis/clock';
import type { Rule } from '@hufu/flow/rule';
import { askOf, limitClient, storeOn } from './stores.ts';

/** What a parent says first. */
export interface Task {
  readonly rule: Rule;
  readonly forMs: number;
  /** Callers at once. */
  readonly callers: number;
  /** Between two requests of a caller. */
  readonly pauseMs: number;
  readonly nodes: number;
}

/** What it is told at the end, and while it goes on. */
export interface Told {
  readonly admitted: number;
  /** By the server's clock; of a lease, when that was taken. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly away: number;
  readonly isOver: boolean;
  /** When each was admitted; at the end alone. */
  readonly times: readonly number[];
}

const [port = '', aheadMs = '0'] = process.argv.slice(2);
const ahead = Number(aheadMs);
// What this process takes for the time is wrong, in whatever way it is asked.
const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + ahead, progressMs: () => systemClock.progressMs() + ahead };
const client = await limitClient(Number(port));

process.once('message', (task: Task) => {
  const { rule, forMs, callers, pauseMs, nodes } = task;
  const store = storeOn(client, [rule], { clock, nodes, timeoutMs: 2_000 });
  let [admitted, firstMs, lastMs] = [0, Number.POSITIVE_INFINITY, 0];
  const times: number[] = [];
  const tell = (isOver: boolean): void => {
    const told: Told = { admitted, firstMs, lastMs, away: store.counts().away, isOver, times: isOver ? times : [] };
    process.send?.(told);
  };
  const untilMs = performance.now() + forMs;
  const caller = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const [answer] = await store.take([askOf(rule)]);
      if (answer?.decision.allowed === true) {
        admitted += 1;
        times.push(answer.takenAtMs);
        firstMs = Math.min(firstMs, answer.takenAtMs);
      }
      if (answer !== undefined) lastMs = Math.max(lastMs, answer.takenAtMs);
      if (pauseMs > 0 || answer?.decision.allowed !== true) await sleep(Math.max(1, pauseMs));
    }
  };
  const telling = setInterval(() => tell(false), 20);
  void Promise.all(Array.from({ length: callers }, caller)).then(() => {
    clearInterval(telling);
    store.stop();
    tell(true);
  });
});
process.send?.('ready');
