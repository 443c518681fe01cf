import { type GcraRule, gcra, gcraRefund } from '@hufu/flow/gcra';

/**
 * Slows guessing down without letting a stranger lock the owner out: an account's own limit does not hold for a browser that has
 * signed in to it before (OWASP "device cookies"); such a browser has a limit of its own. In memory and per process: a restart
 * forgives, several nodes multiply; flow control (M21) takes this over.
 */
export interface BruteForce {
  /** Takes one attempt from every limit that it falls under, or says how many seconds to wait. Nothing is taken then. */
  takeSignIn(
    attempt: SignInAttempt,
    nowMs: number,
  ): { readonly kind: 'allowed' } | { readonly kind: 'limited'; readonly retryAfterSeconds: number };
  /** A right password gives back what the attempt took. */
  refundSignIn(attempt: SignInAttempt): void;
  /**
   * Takes one attempt to make an account, of whoever asks from there and of everybody together: each may tell whether a user name is taken,
   * and costs a row. @returns seconds to wait, 0 where it is allowed; then nothing is taken
   */
  takeSignUp(address: string, nowMs: number): number;
  /** Counts a failed client authentication; seconds to wait once this client from this source is over its limit, else 0. */
  clientFailed(clientId: string, address: string, nowMs: number): number;
}

export interface SignInAttempt {
  /** Folded user name, whether there is such a user or not. */
  readonly account: string;
  readonly address: string;
  /** The id of a browser that has signed in to this account before; undefined for every other. */
  readonly knownBrowser: string | undefined;
}

const RULES = {
  accountFromSource: { intervalMs: 15_000, burst: 5 },
  account: { intervalMs: 30_000, burst: 20 },
  source: { intervalMs: 3_000, burst: 40 },
  knownBrowser: { intervalMs: 15_000, burst: 10 },
  signUpFromSource: { intervalMs: 180_000, burst: 20 },
  signUp: { intervalMs: 1_000, burst: 300 },
  client: { intervalMs: 10_000, burst: 20 },
} as const satisfies Record<string, GcraRule>;

/** Keys held at once; beyond it the ones that were used longest ago are forgiven. */
const MAX_KEYS = 100_000;

export function bruteForce(): BruteForce {
  const states = new Map<string, number>();

  function keysOf(attempt: SignInAttempt): readonly (readonly [string, GcraRule])[] {
    const source = sourceOf(attempt.address);
    if (attempt.knownBrowser !== undefined) return [[`k ${attempt.knownBrowser} ${attempt.account}`, RULES.knownBrowser]];
    return [
      [`as ${source} ${attempt.account}`, RULES.accountFromSource],
      [`a ${attempt.account}`, RULES.account],
      [`s ${source}`, RULES.source],
    ];
  }

  function store(key: string, state: number): void {
    states.delete(key);
    states.set(key, state);
    if (states.size > MAX_KEYS) {
      for (const oldest of states.keys()) {
        states.delete(oldest);
        break;
      }
    }
  }

  /** One from each, or from none: then the seconds to wait. */
  function take(keys: readonly (readonly [string, GcraRule])[], nowMs: number): number {
    const taken: (readonly [string, number])[] = [];
    for (const [key, rule] of keys) {
      const decision = gcra(states.get(key) ?? 0, nowMs, 1, rule);
      if (decision.kind === 'limited') return Math.max(1, Math.ceil(decision.retryAfterMs / 1000));
      taken.push([key, decision.state]);
    }
    for (const [key, state] of taken) store(key, state);
    return 0;
  }

  return {
    takeSignIn(attempt, nowMs) {
      const retryAfterSeconds = take(keysOf(attempt), nowMs);
      return retryAfterSeconds === 0 ? { kind: 'allowed' } : { kind: 'limited', retryAfterSeconds };
    },
    refundSignIn(attempt) {
      for (const [key, rule] of keysOf(attempt)) {
        const state = states.get(key);
        if (state !== undefined) states.set(key, gcraRefund(state, 1, rule));
      }
    },
    takeSignUp: (address, nowMs) =>
      take(
        [
          [`u ${sourceOf(address)}`, RULES.signUpFromSource],
          ['u', RULES.signUp],
        ],
        nowMs,
      ),
    clientFailed(clientId, address, nowMs) {
      const key = `c ${sourceOf(address)} ${clientId.slice(0, 255)}`;
      const decision = gcra(states.get(key) ?? 0, nowMs, 1, RULES.client);
      if (decision.kind === 'limited') return Math.ceil(decision.retryAfterMs / 1000);
      store(key, decision.state);
      return 0;
    },
  };
}

/** Nothing is ever slowed down: `policies.brute_force: off`, in test mode alone. */
export function noBruteForce(): BruteForce {
  return { takeSignIn: () => ({ kind: 'allowed' }), refundSignIn: () => undefined, takeSignUp: () => 0, clientFailed: () => 0 };
}

/** An IPv6 customer has a /64 at least: its addresses are one source. */
export function sourceOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail = ''] = address.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const middle = address.includes('::') ? Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0') : [];
  return [...left, ...middle, ...right].slice(0, 4).join(':');
}
