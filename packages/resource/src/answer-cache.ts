import type { TokenMarks } from './marks.ts';
import type { LiveToken, RefusedToken } from './verification.ts';

/** A token that the issuer said is active. */
export interface ActiveAnswer {
  readonly token: LiveToken;
  /** By what it may be revoked; undefined where nobody tells us of revocations. */
  readonly marks: TokenMarks | undefined;
  /** When the issuer was asked. */
  readonly sentAtMs: number;
}

interface Negative {
  readonly refused: RefusedToken;
  readonly untilMs: number;
}

/**
 * Introspection answers by the token's SHA-256; the one that was not used for the longest time falls first. Those about tokens that do not hold have an eighth of
 * the room for themselves: a flood of random tokens displaces nothing but itself. Says nothing about whether an answer is still to be used.
 */
export class AnswerCache {
  readonly #active = new Map<string, ActiveAnswer>();
  readonly #negative = new Map<string, Negative>();
  readonly #maxActive: number;
  readonly #maxNegative: number;

  constructor(maxEntries: number) {
    this.#maxNegative = Math.floor(maxEntries / 8);
    this.#maxActive = maxEntries - this.#maxNegative;
  }

  /** Also one that has grown old: that a token held once decides who goes first. */
  findActive(name: string): ActiveAnswer | undefined {
    const found = this.#active.get(name);
    if (found === undefined) return undefined;
    this.#active.delete(name);
    this.#active.set(name, found);
    return found;
  }

  /** @param now milliseconds that only grow, as all times here. */
  findNegative(name: string, now: number): RefusedToken | undefined {
    const found = this.#negative.get(name);
    if (found === undefined || now < found.untilMs) return found?.refused;
    this.#negative.delete(name);
    return undefined;
  }

  keepActive(name: string, answer: ActiveAnswer): void {
    this.#negative.delete(name);
    keep(this.#active, name, answer, this.#maxActive);
  }

  keepNegative(name: string, refused: RefusedToken, untilMs: number): void {
    this.#active.delete(name);
    keep(this.#negative, name, { refused, untilMs }, this.#maxNegative);
  }

  drop(name: string): void {
    this.#active.delete(name);
    this.#negative.delete(name);
  }

  get size(): number {
    return this.#active.size + this.#negative.size;
  }
}

function keep<T>(map: Map<string, T>, name: string, value: T, max: number): void {
  map.delete(name);
  map.set(name, value);
  if (map.size <= max) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
