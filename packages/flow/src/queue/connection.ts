import type { RedisCalls } from '../redis/calls.ts';
import { callScript, type Script } from '../redis/script.ts';
import type { QueueSettings } from './settings.ts';

/** Redis did not answer in time, or with an error. What was asked may have been done. */
export class QueueUnavailable extends Error {
  override readonly name = 'QueueUnavailable';
  constructor(cause: unknown) {
    super('the queue cannot be reached now', { cause });
  }
}

/** The scripts of one queue. */
export class QueueConnection {
  readonly settings: QueueSettings;
  readonly #redis: RedisCalls;
  readonly #keys: readonly string[];
  readonly #first: readonly (string | number)[];

  constructor(redis: RedisCalls, settings: QueueSettings) {
    const { base, perUnit, perMs, keptMs, maxDead } = settings;
    this.settings = settings;
    this.#redis = redis;
    this.#keys = ['s', 'd', 'm', 'x'].map((name) => base + name);
    this.#first = [base, perUnit, perMs, keptMs, maxDead];
  }

  /** Throws `QueueUnavailable`. @returns what the script answers with; a list as texts */
  ask(script: Script, ...parameters: readonly (string | number)[]): Promise<readonly string[]> {
    return this.askWithin(this.settings.timeoutMs, script, ...parameters);
  }

  /** The same, and waits for so long. */
  async askWithin(timeoutMs: number, script: Script, ...parameters: readonly (string | number)[]): Promise<readonly string[]> {
    const rest = [this.#keys.length, ...this.#keys, ...this.#first, ...parameters];
    return readTexts(await this.#within(timeoutMs, callScript(this.#redis, script, rest)));
  }

  async #within(timeoutMs: number, answer: Promise<unknown>): Promise<unknown> {
    const waiting = new AbortController();
    const late = this.settings.clock.wait(timeoutMs, waiting.signal).then(() => {
      throw new Error(`no answer within ${timeoutMs} ms`);
    });
    try {
      return await Promise.race([answer, late]);
    } catch (cause) {
      throw new QueueUnavailable(cause);
    } finally {
      late.catch(() => undefined);
      answer.catch(() => undefined);
      waiting.abort();
    }
  }
}

function readTexts(reply: unknown): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [String(reply)];
}
