import { limitHeaders, retryAfterSeconds } from '@hufu/flow/headers';
import type { Limiter, Outcome } from '@hufu/flow/limiter';
import type { Subject } from '@hufu/flow/rule';
import type { LimitRule } from '../config/config.ts';
import type { HttpRequest } from '../http.ts';
import { routeOfPath } from './limited-routes.ts';

/** What limits say to a request. Headers are for its answer, whatever that is. */
export interface Admission {
  readonly allowed: boolean;
  /** The limit that refused. */
  readonly rule: string | undefined;
  /** Undefined where it is not told, or never will be allowed. */
  readonly retryAfterSeconds: number | undefined;
  /** Nobody could count it, and the limit is closed then. */
  readonly isAway: boolean;
  /** How long it has to wait before it goes on. */
  readonly delayMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The limits on one kind of request at one stage: all of them are asked together, and all take or none. */
export interface RequestStage {
  admit(http: Stager, proven?: { readonly client?: string; readonly token?: string }): Admission | Promise<Admission>;
}

type Stager = Pick<HttpRequest, 'address' | 'headers'>;

/** The configuration's limits, by what they are about. Whatever nothing is about costs one look into a map. */
export interface RequestLimits {
  /** Before the body is read: what asks for addresses and headers alone. */
  findFirst(route: string, method: string): RequestStage | undefined;
  /** Once it is known who asks. */
  findProven(path: string, method: string): RequestStage | undefined;
}

export const NO_REQUEST_LIMITS: RequestLimits = { findFirst: () => undefined, findProven: () => undefined };

/** @param rules they are rules of the limiter. */
export function requestLimits(limiter: Limiter, rules: readonly LimitRule[], hasRemote: boolean): RequestLimits {
  const first = new Map<string, RequestStage>();
  const proven = new Map<string, RequestStage>();
  for (const stage of stagesOf(rules)) {
    const { route, method, isFirst } = stage;
    (isFirst ? first : proven).set(keyOf(route, method), stageOf(limiter, route, stage.rules, hasRemote));
  }
  return {
    findFirst: (route, method) => (first.size === 0 ? undefined : first.get(keyOf(route, method))),
    findProven: (path, method) => (proven.size === 0 ? undefined : proven.get(keyOf(routeOfPath(path), method))),
  };
}

interface StageRules {
  readonly route: string;
  readonly method: string;
  readonly isFirst: boolean;
  readonly rules: LimitRule[];
}

function stagesOf(rules: readonly LimitRule[]): readonly StageRules[] {
  const stages = new Map<string, StageRules>();
  for (const rule of rules) {
    const isFirst = rule.needs.length === 0;
    for (const route of rule.routes) {
      for (const method of rule.methods) {
        const key = `${isFirst} ${keyOf(route, method)}`;
        const stage = stages.get(key) ?? { route, method, isFirst, rules: [] };
        stages.set(key, stage);
        stage.rules.push(rule);
      }
    }
  }
  return [...stages.values()];
}

/** HEAD is GET without a body. */
function keyOf(route: string, method: string): string {
  return `${method === 'HEAD' ? 'GET' : method} ${route}`;
}

function stageOf(limiter: Limiter, route: string, limits: readonly LimitRule[], hasRemote: boolean): RequestStage {
  const rules = limits.map(({ rule }) => rule.name);
  const isLocal = !hasRemote || limits.every(({ rule }) => rule.scope === 'process');
  return {
    admit({ address, headers }, known = {}) {
      const subject: Subject = {
        address,
        route,
        header: (name) => (Object.hasOwn(headers, name) ? textOf(headers[name]) : undefined),
        ...known,
      };
      if (isLocal) return admissionOf(limiter.takeNow(subject, { rules }));
      return limiter.take(subject, { rules }).then(admissionOf);
    },
  };
}

function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}

function admissionOf(outcome: Outcome): Admission {
  return {
    allowed: outcome.allowed,
    rule: outcome.rule,
    retryAfterSeconds: retryAfterSeconds(outcome),
    isAway: !outcome.allowed && outcome.rules.some(({ rule, kind }) => kind === 'store_error' && rule.name === outcome.rule),
    delayMs: outcome.delayMs,
    headers: limitHeaders(outcome),
  };
}
