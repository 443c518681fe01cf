import { createLimiter } from '@hufu/flow/create-limiter';
import type { KeyPart } from '@hufu/flow/rule';
import { findClient } from '../clients.ts';
import type { LimitRule } from '../config/config.ts';
import type { Context } from '../context.ts';
import type { TokenFacts } from '../history/facts.ts';

/** What a rule of `limits.rules` would have done at the token endpoint. */
export type LimitReplay =
  | {
      readonly kind: 'judged';
      readonly rule: string;
      /** It counts, and refuses nobody. */
      readonly shadow: boolean;
      readonly requests: number;
      /** That were refused then by any limit that knows the client. */
      readonly refusedThen: number;
      /** Refused where requests of a minute came evenly, and where they came at once. */
      readonly refusedAtLeast: number;
      readonly refusedAtMost: number;
      /** Clients of which some would be refused, the most first. */
      readonly clients: readonly string[];
      /** Requests that there was no room to judge; the numbers above are without them. */
      readonly uncounted: number;
    }
  /** It counts by what nobody keeps. */
  | { readonly kind: 'not_judged'; readonly rule: string; readonly why: string };

/** Counts what came to the token endpoint, and asks the limiter itself. */
export interface LimitsReplay {
  add(facts: TokenFacts, minute: number, times: number): Promise<void>;
  result(): readonly LimitReplay[];
}

const ROUTE = '/oauth/token';
/** Minutes with requests of one client, over all clients. */
const MAX_COUNTED = 200_000;
/** Requests of one client in one minute. */
const MAX_A_MINUTE = 100_000;
const MAX_NAMED = 10;
const MINUTE_MS = 60_000;

export function limitsReplay(ctx: Context): LimitsReplay {
  const rules = ctx.config.limits === 'off' ? [] : ctx.config.limits.rules.filter(isAboutTokens);
  const counted = new Map<string, Counted>();
  let size = 0;
  let refusedThen = 0;
  let uncounted = 0;

  function count(key: string, isProven: boolean, minute: number, times: number): void {
    const one = counted.get(key) ?? { isProven, minutes: new Map<number, number>() };
    counted.set(key, one);
    const there = one.minutes.get(minute);
    if (there === undefined && size >= MAX_COUNTED) {
      uncounted += times;
      return;
    }
    if (there === undefined) size += 1;
    const room = MAX_A_MINUTE - (there ?? 0);
    uncounted += Math.max(0, times - room);
    one.minutes.set(minute, (there ?? 0) + Math.min(times, room));
  }

  return {
    async add({ client, auth, refused }, minute, times) {
      if (rules.length === 0) return;
      if (refused?.check === 'limits') refusedThen += times;
      // A public client is counted by its source as well, which nobody keeps.
      const isKnown = auth !== '' && auth !== 'none' && (await findClient(ctx, client).catch(() => undefined)) !== undefined;
      count(isKnown ? client : '', isKnown, minute, times);
    },
    result: () =>
      rules.map((rule): LimitReplay => {
        const why = findUnknown(rule);
        return why === undefined ? judge(rule, counted, { refusedThen, uncounted }) : { kind: 'not_judged', rule: rule.rule.name, why };
      }),
  };
}

interface Counted {
  /** A confidential client that proved itself. */
  readonly isProven: boolean;
  readonly minutes: Map<number, number>;
}

function isAboutTokens({ routes, methods }: LimitRule): boolean {
  return routes.includes(ROUTE) && methods.includes('POST');
}

function findUnknown({ rule }: LimitRule): string | undefined {
  const unknown = rule.key.find((part: KeyPart) => part !== 'client' && part !== 'route');
  if (unknown !== undefined) return `it counts by ${typeof unknown === 'object' ? 'a header' : unknown}`;
  return (rule.exempt?.addresses ?? []).length > 0 ? 'it exempts addresses' : undefined;
}

function judge(
  { rule, needs }: LimitRule,
  counted: ReadonlyMap<string, Counted>,
  sums: { refusedThen: number; uncounted: number },
): LimitReplay {
  const judged = [...counted].filter(([, { isProven }]) => isProven || needs.length === 0);
  const asked = judged.flatMap(([client, { minutes }]) =>
    [...minutes].map(([minute, times]): Asked => ({ client: client === '' ? undefined : client, minute, times })),
  );
  const evenly = refusedOf(rule, asked, 'evenly');
  const atOnce = refusedOf(rule, asked, 'at_once');
  const clients = [...atOnce].toSorted(([, a], [, b]) => b - a).map(([client]) => client);
  return {
    kind: 'judged',
    rule: rule.name,
    shadow: rule.shadow === true,
    requests: asked.reduce((sum, { times }) => sum + times, 0),
    refusedThen: sums.refusedThen,
    refusedAtLeast: Math.min(sumOf(evenly), sumOf(atOnce)),
    refusedAtMost: Math.max(sumOf(evenly), sumOf(atOnce)),
    clients: clients.filter((client) => client !== '').slice(0, MAX_NAMED),
    uncounted: sums.uncounted,
  };
}

interface Asked {
  readonly client: string | undefined;
  readonly minute: number;
  readonly times: number;
}

/** How many are refused of each client, by the limiter itself on a clock of the past. */
function refusedOf(rule: LimitRule['rule'], asked: readonly Asked[], spread: 'evenly' | 'at_once'): ReadonlyMap<string, number> {
  let nowMs = 0;
  // By itself, and as if it refused: what it would do is the question.
  const { lease: _lease, sync: _sync, ...alone } = rule;
  const limiter = createLimiter({
    rules: [{ ...alone, scope: 'process', shadow: false }],
    clocks: { monotonicMs: () => nowMs, wallMs: () => nowMs },
    maxKeys: 10_000,
  });
  const refused = new Map<string, number>();
  const take = ({ client }: Asked, atMs: number): void => {
    nowMs = atMs;
    if (limiter.takeNow({ route: ROUTE, client }).allowed) return;
    refused.set(client ?? '', (refused.get(client ?? '') ?? 0) + 1);
  };
  // Minute by minute: a day of a busy server has more moments than there is memory for.
  for (const minute of minutesOf(asked)) for (const { one, atMs } of momentsOf(minute, spread)) take(one, atMs);
  return refused;
}

function minutesOf(asked: readonly Asked[]): readonly (readonly Asked[])[] {
  const minutes = Map.groupBy(asked, ({ minute }) => minute);
  return [...minutes].toSorted(([one], [other]) => one - other).map(([, all]) => all);
}

/** When each of the requests of one minute came, in their order. */
function momentsOf(minute: readonly Asked[], spread: 'evenly' | 'at_once'): readonly { readonly one: Asked; readonly atMs: number }[] {
  const moments = minute.flatMap((one) =>
    Array.from({ length: one.times }, (_, place) => ({
      one,
      atMs: one.minute * 1000 + (spread === 'at_once' ? 0 : Math.floor((place * MINUTE_MS) / one.times)),
    })),
  );
  return moments.toSorted((a, b) => a.atMs - b.atMs);
}

function sumOf(refused: ReadonlyMap<string, number>): number {
  return [...refused.values()].reduce((sum, count) => sum + count, 0);
}
