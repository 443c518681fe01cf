import { newSecret } from '../bytes.ts';
import { type Clock, pause, until } from '../clock.ts';
import { type HeldLock, type SessionLock, StorageError } from '../session/place.ts';

/** What is used of a Redis client. */
interface Evaluates {
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

const LEASE_MS = 20_000;
const BEAT_MS = 3_000;
const POLL_MS = 50;

/** Takes what is free, or was taken by the same word, and gives its number; else whose it is, and for how many milliseconds yet. */
const TAKE = `
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then return tonumber(redis.call('GET', KEYS[2]) or '1') end
if holder then return { redis.call('PTTL', KEYS[1]), holder } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local fence = redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return fence`;
const RENEW = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`;
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** Whoever has it, and until when, of the time that goes by here, without another sign. */
interface Theirs {
  readonly word: string;
  readonly endsAt: number;
}

/** A lease of 20 seconds in Redis, renewed each 3 while its holder is at work. */
export class RedisLock implements SessionLock {
  readonly reach = 'network';
  readonly me: string = newSecret();
  readonly #redis: Evaluates;
  readonly #prefix: string;
  readonly #keptSeconds: number;
  readonly #clock: Clock;

  /** `keptSeconds`: of the number, which has to outlive whoever compares it. */
  constructor(
    redis: Evaluates,
    { prefix, keptSeconds, clock }: { readonly prefix: string; readonly keptSeconds: number; readonly clock: Clock },
  ) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#keptSeconds = keptSeconds;
    this.#clock = clock;
  }

  async acquire(name: string, signal: AbortSignal): Promise<HeldLock> {
    // Each has a word of its own, so that nobody gives back what somebody else has by then.
    const word = `${this.me} ${newSecret()}`;
    // In a cluster both are in one place.
    const keys = [`${this.#prefix}lock:{${name}}`, `${this.#prefix}fence:{${name}}`] as const;
    let theirs: Theirs | undefined;
    for (;;) {
      signal.throwIfAborted();
      const taking = this.#redis.eval(TAKE, 2, ...keys, word, String(LEASE_MS), String(this.#keptSeconds)).catch((cause: unknown) => {
        throw new StorageError('Redis cannot be used now', cause);
      });
      const taken = await until(taking, signal).catch((error: unknown) => {
        // It may come to us yet, when nobody is here.
        taking.then(() => this.#giveBack(keys[0], word)).catch(() => undefined);
        throw error;
      });
      const now = this.#clock.progressMs();
      if (typeof taken === 'number' && taken > 0) {
        const silent = theirs !== undefined && theirs.endsAt <= now ? theirs.word.split(' ')[0] : undefined;
        return this.#hold(keys[0], word, taken, silent);
      }
      const [left, holder]: readonly unknown[] = Array.isArray(taken) ? taken : [];
      theirs = typeof left === 'number' && typeof holder === 'string' ? { word: holder, endsAt: now + left } : undefined;
      await pause(this.#clock, POLL_MS * (0.5 + this.#clock.chance()), signal);
    }
  }

  async #giveBack(key: string, word: string): Promise<void> {
    await this.#redis.eval(RELEASE, 1, key, word).catch(() => undefined);
  }

  #hold(key: string, word: string, fence: number, silent: string | undefined): HeldLock {
    let released = false;
    let cancel = (): void => {};
    const schedule = (): void => {
      cancel = this.#clock.after(BEAT_MS, 'nothing', () => {
        if (released) return;
        this.#redis.eval(RENEW, 1, key, word, String(LEASE_MS)).catch(() => undefined);
        schedule();
      });
    };
    schedule();
    return {
      fence,
      // Whose lease was seen to run out has given no sign for 20 seconds, as long as a renewal may take. One that Redis has lost, in a
      // restart or for want of memory, says nothing about its holder.
      isGone: async (me) => me === silent,
      release: async () => {
        if (released) return;
        released = true;
        cancel();
        await this.#giveBack(key, word);
      },
    };
  }
}
