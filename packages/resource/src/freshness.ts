import type { FeedBatch } from './feed-batch.ts';

/** Two clocks of this machine, read at one moment, in milliseconds. */
export interface Moment {
  /** Only ever grows, but stands still while the machine sleeps. */
  readonly monotonicMs: number;
  /** Goes on, but may be set. */
  readonly wallMs: number;
}

/**
 * How old what we know of the log is, at most, without a clock in common with the issuer.
 *
 * The first batch of a connection was signed after we asked for it; on the clock of the process that signed it, `signed − beat` passed between its look at the
 * log and the signature. So that look was at `asked − (signed − beat)` on our clock or later, and the look of any later batch of the same process as much later as
 * its `beat` is. Delays on the way make what we know look older than it is, never younger. Nor does sleep: what the wall clock went further than the monotonic
 * one since we asked is added to the age.
 */
export class Freshness {
  #baseline: Baseline | undefined;
  /** The look at the log that we know about, on our clock, and when we heard of it. */
  #truth: { readonly atMs: number; readonly heard: Moment } | undefined;

  /** By process: its clock at the latest signature that we have seen. */
  readonly #signed = new Map<string, number>();

  /** A new connection: the next batch says anew how its process's clock and ours are apart. */
  connect(): void {
    this.#baseline = undefined;
  }

  /** Whether a batch comes from another process than those before it on this connection. */
  isOther({ hub }: FeedBatch): boolean {
    return this.#baseline !== undefined && this.#baseline.hub !== hub;
  }

  /** Whether the first batch of this connection has said how the clocks are apart. */
  hasBegun(): boolean {
    return this.#baseline !== undefined;
  }

  /** Whether a batch that was just asked for was signed before one that we have had: somebody has kept it. */
  isKept({ hub, signed }: FeedBatch): boolean {
    return signed < (this.#signed.get(hub) ?? Number.NEGATIVE_INFINITY);
  }

  /** Takes note that a batch was had. */
  remember({ hub, signed }: FeedBatch): void {
    const last = this.#signed.get(hub) ?? Number.NEGATIVE_INFINITY;
    this.#signed.delete(hub);
    this.#signed.set(hub, Math.max(last, signed));
    const [oldest] = this.#signed.keys();
    if (this.#signed.size > MAX_HUBS && oldest !== undefined) this.#signed.delete(oldest);
  }

  /** Takes note of how far apart the two clocks are at most: by the first batch of a connection, wherever in the log it ends. */
  begin({ hub, signed }: FeedBatch, asked: Moment): void {
    // Not signed after what came before it: then it may have been kept on the way, and says nothing of when we asked.
    if (signed <= (this.#signed.get(hub) ?? Number.NEGATIVE_INFINITY)) return;
    const begun = { hub, offsetMs: asked.monotonicMs - signed, apartMs: apart(asked) };
    const known = this.#baseline?.hub === hub ? this.#baseline : undefined;
    // The better of the two; the older one less what was slept through since.
    const isBetter = known === undefined || begun.offsetMs >= known.offsetMs - sleptMs(known.apartMs, asked);
    if (isBetter) this.#baseline = begun;
  }

  /**
   * Takes note of a batch that leads up to the head of the log.
   *
   * @param asked when it was asked for, where it was asked for by itself; undefined for what came later on a connection.
   */
  renew(batch: FeedBatch, asked: Moment | undefined, heard: Moment): void {
    if (asked !== undefined) this.begin(batch, asked);
    if (this.#baseline?.hub !== batch.hub) return;
    const { offsetMs, apartMs } = this.#baseline;
    // It may have waited for us in the socket while the machine slept.
    const atMs = Math.min(batch.beat + offsetMs, heard.monotonicMs) - sleptMs(apartMs, heard);
    if (heard.monotonicMs - atMs <= this.ageMs(heard)) this.#truth = { atMs, heard };
  }

  /** Milliseconds by which the wall clock went further than the other since the connection began: the machine slept, or the clock was set. */
  sleptMs(now: Moment): number {
    return this.#baseline === undefined ? 0 : sleptMs(this.#baseline.apartMs, now);
  }

  /** Nothing is known any more. */
  lose(): void {
    this.#truth = undefined;
    this.#baseline = undefined;
  }

  /** Milliseconds; infinite where nothing is known. The wall clock counts too: a machine that slept has missed what happened meanwhile. */
  ageMs(now: Moment): number {
    if (this.#truth === undefined) return Number.POSITIVE_INFINITY;
    const { atMs, heard } = this.#truth;
    const passedMs = Math.max(now.monotonicMs - heard.monotonicMs, now.wallMs - heard.wallMs);
    return heard.monotonicMs - atMs + passedMs;
  }
}

const MAX_HUBS = 16;

/** What the first batch of a connection said of the clocks. */
interface Baseline {
  readonly hub: string;
  /** What its process's clock is behind ours, at least as we know. */
  readonly offsetMs: number;
  /** What our wall clock was ahead of our monotonic one when we asked. */
  readonly apartMs: number;
}

function apart({ wallMs, monotonicMs }: Moment): number {
  return wallMs - monotonicMs;
}

function sleptMs(apartMs: number, now: Moment): number {
  return Math.max(0, apart(now) - apartMs);
}
