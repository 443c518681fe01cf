import type { TenantId } from '@hufu/protocol/ids';
import type { Store } from '@hufu/store/port';
import { type DecisionRecord, EDGE_DECISIONS } from '@hufu/store/port/decisions';
import { later } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Random } from '../random.ts';
import { decisionId } from './decision-id.ts';
import { decisionQueue } from './decision-queue.ts';
import type { DecisionBody } from './journal.ts';
import { redact } from './redact.ts';

/** How many decisions of the edge a tenant keeps; the oldest fall. Those of the server are beside them. */
export const KEPT_EDGE_DECISIONS = 5_000;
/** Half of what is kept, as other processes record theirs too. */
const MAX_REPEATED = KEPT_EDGE_DECISIONS / 2;
/** So often what was refused again and again is written down. */
const RECOUNT_MS = 1_000;
const BATCH = 200;
const MAX_DETAIL = 500;

/** In order. */
const EDGE_ORDER = [
  'edge_request',
  'edge_endpoint',
  'edge_route',
  'edge_limits',
  'edge_identity',
  'edge_known_limits',
  'edge_passport',
  'edge_upstream',
] as const;

/** A refusal of the edge, as the gateway tells of it. */
export interface EdgeRefusal {
  /** The check that failed; those before it passed. */
  readonly check: (typeof EDGE_ORDER)[number];
  readonly status: number;
  readonly code: string;
  /** What the client is told. */
  readonly detail: string;
  /** What only the log may see. */
  readonly cause: string | undefined;
  readonly route: string | undefined;
  readonly clientId: string | undefined;
}

/** The record of a refusal of the edge: refusals of one route for the same cause are one, with a count. */
export interface EdgeDecisionBody extends DecisionBody {
  readonly route?: string;
  /** How often, if more than once. */
  readonly times?: number;
  /** Seconds since 1970: the last of them. */
  readonly last_at?: number;
}

/** Why the edge refused requests, beside what the server keeps. */
export interface EdgeJournal {
  /** Keeps why; the id goes out in `Hufu-Decision`. Never waits, never throws. */
  refuse(refusal: EdgeRefusal): string;
  /** Resolves when what was refused so far is stored with its counts (or dropped). */
  settled(): Promise<void>;
}

export interface EdgeJournalParts {
  /** None: there are log lines alone. */
  readonly kept: { readonly store: Pick<Store, 'recordDecisions' | 'rewriteDecisions'>; readonly tenant: TenantId } | undefined;
  readonly random: Random;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Told of each refusal, also of those that are told again. */
  readonly refused?: (code: string) => void;
}

/** A decision that is told again. */
interface Told {
  readonly id: string;
  readonly body: EdgeDecisionBody;
  times: number;
  lastAt: number;
}

export function edgeJournal({ kept, random, log, nowMs, refused }: EdgeJournalParts): EdgeJournal {
  const queue = kept === undefined ? undefined : decisionQueue(kept.store, kept.tenant, KEPT_EDGE_DECISIONS, log);
  const told = new Map<string, Told>();
  const grown = new Set<Told>();
  let isDue = false;
  let writing: Promise<void> | undefined;

  function again(one: Told, now: number): void {
    one.times += 1;
    one.lastAt = now;
    grown.add(one);
    if (isDue) return;
    isDue = true;
    later(RECOUNT_MS, () => void recount());
  }

  function recount(): Promise<void> {
    isDue = false;
    const all = [...grown];
    grown.clear();
    for (const { id, times } of all) log.info('edge.refused_again', { decision: id, times });
    const before = writing;
    const own = (async () => {
      await before;
      await queue?.settled();
      for (let at = 0; at < all.length; at += BATCH) await rewrite(all.slice(at, at + BATCH));
    })();
    writing = own;
    return own;
  }

  async function rewrite(batch: readonly Told[]): Promise<void> {
    if (kept === undefined) return;
    try {
      await kept.store.rewriteDecisions(
        kept.tenant,
        batch.map(({ id, body, times, lastAt }) => ({ id, record: JSON.stringify({ ...body, times, last_at: lastAt }) })),
      );
    } catch (error) {
      // The next count has these in it, if there is one.
      log.error('decisions.dropped', error, { dropped: batch.length });
    }
  }

  function remember(key: string, one: Told): void {
    told.set(key, one);
    // The oldest are first, and each record adds one: what is over the bound can no longer be counted on to be kept.
    const [oldest] = told.keys();
    if (told.size > MAX_REPEATED && oldest !== undefined) told.delete(oldest);
  }

  return {
    refuse(refusal) {
      const { check, status, code, route = '', clientId = '' } = refusal;
      refused?.(code);
      const now = Math.floor(nowMs() / 1000);
      const cause = redact(refusal.cause ?? '').slice(0, MAX_DETAIL);
      // Whoever hammers on is one decision, so that they do not push all others out of the records.
      const key = JSON.stringify([check, status, code, route, cause, clientId]);
      const before = told.get(key);
      if (before !== undefined) {
        again(before, now);
        return before.id;
      }
      const id = decisionId(nowMs(), random);
      const body = bodyOf(refusal, cause);
      log.info('edge.refused', { decision: id, check, status, code, cause, route, client_id: clientId });
      if (queue?.add(recordOf(id, now, refusal, body)) !== false) remember(key, { id, body, times: 1, lastAt: now });
      return id;
    },
    async settled() {
      await recount();
      await queue?.settled();
    },
  };
}

function recordOf(id: string, at: number, { status, code, clientId }: EdgeRefusal, body: EdgeDecisionBody): DecisionRecord {
  return { id, at, endpoint: EDGE_DECISIONS, status, error: code, clientId: clientId ?? '', record: JSON.stringify(body) };
}

function bodyOf({ check, code, detail, route }: EdgeRefusal, cause: string): EdgeDecisionBody {
  // Requests to the edge's own endpoints have no route, and those of routes are to none of them.
  const before = EDGE_ORDER.slice(0, EDGE_ORDER.indexOf(check)).filter((one) => one !== 'edge_endpoint');
  const passed = before.map((one) => ({ check: one, outcome: 'passed' as const }));
  return {
    description: detail,
    ...(route === undefined ? {} : { route }),
    checks: [...passed, { check, outcome: 'failed', detail: cause === '' || cause === code ? detail : cause }],
  };
}
