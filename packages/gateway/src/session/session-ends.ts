import { pause } from '@hufu/client/clock';
import type { EdgeEnding } from '@hufu/store/port';
import type { TokenHandler } from './token-handler.ts';

const POLL_MS = 400;
const FRESH_MS = 1_000;
const LIMIT = 500;

/** Who is told of ends: once each, soon after whichever gateway has made it. */
export type EndListener = (ending: EdgeEnding) => void;

/** Follows the log in which every gateway notes the sessions that it ends. */
export class SessionEnds {
  readonly #handler: TokenHandler;
  readonly #listeners = new Set<EndListener>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #last: number | undefined;
  #lookedAt: number | undefined;

  constructor(handler: TokenHandler) {
    this.#handler = handler;
  }

  /** Whether everything is known that was ended until a second ago. Where it is not, nothing remembered is to be believed. */
  get isFresh(): boolean {
    return this.#lookedAt !== undefined && this.#handler.clock.progressMs() - this.#lookedAt <= FRESH_MS;
  }

  /** The last end that listeners were told of. */
  get last(): number {
    return this.#last ?? 0;
  }

  /** Returns what stops it. */
  on(listener: EndListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Begins to follow; once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Looks now. Throws `StoreUnavailable`. */
  async look(): Promise<void> {
    const { store, tenant, settings, clock } = this.#handler;
    // What was ended before this moment is seen.
    const before = clock.progressMs();
    // Whoever begins to follow remembers nothing yet.
    this.#last ??= await store.readEdgeHead(tenant);
    for (;;) {
      const endings = await store.readEdgeEnds(tenant, settings.edge, this.#last, LIMIT);
      for (const ending of endings) {
        this.#last = Math.max(this.#last, ending.seq);
        for (const listener of this.#listeners) listener(ending);
      }
      if (endings.length < LIMIT) break;
    }
    this.#lookedAt = before;
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // A store that is away makes it stale, and nothing else.
      await this.look().catch(() => undefined);
      await pause(this.#handler.clock, POLL_MS, signal, 'nothing').catch(() => undefined);
    }
  }
}
