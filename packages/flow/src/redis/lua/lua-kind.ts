/**
 * One algorithm in Lua 5.1, operation for operation as in JavaScript: its numbers are the same doubles. A state is a table of numbers, or nil;
 * `p` the table of `parameters`. No operand of `%` is ever negative: the two languages differ there.
 */
export interface LuaKind<Rule> {
  readonly kind: string;
  /**
   * The rule in numbers, as the functions read them.
   * @param nowMs by this process's clock, for what follows a calendar
   */
  parameters(rule: Rule, nowMs: number): readonly number[];
  /** Local functions that the others use, of `pieces.ts` where several kinds do. */
  readonly common: readonly string[];
  /** `function(s, now, cost, p)` → state, allowed, remaining, retry (−1: never), reset, delay; `s` itself where nothing changed. */
  readonly decide: string;
  /** `function(s, now, cost, taken_at, p)` → state. */
  readonly refund: string;
  /** `function(s, now, cost, p)` → state. */
  readonly charge?: string;
  /** `function(at, now, p)` → whether what was taken at that time still counts; without it: it does. */
  readonly counts?: string;
}

/** Nothing is given back. */
export const NO_REFUND: string = 'function(s) return s end';
