import { wait } from '../clock.ts';
import type { Context } from '../context.ts';

/** More than the work behind such an answer takes, so that it shows nowhere. */
const FLOOR_MS = 200;
/** Nobody waits longer than that. */
const MAX_FLOOR_MS = 5_000;

/**
 * Acts, and answers no sooner than after a fixed time: for answers that must be the same, by the clock too, whether there is such an account or not (attacks USR-01). What is
 * thrown waits as well. Tests without limits do without.
 */
export async function withFloor<T>({ config }: Pick<Context, 'config'>, act: () => Promise<T>): Promise<T> {
  if (config.policies.bruteForce === 'off') return await act();
  const [outcome] = await Promise.allSettled([act(), wait(FLOOR_MS)]);
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/**
 * Waits until a fixed time after the beginning of what has been refused, at least as long as such answers always take. For what may answer at once where it goes well.
 *
 * @param leastMs what takes longer by itself
 */
export async function waitForFloor({ config, clock }: Pick<Context, 'config' | 'clock'>, begunMs: number, leastMs: number): Promise<void> {
  if (config.policies.bruteForce === 'off') return;
  const left = begunMs + Math.max(FLOOR_MS, Math.min(leastMs, MAX_FLOOR_MS)) - clock.nowMs();
  if (left > 0) await wait(Math.min(left, MAX_FLOOR_MS));
}
