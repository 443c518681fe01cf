import { grantId, type UserId, userId } from '@hufu/protocol/ids';
import type { Context } from '../context.ts';
import { checks } from '../decisions/checks.ts';
import type { AuthorizeFacts, TokenFacts } from '../history/facts.ts';
import type { Cause } from './judgement.ts';

/**
 * `refused`: they were allowed. `asked_more`: their users would have had to sign in or to show more first. `less`, `more`: allowed as they were, with fewer or with more scopes. `allowed`: they were refused.
 * `maybe_allowed`: they were refused, and would get past the check; what comes after it is not known.
 */
export type Change = 'refused' | 'asked_more' | 'less' | 'allowed' | 'maybe_allowed' | 'more';

/** Requests that a configuration would decide otherwise, for one reason. */
export interface Difference {
  readonly change: Change;
  readonly endpoint: 'token' | 'authorize';
  /** '' at the authorization endpoint. */
  readonly grantType: string;
  readonly clientId: string;
  /** The check that would refuse them, or that refused them then. */
  readonly check: string;
  readonly setting: string | undefined;
  readonly error: string;
  readonly detail: string;
  readonly requests: number;
  /** How many users are behind them, as far as that is known. */
  readonly users: number;
  /** There are more than were counted. */
  readonly moreUsers: boolean;
  /** The names of some. */
  readonly usernames: readonly string[];
  readonly examples: readonly Example[];
}

export interface Example {
  /** Seconds since 1970; a minute's beginning where nobody knows it better. */
  readonly at: number;
  readonly asked: Readonly<Record<string, string>>;
}

export interface Differences {
  add(change: Change, cause: Cause, facts: TokenFacts | AuthorizeFacts, minute: number, times: number): Promise<void>;
  /** `untold`: requests that would be decided otherwise for more reasons than are told apart. */
  result(): Promise<{ readonly told: readonly Difference[]; readonly untold: number }>;
}

const MAX_EXAMPLES = 3;
const MAX_NAMED = 10;
/** Users that are counted, of one reason and of all together. */
const MAX_USERS = 10_000;
const MAX_ALL_USERS = 200_000;
/** Reasons that are told apart. */
const MAX_DIFFERENCES = 1_000;
const ORDER: readonly Change[] = ['refused', 'asked_more', 'less', 'allowed', 'maybe_allowed', 'more'];

interface Gathered extends Omit<Difference, 'users' | 'moreUsers' | 'usernames' | 'requests' | 'examples'> {
  requests: number;
  moreUsers: boolean;
  readonly users: Set<UserId>;
  readonly examples: Example[];
}

export function differences(ctx: Context): Differences {
  const found = new Map<string, Gathered>();
  let untold = 0;
  let counted = 0;
  return {
    async add(change, { check, error, detail, setting }, facts, minute, times) {
      const grantType = facts.kind === 'token' ? facts.grantType : '';
      const key = JSON.stringify([
        change,
        facts.kind,
        grantType,
        facts.client,
        check,
        error,
        setting,
        detail.includes(' seconds') ? '' : detail,
      ]);
      let one = found.get(key);
      if (one === undefined) {
        if (found.size >= MAX_DIFFERENCES) {
          untold += times;
          return;
        }
        const known = Object.entries(checks).find(([name]) => name === check)?.[1];
        const about = { change, endpoint: facts.kind, grantType, clientId: facts.client, check, error, detail };
        one = { ...about, setting: setting ?? known?.setting, requests: 0, moreUsers: false, users: new Set(), examples: [] };
        found.set(key, one);
      }
      one.requests += times;
      const user = await userOf(ctx, facts);
      if (user !== undefined && !one.users.has(user)) {
        if (one.users.size >= MAX_USERS || counted >= MAX_ALL_USERS) one.moreUsers = true;
        else {
          one.users.add(user);
          counted += 1;
        }
      }
      if (one.examples.length < MAX_EXAMPLES) one.examples.push(exampleOf(facts, minute));
    },
    async result() {
      const all = [...found.values()].toSorted((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change) || b.requests - a.requests);
      const told: Difference[] = [];
      for (const one of all)
        told.push({ ...one, users: one.users.size, usernames: await namesOf(ctx, [...one.users].slice(0, MAX_NAMED)) });
      return { told, untold };
    },
  };
}

async function userOf(ctx: Context, facts: TokenFacts | AuthorizeFacts): Promise<UserId | undefined> {
  if (facts.kind === 'authorize') return facts.session === undefined ? undefined : userId(facts.session.user);
  if (facts.user !== undefined) return userId(facts.user);
  return facts.grant === undefined ? undefined : (await ctx.store.findGrant(ctx.tenant, grantId(facts.grant)))?.userId;
}

async function namesOf({ store, tenant }: Context, ids: readonly UserId[]): Promise<readonly string[]> {
  const users = await Promise.all(ids.map((id) => store.findUser(tenant, id)));
  return users.flatMap((user) => user?.username ?? []).toSorted();
}

function exampleOf(facts: TokenFacts | AuthorizeFacts, minute: number): Example {
  const { resources } = facts;
  const named = resources.length === 0 ? {} : { resource: resources.join(' ') };
  if (facts.kind === 'authorize') {
    const { code_challenge: _, code_challenge_method: __, nonce: ___, ...params } = facts.params;
    return { at: minute, asked: { ...params, ...named } };
  }
  const { scope, redirectUri, at } = facts;
  const asked = {
    ...(scope === undefined ? {} : { scope }),
    ...(redirectUri === undefined ? {} : { redirect_uri: redirectUri }),
    ...named,
  };
  return { at: at ?? minute, asked };
}
