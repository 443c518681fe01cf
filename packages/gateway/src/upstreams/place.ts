import type { Client } from 'undici';
import type { Acquire, Lease, Outcome } from '../proxy/upstream.ts';
import type { Connection } from './connections.ts';
import type { Target } from './target.ts';

/** What a place needs of its upstream. */
export interface PlaceParts {
  monotonicMs(): number;
  /** Whether a try that failed so is made again. */
  retriesFailure(failure: Extract<Outcome, { kind: 'failed' }>, request: Acquire, nowMs: number): boolean;
  /** Whether somebody else is asked instead of passing this answer on. */
  retriesStatus(status: number, request: Acquire, target: string, nowMs: number): boolean;
  /** Somebody else can have a place. */
  freed(): void;
}

/** Answers by which a target says that it cannot. Never 500: that may be the request's fault. */
const CANNOT: ReadonlySet<number> = new Set([502, 503, 504]);

/** A place at a target, for one try of one request. */
export class Place implements Lease {
  readonly target: string;
  readonly dispatcher: Client;
  readonly headTimeoutMs: number;
  readonly #parts: PlaceParts;
  readonly #request: Acquire;
  readonly #at: Target;
  readonly #connection: Connection;
  /** The connection was there already. */
  readonly #wasUp: boolean;
  readonly #epoch: number;
  #isStream: boolean;
  #isAnswered = false;
  #isOver = false;

  constructor(parts: PlaceParts, request: Acquire, at: Target, nowMs: number) {
    this.#parts = parts;
    this.#request = request;
    this.#at = at;
    this.#isStream = request.stream;
    this.#connection = at.enter(request.stream, request.tried.includes(at.name) ? 'fresh' : 'any');
    this.#wasUp = this.#connection.isUp;
    this.#epoch = at.health.admit(nowMs);
    this.target = at.name;
    this.dispatcher = this.#connection.client;
    this.headTimeoutMs = at.headTimeoutMs;
  }

  answered(status: number): 'pass' | 'again' {
    if (this.#isOver || this.#isAnswered) return 'pass';
    this.#isAnswered = true;
    const nowMs = this.#parts.monotonicMs();
    const { health } = this.#at;
    if (!CANNOT.has(status)) health.succeed(this.#epoch, nowMs);
    else {
      this.#at.lastFailure = { kind: 'status', status, atMs: nowMs };
      health.fail(this.#epoch, nowMs, 'other');
    }
    if (status < 500 || !this.#parts.retriesStatus(status, this.#request, this.target, nowMs)) return 'pass';
    this.#leave('broken');
    return 'again';
  }

  streams(): void {
    if (this.#isOver || this.#isStream || !this.#at.becomeStream()) return;
    this.#isStream = true;
    this.#parts.freed();
  }

  end(outcome: Outcome): 'over' | 'again' {
    if (this.#isOver) return 'over';
    if (this.#isAnswered) {
      this.#leave(outcome.kind === 'whole' ? 'whole' : 'broken');
      return 'over';
    }
    const nowMs = this.#parts.monotonicMs();
    this.#tellHealth(outcome, nowMs);
    this.#leave(outcome.kind === 'whole' ? 'whole' : 'broken');
    return outcome.kind === 'failed' && this.#parts.retriesFailure(outcome, this.#request, nowMs) ? 'again' : 'over';
  }

  #tellHealth(outcome: Outcome, nowMs: number): void {
    const { health, headTimeouts } = this.#at;
    if (outcome.kind !== 'failed') return health.withdraw(this.#epoch);
    const { phase, cause } = outcome;
    this.#at.lastFailure = { kind: phase === 'connect' ? 'connect' : cause, status: undefined, atMs: nowMs };
    if (phase === 'connect') return health.fail(this.#epoch, nowMs, 'connect');
    if (cause === 'timeout') return health.fail(this.#epoch, nowMs, 'other', headTimeouts.note(this.#request.identity, nowMs));
    // A target may close a connection that nobody used, at the moment in which somebody does: not a fault.
    if (cause === 'reset' && !this.#wasUp) return health.fail(this.#epoch, nowMs, 'other');
    health.withdraw(this.#epoch);
  }

  #leave(how: 'whole' | 'broken'): void {
    this.#isOver = true;
    this.#at.leave(this.#isStream);
    // One from before a target was put out is in doubt as those are that were dropped then.
    if (how === 'whole' && this.#at.health.isCurrent(this.#epoch)) this.#at.connections.give(this.#connection);
    else this.#at.connections.drop(this.#connection);
    this.#parts.freed();
  }
}
