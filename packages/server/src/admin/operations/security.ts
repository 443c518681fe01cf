import type {
  DecisionSummary,
  FollowerView,
  KeyRetirement,
  KeyRevocation,
  KeyView,
  SecurityOperations,
} from '@hufu/protocol/admin/security';
import type { DecisionRecord, RevocationFollower } from '@hufu/store/port';
import type { Context } from '../../context.ts';
import { firstDecisionId } from '../../decisions/decision-id.ts';
import type { EdgeDecisionBody } from '../../decisions/edge-journal.ts';
import { PUBLISH_LEAD_SECONDS } from '../../keys/key-ring.ts';
import type { KeyStatus } from '../../keys/key-status.ts';
import type { Removal, Retirement } from '../../keys/retirement.ts';
import { feedOf } from '../../revocation/feed.ts';
import { wireEntry } from '../../revocation/wire-entry.ts';
import type { Perform } from '../call.ts';
import { checkView } from '../check-view.ts';
import { readPage } from '../cursor.ts';
import { AdminRefusal, conflict, invalid, notFound } from '../refusal.ts';

/** Followers that were not seen for so long are not told of any more. */
const TOLD_MS = 7 * 86_400_000;
/** A follower that was not seen for so long is gone. */
const GONE_MS = 60_000;
const MAX_FOLLOWERS = 1_000;

export const SECURITY: { readonly [N in keyof SecurityOperations]: Perform<N> } = {
  'keys.list': ({ ctx, now }) => Promise.resolve({ body: { items: ctx.keys.list(now).map(keyView) } }),

  'keys.rotate': async (call) => {
    const { ctx, now } = call;
    if (call.query.dry_run === true) {
      const added = new Set(ctx.keys.list(now).map(({ use, alg }) => `${use} ${alg}`)).size;
      return { body: { dry_run: true, added, active_in: PUBLISH_LEAD_SECONDS } };
    }
    const ids = await call.change({ target: { kind: 'keys', id: 'all' } }, (store) => ctx.keys.rotateNow(now, store));
    return { body: { dry_run: false, added: ids.length, active_in: PUBLISH_LEAD_SECONDS } };
  },

  'keys.revoke': async (call) => {
    const { ctx, now, params } = call;
    call.trail.at('admin_target');
    const { kid } = params;
    await ctx.keys.follow(now);
    const removal = ctx.keys.planRemoval(kid, now);
    if (removal === undefined) throw notFound('key');
    if (call.query.dry_run === true) return { body: keyRevocation(ctx, removal, true) };
    const done = await call.change({ target: { kind: 'key', id: kid }, before: keyView(removal.key) }, (store) =>
      ctx.keys.revokeKey(kid, now, store),
    );
    if (done.kind === 'unknown') throw notFound('key');
    return { body: keyRevocation(ctx, removal, false) };
  },

  'keys.retire': async (call) => {
    const { ctx, now, params, query } = call;
    call.trail.at('admin_target');
    const { kid } = params;
    const at = now + (query.ends_in ?? 0);
    await ctx.keys.follow(now);
    const plan = requirePlanned(ctx.keys.planRetirement(kid, at, now));
    if (query.dry_run === true) return { body: keyRetirement(plan, true) };
    const done = await call.change({ target: { kind: 'key', id: kid }, before: keyView(plan.key) }, (store) =>
      ctx.keys.retireKey(kid, at, now, store),
    );
    return { body: keyRetirement(requirePlanned(done), false) };
  },

  'revocations.list': async (call) => {
    const { ctx } = call;
    const page = readPage(call);
    const before = page.after === undefined ? Number.MAX_SAFE_INTEGER : Number(page.after);
    const found = await ctx.store.listRevocations(ctx.tenant, before, page.limit + 1);
    return {
      body: page.cut(
        found,
        ({ seq }) => String(seq),
        (row) => ({ ...wireEntry(ctx, row) }),
      ),
    };
  },

  'revocations.get': async ({ ctx, params, nowMs }) => {
    const seq = Number(params.seq);
    const { hub } = feedOf(ctx);
    await hub.look();
    const [row] = await ctx.store.readRevocations(ctx.tenant, seq - 1, 1);
    if (row?.seq !== seq)
      throw new AdminRefusal('not_found', seq > hub.head ? `no entry has this number yet: the last is ${hub.head}` : 'the entry is over');
    const followers = await ctx.store.listRevocationFollowers(ctx.tenant, seq, nowMs - TOLD_MS, MAX_FOLLOWERS + 1);
    return {
      body: {
        entry: { ...wireEntry(ctx, row) },
        epoch: hub.epoch,
        head: hub.head,
        followers: followers.slice(0, MAX_FOLLOWERS).map((follower) => followerView(follower, hub.epoch, nowMs)),
        ...(followers.length > MAX_FOLLOWERS ? { truncated: true } : {}),
      },
    };
  },

  'decisions.list': async (call) => {
    const { ctx, query } = call;
    const page = readPage(call);
    const { endpoint, error, client_id: clientId, since, until } = query;
    if (since !== undefined && until !== undefined && since > until) throw invalid([{ pointer: 'query/since', detail: 'is after until' }]);
    const end = until === undefined ? undefined : firstDecisionId(until * 1000);
    const before = page.after ?? end;
    const filter = {
      ...(before === undefined ? {} : { before }),
      ...(since === undefined ? {} : { from: firstDecisionId(since * 1000) }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(error === undefined ? {} : { error }),
      ...(clientId === undefined ? {} : { clientId }),
    };
    const found = await ctx.store.listDecisions(ctx.tenant, page.limit + 1, filter);
    return { body: page.cut(found, ({ id }) => id, decisionSummary) };
  },

  'decisions.get': async ({ ctx, params, trail }) => {
    trail.at('admin_target');
    const record = await ctx.store.findDecision(ctx.tenant, params.decision_id);
    if (record === undefined) throw notFound('decision, or it is older than what is kept');
    const { checks: reached, description: _, ...more } = bodyOf(record);
    return { body: { ...decisionSummary(record), ...more, checks: reached.map(checkView) } };
  },
};

function keyView({ kid, use, alg, state, createdAt, activeAt, retiredAt, expiresAt }: KeyStatus): KeyView {
  return { kid, use, alg, state, created_at: createdAt, active_at: activeAt, retired_at: retiredAt, expires_at: expiresAt };
}

function keyRevocation({ config }: Context, { key, successorAt }: Removal, dryRun: boolean): KeyRevocation {
  const { kid, use, alg } = key;
  const isWanted = use === 'enc' || config.signing.algorithms.includes(alg);
  return {
    dry_run: dryRun,
    kid,
    use,
    alg,
    successor: successorAt !== undefined ? 'made' : isWanted ? 'there' : 'none',
    ...(successorAt === undefined ? {} : { successor_at: successorAt }),
    renewal: use === 'sig' ? 'refresh' : 'encrypt_again',
    revocation: { kind: 'key', id: kid },
  };
}

type Planned = Extract<Retirement, { readonly kind: 'planned' }>;

function requirePlanned(plan: Retirement): Planned {
  if (plan.kind === 'unknown') throw notFound('key');
  if (plan.kind === 'current') throw conflict('it is in use: keys.rotate makes its successor and retires it, keys.revoke withdraws it');
  if (plan.kind === 'in_use_by_then') throw conflict('it is in use by then: retire it before, or rotate');
  return plan;
}

function keyRetirement({ key, endsAt, loses, successorAt }: Planned, dryRun: boolean): KeyRetirement {
  const { kid, use, alg, state, expiresAt } = key;
  return {
    dry_run: dryRun,
    kid,
    use,
    alg,
    state: state === 'next' ? 'next' : 'retired',
    ends_at: endsAt,
    planned_end: expiresAt,
    loses: !loses ? 'nothing' : use === 'sig' ? 'signatures' : 'ciphertexts',
    ...(successorAt === undefined ? {} : { successor_at: successorAt }),
  };
}

/** Times are milliseconds since 1970. A node of the server has no `client_id`; it enforces what it publishes. */
function followerView(
  { clientId, node, epoch, seenAtMs, first, isEarliest }: RevocationFollower,
  current: string,
  nowMs: number,
): FollowerView {
  const who = { ...(clientId === '' ? { server: true } : { client_id: clientId }), node, seen_at_ms: seenAtMs };
  if (first !== undefined && epoch === current) {
    // Points before it have fallen, and one of them may have been enough.
    return { ...who, state: 'enforced', [isEarliest ? 'enforced_at_ms' : 'no_later_than_ms']: first.atMs };
  }
  return nowMs - seenAtMs > GONE_MS ? { ...who, state: 'gone', gone_since_ms: seenAtMs } : { ...who, state: 'not_yet' };
}

function decisionSummary(record: DecisionRecord): DecisionSummary {
  const { id, at, endpoint, status, error, clientId } = record;
  return { id, at, endpoint, status, error, client_id: clientId, description: bodyOf(record).description };
}

/** As the journal wrote it; of another version of us, what reads. */
function bodyOf({ record }: DecisionRecord): EdgeDecisionBody {
  const { description = '', checks: reached = [], route, times, last_at }: Partial<EdgeDecisionBody> = Object(JSON.parse(record));
  return {
    description,
    checks: reached,
    ...(route === undefined ? {} : { route }),
    ...(times === undefined ? {} : { times }),
    ...(last_at === undefined ? {} : { last_at }),
  };
}
