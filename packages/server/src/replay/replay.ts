import { userId } from '@hufu/protocol/ids';
import { foldUsername } from '@hufu/store/username';
import type { ClientConfig } from '../config/config.ts';
import type { Context } from '../context.ts';
import { type AuthorizeFacts, type Refused, readFacts, type TokenFacts } from '../history/facts.ts';
import { type ChangedContext, changedContext } from './changed-context.ts';
import { type Difference, type Differences, differences } from './differences.ts';
import { judgeAuthorize } from './judge-authorize.ts';
import { judgeToken } from './judge-token.ts';
import type { Cause, Judgement } from './judgement.ts';
import { type LimitReplay, type LimitsReplay, limitsReplay } from './replay-limits.ts';

export interface Replay {
  /** Seconds since 1970. */
  readonly from: number;
  readonly until: number;
  /** When the first minute of what there is began; undefined where there is nothing. */
  readonly first: number | undefined;
  readonly requests: {
    /** All that were written down. */
    readonly known: number;
    /** Judged again, all of it that a configuration decides. */
    readonly judged: number;
    /** Judged again up to something that is not kept. */
    readonly partly: number;
    /** Refused for a reason that no configuration decides: left as they were. */
    readonly left: number;
    /** For which there was no room: of them nothing is known. */
    readonly lost: number;
  };
  readonly differences: readonly Difference[];
  readonly limits: readonly LimitReplay[];
  /** Clients whose secrets change. */
  readonly secretsChange: readonly string[];
  /** Users of an earlier file who are in this one no more, among those who asked for something: nothing of theirs changes. */
  readonly usersLeftOut: readonly string[];
  /** What is beyond the bounds of the above. */
  readonly untold: {
    /** Requests that would be decided otherwise for more reasons than are told apart: `differences` has none of them. */
    readonly requests: number;
    /** `usersLeftOut` may not be all. */
    readonly usersLeftOut: boolean;
  };
}

export interface ReplayedTime {
  /** Seconds since 1970. */
  readonly from: number;
  readonly until: number;
}

const PAGE = 1_000;
const MAX_USERS = 10_000;
const MAX_NAMED = 20;

/** Refusals that a configuration decides; all others are what somebody has done or shown. */
const DECIDED_BY_CONFIG: ReadonlySet<Refused['check']> = new Set([
  'client_known',
  'client_enabled',
  'grant_type',
  'client_grant_type',
  'redirect_uri',
  'response_type',
  'response_mode',
  'pushed_request',
  'pkce',
  'prompt',
  'resource',
  'scope',
  'grant_fresh',
] as const);

/**
 * Judges what was asked once more, as a server with another configuration would have (docs/decisions/0040): by its own checks, over a store that writes nothing. What a configuration does not decide stays as
 * it was decided then.
 *
 * @param ctx with the changed configuration.
 * @param builtIn see `planConfig`.
 */
export async function replay(ctx: Context, { from, until }: ReplayedTime, builtIn: readonly ClientConfig[] = []): Promise<Replay> {
  const changed = await changedContext(ctx, until, builtIn);
  const found = differences(ctx);
  const limits = limitsReplay(changed.ctx);
  const counts = { known: 0, judged: 0, partly: 0, left: 0, lost: 0 };
  const users = new Set<number>();
  let first: number | undefined;
  let areMoreUsers = false;
  let after = { minute: Math.floor(from / 60) * 60, id: 0 };
  for (;;) {
    const page = await ctx.store.listHistory(ctx.tenant, after, PAGE);
    for (const { minute, facts: text, times } of page) {
      if (minute > until) continue;
      const facts = readFacts(text);
      first ??= minute;
      counts.known += times;
      if (facts === undefined || facts.kind === 'lost') counts.lost += times;
      else {
        counts[await judgeAgain(changed, { facts, minute, times }, found, limits)] += times;
        const user = facts.kind === 'authorize' ? facts.session?.user : facts.user;
        if (user === undefined || users.has(user)) continue;
        if (users.size < MAX_USERS) users.add(user);
        else areMoreUsers = true;
      }
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE || last.minute > until) break;
    after = last;
  }
  const { told, untold } = await found.result();
  const out = await leftOut(ctx, users);
  return {
    from,
    until,
    first,
    requests: counts,
    differences: told,
    limits: limits.result(),
    secretsChange: changed.secretsChange,
    usersLeftOut: out.slice(0, MAX_NAMED).toSorted(),
    untold: { requests: untold, usersLeftOut: areMoreUsers || out.length > MAX_NAMED },
  };
}

interface AskedOnce {
  readonly facts: TokenFacts | AuthorizeFacts;
  readonly minute: number;
  readonly times: number;
}

async function judgeAgain(
  changed: ChangedContext,
  { facts, minute, times }: AskedOnce,
  found: Differences,
  limits: LimitsReplay,
): Promise<'judged' | 'partly' | 'left'> {
  if (facts.kind === 'token') await limits.add(facts, minute, times);
  const { refused } = facts;
  if (refused !== undefined && !DECIDED_BY_CONFIG.has(refused.check)) return 'left';
  const judged = facts.kind === 'token' ? await judgeToken(changed, facts, minute) : await judgeAuthorize(changed, facts, minute);
  if (refused === undefined) {
    if (judged.kind === 'refused' || judged.kind === 'asked_more') await found.add(judged.kind, judged, facts, minute, times);
    if (judged.kind === 'allowed') await compareScopes(facts.granted, judged.scopes, (...told) => found.add(...told, facts, minute, times));
  } else {
    const change = judged.kind === 'allowed' ? 'allowed' : isPast(judged, refused) ? 'maybe_allowed' : undefined;
    if (change !== undefined) await found.add(change, { ...refused, detail: '' }, facts, minute, times);
  }
  return judged.kind === 'unknown' ? 'partly' : 'judged';
}

/** The same request may be allowed and good for less, or for more. */
async function compareScopes(
  before: readonly string[] | undefined,
  now: readonly string[] | undefined,
  tell: (change: 'less' | 'more', cause: Cause) => Promise<void>,
): Promise<void> {
  if (before === undefined || now === undefined) return;
  const lost = before.filter((scope) => !now.includes(scope));
  const won = now.filter((scope) => !before.includes(scope));
  const about = { check: 'scope', error: '' } as const;
  if (lost.length > 0) await tell('less', { ...about, detail: lost.join(' ') });
  if (won.length > 0) await tell('more', { ...about, detail: won.join(' ') });
}

/** Whether the check that refused it has been passed by now. */
function isPast(judged: Judgement, { check }: Refused): boolean {
  return judged.kind === 'unknown' && check !== '' && judged.passed.includes(check);
}

/** A file that does not name somebody any more changes nothing of theirs. One more than are told, where there are. */
async function leftOut({ config, store, tenant }: Context, ids: ReadonlySet<number>): Promise<readonly string[]> {
  const named = new Set(config.users.map(({ username }) => foldUsername(username)));
  const names: string[] = [];
  for (const id of ids) {
    const user = await store.findUser(tenant, userId(id));
    if (user?.source === 'config' && !named.has(foldUsername(user.username))) names.push(user.username);
    if (names.length > MAX_NAMED) break;
  }
  return names;
}
