import type { Choosable } from './choice.ts';
import { type Connection, Connections } from './connections.ts';
import { DistinctIdentities } from './distinct-identities.ts';
import { Health, type HealthParts } from './health.ts';
import type { FullUpstreamSettings, TargetSettings } from './settings.ts';

/** How a try failed that says something of a target. */
export interface TargetFailure {
  /** What the try ended with; `status`: an answer that says that it cannot. */
  readonly kind: 'connect' | 'timeout' | 'reset' | 'refused' | 'protocol' | 'status';
  /** Of an answer: 502, 503 or 504. */
  readonly status: number | undefined;
  /** By the clock that never goes back. */
  readonly atMs: number;
}

/** One of the servers behind an upstream: how it does, what is under way at it, and the connections to it. */
export class Target implements Choosable {
  readonly name: string;
  readonly url: string;
  readonly weight: number;
  readonly tier: number;
  readonly headTimeoutMs: number;
  readonly health: Health;
  readonly headTimeouts: DistinctIdentities;
  readonly connections: Connections;
  credit = 0;
  /** The last one, however long ago. */
  lastFailure: TargetFailure | undefined;
  readonly #maxUnderWay: number;
  readonly #maxStreams: number;
  #underWay = 0;
  #streams = 0;

  constructor({ name, url, weight, tier }: Required<TargetSettings>, upstream: FullUpstreamSettings, parts: Omit<HealthParts, 'rule'>) {
    const { timeouts, keepAliveMs, connections, streams, ca, health, headTimeoutIdentities } = upstream;
    this.name = name;
    this.url = url;
    this.weight = weight;
    this.tier = tier;
    this.headTimeoutMs = timeouts.headMs;
    this.health = new Health({ ...parts, rule: health });
    this.headTimeouts = new DistinctIdentities(health.windowMs, headTimeoutIdentities);
    const trust = ca === undefined ? {} : { ca };
    this.connections = new Connections({ origin: url, ...timeouts, keepAliveMs, idle: connections, ...trust });
    this.#maxUnderWay = connections;
    this.#maxStreams = streams;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get streams(): number {
    return this.#streams;
  }

  hasPlace(stream: boolean): boolean {
    return stream ? this.#streams < this.#maxStreams : this.#underWay < this.#maxUnderWay;
  }

  /** @param how `fresh`: on a connection that nobody used: after a failure here, those that were left lying are in doubt */
  enter(stream: boolean, how: 'any' | 'fresh'): Connection {
    if (stream) this.#streams += 1;
    else this.#underWay += 1;
    return how === 'fresh' ? this.connections.open() : this.connections.take();
  }

  leave(stream: boolean): void {
    if (stream) this.#streams -= 1;
    else this.#underWay -= 1;
  }

  /** What was a request is a stream from now on; false where there are too many. */
  becomeStream(): boolean {
    if (!this.hasPlace(true)) return false;
    this.#underWay -= 1;
    this.#streams += 1;
    return true;
  }
}
