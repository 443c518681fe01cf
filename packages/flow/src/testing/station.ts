/** Clients come by chance, one after the other through the door or into the queue before some servers: an M/M/c station in simulated time. */
export interface Station {
  readonly servers: number;
  /** Mean milliseconds that a server takes for one, by the time at which it begins. */
  serviceMs(nowMs: number): number;
  /** Mean arrivals a millisecond, by the time. */
  arrivals(nowMs: number): number;
  readonly forMs: number;
  readonly seed: number;
  /** Lets one in, and is told when it is served; undefined: refused. */
  admit(nowMs: number): ((nowMs: number) => void) | undefined;
  /** Told of how many servers work, whenever that changes. */
  busy?(nowMs: number, servers: number): void;
}

export interface Visit {
  readonly arrivedMs: number;
  /** Undefined: refused. */
  readonly servedMs: number | undefined;
}

/** Everybody who came, in the order of coming; who was let in is served, also after the end. */
export function runStation({ servers, serviceMs, arrivals, forMs, seed, admit, busy }: Station): readonly Visit[] {
  const chance = chanceOf(seed);
  const after = (meanMs: number): number => -Math.log(1 - chance()) * meanMs;
  const visits: { arrivedMs: number; servedMs: number | undefined }[] = [];
  const queue: Guest[] = [];
  let first = 0;
  const served: Guest[] = [];
  let nextArrivalMs = after(1 / arrivals(0));

  const begin = (guest: Guest, nowMs: number): void => {
    guest.doneMs = nowMs + after(serviceMs(nowMs));
    served.push(guest);
  };
  for (;;) {
    const next = soonest(served);
    if (next !== undefined && (next.doneMs <= nextArrivalMs || nextArrivalMs > forMs)) {
      served.splice(served.indexOf(next), 1);
      const waiting = queue[first];
      if (waiting !== undefined) {
        first++;
        begin(waiting, next.doneMs);
      }
      busy?.(next.doneMs, served.length);
      next.visit.servedMs = next.doneMs;
      next.leave(next.doneMs);
      continue;
    }
    if (nextArrivalMs > forMs) return visits;
    const nowMs = nextArrivalMs;
    nextArrivalMs = nowMs + after(1 / arrivals(nowMs));
    const visit = { arrivedMs: nowMs, servedMs: undefined };
    visits.push(visit);
    const leave = admit(nowMs);
    if (leave === undefined) continue;
    const guest = { visit, leave, doneMs: 0 };
    if (served.length < servers) begin(guest, nowMs);
    else queue.push(guest);
    busy?.(nowMs, served.length);
  }
}

interface Guest {
  readonly visit: { servedMs: number | undefined };
  leave(nowMs: number): void;
  doneMs: number;
}

function soonest(served: readonly Guest[]): Guest | undefined {
  let first: Guest | undefined;
  for (const guest of served) if (first === undefined || guest.doneMs < first.doneMs) first = guest;
  return first;
}

/** Mulberry32: the same numbers of the same seed. */
export function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
