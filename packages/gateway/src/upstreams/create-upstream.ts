import { type Clock, systemClock } from '../clock.ts';
import { type Acquire, type Lease, type Upstream, UpstreamAway, type Waiting } from '../proxy/upstream.ts';
import { startChecks } from './active-checks.ts';
import { AdaptiveGate } from './adaptive-gate.ts';
import { Choice } from './choice.ts';
import type { HealthChange, OpenCause } from './health.ts';
import { Place, type PlaceParts } from './place.ts';
import { Queue } from './queue.ts';
import { isRepeatable, type Retried, Retries } from './retries.ts';
import { type FullUpstreamSettings, fillUpstreamSettings, type UpstreamSettings } from './settings.ts';
import { Target, type TargetFailure } from './target.ts';

export interface UpstreamParts {
  /** Time and chance, instead of the machine's. */
  readonly clock?: Clock;
  /** Called with each change of a target's health. */
  readonly onChange?: (change: TargetChange) => void;
}

export type TargetChange = HealthChange & { readonly upstream: string; readonly target: string };

/** How an upstream does now. */
export interface UpstreamState {
  readonly name: string;
  /** Requests that wait for a place. */
  readonly waiting: number;
  /** How many there are at once, and may be; undefined: nobody counts. */
  readonly adaptive: { readonly inFlight: number; readonly limit: number } | undefined;
  readonly targets: readonly TargetState[];
}

export interface TargetState {
  readonly name: string;
  /** As the settings have it. */
  readonly url: string;
  readonly tier: number;
  readonly weight: number;
  readonly phase: 'closed' | 'open' | 'half_open';
  /** Why it is not closed. */
  readonly cause: OpenCause | undefined;
  readonly underWay: number;
  readonly streams: number;
  /** Connections that are kept for later. */
  readonly idle: number;
  /** The last try that failed, health checks aside; undefined: none did. */
  readonly lastFailure: (Pick<TargetFailure, 'kind' | 'status'> & { readonly agoMs: number }) | undefined;
}

/** An upstream that runs: it may ask its targets how they do, and keeps connections. */
export interface RunningUpstream extends Upstream {
  state(): UpstreamState;
  /** Takes no more requests, and lets go of what nobody uses; what is under way goes on. */
  close(): Promise<void>;
}

/**
 * An upstream with its targets, as it is configured.
 *
 * @throws {TypeError} when a setting is not what it says it is
 */
export function createUpstream(settings: UpstreamSettings, parts: UpstreamParts = {}): RunningUpstream {
  return new ChoosingUpstream(fillUpstreamSettings(settings), parts);
}

class ChoosingUpstream implements RunningUpstream, PlaceParts {
  readonly #settings: FullUpstreamSettings;
  readonly #clock: Clock;
  readonly #targets: readonly Target[];
  readonly #choice: Choice<Target>;
  readonly #queue: Queue;
  readonly #retries: Retries;
  readonly #gate: AdaptiveGate | undefined;
  readonly #stopChecks: readonly (() => void)[];
  #isClosed = false;

  constructor(settings: FullUpstreamSettings, { clock = systemClock, onChange }: UpstreamParts) {
    this.#settings = settings;
    this.#clock = clock;
    const tiers = settings.tiers.map((tier) => {
      const targets: Target[] = [];
      const mayOpenForErrors = (): boolean => {
        const open = targets.filter(({ health }) => health.cause === 'errors').length;
        return open + 1 <= Math.floor(targets.length / 2);
      };
      for (const one of tier) {
        const target: Target = new Target(one, settings, {
          chance: clock.chance,
          mayOpenForErrors,
          onChange: (change) => {
            if (change.kind === 'opened') void target.connections.dropIdle();
            onChange?.({ ...change, upstream: settings.name, target: one.name });
          },
        });
        targets.push(target);
      }
      return targets;
    });
    this.#targets = tiers.flat();
    this.#choice = new Choice(tiers, settings.minLive);
    this.#queue = new Queue(settings.queue, clock.later);
    this.#retries = new Retries(settings.retries);
    const { adaptive } = settings;
    this.#gate = adaptive === undefined ? undefined : new AdaptiveGate(adaptive, settings, () => clock.monotonicMs());
    this.#stopChecks = this.#startChecks();
  }

  acquire(request: Acquire): Lease | Waiting {
    return this.#gate === undefined ? this.#acquire(request) : this.#gate.pass(request, () => this.#acquire(request));
  }

  #acquire(request: Acquire): Lease | Waiting {
    const nowMs = this.#clock.monotonicMs();
    if (request.tried.length === 0) this.#retries.note(nowMs);
    // Who waits already comes first, also where somebody could be tried again since; nobody waits for the place of a stream.
    this.freed();
    const found = this.#find(request, nowMs);
    if (found instanceof UpstreamAway) throw found;
    if (found !== 'full') return found;
    if (request.stream) throw new UpstreamAway('queue_full', 1);
    return this.#queue.join(request);
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  retriesFailure(failure: Parameters<PlaceParts['retriesFailure']>[0], request: Acquire, nowMs: number): boolean {
    return !this.#isClosed && this.#retries.takeAfterFailure(failure, retriedOf(request), nowMs);
  }

  retriesStatus(status: number, request: Acquire, target: string, nowMs: number): boolean {
    const retried = retriedOf(request);
    if (this.#isClosed || !this.#retries.mightAfterStatus(status, retried)) return false;
    // An answer is better than none: it is given up only for somebody else who can be asked at once.
    const wanted = { stream: request.stream, repeatable: true, tried: [...request.tried, target] };
    return this.#choice.hasOther(wanted, nowMs) && this.#retries.takeAfterStatus(retried, nowMs);
  }

  freed(): void {
    if (this.#queue.length === 0) return;
    const nowMs = this.#clock.monotonicMs();
    this.#queue.serve((request) => this.#find(request, nowMs));
  }

  state(): UpstreamState {
    const nowMs = this.#clock.monotonicMs();
    const targets = this.#targets.map(({ name, url, tier, weight, health, underWay, streams, connections, lastFailure }) => {
      const phase = health.phase(nowMs);
      const failure = lastFailure && { kind: lastFailure.kind, status: lastFailure.status, agoMs: nowMs - lastFailure.atMs };
      return { name, url, tier, weight, phase, cause: health.cause, underWay, streams, idle: connections.idle, lastFailure: failure };
    });
    return { name: this.#settings.name, waiting: this.#queue.length, adaptive: this.#gate?.state, targets };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stop of this.#stopChecks) stop();
    this.#queue.close();
    await Promise.all(this.#targets.map(({ connections }) => connections.close()));
  }

  #find(request: Acquire, nowMs: number): Lease | 'full' | UpstreamAway {
    const { stream, tried } = request;
    const chosen = this.#isClosed ? 'none' : this.#choice.choose({ stream, tried, repeatable: isRepeatable(request) }, nowMs);
    if (chosen === 'full') return chosen;
    if (chosen === 'none') return new UpstreamAway('no_target', Math.ceil((this.#settings.checks?.intervalMs ?? 1_000) / 1000));
    return new Place(this, request, chosen, nowMs);
  }

  #startChecks(): readonly (() => void)[] {
    const { checks, ca } = this.#settings;
    if (checks === undefined) return [];
    return this.#targets.map((target) => {
      const found = (said: 'well' | 'ill'): void => {
        target.health.check(said, this.#clock.monotonicMs());
        this.freed();
      };
      return startChecks(checks, { url: target.url, ca, found }, this.#clock);
    });
  }
}

function retriedOf({ method, replayable, tried }: Acquire): Retried {
  return { method, replayable, tries: tried.length };
}
