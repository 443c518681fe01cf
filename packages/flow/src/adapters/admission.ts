import { wait } from '../clock.ts';
import { limitHeaders, type Reply, refusalReply } from '../headers.ts';
import type { Limiter, Outcome, TakeOptions } from '../limiter.ts';
import type { Subject } from '../rule.ts';

/** How requests of type `Request` are limited. */
export interface LimitOptions<Request> extends TakeOptions {
  /** Who asks: only what was proven, but for accounts and headers. */
  readonly subject?: (request: Request) => Subject | Promise<Subject>;
}

/** What came of a request, and what its answer says of it. */
export type Admission =
  | { readonly kind: 'allowed'; readonly outcome: Outcome; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly reply: Reply };

/** Asks the limiter, and waits as long as a rule that paces says. */
export async function admit(limiter: Limiter, subject: Subject, options: TakeOptions): Promise<Admission> {
  const outcome = await limiter.take(subject, options);
  if (!outcome.allowed) return { kind: 'refused', reply: refusalReply(outcome) };
  if (outcome.delayMs > 0) await wait(outcome.delayMs);
  return { kind: 'allowed', outcome, headers: limitHeaders(outcome) };
}

const outcomes = new WeakMap<object, Outcome>();

/** For each of the objects by which a framework knows a request. */
export function rememberOutcome(outcome: Outcome, ...requests: readonly object[]): void {
  for (const request of requests) outcomes.set(request, outcome);
}

/** What came of a request that a limiter let pass: for `limiter.refund` and `limiter.charge`. Undefined: none saw it. */
export function outcomeOf(request: object): Outcome | undefined {
  return outcomes.get(request);
}
