import type { IncomingHttpHeaders } from 'node:http';
import { checkRules } from '@hufu/flow/check-rules';
import type { Clocks } from '@hufu/flow/clock';
import { createLimiter } from '@hufu/flow/create-limiter';
import { limitHeaders } from '@hufu/flow/headers';
import type { Limiter, Outcome, RuleSnapshot } from '@hufu/flow/limiter';
import type { RemoteStore } from '@hufu/flow/remote-store';
import type { KeyPart, Rule, Subject } from '@hufu/flow/rule';
import type { Identity } from '../identify/identify.ts';
import type { EdgeLimits, LimitedRequest, LimitRefusal, LimitsPassed } from '../pipeline.ts';
import { refuse } from '../proxy/refusal.ts';
import type { RouteSettings } from '../routes/route.ts';

/** A limit on requests of routes. */
export interface EdgeLimit {
  /** Its routes are names of routes; all where nothing is said, or all at which what it counts by is known. */
  readonly rule: Rule;
  /** In capitals, GET for HEAD too; all where nothing is said. */
  readonly methods?: readonly string[];
  /** Units more that a request takes whose sender could not be identified. For rules that are asked before that. */
  readonly failedCost?: number;
}

export interface EdgeLimitsParts {
  readonly routes: readonly Pick<RouteSettings, 'name' | 'token'>[];
  /** The issuer whose clients go by their ids alone; those of others are `<issuer>#<client_id>`. */
  readonly issuer: string;
  /** Where all gateways count together; none: each by itself. */
  readonly remote?: RemoteStore;
  readonly clocks?: Clocks;
}

/** Limits that may be others while the gateway runs. Those that did not change go on counting. */
export interface ChangingEdgeLimits extends EdgeLimits {
  /** Throws `TypeError`, and then changes nothing, where they cannot be. */
  replace(limits: readonly EdgeLimit[]): void;
  /** What each has said in this process since it started. */
  snapshot(): readonly RuleSnapshot[];
}

/** What is asked for one route and method. */
interface Stage {
  readonly first: readonly string[];
  readonly known: readonly string[];
  /** Rules that a failure costs more, each by itself: their costs differ. */
  readonly failed: readonly { readonly names: readonly [string]; readonly cost: number }[];
  readonly isLocal: { readonly first: boolean; readonly known: boolean; readonly failed: boolean };
}

/** For a method that no rule names. */
const OTHERS = '';
const OTHER_METHODS: readonly string[] = [OTHERS];
/** What is known only once somebody is identified. */
const KNOWN_PARTS: ReadonlySet<string> = new Set(['user', 'client', 'token']);

const TOO_MANY = refuse(429, 'too_many_requests', 'there are too many requests; try again later');
const CANNOT_COUNT = refuse(503, 'limits_unavailable', 'requests cannot be counted at the moment; try again later', ['retry-after', '1']);

/**
 * Limits of `@hufu/flow` on the requests of routes: what counts by address, route and headers is asked before anybody is identified, the rest after it.
 *
 * @throws TypeError for rules that cannot be, or cannot stand beside each other
 */
export function edgeLimits(limits: readonly EdgeLimit[], parts: EdgeLimitsParts): ChangingEdgeLimits {
  const { remote, clocks } = parts;
  checkLimits(limits, parts);
  const limiter = createLimiter({
    rules: limits.map(({ rule }) => rule),
    ...(remote === undefined ? {} : { store: remote }),
    ...(clocks === undefined ? {} : { clocks }),
  });
  const stagesBy = (all: readonly EdgeLimit[]): ReadonlyMap<string, ReadonlyMap<string, Stage>> =>
    new Map(parts.routes.map((route) => [route.name, stagesOf(route, all, remote !== undefined)]));
  let stages = stagesBy(limits);
  let isEmpty = limits.length === 0;
  const stageOf = ({ route, method }: LimitedRequest): Stage | undefined => {
    const byMethod = stages.get(route.name);
    return byMethod?.get(method === 'HEAD' ? 'GET' : method) ?? byMethod?.get(OTHERS);
  };
  const subjectOf = (request: LimitedRequest): Subject => ({ ...plainSubject(request), ...knownSubject(request.identity, parts.issuer) });

  return {
    get isEmpty() {
      return isEmpty;
    },
    replace(next) {
      checkLimits(next, parts);
      limiter.replace(next.map(({ rule }) => rule));
      stages = stagesBy(next);
      isEmpty = next.length === 0;
    },
    snapshot: () => limiter.snapshot(),
    first(request) {
      const stage = stageOf(request);
      if (stage === undefined || stage.first.length === 0) return undefined;
      return ask(limiter, subjectOf(request), stage.first, stage.isLocal.first);
    },
    second(request) {
      const stage = stageOf(request);
      if (stage === undefined || stage.known.length === 0) return undefined;
      return ask(limiter, subjectOf(request), stage.known, stage.isLocal.known);
    },
    failed(request) {
      const stage = stageOf(request);
      if (stage === undefined || stage.failed.length === 0) return;
      const subject = subjectOf(request);
      for (const { names, cost } of stage.failed) void charge(limiter, subject, names, cost, stage.isLocal.failed);
    },
  };
}

/** @throws TypeError for rules that cannot be, or cannot stand beside each other */
export function checkLimits(limits: readonly EdgeLimit[], { routes, remote }: Pick<EdgeLimitsParts, 'routes' | 'remote'>): void {
  const byName = new Map(routes.map((route) => [route.name, route]));
  for (const { rule, failedCost = 0 } of limits) {
    const needsIdentity = isOfKnown(rule);
    for (const name of rule.routes ?? []) {
      const route = byName.get(name);
      if (route === undefined) throw new TypeError(`limit ${rule.name}: there is no route ${name}`);
      if (needsIdentity && route.token === 'none')
        throw new TypeError(`limit ${rule.name}: route ${name} takes nobody’s token, and never knows what the limit counts by`);
    }
    if (needsIdentity && failedCost > 0) throw new TypeError(`limit ${rule.name}: who failed is nobody that it could cost more`);
  }
  checkRules(
    limits.map(({ rule }) => rule),
    ({ scope }) => remote !== undefined && scope !== 'process',
  );
}

/** Whether a rule can only be asked once it is known who asks. */
function isOfKnown({ key, exempt, overrides }: Rule): boolean {
  return key.some(isKnownPart) || overrides !== undefined || (exempt?.clients ?? []).length + (exempt?.users ?? []).length > 0;
}

function isKnownPart(part: KeyPart): boolean {
  return typeof part === 'string' ? KNOWN_PARTS.has(part) : 'claim' in part;
}

function stagesOf(route: EdgeLimitsParts['routes'][number], limits: readonly EdgeLimit[], hasRemote: boolean): ReadonlyMap<string, Stage> {
  const own = limits.filter(({ rule }) => rule.routes?.includes(route.name) !== false);
  const methods = new Set([OTHERS, ...own.flatMap((limit) => limit.methods ?? [])]);
  return new Map([...methods].map((method) => [method, stageFor(own, method, hasRemote)]));
}

function stageFor(own: readonly EdgeLimit[], method: string, hasRemote: boolean): Stage {
  const meant = own.filter(({ methods = OTHER_METHODS }) => methods === OTHER_METHODS || methods.includes(method));
  const first = meant.filter(({ rule }) => !isOfKnown(rule));
  const known = meant.filter(({ rule }) => isOfKnown(rule));
  const failed = first.filter(({ failedCost = 0 }) => failedCost > 0);
  const isLocal = (some: readonly EdgeLimit[]): boolean => !hasRemote || some.every(({ rule }) => rule.scope === 'process');
  return {
    first: first.map(({ rule }) => rule.name),
    known: known.map(({ rule }) => rule.name),
    failed: failed.map(({ rule, failedCost = 0 }) => ({ names: [rule.name], cost: failedCost })),
    isLocal: { first: isLocal(first), known: isLocal(known), failed: isLocal(failed) },
  };
}

function ask(
  limiter: Limiter,
  subject: Subject,
  rules: readonly string[],
  isLocal: boolean,
): LimitsPassed | LimitRefusal | Promise<LimitsPassed | LimitRefusal> {
  return isLocal ? verdictOf(limiter.takeNow(subject, { rules })) : limiter.take(subject, { rules }).then(verdictOf);
}

/** Whatever is left of it: what somebody owes already is not asked back. */
async function charge(limiter: Limiter, subject: Subject, rules: readonly string[], cost: number, isLocal: boolean): Promise<void> {
  const options = { rules, cost: 0 };
  limiter.charge(isLocal ? limiter.takeNow(subject, options) : await limiter.take(subject, options), cost);
}

function verdictOf(outcome: Outcome): LimitsPassed | LimitRefusal {
  const headers = Object.entries(limitHeaders(outcome)).flat();
  if (outcome.allowed) return { kind: 'passed', headers, delayMs: outcome.delayMs };
  const isAway = outcome.rules.some(({ rule, kind }) => kind === 'store_error' && rule.name === outcome.rule);
  const cause = `limit ${outcome.rule}${isAway ? ': nobody can count' : ''}`;
  return isAway ? { ...CANNOT_COUNT, cause } : { ...TOO_MANY, headers, cause };
}

function plainSubject({ address, route, request }: LimitedRequest): Subject {
  return { address, route: route.name, header: (name) => headerOf(request.headers, name) };
}

function knownSubject(identity: Identity | undefined, own: string): Subject {
  if (identity === undefined) return {};
  const { issuer, subject, clientId, tokenId, claims } = identity.token;
  return {
    // A client that acts for itself is no user.
    user: identity.of === 'client' ? undefined : `${issuer} ${subject}`,
    // No issuer has a # in it.
    client: clientId === '' || issuer === own ? clientId : `${issuer}#${clientId}`,
    token: `${issuer} ${tokenId}`,
    claim: (name) => claimOf(claims, name),
  };
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === 'object' ? value.join(', ') : value;
}

/** Of a claim with several values there is no one that it would count by. */
function claimOf(claims: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
