import { capacityOf } from './capacity.ts';
import type { Outcome, RuleOutcome } from './limiter.ts';
import { isPacing } from './pacing.ts';
import type { AlgorithmRule } from './rule.ts';

/** A whole answer, as every framework can send one. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What an answer says of its limits (draft-ietf-httpapi-ratelimit-headers): `RateLimit-Policy` and `RateLimit` of the rules that tell all and whose
 * periods are of a second at least; and where it was refused, `Retry-After` (RFC 9110 §10.2.3) in whole seconds, rounded up, unless a rule
 * that refused tells nothing, or waiting is of no use.
 */
export function limitHeaders(outcome: Outcome): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const told = outcome.rules.flatMap((one) => (isTold(one) ? [{ ...one, windowMs: windowMsOf(one.algorithm) }] : []));
  if (told.length > 0) {
    headers['ratelimit-policy'] = told
      .map(({ rule, algorithm, windowMs }) => item(rule.name, { q: capacityOf(algorithm), w: secondsOf(windowMs) }))
      .join(', ');
    headers['ratelimit'] = told
      .map(({ rule, decision }) => item(rule.name, { r: decision.remaining, t: secondsOf(decision.resetAfterMs) }))
      .join(', ');
  }
  const seconds = retryAfterSeconds(outcome);
  if (seconds !== undefined) headers['retry-after'] = String(seconds);
  return headers;
}

/** Whole seconds to wait, rounded up, 1 at least; undefined: nobody is to know, it is of no use, or nothing was refused. */
export function retryAfterSeconds(outcome: Outcome): number | undefined {
  if (outcome.allowed || !Number.isFinite(outcome.retryAfterMs)) return undefined;
  const isSilent = outcome.rules.some(({ rule, kind, decision }) => kind === 'counted' && !decision.allowed && rule.tell === 'nothing');
  return isSilent ? undefined : Math.max(1, Math.ceil(outcome.retryAfterMs / 1000));
}

/** The answer to a request that was refused: 429, or 503 where the store is away; a problem in JSON (RFC 9457 §3). */
export function refusalReply(outcome: Outcome): Reply {
  const isAway = outcome.rules.some(({ rule, kind }) => kind === 'store_error' && rule.name === outcome.rule);
  const status = isAway ? 503 : 429;
  const seconds = retryAfterSeconds(outcome);
  const problem = {
    type: 'about:blank',
    title: isAway ? 'Service Unavailable' : 'Too Many Requests',
    status,
    ...(seconds === undefined ? {} : { retry_after: seconds }),
  };
  const headers = { ...limitHeaders(outcome), 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify(problem) };
}

/** Shorter windows are over before anybody has read of them, and the draft counts in seconds. */
const MIN_WINDOW_MS = 1_000;
/** The largest integer of a structured field (RFC 9651 §3.3.1). */
const MAX_INTEGER = 999_999_999_999_999;
const CALENDAR_MS: ReadonlyMap<string, number> = new Map([
  ['hour', 3_600_000],
  ['day', 86_400_000],
  ['week', 604_800_000],
]);

function isTold({ rule, kind, algorithm }: RuleOutcome): boolean {
  if (rule.tell !== 'all' || kind !== 'counted' || isPacing(algorithm) || algorithm.kind === 'sentinel_warm_up') return false;
  return (windowMsOf(algorithm) ?? MIN_WINDOW_MS) >= MIN_WINDOW_MS;
}

/** In which as much as fits flows back; undefined: it is not always as long. */
function windowMsOf(algorithm: AlgorithmRule): number | undefined {
  // Counts by the second.
  if (algorithm.kind === 'sentinel_warm_up') return 1_000;
  if ('period' in algorithm) return CALENDAR_MS.get(algorithm.period);
  if ('intervalMs' in algorithm) return Math.ceil(algorithm.capacity / algorithm.unit) * algorithm.intervalMs;
  if ('burst' in algorithm) return (algorithm.burst * algorithm.periodMs) / algorithm.limit;
  return 'periodMs' in algorithm ? algorithm.periodMs : undefined;
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.ceil(ms / 1000);
}

/** A String with parameters (RFC 9651 §3.3.3); names of rules need no escapes. */
function item(name: string, parameters: Readonly<Record<string, number | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([key, value]) =>
    value === undefined ? [] : [`;${key}=${Math.min(value, MAX_INTEGER)}`],
  );
  return `"${name}"${given.join('')}`;
}
