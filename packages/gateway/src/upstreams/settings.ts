import { type AdaptiveRule, checkAdaptive } from '@hufu/flow/algorithms/adaptive';
import type { CheckRule } from './active-checks.ts';
import type { HealthRule } from './health.ts';
import type { QueueRule } from './queue.ts';
import type { RetryRule } from './retries.ts';

/** One of the servers behind an upstream. */
export interface TargetSettings {
  /** `http` or `https`, a host, and a port where it is another than the usual one; nothing more. */
  readonly url: string;
  /** For logs and decisions; by default the host and port. */
  readonly name?: string;
  /** How much it gets of what its tier gets: above 0, by default 1. */
  readonly weight?: number;
  /** The lowest serves as long as enough of it lives; by default 0. */
  readonly tier?: number;
}

/** Milliseconds of the phases up to the head of an answer; those after it are a matter of whoever forwards. */
export interface PhaseTimeouts {
  readonly connectMs: number;
  /** From the last byte of the request to the head of the answer; 0: without end. */
  readonly headMs: number;
}

/** An upstream as it is configured. Everything that is left out has a default. */
export interface UpstreamSettings {
  readonly name: string;
  /** One at least. */
  readonly targets: readonly TargetSettings[];
  /** From 0 to 1: the share of a tier's weight that has to live for it to serve. */
  readonly minLive?: number;
  /** Requests under way at one target at a time; streams do not count. */
  readonly connections?: number;
  /** Streams open at one target at a time. */
  readonly streams?: number;
  readonly queue?: Partial<QueueRule>;
  readonly timeouts?: Partial<PhaseTimeouts>;
  /** For how many milliseconds an unused connection is kept where the target says nothing. */
  readonly keepAliveMs?: number;
  /** Certificates to trust instead of the machine's, as PEM. */
  readonly ca?: string;
  readonly health?: Partial<HealthRule> & {
    /** From how many different identities head timeouts have to come before they count. */
    readonly headTimeoutIdentities?: number;
  };
  /** Left out: nobody asks how the targets do; only what becomes of requests says it. */
  readonly checks?: Partial<CheckRule> & Pick<CheckRule, 'path'>;
  readonly retries?: Partial<RetryRule>;
  /** Left out: `connections` and the queue alone bound what it gets at once. */
  readonly adaptive?: Omit<AdaptiveRule, 'kind'>;
}

/** The same with every default filled in. */
export interface FullUpstreamSettings {
  readonly name: string;
  /** By tier, the best first. */
  readonly tiers: readonly (readonly Required<TargetSettings>[])[];
  readonly minLive: number;
  readonly connections: number;
  readonly streams: number;
  readonly queue: QueueRule;
  readonly timeouts: PhaseTimeouts;
  readonly keepAliveMs: number;
  readonly ca: string | undefined;
  readonly health: HealthRule;
  readonly headTimeoutIdentities: number;
  readonly checks: CheckRule | undefined;
  readonly retries: RetryRule;
  readonly adaptive: AdaptiveRule | undefined;
}

/** @throws {TypeError} that says which of them cannot be */
export function fillUpstreamSettings(settings: UpstreamSettings): FullUpstreamSettings {
  const { health: { headTimeoutIdentities = 3, ...health } = {}, checks } = settings;
  const full: FullUpstreamSettings = {
    name: settings.name,
    tiers: tiersOf(settings.targets),
    minLive: settings.minLive ?? 0.5,
    connections: settings.connections ?? 128,
    streams: settings.streams ?? 10_000,
    queue: { length: 128, timeoutMs: 1_000, ...settings.queue },
    timeouts: { connectMs: 2_000, headMs: 30_000, ...settings.timeouts },
    keepAliveMs: settings.keepAliveMs ?? 1_500,
    ca: settings.ca,
    health: { ...DEFAULT_HEALTH, ...health },
    headTimeoutIdentities,
    checks: checks === undefined ? undefined : { ...DEFAULT_CHECKS, ...checks },
    retries: { attempts: 2, statuses: [502, 503, 504], share: 0.2, spare: 3, ...settings.retries },
    adaptive: settings.adaptive === undefined ? undefined : { kind: 'adaptive', ...settings.adaptive },
  };
  const fault = findFault(full);
  if (fault !== undefined) throw new TypeError(`upstream ${full.name}: ${fault}`);
  return full;
}

const DEFAULT_HEALTH: HealthRule = {
  windowMs: 10_000,
  minimum: 10,
  ratio: 0.5,
  connectFailures: 3,
  openMs: 2_000,
  maxOpenMs: 60_000,
  forgiveMs: 30_000,
  probes: 3,
  probeMs: 10_000,
  slowStartMs: 10_000,
};

const DEFAULT_CHECKS: Omit<CheckRule, 'path'> = { intervalMs: 5_000, timeoutMs: 2_000, well: 2, ill: 3, statuses: { from: 200, to: 399 } };

const MAX_TARGETS = 1_000;
const MAX_MS = 24 * 3_600_000;

function tiersOf(targets: readonly TargetSettings[]): readonly (readonly Required<TargetSettings>[])[] {
  const tiers = new Map<number, Required<TargetSettings>[]>();
  for (const { url, name, weight = 1, tier = 0 } of targets) {
    const target = { url, name: name ?? (URL.parse(url)?.host || url), weight, tier };
    const same = tiers.get(tier);
    if (same === undefined) tiers.set(tier, [target]);
    else same.push(target);
  }
  return [...tiers].toSorted(([a], [b]) => a - b).map(([, tier]) => tier);
}

function findFault(full: FullUpstreamSettings): string | undefined {
  const targets = full.tiers.flat();
  if (targets.length === 0 || targets.length > MAX_TARGETS) return `it has 1 to ${MAX_TARGETS} targets`;
  if (new Set(targets.map(({ name }) => name)).size < targets.length) return 'two targets have one name';
  for (const { url, name, weight, tier } of targets) {
    const parsed = URL.parse(url);
    const isOrigin = parsed !== null && /^https?:$/.test(parsed.protocol) && `${parsed.origin}/` === parsed.href;
    if (!isOrigin) return `the url of ${name} is not a scheme, a host and a port alone`;
    if (!(weight > 0 && weight <= 1_000_000)) return `the weight of ${name} is not above 0 and 1,000,000 at most`;
    if (!isWhole(tier, 0, 100)) return `the tier of ${name} is not a whole number from 0 to 100`;
  }
  const { queue, timeouts, health, checks, retries } = full;
  if (!isShare(full.minLive)) return 'min_live is not from 0 to 1';
  if (!isWhole(full.connections, 1, 100_000)) return 'connections is not a whole number from 1 to 100,000';
  if (!isWhole(full.streams, 0, 1_000_000)) return 'streams is not a whole number from 0 to 1,000,000';
  if (!isWhole(queue.length, 0, 100_000)) return 'the length of the queue is not a whole number from 0 to 100,000';
  const times: readonly (readonly [string, number, number])[] = [
    ['the time in the queue', queue.timeoutMs, 1],
    ['the connect timeout', timeouts.connectMs, 1],
    ['the head timeout', timeouts.headMs, 0],
    ['the keep-alive time', full.keepAliveMs, 1],
    ['the window of health', health.windowMs, 10],
    ['the time open', health.openMs, 1],
    ['the longest time open', health.maxOpenMs, health.openMs],
    ['the time to forgive', health.forgiveMs, 1],
    ['the time of a probe', health.probeMs, 1],
    ['the slow start', health.slowStartMs, 0],
    ['the interval of checks', checks?.intervalMs ?? 1, 1],
    ['the timeout of checks', checks?.timeoutMs ?? 1, 1],
  ];
  for (const [what, ms, least] of times) if (!isWhole(ms, least, MAX_MS)) return `${what} is not whole milliseconds from ${least} to a day`;
  if (!isWhole(health.minimum, 1, 1_000_000)) return 'the minimum of health is not a whole number from 1';
  if (!isShare(health.ratio) || health.ratio === 0) return 'the ratio of health is not above 0 and 1 at most';
  for (const [what, count] of [
    ['connect failures', health.connectFailures],
    ['probes', health.probes],
    ['identities with head timeouts', full.headTimeoutIdentities],
    ['checks for well', checks?.well ?? 1],
    ['checks for ill', checks?.ill ?? 1],
  ] as const) {
    if (!isWhole(count, 1, 50)) return `the number of ${what} is not from 1 to 50`;
  }
  if (checks !== undefined && !/^\/[\x21-\x22\x24-\x7e]{0,1000}$/.test(checks.path)) return 'the path of checks is not a path';
  if (!isWhole(retries.attempts, 0, 5)) return 'retries are not a whole number from 0 to 5';
  if (!retries.statuses.every((status) => isWhole(status, 500, 599))) return 'a status to retry is not from 500 to 599';
  if (!isShare(retries.share) || !isWhole(retries.spare, 0, 1_000))
    return 'the budget of retries is not a share from 0 to 1 and a whole number';
  const flaw = full.adaptive === undefined ? undefined : checkAdaptive(full.adaptive);
  return flaw === undefined ? undefined : `adaptive: ${flaw}`;
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

function isShare(value: number): boolean {
  return value >= 0 && value <= 1;
}
