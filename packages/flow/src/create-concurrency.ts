import { type ConcurrencyRule, checkConcurrency } from './algorithms/concurrency.ts';
import { Chain, type Link } from './chain.ts';

/** A place that is held until it is released, or its lease is over. */
export interface Permit {
  readonly kind: 'permit';
  /** Holds it for another lease; false: it was over, and may be somebody else's. */
  renew(): boolean;
  /** Once is enough, and any number of times is no more. */
  release(): void;
  [Symbol.dispose](): void;
}

export interface NoPermit {
  readonly kind: 'refused';
  /** To the end of the lease that ends first; somebody may let go sooner. */
  readonly retryAfterMs: number;
}

/** Places of one process, so many for each key. */
export interface Concurrency {
  acquire(key: string): Permit | NoPermit;
  inFlight(key: string): number;
  /** Of all keys. */
  readonly held: number;
}

export interface ConcurrencyOptions {
  /** Milliseconds of a clock that is never set back. */
  nowMs(): number;
  /** Permits of all keys together, 1,000,000 where nothing is said; beyond, nobody gets one. */
  readonly maxHeld?: number;
}

/**
 * `algorithms/concurrency.ts` for one process, without a timer: what is over is found when somebody asks.
 * @throws TypeError for a rule that is none
 */
export function createConcurrency(rule: ConcurrencyRule, { nowMs, maxHeld = 1_000_000 }: ConcurrencyOptions): Concurrency {
  const flaw = checkConcurrency(rule);
  if (flaw !== undefined) throw new TypeError(flaw);
  /** Both the first to end first: all leases are equally long, and one that is renewed goes to the end. */
  const all = new Chain<Held>();
  const byKey = new Map<string, Chain<Held>>();

  const drop = (held: Held): boolean => {
    const { links } = held;
    if (links === undefined) return false;
    held.links = undefined;
    all.remove(links.ofAll);
    const ofKey = byKey.get(held.key);
    ofKey?.remove(links.ofKey);
    if (ofKey?.size === 0) byKey.delete(held.key);
    return true;
  };
  const keep = (held: Held, untilMs: number): void => {
    let ofKey = byKey.get(held.key);
    if (ofKey === undefined) {
      ofKey = new Chain<Held>();
      byKey.set(held.key, ofKey);
    }
    held.untilMs = untilMs;
    held.links = { ofAll: all.add(held), ofKey: ofKey.add(held) };
  };
  const dropOver = (now: number): void => {
    for (let { first } = all; first !== undefined && first.value.untilMs <= now; { first } = all) drop(first.value);
  };

  return {
    acquire(key) {
      const now = nowMs();
      dropOver(now);
      const ofKey = byKey.get(key);
      const full = ofKey !== undefined && ofKey.size >= rule.limit ? ofKey : all.size >= maxHeld ? all : undefined;
      if (full !== undefined) return { kind: 'refused', retryAfterMs: Math.ceil((full.first?.value.untilMs ?? now) - now) };
      const held: Held = { key, untilMs: 0, links: undefined };
      keep(held, now + rule.leaseMs);
      const release = (): void => {
        drop(held);
      };
      return {
        kind: 'permit',
        renew() {
          const renewedMs = nowMs();
          const isOver = held.untilMs <= renewedMs;
          if (!drop(held) || isOver) return false;
          keep(held, renewedMs + rule.leaseMs);
          return true;
        },
        release,
        [Symbol.dispose]: release,
      };
    },
    inFlight(key) {
      dropOver(nowMs());
      return byKey.get(key)?.size ?? 0;
    },
    get held() {
      dropOver(nowMs());
      return all.size;
    },
  };
}

interface Held {
  readonly key: string;
  untilMs: number;
  /** Undefined: it is over. */
  links: { readonly ofAll: Link<Held>; readonly ofKey: Link<Held> } | undefined;
}
