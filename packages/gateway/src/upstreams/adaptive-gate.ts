import type { AdaptiveRule } from '@hufu/flow/algorithms/adaptive';
import { type Adaptive, type Admission, createAdaptive } from '@hufu/flow/create-adaptive';
import { type Acquire, type Lease, type Outcome, UpstreamAway, type Waiting } from '../proxy/upstream.ts';
import type { FullUpstreamSettings } from './settings.ts';

/** Answers by which a target says that it has too much to do. */
const OVERLOADED: ReadonlySet<number> = new Set([503, 504]);
const DAY_MS = 86_400_000;
/** Beyond the phases, after which somebody who never said how it went is given up. */
const MARGIN_MS = 60_000;

/**
 * As many requests at once as an upstream serves without a queue, which is found out by the time to the heads of its answers; who is too much is refused at
 * once, so that the others are served. Requests whose bodies come bit by bit, and streams, do not go through it: how long they take is up to clients,
 * who could make it as narrow as they like.
 */
export class AdaptiveGate {
  readonly #adaptive: Adaptive;

  constructor(rule: AdaptiveRule, { timeouts, queue }: Pick<FullUpstreamSettings, 'timeouts' | 'queue'>, nowMs: () => number) {
    const { headMs, connectMs } = timeouts;
    const leaseMs = headMs === 0 ? DAY_MS : queue.timeoutMs + connectMs + headMs + MARGIN_MS;
    this.#adaptive = createAdaptive(rule, { nowMs, leaseMs });
  }

  get state(): { readonly inFlight: number; readonly limit: number } {
    const { inFlight, limit } = this.#adaptive;
    return { inFlight, limit };
  }

  /** @throws UpstreamAway where it is too much, or what `acquire` throws */
  pass(request: Acquire, acquire: () => Lease | Waiting): Lease | Waiting {
    if (request.stream || !request.replayable) return acquire();
    const admission = this.#adaptive.admit();
    if (admission.kind === 'refused') throw new UpstreamAway('overloaded', Math.max(1, Math.ceil(admission.retryAfterMs / 1000)));
    try {
      const got = acquire();
      return 'cancel' in got ? waitingFor(got, admission) : new GatedLease(got, admission);
    } catch (error) {
      tellAway(admission, error);
      throw error;
    }
  }
}

function waitingFor(waiting: Waiting, admission: Admission): Waiting {
  return {
    lease: waiting.lease.then(
      (lease) => new GatedLease(lease, admission),
      (error: unknown) => {
        tellAway(admission, error);
        throw error;
      },
    ),
    cancel() {
      waiting.cancel();
      admission.ignored();
    },
  };
}

/** Who found no place in time was too much; where there is no target nothing is learned of how many it serves. */
function tellAway(admission: Admission, error: unknown): void {
  if (error instanceof UpstreamAway && error.reason !== 'no_target') admission.lost();
  else admission.ignored();
}

/** A place that says at its head what it was like. */
class GatedLease implements Lease {
  readonly target: string;
  readonly dispatcher: Lease['dispatcher'];
  readonly headTimeoutMs: number;
  readonly #lease: Lease;
  readonly #admission: Admission;

  constructor(lease: Lease, admission: Admission) {
    this.target = lease.target;
    this.dispatcher = lease.dispatcher;
    this.headTimeoutMs = lease.headTimeoutMs;
    this.#lease = lease;
    this.#admission = admission;
  }

  answered(status: number): 'pass' | 'again' {
    // How long the rest takes is up to the client.
    if (OVERLOADED.has(status)) this.#admission.lost();
    else this.#admission.answered();
    return this.#lease.answered(status);
  }

  streams(): void {
    this.#lease.streams();
  }

  end(outcome: Outcome): 'over' | 'again' {
    // The first word counts: after a head nothing changes.
    if (outcome.kind === 'failed' && outcome.cause === 'timeout') this.#admission.lost();
    else this.#admission.ignored();
    return this.#lease.end(outcome);
  }
}
