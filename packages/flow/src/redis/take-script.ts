import type { Decision } from '../algorithm.ts';
import { type ScriptAct, scriptFor } from './lua/scripts.ts';
import type { Plan, Prepared } from './plan.ts';
import type { Ran, RedisLine, RunLimits } from './redis-line.ts';

/** One key of a call that takes or looks. */
export interface TakeItem {
  readonly plan: Plan;
  readonly isShadow: boolean;
  /** Place in the same call of the rule that spares this one; undefined: none. */
  readonly fresh: number | undefined;
  readonly cost: number;
  /** What may be taken beyond that, in all. */
  readonly most: number;
}

/** What came of one key. */
export interface TakeResult {
  readonly kind: 'refused' | 'allowed' | 'spared';
  readonly decision: Decision;
  readonly taken: number;
}

export type TakeRan = Exclude<Ran, { readonly kind: 'answer' }> | TakeAnswer;

export interface TakeAnswer {
  readonly kind: 'answer';
  /** The server's time. */
  readonly nowMs: number;
  readonly results: readonly TakeResult[];
}

const KINDS = ['refused', 'allowed', 'spared'] as const;
const FIELDS = 6;
const UNKNOWN: TakeRan = { kind: 'wrong', cause: new Error('Redis answered in an unknown form') };

/** Takes from all or none of the keys in one call, or looks. */
export async function runTake(line: RedisLine, act: 'take' | 'look', items: readonly TakeItem[], limits?: TakeLimits): Promise<TakeRan> {
  const late = limits?.late;
  const runLimits: RunLimits | undefined = limits && {
    ...(limits.timeoutMs === undefined ? {} : { timeoutMs: limits.timeoutMs }),
    ...(late === undefined
      ? {}
      : {
          late: (value) => {
            const answer = readTake(value, items.length);
            if (answer !== undefined) late(answer);
          },
        }),
  };
  const ran = await line.run(scriptOf('take', items), namesOf(items), argsOf(line, act, items), runLimits);
  if (ran.kind !== 'answer') return ran;
  return readTake(ran.value, items.length) ?? UNKNOWN;
}

function argsOf(line: RedisLine, act: 'take' | 'look', items: readonly TakeItem[]): readonly (string | number)[] {
  const args: (string | number)[] = [act === 'take' ? 1 : 0];
  for (const { plan, isShadow, fresh, cost, most } of items) {
    const parameters = plan.prepared.parameters(line.nowMs());
    args.push(plan.prepared.kind, isShadow ? 1 : 0, fresh === undefined ? 0 : fresh + 1, cost, most, parameters.length, ...parameters);
  }
  return args;
}

/** Requests of one rule each, of the same parameters: in one call, and none knows of another. */
export async function runApart(line: RedisLine, prepared: Prepared, names: readonly string[], costs: readonly number[]): Promise<TakeRan> {
  const ran = await line.run(prepared.apart, names, [...costs, ...prepared.sent(line.nowMs())]);
  if (ran.kind !== 'answer') return ran;
  return readTake(ran.value, names.length) ?? UNKNOWN;
}

export interface TakeLimits {
  readonly timeoutMs?: number;
  readonly late?: (answer: TakeAnswer) => void;
}

function readTake(value: unknown, count: number): TakeAnswer | undefined {
  if (!Array.isArray(value) || value.length !== 1 + count * FIELDS) return undefined;
  const nowMs = Number(value[0]);
  const results: TakeResult[] = [];
  for (let at = 1; at < value.length; at += FIELDS) {
    const retry = Number(value[at + 2]);
    const retryAfterMs = retry < 0 ? Number.POSITIVE_INFINITY : retry;
    results.push({
      kind: KINDS[Number(value[at])] ?? 'refused',
      decision: {
        allowed: retryAfterMs === 0,
        remaining: Number(value[at + 1]),
        retryAfterMs,
        resetAfterMs: Number(value[at + 3]),
        delayMs: Number(value[at + 4]),
      },
      taken: Number(value[at + 5]),
    });
  }
  return { kind: 'answer', nowMs, results };
}

/** One key of a call that gives back or charges. */
export interface ChangeItem {
  readonly plan: Plan;
  readonly cost: number;
  /** By the server's clock: when it was taken, or spent; −1: now. */
  readonly atMs: number;
}

/** Gives back or charges, in one call. */
export function runChange(line: RedisLine, act: 'refund' | 'charge', items: readonly ChangeItem[], limits?: RunLimits): Promise<Ran> {
  const args = items.flatMap(({ plan: { prepared }, cost, atMs }) => {
    const parameters = prepared.parameters(line.nowMs());
    return [prepared.kind, cost, atMs, parameters.length, ...parameters];
  });
  return line.run(scriptOf(act, items), namesOf(items), args, limits);
}

function namesOf(items: readonly { readonly plan: Plan }[]): readonly string[] {
  return items.map(({ plan }) => plan.name);
}

const scripts = new Map<string, string>();

/** Of a few kinds there are few sets. */
function scriptOf(act: ScriptAct, items: readonly { readonly plan: Plan }[]): string {
  const [first] = items;
  const kinds =
    items.length === 1 && first !== undefined
      ? [first.plan.prepared.kind]
      : [...new Set(items.map(({ plan }) => plan.prepared.kind))].toSorted();
  const name = `${act} ${kinds.join(' ')}`;
  let script = scripts.get(name);
  if (script === undefined) scripts.set(name, (script = scriptFor(act, kinds)));
  return script;
}
