import type { Plan, Prepared } from './plan.ts';
import type { RedisLine } from './redis-line.ts';
import { runApart, type TakeRan } from './take-script.ts';

/** Requests in a call: with more, Redis and this process would wait for each other. */
const MOST = 32;

/** Requests of one rule that are made in the same turn of the event loop share a call: each is decided as if it had come alone. */
export class Together {
  readonly #line: RedisLine;
  readonly #most: number;
  readonly #calls = new Map<Prepared, Call>();

  constructor(line: RedisLine, { isCluster }: { readonly isCluster: boolean }) {
    this.#line = line;
    this.#most = isCluster ? 1 : MOST;
  }

  take({ prepared, name }: Plan, cost: number): Promise<TakeRan> {
    return new Promise((resolve) => {
      let call = this.#calls.get(prepared);
      if (call === undefined) {
        call = { names: [], costs: [], waiting: [] };
        this.#calls.set(prepared, call);
        if (this.#calls.size === 1) process.nextTick(() => this.#sendAll());
      }
      call.names.push(name);
      call.costs.push(cost);
      call.waiting.push(resolve);
      if (call.names.length < this.#most) return;
      this.#send(prepared, call);
      this.#calls.set(prepared, { names: [], costs: [], waiting: [] });
    });
  }

  #sendAll(): void {
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const [prepared, call] of calls) if (call.names.length > 0) this.#send(prepared, call);
  }

  #send(prepared: Prepared, { names, costs, waiting }: Call): void {
    const tell = (ran: TakeRan): void => {
      for (const [place, resolve] of waiting.entries())
        resolve(ran.kind === 'answer' ? { ...ran, results: ran.results.slice(place, place + 1) } : ran);
    };
    runApart(this.#line, prepared, names, costs).then(tell, (cause: unknown) => tell({ kind: 'wrong', cause }));
  }
}

interface Call {
  readonly names: string[];
  readonly costs: number[];
  readonly waiting: ((ran: TakeRan) => void)[];
}
