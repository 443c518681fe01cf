import type { RedisCalls } from './calls.ts';
import type { RedisClock } from './clock.ts';
import { Gate } from './gate.ts';
import { callScript, messageOf, nameOfScript } from './script.ts';

/** A client as the adapters hand it over: one that sends nothing twice and keeps nothing back while it is not connected. */
export interface RedisConnection extends RedisCalls {
  /** Leaves a server that is no primary any more. */
  reconnect?(): void;
  /** Of a cluster: each of its primaries by itself, once there is a connection to it. Rejects where one cannot be reached. */
  servers?(): Promise<readonly RedisCalls[]>;
}

/** What came of a script. `away`: no answer; `isUndone`: and it surely did nothing. `wrong`: an error of the script or of what it was given. */
export type Ran =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'away'; readonly isUndone: boolean; readonly cause: unknown }
  | { readonly kind: 'wrong'; readonly cause: unknown };

export interface LineOptions {
  readonly connection: RedisConnection;
  readonly clock: RedisClock;
  /** What one call may take. */
  readonly timeoutMs: number;
}

export interface RunLimits {
  /** Less than else. */
  readonly timeoutMs?: number;
  /** Is told the answer where it comes after the time was over. */
  readonly late?: (value: unknown) => void;
}

/** So many failures in a row, and nobody asks for so long. */
const FAILURES = 5;
const REST_MS = 1_000;

/** What a server says that has not begun with what it was asked. */
const REFUSED = /^(?:READONLY|LOADING|MOVED|ASK|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|MISCONF|OOM|BUSY|NOAUTH|WRONGPASS|NOPERM)\b/;
const WRONG = /^(?:ERR|WRONGTYPE|CROSSSLOT|NOSCRIPT|EXECABORT|UNKILLABLE|NOPROTO)\b/;
/** What clients say that have sent nothing. */
const UNSENT = /isn't writeable|^The client is (?:closed|offline)/;

/** Scripts on a Redis: by their hash, by their text where it does not know them, in bounded time, and not at all for a while after failures. */
export class RedisLine {
  readonly #options: LineOptions;
  readonly #gate = new Gate(FAILURES, REST_MS);
  readonly #hashes = new Map<string, string>();
  #scriptErrors = 0;
  #failures = 0;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** Calls that Redis refused for what was in them, and calls that got no answer. */
  get counts(): { readonly wrong: number; readonly away: number } {
    return { wrong: this.#scriptErrors, away: this.#failures };
  }

  /** By this process's clock. */
  nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** Never rejects. */
  run(script: string, keys: readonly string[], args: readonly (string | number)[], limits: RunLimits = {}): Promise<Ran> {
    const { clock } = this.#options;
    const { timeoutMs = this.#options.timeoutMs, late } = limits;
    if (!this.#gate.mayPass(clock.progressMs())) return Promise.resolve({ kind: 'away', isUndone: true, cause: undefined });
    return new Promise((resolve) => {
      let isOver = false;
      const cancel = clock.after(timeoutMs, () => {
        isOver = true;
        this.#fail();
        resolve({ kind: 'away', isUndone: false, cause: new Error(`Redis did not answer in ${timeoutMs} ms`) });
      });
      const answer = (value: unknown): void => {
        // What is always too late is of no use: the failure counts.
        if (isOver) return late?.(value);
        this.#gate.passed();
        cancel();
        resolve({ kind: 'answer', value });
      };
      const fail = (cause: unknown): void => {
        const ran = this.#readFailure(cause);
        if (isOver) return;
        cancel();
        if (ran.kind === 'away') this.#fail();
        else this.#gate.passed();
        resolve(ran);
      };
      const { connection } = this.#options;
      callScript(connection, { text: script, name: this.#hashOf(script) }, [keys.length, ...keys, ...args]).then(answer, fail);
    });
  }

  #hashOf(script: string): string {
    const known = this.#hashes.get(script);
    if (known !== undefined) return known;
    const hash = nameOfScript(script);
    this.#hashes.set(script, hash);
    return hash;
  }

  #fail(): void {
    this.#failures += 1;
    this.#gate.failed(this.#options.clock.progressMs());
  }

  #readFailure(cause: unknown): Ran & { readonly kind: 'away' | 'wrong' } {
    const message = messageOf(cause);
    if (message.startsWith('READONLY')) this.#options.connection.reconnect?.();
    if (REFUSED.test(message) || UNSENT.test(message)) return { kind: 'away', isUndone: true, cause };
    if (!WRONG.test(message)) return { kind: 'away', isUndone: false, cause };
    this.#scriptErrors += 1;
    return { kind: 'wrong', cause };
  }
}
